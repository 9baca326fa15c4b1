package io.subscriptionrelay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.subscriptionrelay.commands.Commands;
import io.subscriptionrelay.config.StartRefusedException;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.jmsbatch.JmsBatchConsumer;
import io.subscriptionrelay.simulator.CleverTapSimulator.StoredRecord;
import io.subscriptionrelay.simulator.OneSignalSimulator.Update;
import io.subscriptionrelay.testing.Document;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.Home;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.camel.CamelContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Does what {@code docs/adding-a-provider.md} says, with the files of that page and nothing else. The provider has a name of the test's own, so
 * that nothing but these files can know it.
 */
class AddingAProviderTest {

    private static final Document PAGE = Document.read("docs/adding-a-provider.md");
    private static final String ON_THE_PAGE = "adapty";
    private static final String PROVIDER = "provider-" + UUID.randomUUID();
    private static final Map<String, String> FILES = renamed(PAGE.files());
    /** The same provider once more, without the files for OneSignal. */
    private static final String ONE_DESTINATION = "for-one-destination";
    private static final String ONE_DESTINATION_USER = "user-for-one-destination";
    private static final String EXAMPLES = "mappings/" + PROVIDER + "/examples/";
    private static final String WEBHOOK = ".webhook.json";
    private static final String EXPECTED = ".expected.json";
    private static final String SECRET = "a text that both sides know";
    private static final String SANDBOX_SECRET = "another text, for the sandbox";
    private static final String CLEVERTAP_SANDBOX = "TEST-WWW-111-222Z";
    private static final String ONESIGNAL_SANDBOX = "a2d6f6b1-7a1c-4f0e-8a55-2f0b6a9f1c12";
    private static final Pattern CURL = Pattern.compile("curl -i http://localhost:8080/webhooks/(\\S+) -H \"(\\S+): \\$(\\w+)\"[\\s\\\\]+--data-binary @(\\S+)");

    @TempDir
    static Path folder;
    private static Simulators simulators;
    private static RelayApp relay;
    /** What the page's command said. */
    private static String written;

    @BeforeAll
    static void follow() throws IOException {
        Path home = Home.copyTo(folder.resolve("home"));
        FILES.forEach((name, content) -> {
            write(home.resolve(name), content);
            if (name.contains(PROVIDER) && !name.contains("onesignal")) {
                write(home.resolve(name.replace(PROVIDER, ONE_DESTINATION)), content.replace(PROVIDER, ONE_DESTINATION));
            }
        });
        written = schemas(home);
        simulators = new Simulators();
        simulators.cleverTap.account(CLEVERTAP_SANDBOX, "sandbox passcode");
        simulators.oneSignal.app(ONESIGNAL_SANDBOX, "sandbox key");
        relay = RelayApp.with(folder.resolve("data")).home(home)
                .cleverTap(simulators.cleverTap.url()).oneSignal(simulators.oneSignal.url())
                .set("CLEVERTAP_SANDBOX_ACCOUNT_ID", CLEVERTAP_SANDBOX).set("CLEVERTAP_SANDBOX_PASSCODE", "sandbox passcode")
                .set("ONESIGNAL_SANDBOX_APP_ID", ONESIGNAL_SANDBOX).set("ONESIGNAL_SANDBOX_API_KEY", "sandbox key")
                .set("ADAPTY_AUTHORIZATION", SECRET).set("ADAPTY_SANDBOX_AUTHORIZATION", SANDBOX_SECRET)
                .set("relay.providers." + ONE_DESTINATION + ".token.value", SECRET).start();
    }

    @AfterAll
    static void stop() {
        relay.close();
        simulators.close();
    }

    @Test
    void thePageConsistsOfSettingsRoutesMappingsAndPairsOfExamples() {
        assertThat(FILES.keySet()).contains("application.yaml").filteredOn(name -> !name.equals("application.yaml"))
                .allSatisfy(name -> assertThat(name).matches("(routes|mappings)/.*" + PROVIDER + ".*[.](yaml|jslt|json)"));
        assertThat(examples()).hasSizeGreaterThan(4);
        assertThat(FILES.keySet().stream().filter(name -> name.startsWith(EXAMPLES)).toList()).hasSize(2 * examples().size());
    }

    @Test
    void thePagesCommandWritesTheSchemasOfTheNewSettings() {
        assertThat(PAGE.blocks("5. To OneSignal", "sh")).containsExactly("java -jar target/subscription-relay.jar schemas\n");
        Path mappings = folder.resolve("home/mappings");
        assertThat(written.lines()).containsExactly(mappings.resolve(ONE_DESTINATION + "/clevertap.schema.json") + " is written",
                mappings.resolve(PROVIDER + "/clevertap.schema.json") + " is written",
                mappings.resolve(PROVIDER + "/onesignal.schema.json") + " is written");
    }

    @Test
    void aTypingErrorInTheNewSettingsRefusesTheStartWithItsLine() throws IOException {
        Path home = Home.copyTo(folder.resolve("mistyped"));
        FILES.forEach((name, content) -> write(home.resolve(name), content));
        schemas(home);
        Path settings = home.resolve("mappings/" + PROVIDER + "/onesignal.yaml");
        write(settings, Files.readString(settings).replace("  expires_at: on ", "  expire_at: on ").replace("has_access: on", "has_access: user"));
        assertThatThrownBy(RelayApp.with(folder.resolve("mistyped-data")).home(home).cleverTap(simulators.cleverTap.url())::start)
                .rootCause().isInstanceOf(StartRefusedException.class)
                .hasMessageContaining("unknown key `expire_at` under `tags`; known are: last_event_type, last_event_at, product_id, expires_at,")
                .hasMessageContaining("`tags.has_access` is \"user\"; write another name");
    }

    @Test
    void aWebhookWithoutTheSecretIsRefused() {
        String body = webhook("subscription-renewed");
        assertThat(relay.post(PROVIDER, body).statusCode()).isEqualTo(401);
        assertThat(relay.post(PROVIDER, body, "Authorization", "").statusCode()).isEqualTo(401);
        HttpResponse<String> refused = relay.post(PROVIDER, body, "Authorization", "a text that one side knows");
        assertThat(refused.statusCode()).isEqualTo(401);
        assertThat(refused.body()).isEmpty();
    }

    @Test
    void thePagesOwnCallIsKeptAndAnsweredAsTheProviderWants() {
        Matcher curl = CURL.matcher(String.join("\n", PAGE.blocks("7. Try it", "sh")));
        assertThat(curl.find()).as("a curl command in the page").isTrue();
        assertThat(FILES.get("application.yaml")).contains("${" + curl.group(3) + ":}");
        assertThat(curl.group(1)).isEqualTo(ON_THE_PAGE);
        answered(relay.post(PROVIDER, FILES.get(curl.group(4).replace(ON_THE_PAGE, PROVIDER)), curl.group(2), SECRET));
    }

    @Test
    void everyExampleOfThePageArrivesAtBothDestinationsOnce() {
        for (int time = 0; time < 2; time++) {
            examples().forEach(example -> answered(relay.post(PROVIDER, webhook(example), "Authorization", SANDBOX_SECRET)));
        }
        List<JsonNode> cleverTap = new ArrayList<>();
        List<JsonNode> oneSignal = new ArrayList<>();
        for (String example : examples()) {
            JsonNode expected = json(FILES.get(EXAMPLES + example + EXPECTED));
            expected.path("clevertap").path("records").forEach(cleverTap::add);
            expected.path("onesignal").path("records").forEach(oneSignal::add);
        }
        assertThat(cleverTap).isNotEmpty();
        assertThat(oneSignal).isNotEmpty();
        await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> examples().forEach(AddingAProviderTest::arrivedAsThePageSays));
        assertThat(stored()).usingElementComparator(AddingAProviderTest::byContent).containsExactlyInAnyOrderElementsOf(cleverTap);
        assertThat(simulators.oneSignal.updates().stream().map(Update::id)).containsExactlyInAnyOrderElementsOf(
                oneSignal.stream().map(record -> record.path("id").asText()).toList());
        assertThat(translated()).as("repeats and the call that is no event are not kept").isEqualTo(examples().size() - 1);
        assertThat(relay.parked().path("total").asInt()).isZero();
        assertThat(simulators.cleverTap.errorStream()).isEmpty();
        assertThat(simulators.oneSignal.violations()).isEmpty();
    }

    @Test
    void theShippedProvidersAreStillAnsweredWithNothing() {
        HttpResponse<String> answer = relay.post("revenuecat", Events.event("e-1", "TEST", "user-1", Events.BASE, "\"app_id\":\"a\""),
                "Authorization", RelayApp.AUTHORIZATION);
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).isEmpty();
        assertThat(answer.headers().firstValue("Content-Type")).isEmpty();
    }

    @Test
    void anOpenProviderWhoseWebhooksNobodyReadsRefusesTheStart() throws IOException {
        Path home = Home.copyTo(folder.resolve("incomplete"));
        Files.delete(home.resolve("mappings/qonversion/event.jslt"));
        RelayApp.Builder incomplete = RelayApp.with(folder.resolve("incomplete-data")).home(home).cleverTap(simulators.cleverTap.url())
                .set("QONVERSION_TOKEN", SECRET);

        assertThatThrownBy(incomplete::start).rootCause().isInstanceOf(StartRefusedException.class)
                .hasMessageContaining("mappings/qonversion/event.jslt is missing");
    }

    @Test
    void aProviderWithoutTheFilesOfADestinationGoesToTheOtherOnly() {
        answered(relay.post(ONE_DESTINATION, webhook("subscription-renewed").replace("lena-7", ONE_DESTINATION_USER), "Authorization", SECRET));
        await().atMost(Duration.ofSeconds(30)).until(() -> !simulators.cleverTap.eventsOf(ONE_DESTINATION_USER).isEmpty());
        await().atMost(Duration.ofSeconds(10)).until(() -> skipped(ONE_DESTINATION, "onesignal", "no mapping for onesignal") == 1);
        assertThat(simulators.oneSignal.updatesOf("external_id", ONE_DESTINATION_USER)).isEmpty();
    }

    private static void arrivedAsThePageSays(String example) {
        JsonNode expected = json(FILES.get(EXAMPLES + example + EXPECTED));
        for (JsonNode record : expected.path("clevertap").path("records")) {
            assertThat(simulators.cleverTap.eventsOf(record.path("identity").asText())).singleElement()
                    .satisfies(stored -> assertThat(stored.account()).isEqualTo(
                            account(expected.path("clevertap"), Simulators.CLEVERTAP_ACCOUNT, CLEVERTAP_SANDBOX)));
        }
        for (JsonNode record : expected.path("onesignal").path("records")) {
            TreeMap<String, String> tags = new TreeMap<>();
            record.path("tags").properties().forEach(tag -> tags.put(tag.getKey(), tag.getValue().asText()));
            assertThat(simulators.oneSignal.tags(account(expected.path("onesignal"), Simulators.ONESIGNAL_APP, ONESIGNAL_SANDBOX),
                    record.path("by").asText(), record.path("id").asText())).as(example).isEqualTo(tags);
        }
        for (String destination : List.of("clevertap", "onesignal")) {
            if (expected.path(destination).has("skipped")) {
                assertThat(skipped(PROVIDER, destination, expected.path(destination).path("skipped").asText())).as(example).isEqualTo(1.0);
            }
        }
    }

    private static double skipped(String provider, String destination, String reason) {
        return relay.bean(MeterRegistry.class).find("relay.events.skipped").tag("provider", provider).tag("destination", destination)
                .tag("reason", reason).counters().stream().mapToDouble(Counter::count).sum();
    }

    private static String account(JsonNode expected, String production, String sandbox) {
        return expected.path("account").asText().equals("sandbox") ? sandbox : production;
    }

    private static List<JsonNode> stored() {
        return simulators.cleverTap.stored().stream().filter(record -> !record.id().equals(ONE_DESTINATION_USER)).map(StoredRecord::json).toList();
    }

    private static String schemas(Path home) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PrintStream print = new PrintStream(out, true, StandardCharsets.UTF_8);
        assertThat(new Commands(null, Map.of("RELAY_HOME", home.toString()), print, print).run("schemas")).hasValue(0);
        return out.toString(StandardCharsets.UTF_8);
    }

    private static void answered(HttpResponse<String> answer) {
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo("{}");
        assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/json");
    }

    private static long translated() {
        return ((JmsBatchConsumer) relay.bean(CamelContext.class).getRoute("translate-" + PROVIDER + "-events").getConsumer()).getMessages();
    }

    private static List<String> examples() {
        return FILES.keySet().stream().filter(name -> name.startsWith(EXAMPLES) && name.endsWith(WEBHOOK))
                .map(name -> name.substring(EXAMPLES.length(), name.length() - WEBHOOK.length())).toList();
    }

    private static String webhook(String example) {
        return FILES.get(EXAMPLES + example + WEBHOOK);
    }

    private static Map<String, String> renamed(Map<String, String> files) {
        Map<String, String> renamed = new TreeMap<>();
        files.forEach((name, content) -> renamed.put(name.replace(ON_THE_PAGE, PROVIDER), content.replace(ON_THE_PAGE, PROVIDER)));
        return renamed;
    }

    private static void write(Path file, String content) {
        try {
            Files.createDirectories(file.getParent());
            Files.writeString(file, content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Numbers are equal by value, however they are written. */
    private static int byContent(JsonNode one, JsonNode other) {
        return one.equals((left, right) -> left.isNumber() && right.isNumber()
                ? left.decimalValue().compareTo(right.decimalValue()) : left.equals(right) ? 0 : 1, other) ? 0 : 1;
    }

    private static JsonNode json(String text) {
        try {
            return StrictJson.mapper().readTree(text);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
