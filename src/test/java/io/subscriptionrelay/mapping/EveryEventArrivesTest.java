package io.subscriptionrelay.mapping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.simulator.CleverTapSimulator;
import io.subscriptionrelay.simulator.OneSignalSimulator;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import io.subscriptionrelay.testing.Webhook;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** All examples of the shipped settings, from the HTTP port to both strict simulators. */
class EveryEventArrivesTest {

    private static final String CLEVERTAP_SANDBOX = "TEST-333-444-555Z";
    private static final String ONESIGNAL_SANDBOX = "7c1de3a2-90b4-4f7e-9a55-5f0b6a9f1c99";

    private static final AtomicInteger NUMBERS = new AtomicInteger();

    @TempDir
    Path folder;

    /** An example, with users and event id of its own, so that no other one is folded with it or taken for its repeat. */
    private record Example(String name, String provider, byte[] webhook, JsonNode expected) {
    }

    @Test
    void everyExampleReachesBothSimulatorsWithTheContentItSays() throws IOException {
        List<Example> examples = examples();
        try (CleverTapSimulator cleverTap = new CleverTapSimulator().account(Simulators.CLEVERTAP_ACCOUNT, "p").account(CLEVERTAP_SANDBOX, "s").start();
                OneSignalSimulator oneSignal = new OneSignalSimulator().app(Simulators.ONESIGNAL_APP, "k").app(ONESIGNAL_SANDBOX, "z")
                        .tagLimit(50).autoCreateUsers(true).start();
                RelayApp relay = RelayApp.with(folder).cleverTap(cleverTap.url()).oneSignal(oneSignal.url())
                        .set("CLEVERTAP_PASSCODE", "p").set("ONESIGNAL_API_KEY", "k")
                        .set("CLEVERTAP_SANDBOX_ACCOUNT_ID", CLEVERTAP_SANDBOX).set("CLEVERTAP_SANDBOX_PASSCODE", "s")
                        .set("ONESIGNAL_SANDBOX_APP_ID", ONESIGNAL_SANDBOX).set("ONESIGNAL_SANDBOX_API_KEY", "z")
                        .set("PURCHASELY_SHARED_SECRET", Webhook.PURCHASELY_SECRET).set("QONVERSION_TOKEN", Webhook.QONVERSION_TOKEN).start()) {
            Map<String, String> records = new TreeMap<>();
            Map<String, String> tags = new TreeMap<>();
            for (Example example : examples) {
                assertThat(relay.send("POST", "/webhooks/" + example.provider(), example.webhook(),
                        Webhook.proof(example.provider(), example.webhook())).statusCode()).as(example.name()).isEqualTo(200);
                JsonNode expected = example.expected();
                for (JsonNode record : expected.path("clevertap").path("records")) {
                    String account = expected.path("clevertap").path("account").asText().equals("sandbox")
                            ? CLEVERTAP_SANDBOX : Simulators.CLEVERTAP_ACCOUNT;
                    records.put(account + ExamplesTest.comparable(record), example.name());
                }
                for (JsonNode record : expected.path("onesignal").path("records")) {
                    String app = expected.path("onesignal").path("account").asText().equals("sandbox")
                            ? ONESIGNAL_SANDBOX : Simulators.ONESIGNAL_APP;
                    tags.put(app + "/" + record.path("id").asText(), ExamplesTest.comparable(record.path("tags")).toString());
                }
            }
            await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
                Map<String, String> missing = new TreeMap<>(records);
                cleverTap.stored().forEach(record -> missing.remove(record.account() + ExamplesTest.comparable(record.json())));
                assertThat(missing.values()).as("not stored").isEmpty();
            });
            assertThat(cleverTap.stored()).extracting(record -> record.account() + ExamplesTest.comparable(record.json()))
                    .containsExactlyInAnyOrderElementsOf(records.keySet());
            await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
                Map<String, String> updated = new TreeMap<>();
                oneSignal.updates().forEach(update -> updated.put(update.app() + "/" + update.id(),
                        ExamplesTest.comparable(StrictJson.mapper().valueToTree(update.tags())).toString()));
                assertThat(updated).isEqualTo(tags);
            });
            assertThat(oneSignal.violations()).isEmpty();
            assertThat(oneSignal.rateViolations()).isZero();
            assertThat(relay.parked().path("entries")).allSatisfy(entry ->
                    assertThat(entry.path("queue").asText()).as("refused by a destination: %s", entry).startsWith("parked.events."));
        }
    }

    private static List<Example> examples() throws IOException {
        List<Example> examples = new ArrayList<>();
        for (String provider : List.of("revenuecat", "purchasely", "qonversion")) {
            try (Stream<Path> files = Files.list(Path.of("mappings", provider, "examples"))) {
                for (Path file : files.filter(path -> path.toString().endsWith(".expected.json")).sorted().toList()) {
                    String expected = Files.readString(file);
                    JsonNode json = StrictJson.mapper().readTree(expected);
                    if (!json.has("settings") && (json.path("clevertap").has("records") || json.path("onesignal").has("records"))) {
                        Path webhook = Path.of(file.toString().replace(".expected.json", ".webhook.json"));
                        examples.add(unique(provider, file.getFileName().toString(), Files.readString(webhook), expected));
                    }
                }
            }
        }
        return examples;
    }

    private static Example unique(String provider, String name, String webhook, String expected) throws IOException {
        Map<String, String> replacements = new LinkedHashMap<>();
        JsonNode json = StrictJson.mapper().readTree(expected);
        for (JsonNode record : json.path("onesignal").path("records")) {
            replace(replacements, record.path("id").asText());
        }
        for (JsonNode record : json.path("clevertap").path("records")) {
            replace(replacements, record.path("identity").asText(record.path("objectId").asText()));
        }
        JsonNode event = StrictJson.mapper().readTree(webhook);
        replace(replacements, event.path("event").path("id").asText(event.path("event_id").asText()));
        if (provider.equals("qonversion")) {
            // part of the key in place of the event id that Qonversion does not send
            replace(replacements, event.path("user_id").asText());
        }
        for (Map.Entry<String, String> entry : replacements.entrySet()) {
            // as a whole value, in quotes or as a number
            String whole = "(?<=[\": ])" + Pattern.quote(entry.getKey()) + "(?=[\",}\\s])";
            webhook = webhook.replaceAll(whole, Matcher.quoteReplacement(entry.getValue()));
            expected = expected.replaceAll(whole, Matcher.quoteReplacement(entry.getValue()));
        }
        return new Example(provider + " " + name, provider, webhook.getBytes(StandardCharsets.UTF_8), StrictJson.mapper().readTree(expected));
    }

    /** Another value of the same shape; short numbers and ids at the limit of length stay as they are. */
    private static void replace(Map<String, String> replacements, String id) {
        boolean number = id.chars().allMatch(Character::isDigit);
        if (id.length() > 100 || (number && id.length() < 15)) {
            return;
        }
        if (number) {
            replacements.putIfAbsent(id, new BigInteger(id).add(BigInteger.valueOf(NUMBERS.incrementAndGet())).toString());
            return;
        }
        boolean uuid = id.matches("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");
        replacements.putIfAbsent(id, uuid ? UUID.randomUUID().toString()
                : id + (id.startsWith("$RCAnonymousID:") ? "" : "-") + UUID.randomUUID().toString().substring(0, 8));
    }
}
