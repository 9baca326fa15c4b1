package io.subscriptionrelay.mapping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.subscriptionrelay.event.Headers;
import io.subscriptionrelay.event.RecordMessage;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.jmsbatch.JmsBatchConsumer;
import io.subscriptionrelay.testing.Home;
import io.subscriptionrelay.testing.Queues;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Webhook;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.camel.CamelContext;
import org.apache.camel.ConsumerTemplate;
import org.apache.camel.Exchange;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Runs every pair under {@code mappings/<provider>/examples/} through the real HTTP port, the shipped routes and the shipped
 * mappings, and compares what waits for the destinations then. Adding a pair needs no Java.
 */
class ExamplesTest {

    /** All that have examples, or the one of {@code -Dprovider=...}. */
    private static final List<String> PROVIDERS = providers();
    /** Those of which every example says what comes of it. */
    private static final List<String> DESTINATIONS = List.of("clevertap", "onesignal");
    /** The others that have files, whoever added them. An example may leave them out: then whatever comes of it there is not looked at. */
    private static final List<String> FURTHER_DESTINATIONS = furtherDestinations();
    private static final List<String> ACCOUNTS = List.of("production", "sandbox");
    private static final String WEBHOOK = ".webhook.json";

    @TempDir
    static Path folder;
    private static Path home;
    private static RelayApp relay;
    private static final Map<String, Set<String>> SEEN = new HashMap<>();

    private static List<String> providers() {
        try (Stream<Path> folders = Files.list(Path.of("mappings"))) {
            String only = System.getProperty("provider", "");
            List<String> found = folders.filter(folder -> Files.isDirectory(folder.resolve("examples")))
                    .map(folder -> folder.getFileName().toString()).filter(name -> only.isEmpty() || name.equals(only)).sorted().toList();
            if (found.isEmpty()) {
                throw new IllegalStateException("there is no mappings/" + (only.isEmpty() ? "<provider>" : only) + "/examples");
            }
            return found;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<String> furtherDestinations() {
        try (Stream<Path> folders = Files.list(Path.of("mappings", "destinations"))) {
            return folders.filter(Files::isDirectory).map(folder -> folder.getFileName().toString()).filter(name -> !DESTINATIONS.contains(name))
                    .sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @BeforeAll
    static void start() throws Exception {
        home = Home.copyTo(folder.resolve("home"));
        RelayApp.Builder settings = RelayApp.with(folder.resolve("data")).home(home).cleverTap("http://127.0.0.1:9").oneSignal("http://127.0.0.1:9")
                .set("relay.mappings-reload", "1h")
                .set("CLEVERTAP_SANDBOX_ACCOUNT_ID", "TEST-111-222Z").set("CLEVERTAP_SANDBOX_PASSCODE", "x")
                .set("ONESIGNAL_SANDBOX_APP_ID", "a2d6f6b1-7a1c-4f0e-8a55-2f0b6a9f1c12").set("ONESIGNAL_SANDBOX_API_KEY", "x")
                .set("PURCHASELY_SHARED_SECRET", Webhook.PURCHASELY_SECRET).set("QONVERSION_TOKEN", Webhook.QONVERSION_TOKEN);
        PROVIDERS.forEach(provider -> Webhook.openWithToken(settings, provider));
        FURTHER_DESTINATIONS.forEach(destination -> ACCOUNTS.stream()
                .filter(account -> Files.exists(home.resolve("routes/deliver/" + destination + "-" + account + ".camel.yaml"))).forEach(account -> {
                    String prefix = "relay.destinations." + destination + ".accounts." + account + '.';
                    settings.set(prefix + "id", account).set(prefix + "secret", "x").set(prefix + "url", "http://127.0.0.1:9");
                }));
        relay = settings.start();
        for (String destination : Stream.concat(DESTINATIONS.stream(), FURTHER_DESTINATIONS.stream()).toList()) {
            for (String account : ACCOUNTS) {
                relay.bean(CamelContext.class).getRouteController().stopRoute("deliver-" + destination + "-" + account);
            }
        }
    }

    @AfterAll
    static void stop() {
        relay.close();
    }

    static Stream<Arguments> examples() throws IOException {
        List<Arguments> examples = new ArrayList<>();
        for (String provider : PROVIDERS) {
            try (Stream<Path> files = Files.list(Path.of("mappings", provider, "examples"))) {
                files.map(file -> file.getFileName().toString()).filter(name -> name.endsWith(WEBHOOK)).sorted()
                        .forEach(name -> examples.add(Arguments.of(provider, name.substring(0, name.length() - WEBHOOK.length()))));
            }
        }
        return examples.stream();
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("examples")
    void anExampleBecomesWhatItSays(String provider, String name) throws Exception {
        JsonNode expected = expected(provider, name);
        byte[] body = Files.readAllBytes(file(provider, name + WEBHOOK));
        override(provider, expected.path("settings"));
        try {
            Map<String, Double> skippedBefore = skipped(provider);
            long before = translated(provider);
            Queues queues = new Queues(relay);
            long added = queues.added("events." + provider);
            assertThat(post(provider, body)).isEqualTo(200);
            if (expected.path("skipped").asText().equals("test event")) {
                await("an activation call is not kept").during(Duration.ofMillis(500)).atMost(Duration.ofSeconds(5))
                        .until(() -> queues.added("events." + provider) == added);
                return;
            }
            await().atMost(Duration.ofSeconds(10)).pollInterval(Duration.ofMillis(2)).until(() -> translated(provider) > before);
            Map<String, List<String>> skipped = new HashMap<>();
            skipped(provider).forEach((key, count) -> {
                if (count > skippedBefore.getOrDefault(key, 0.0)) {
                    String[] parts = key.split("\\|", 3);
                    skipped.computeIfAbsent(parts[0], x -> new ArrayList<>()).add(parts[2]);
                    if (expected.has("step") && !parts[1].equals("none")) {
                        assertThat(parts[1]).isEqualTo(expected.get("step").asText());
                    }
                }
            });
            List<Exchange> parked = drain("parked.events." + provider);
            if (expected.has("parked")) {
                assertThat(parked).hasSize(1);
                assertThat(header(parked.get(0), Headers.REASON)).startsWith(expected.get("parked").asText());
            }
            for (String destination : DESTINATIONS) {
                compare(destination, records(provider, name, destination), expected.path(destination), expected.path("step").asText(null),
                        parked.stream().filter(entry -> destination.equals(header(entry, Headers.DESTINATION))).toList(),
                        skipped.getOrDefault(destination, List.of()));
            }
            for (String destination : FURTHER_DESTINATIONS) {
                List<Exchange> records = records(provider, name, destination);
                if (expected.has(destination)) {
                    compare(destination, records, expected.get(destination), expected.path("step").asText(null),
                            parked.stream().filter(entry -> destination.equals(header(entry, Headers.DESTINATION))).toList(),
                            skipped.getOrDefault(destination, List.of()));
                }
            }
            if (expected.has("facts")) {
                ObjectNode facts = relay.bean(Mapper.class).facts(provider, (ObjectNode) StrictJson.mapper().readTree(body), body).json();
                expected.get("facts").properties().forEach(fact ->
                        assertThat(comparable(facts.path(fact.getKey()))).as(fact.getKey()).isEqualTo(comparable(fact.getValue())));
            }
        } finally {
            restore(provider, expected.path("settings"));
        }
    }

    /** What waits for the destination, after a look whether it knows such records. */
    private static List<Exchange> records(String provider, String name, String destination) {
        List<Exchange> records = new ArrayList<>();
        for (String account : ACCOUNTS) {
            records.addAll(drain("deliver." + destination + "." + account));
        }
        for (int i = 0; i < records.size(); i++) {
            assertThat(relay.bean(Mapper.class).destination(destination).problems(new RecordMessage(records.get(i).getIn()).record()))
                    .as("record %d that mappings/%s/%s.jslt makes of the example %s, by mappings/destinations/%s/record.schema.json", i + 1, provider,
                            destination, name, destination).isEmpty();
        }
        return records;
    }

    private static void compare(String destination, List<Exchange> records, JsonNode expected, String step, List<Exchange> parked,
            List<String> skipped) {
        if (expected.has("skipped")) {
            assertThat(skipped).as(destination).containsExactly(expected.get("skipped").asText());
        } else {
            assertThat(skipped).as(destination + " skipped").isEmpty();
        }
        if (expected.has("parked")) {
            assertThat(parked).as(destination + " parked").isNotEmpty().allSatisfy(entry ->
                    assertThat(header(entry, Headers.REASON)).startsWith(expected.get("parked").asText()));
        } else {
            assertThat(parked.stream().map(entry -> header(entry, Headers.REASON))).as(destination + " parked").isEmpty();
        }
        ArrayNode actual = StrictJson.mapper().createArrayNode();
        for (Exchange record : records) {
            actual.add(new RecordMessage(record.getIn()).record());
            assertThat(header(record, Headers.ACCOUNT)).isEqualTo(expected.path("account").asText());
            assertThat(header(record, Headers.STEP)).isEqualTo(step);
        }
        JsonNode wanted = expected.has("records") ? expected.get("records") : StrictJson.mapper().createArrayNode();
        assertThat(comparable(actual)).as(destination).isEqualTo(comparable(wanted));
    }

    @Test
    void everySwitchableStepHasAnExampleForEachDestination() throws IOException {
        for (String provider : PROVIDERS) {
            Set<String> shown = new TreeSet<>();
            for (Arguments example : examples().filter(arguments -> arguments.get()[0].equals(provider)).toList()) {
                JsonNode expected = expected(provider, (String) example.get()[1]);
                for (String destination : DESTINATIONS) {
                    if (expected.path(destination).has("records") || expected.path(destination).has("skipped")) {
                        shown.add(destination + " " + expected.path("step").asText());
                    }
                }
            }
            Set<String> switches = new TreeSet<>();
            for (String destination : DESTINATIONS) {
                try {
                    SettingsFile.read(Path.of("mappings", provider, destination + ".yaml"),
                            Path.of("mappings", provider, destination + ".schema.json")).path("events").fieldNames()
                            .forEachRemaining(step -> switches.add(destination + " " + step));
                } catch (BrokenMappingException e) {
                    throw new AssertionError(e.problems().toString(), e);
                }
            }
            assertThat(shown).as(provider).containsAll(switches);
        }
    }

    @Test
    void everyExampleHasBothOfItsFiles() throws IOException {
        for (String provider : PROVIDERS) {
            try (Stream<Path> files = Files.list(Path.of("mappings", provider, "examples"))) {
                Map<String, Set<String>> kinds = new LinkedHashMap<>();
                files.map(file -> file.getFileName().toString()).forEach(file ->
                        kinds.computeIfAbsent(file.substring(0, file.indexOf('.')), x -> new TreeSet<>()).add(file.substring(file.indexOf('.'))));
                assertThat(kinds).allSatisfy((name, found) -> assertThat(found).as(name).containsExactlyInAnyOrder(WEBHOOK, ".expected.json"));
            }
        }
    }

    /** Through HTTP; a second event of the same id would be taken for a repeat, so it is put where the first one went. */
    private static int post(String provider, byte[] body) throws IOException {
        String id = "none";
        try {
            id = relay.bean(Mapper.class).facts(provider, (ObjectNode) StrictJson.mapper().readTree(body), body).id();
        } catch (IOException | ClassCastException | IllegalArgumentException notAnObject) {
            id = "none";
        }
        if (SEEN.computeIfAbsent(provider, x -> new HashSet<>()).add(id)) {
            return relay.send("POST", "/webhooks/" + provider, body, Webhook.proof(provider, body)).statusCode();
        }
        relay.bean(CamelContext.class).createProducerTemplate().sendBodyAndHeaders("jms:queue:events." + provider, body,
                Map.of(Headers.PROVIDER, provider, Headers.EVENT_ID, id, Headers.RECEIVED_AT, 1L));
        return 200;
    }

    private static long translated(String provider) {
        return ((JmsBatchConsumer) relay.bean(CamelContext.class).getRoute("translate-" + provider + "-events").getConsumer()).getMessages();
    }

    private static Map<String, Double> skipped(String provider) {
        Map<String, Double> counts = new HashMap<>();
        for (Counter counter : relay.bean(MeterRegistry.class).find("relay.events.skipped").tag("provider", provider).counters()) {
            counts.put(counter.getId().getTag("destination") + "|" + counter.getId().getTag("step") + "|" + counter.getId().getTag("reason"),
                    counter.count());
        }
        return counts;
    }

    private static List<Exchange> drain(String queue) {
        List<Exchange> messages = new ArrayList<>();
        try (ConsumerTemplate consumer = relay.bean(CamelContext.class).createConsumerTemplate()) {
            Exchange next = consumer.receiveNoWait("jms:queue:" + queue);
            while (next != null) {
                messages.add(next);
                next = consumer.receiveNoWait("jms:queue:" + queue);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return messages;
    }

    private static String header(Exchange exchange, String name) {
        return exchange.getIn().getHeader(name, String.class);
    }

    /** Numbers compare by value, however they are written; keys are in order, so that texts compare too. */
    static JsonNode comparable(JsonNode node) {
        if (node.isNumber()) {
            return StrictJson.mapper().getNodeFactory().textNode("number " + node.decimalValue().stripTrailingZeros().toPlainString());
        }
        if (node instanceof ObjectNode object) {
            ObjectNode copy = StrictJson.mapper().createObjectNode();
            object.properties().stream().sorted(Map.Entry.comparingByKey())
                    .forEach(entry -> copy.set(entry.getKey(), comparable(entry.getValue())));
            return copy;
        }
        if (node instanceof ArrayNode array) {
            ArrayNode copy = StrictJson.mapper().createArrayNode();
            array.forEach(element -> copy.add(comparable(element)));
            return copy;
        }
        return node;
    }

    /** Puts the example's settings over the shipped ones, as an edit of the file would. */
    private static void override(String provider, JsonNode overrides) throws Exception {
        for (Map.Entry<String, JsonNode> entry : overrides.properties()) {
            Path file = home.resolve("mappings").resolve(provider).resolve(entry.getKey() + ".yaml");
            ObjectNode settings = (ObjectNode) SettingsFile.read(file, Path.of("none")).deepCopy();
            merge(settings, entry.getValue());
            Files.writeString(file, StrictJson.mapper().writeValueAsString(settings));
        }
        if (!overrides.isEmpty()) {
            relay.bean(Mapper.class).reload();
            assertThat(relay.bean(Mapper.class).health().getDetails()).doesNotContainKey("inUse");
        }
    }

    private static void restore(String provider, JsonNode overrides) throws IOException {
        for (Map.Entry<String, JsonNode> entry : overrides.properties()) {
            Path file = Path.of("mappings", provider, entry.getKey() + ".yaml");
            Files.copy(file, home.resolve(file.toString()), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        }
        if (!overrides.isEmpty()) {
            relay.bean(Mapper.class).reload();
        }
    }

    private static void merge(ObjectNode target, JsonNode overrides) {
        overrides.properties().forEach(entry -> {
            if (entry.getValue().isObject() && target.get(entry.getKey()) instanceof ObjectNode inner) {
                merge(inner, entry.getValue());
            } else {
                target.set(entry.getKey(), entry.getValue());
            }
        });
    }

    private static JsonNode expected(String provider, String name) throws IOException {
        return StrictJson.mapper().readTree(file(provider, name + ".expected.json").toFile());
    }

    private static Path file(String provider, String name) {
        return Path.of("mappings", provider, "examples", name);
    }
}
