package io.subscriptionrelay.commands;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.commands.Call.Ended;
import io.subscriptionrelay.testing.Home;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TestCommandTest {

    @TempDir
    Path folder;
    private Map<String, String> environment;

    @BeforeEach
    void copy() {
        Home.copyTo(folder);
        environment = Map.of("RELAY_HOME", folder.toString());
    }

    @Test
    void whatDiffersIsShownAsADiffOfTheExample() throws IOException {
        edit("mappings/purchasely/clevertap.jslt", "\"currency\"", "\"waehrung\"");
        Ended ended = Call.run(environment, "test", "purchasely");
        assertThat(ended.status()).as(ended.toString()).isEqualTo(1);
        assertThat(ended.out().lines()).contains("+++ what comes of it now", "-          \"currency\": \"EUR\"", "+          \"waehrung\": \"EUR\"")
                .anyMatch(line -> line.startsWith("--- ") && line.endsWith(".expected.json")).anyMatch(line -> line.startsWith("@@ -"));
        assertThat(ended.out()).containsPattern("\\d+ of \\d+ examples become something else").doesNotContain("\u001b[");
        JsonNode json = Call.run(environment, "test", "purchasely", "-o", "json").json();
        assertThat(json.path("run").asInt()).isGreaterThan(json.path("differ").size());
        assertThat(json.path("differ").toString()).contains("\"waehrung\"");
    }

    @Test
    void anotherAccountStepOrReasonAndARecordThatIsMissingDiffer() throws IOException {
        edit("mappings/revenuecat/examples/initial-purchase.expected.json", "\"account\": \"production\"", "\"account\": \"sandbox\"");
        edit("mappings/revenuecat/examples/renewal.expected.json", "\"step\": \"renewal\"", "\"step\": \"renewed\"");
        edit("mappings/revenuecat/examples/time-missing.expected.json", "the event has no time", "nothing");
        Ended ended = Call.run(environment, "test", "revenuecat");
        assertThat(ended.out()).contains("-    \"account\": \"sandbox\"", "+    \"account\": \"production\"", "-  \"step\": \"renewed\"",
                "+    \"parked\": \"the event has no time\"", "3 of ");
        assertThat(ended.status()).isEqualTo(1);
    }

    @Test
    void theExamplesOfDestinationsRunToo() throws IOException {
        assertThat(Call.run(environment, "test", "clevertap").status()).isZero();
        Path folderOfExamples = folder.resolve("mappings/destinations/clevertap/examples");
        Path example;
        try (var files = Files.list(folderOfExamples)) {
            example = files.filter(file -> contains(file, "\"taken\"")).sorted().findFirst().orElseThrow();
        }
        Files.writeString(example, Files.readString(example).replace("\"taken\"", "\"again\""));
        assertThat(Call.run(environment, "test", "clevertap")).satisfies(ended -> {
            assertThat(ended.status()).isEqualTo(1);
            assertThat(ended.out()).contains("--- " + example).contains("\"taken\"");
        });
    }

    @Test
    void aFileThatIsMissingOrNoJsonAndSettingsThatThereAreNoneOfAreNamed() throws IOException {
        Path examples = folder.resolve("mappings/qonversion/examples");
        List<Path> expected;
        try (var files = Files.list(examples)) {
            expected = files.filter(file -> file.toString().endsWith(".expected.json")).sorted().limit(3).toList();
        }
        Files.delete(expected.get(0));
        Files.writeString(expected.get(1), "{\n  \"step\": }\n");
        Files.writeString(expected.get(2), "{\"settings\": {\"clevertap\": {\"nothing-known\": 1}}}");
        Ended ended = Call.run(environment, "test", "qonversion");
        assertThat(ended.status()).isEqualTo(1);
        assertThat(ended.err()).contains(expected.get(0) + ": cannot be read", expected.get(1) + ":2:", "unknown key `nothing-known`");
    }

    @Test
    void withoutExamplesOrWithAnUnknownNameItSaysSo() {
        assertThat(Call.run(environment, "test", "nobody")).satisfies(ended -> {
            assertThat(ended.status()).isEqualTo(2);
            assertThat(ended.err()).contains("known are braze, clevertap, onesignal, purchasely, qonversion, revenuecat");
        });
    }

    private static boolean contains(Path file, String text) {
        try {
            return Files.readString(file).contains(text);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private void edit(String file, String what, String with) throws IOException {
        Path path = folder.resolve(file);
        String before = Files.readString(path);
        assertThat(before).contains(what.equals(with) ? "" : what);
        Files.writeString(path, before.replace(what, with));
    }
}
