package io.subscriptionrelay.commands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.commands.Call.Ended;
import io.subscriptionrelay.testing.Home;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MapCommandTest {

    /** How soon is row 13 of the benchmark. */
    private static final Duration LONG = Duration.ofSeconds(30);

    @TempDir
    Path folder;
    private Map<String, String> environment;
    private String webhook;

    @BeforeEach
    void copy() {
        Home.copyTo(folder);
        environment = Map.of("RELAY_HOME", folder.toString());
        webhook = folder.resolve("mappings/revenuecat/examples/initial-purchase.webhook.json").toString();
    }

    @Test
    void itShowsAttributesStepAccountsAndRecordsWithoutAnyAccount() {
        Ended ended = Call.run(environment, "map", "revenuecat", webhook);
        assertThat(ended.status()).as(ended.toString()).isZero();
        assertThat(ended.out()).contains("revenuecat event 9001982F-65F2-49F5-AF62-C1F8AE7ED3B0", "  type: \"INITIAL_PURCHASE\"",
                "step initial_purchase", "clevertap production", "onesignal production", "\"evtName\": \"rc_initial_purchase_event\"");
        assertThat(ended.err()).isEmpty();
        assertThat(folder.resolve("data")).doesNotExist();
    }

    /** Where a test starts is the root of the project: a name alone is a file there. */
    @Test
    void aFileOfTheWorkingDirectoryNeedsNoFolderBeforeItsName() throws IOException {
        Path here = Files.createTempFile(Path.of(""), "webhook", ".json");
        try {
            Files.copy(Path.of(webhook), here, StandardCopyOption.REPLACE_EXISTING);
            assertThat(here.getParent()).isNull();
            Ended ended = Call.run(environment, "map", "revenuecat", here.toString());
            assertThat(ended.status()).as(ended.toString()).isZero();
            assertThat(ended.out()).contains("step initial_purchase");
        } finally {
            Files.delete(here);
        }
    }

    @Test
    void asJsonItHasTheSameForOneDestinationToo() {
        JsonNode all = Call.run(environment, "map", "revenuecat", webhook, "-o", "json").json();
        assertThat(all.path("step").asText()).isEqualTo("initial_purchase");
        assertThat(all.path("facts").path("user").asText()).isEqualTo("lena.42");
        assertThat(all.path("outcomes")).extracting(outcome -> outcome.path("destination").asText()).contains("braze", "clevertap", "onesignal");
        JsonNode one = Call.run(environment, "map", "revenuecat", webhook, "--to", "onesignal", "-o", "json").json();
        assertThat(one.path("outcomes")).singleElement().satisfies(outcome -> {
            assertThat(outcome.path("account").asText()).isEqualTo("production");
            assertThat(outcome.path("record").path("tags").path("product_id").asText()).isEqualTo("yoga_monthly");
        });
    }

    @Test
    void theRouteOfTheProviderDecidesStepAndAccount() throws IOException {
        Path route = folder.resolve("routes/translate/revenuecat.camel.yaml");
        edit(route, "${exchangeProperty.environment}", "sandbox");
        edit(route, "expression: ${exchangeProperty.type} == 'RENEWAL' && ${exchangeProperty.trialConversion} == true",
                "expression: ${exchangeProperty.type} == 'INITIAL_PURCHASE'");
        JsonNode json = Call.run(environment, "map", "revenuecat", webhook, "--to", "clevertap", "-o", "json").json();
        assertThat(json.path("step").asText()).isEqualTo("trial_converted");
        assertThat(json.path("outcomes").path(0).path("account").asText()).isEqualTo("sandbox");
    }

    @Test
    void whatIsSkippedAndParkedIsSaidWithItsReason() throws IOException {
        edit(folder.resolve("mappings/revenuecat/clevertap.yaml"), "initial-purchase: rc_initial_purchase_event", "initial-purchase: off");
        edit(folder.resolve("mappings/revenuecat/clevertap.yaml"), "initial_purchase: rc_initial_purchase_event", "initial_purchase: off");
        Ended skipped = Call.run(environment, "map", "revenuecat", webhook, "--to", "clevertap");
        assertThat(skipped.status()).as(skipped.toString()).isZero();
        assertThat(skipped.out()).contains("  skipped: event switched off");
        Ended parked = Call.run(environment, "map", "revenuecat", webhook.replace("initial-purchase", "time-missing"), "--to", "onesignal");
        assertThat(parked.status()).isEqualTo(1);
        assertThat(parked.out()).contains("  parked: the event has no time");
    }

    @Test
    void aBrokenMappingIsToldWithItsPlaceAndNothingIsShown() throws IOException {
        Path mapping = folder.resolve("mappings/revenuecat/onesignal.jslt");
        Files.writeString(mapping, Files.readString(mapping) + "\n}");
        Ended ended = Call.run(environment, "map", "revenuecat", webhook);
        assertThat(ended.status()).isEqualTo(1);
        assertThat(ended.out()).isEmpty();
        assertThat(ended.err().lines()).singleElement().asString().matches("\\Q" + mapping + "\\E:\\d+:\\d+: .+");
        for (String[] command : new String[][] {{"map", "revenuecat", webhook, "-o", "json"}, {"test", "-o", "json"}}) {
            assertThat(Call.run(environment, command)).satisfies(asData -> {
                assertThat(asData.status()).isEqualTo(1);
                assertThat(asData.err()).isEqualTo(ended.err());
                assertThat(asData.json().path("problems").path(0).path("file").asText()).isEqualTo(mapping.toString());
            });
        }
    }

    @Test
    void aWebhookThatIsNotJsonIsToldWithItsPlaceAndWithoutItsContent() throws IOException {
        Path broken = Files.writeString(folder.resolve("webhook.json"), "{\n  \"a\": 1,\n  \"b\" personal\n}");
        assertThat(Call.run(environment, "map", "revenuecat", broken.toString())).satisfies(ended -> {
            assertThat(ended.status()).isEqualTo(1);
            assertThat(ended.out()).isEmpty();
            assertThat(ended.err().lines()).singleElement().asString().startsWith(broken + ":3:7: the body is not valid JSON; write ")
                    .doesNotContain("personal");
        });
        Files.writeString(broken, "[]");
        assertThat(Call.run(environment, "map", "revenuecat", broken.toString()).err())
                .startsWith(broken + ": the body does not start with { in UTF-8; write ");
    }

    @Test
    void aSettingsFileThatIsNotYamlIsToldWithItsPlace() throws IOException {
        Path settings = Files.writeString(folder.resolve("application.yaml"), "relay:\n  data-dir: 'a-secret\n");
        for (String[] command : new String[][] {{"map", "revenuecat", webhook}, {"test"}}) {
            Ended ended = Call.run(environment, command);
            assertThat(ended.status()).as(ended.toString()).isEqualTo(1);
            assertThat(ended.out()).isEmpty();
            assertThat(ended.err().lines()).singleElement().asString().startsWith(settings + ":2:13: a quote").doesNotContain("a-secret");
        }
        assertThat(Call.run(environment, "send", "revenuecat", webhook)).satisfies(ended -> {
            assertThat(ended.status()).isEqualTo(2);
            assertThat(ended.err().lines()).singleElement().asString().startsWith(settings + ":2:13: a quote").doesNotContain("a-secret");
        });
    }

    @Test
    void whatIsNotThereIsWrongUse() {
        assertThat(Call.run(environment, "map", "nobody", webhook)).satisfies(ended -> {
            assertThat(ended.status()).isEqualTo(2);
            assertThat(ended.err()).contains("mappings/nobody/event.jslt", "purchasely, qonversion, revenuecat");
        });
        assertThat(Call.run(environment, "map", "revenuecat", webhook, "--to", "nowhere").status()).isEqualTo(2);
        assertThat(Call.run(environment, "map", "revenuecat", folder.resolve("none.json").toString()).err()).contains("none.json cannot be read");
        assertThat(Call.run(environment, "map", "revenuecat", folder.toString()).err()).contains(folder + " cannot be read");
        assertThat(Call.run(environment, "map", "revenuecat").status()).isEqualTo(2);
        assertThat(Call.run(Map.of("RELAY_HOME", folder.resolve("none").toString()), "map", "revenuecat", webhook).err()).contains("Set RELAY_HOME");
    }

    @Test
    void itIsShownAgainAfterASaveOfAMappingASettingARouteOrTheWebhook() throws Exception {
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        PrintStream print = new PrintStream(said, true, StandardCharsets.UTF_8);
        Thread watching = new Thread(() -> new Commands(null, environment, print, print).run("map", "revenuecat", webhook, "--to", "clevertap", "--watch"));
        watching.start();
        try {
            await().atMost(Duration.ofSeconds(30)).until(() -> said.toString().contains("\"evtName\": \"rc_initial_purchase_event\""));
            edit(folder.resolve("mappings/revenuecat/clevertap.yaml"), "rc_initial_purchase_event", "Bought");
            shows(said, "\"evtName\": \"Bought\"");
            edit(folder.resolve("mappings/revenuecat/clevertap.jslt"), "\"country_code\"", "\"land\"");
            shows(said, "\"land\": \"DE\"");
            edit(Path.of(webhook), "yoga_monthly", "yoga_yearly");
            shows(said, "\"product_id\": \"yoga_yearly\"");
            edit(folder.resolve("routes/translate/revenuecat.camel.yaml"), "${exchangeProperty.environment}", "sandbox");
            shows(said, "clevertap sandbox");
            edit(folder.resolve("mappings/revenuecat/clevertap.yaml"), "Bought", "[broken");
            shows(said, "clevertap.yaml:");
            edit(folder.resolve("mappings/revenuecat/clevertap.yaml"), "[broken", "Mended");
            shows(said, "\"evtName\": \"Mended\"");
            edit(folder.resolve("routes/translate/revenuecat.camel.yaml"), "- route:", "- rout:");
            shows(said, "routes/translate: cannot be run");
            edit(folder.resolve("routes/translate/revenuecat.camel.yaml"), "- rout:", "- route:");
            shows(said, "\"evtName\": \"Mended\"");
            Files.writeString(folder.resolve("application.yaml"), "relay:\n\tmappings-reload: 1s\n");
            shows(said, "application.yaml:2:1: a tab");
            Files.writeString(folder.resolve("application.yaml"), "relay:\n  mappings-reload: 1s\n");
            shows(said, "\"evtName\": \"Mended\"");
        } finally {
            watching.interrupt();
            watching.join(10_000);
        }
        assertThat(watching.isAlive()).isFalse();
    }

    private static void shows(ByteArrayOutputStream said, String text) {
        await().pollInterval(Duration.ofMillis(20)).atMost(LONG).until(() -> said.toString(StandardCharsets.UTF_8).contains(text));
        said.reset();
    }

    private static void edit(Path file, String what, String with) throws IOException {
        String before = Files.readString(file);
        Files.writeString(file, before.replace(what, with));
    }
}
