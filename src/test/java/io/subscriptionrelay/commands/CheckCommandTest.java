package io.subscriptionrelay.commands;

import static org.assertj.core.api.Assertions.assertThat;

import io.subscriptionrelay.SubscriptionRelayApplication;
import io.subscriptionrelay.commands.Call.Ended;
import io.subscriptionrelay.testing.Home;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CheckCommandTest {

    @TempDir
    Path folder;

    @BeforeEach
    void copy() {
        Home.copyTo(folder);
    }

    @Test
    void whatShipsIsFineWithoutAnySecretAndNothingIsMade() {
        Ended ended = check(Map.of());
        assertThat(ended.status()).as(ended.toString()).isZero();
        assertThat(ended.out()).startsWith("A relay would start with what is in " + folder);
        assertThat(ended.err()).isEmpty();
        assertThat(folder.resolve("data")).doesNotExist();
    }

    @Test
    void everyMistakeInRoutesMappingsSettingsDestinationsAndExamplesIsNamedWithItsPlace() throws IOException {
        edit("routes/translate/translate.camel.yaml", "ref: translator", "ref: translater");
        edit("mappings/revenuecat/clevertap.jslt", "\"currency\": text", "\"currency\" text");
        edit("mappings/revenuecat/clevertap.yaml", "profile: ", "profil: ");
        edit("mappings/destinations/onesignal/destination.yaml", "in-flight:", "in-fligth:");
        Files.delete(folder.resolve("mappings/revenuecat/examples/renewal.expected.json"));
        Ended ended = check(Map.of());
        assertThat(ended.status()).isEqualTo(1);
        assertThat(ended.out()).isEmpty();
        assertThat(ended.err().lines()).allSatisfy(line -> assertThat(line).startsWith(folder.toString()).matches("[^:]+(:\\d+(:\\d+)?)?: .+"))
                .anyMatch(line -> line.matches(".*/translate\\.camel\\.yaml:\\d+:\\d+: there is no bean `translater`; did you mean `translator`\\?"))
                .anyMatch(line -> line.matches(".*/clevertap\\.jslt:\\d+:\\d+: a `:` is missing after the key `\"currency\"`.*"))
                .anyMatch(line -> line.matches(".*/clevertap\\.yaml:\\d+:1: unknown key `profil`; known are: .*"))
                .anyMatch(line -> line.matches(".*/destination\\.yaml:\\d+:\\d+: unknown key `in-fligth`; known are: .*"))
                .anyMatch(line -> line.contains("renewal.webhook.json: there is no renewal.expected.json beside it"));
        assertThat(Call.run(SubscriptionRelayApplication.class, environment(Map.of()), "check", "-o", "json").json().path("problems"))
                .hasSameSizeAs(ended.err().lines().toList())
                .anySatisfy(problem -> assertThat(problem.path("line").asInt()).isPositive());
    }

    @Test
    void settingsThatAStartWouldRefuseAreNamedWithoutTheirValues() throws IOException {
        Ended ended = check(Map.of("QONVERSION_TOKEN", "Bearer", "CLEVERTAP_ACCOUNT_ID", "x", "CLEVERTAP_PASSCODE", "the-passcode",
                "CLEVERTAP_REGION", "moon"));
        assertThat(ended.status()).isEqualTo(1);
        assertThat(ended.err()).contains("QONVERSION_TOKEN is only the prefix of a secret", "has the region `moon`", "; set CLEVERTAP_REGION to one of")
                .doesNotContain("the-passcode");
        Files.writeString(folder.resolve("application.yaml"), "relay:\n  order:\n    keep: a-secret\n");
        assertThat(check(Map.of())).satisfies(wrong -> {
            assertThat(wrong.status()).isEqualTo(1);
            assertThat(wrong.err()).startsWith(folder.resolve("application.yaml") + ":3:11: `relay.order.keep` cannot be read as Duration")
                    .doesNotContain("a-secret");
        });
    }

    @ParameterizedTest
    @CsvSource({"ONESIGNAL_SANDBOX, `skip` or `production` or `drop`", "REVENUECAT_SIGNATURE_TOLERANCE, 'a time such as `30s`'"})
    void aVariableThatCannotBeReadIsNamedItselfWithWhatItMayBe(String variable, String expected) {
        Ended ended = check(Map.of(variable, "a-secret"));
        assertThat(ended.status()).isEqualTo(1);
        assertThat(ended.err()).startsWith(folder.resolve("application.yaml") + ": `" + variable + "` cannot be read as ").contains(expected)
                .doesNotContain("a-secret");
    }

    @Test
    void aShortNameThatCannotBeReadIsNamedWithItsLine() throws IOException {
        Files.writeString(folder.resolve("application.yaml"), "onesignal:\n  sandbox-events: a-secret\n");
        Ended ended = check(Map.of());
        assertThat(ended.status()).isEqualTo(1);
        assertThat(ended.err()).startsWith(folder.resolve("application.yaml") + ":2:19: `onesignal.sandbox-events` cannot be read as Sandbox").doesNotContain("a-secret");
    }

    @ParameterizedTest
    @CsvSource({"BROKER_URL, nonsense, BROKER_URL is not the URL of an Artemis broker", "STATE_JDBC_URL, jdbc:foo:x, STATE_JDBC_URL names a database of another kind"})
    void aBrokerOrADatabaseThatCannotBeIsNamed(String variable, String url, String problem) {
        Ended ended = check(Map.of(variable, url));
        assertThat(ended.status()).isEqualTo(1);
        assertThat(ended.err()).contains(problem).doesNotContain(url);
    }

    @Test
    void aBrokerAndADatabaseThatMayBeThereAreNotAsked() {
        assertThat(check(Map.of("BROKER_URL", "tcp://broker.invalid:61616", "STATE_JDBC_URL", "jdbc:postgresql://database.invalid/relay")).status()).isZero();
    }

    @ParameterizedTest
    @CsvSource({"SERVER_PORT, abc", "MANAGEMENT_SERVER_PORT, 65536"})
    void aPortThatIsNoneIsNamed(String variable, String port) {
        Ended ended = check(Map.of(variable, port));
        assertThat(ended.status()).isEqualTo(1);
        assertThat(ended.err()).contains(variable + " is no port; set " + variable + " to a number up to 65535").doesNotContain(port + ";");
    }

    @Test
    void anExampleOfADestinationThatCannotBeReadIsNamedWithItsPlace() throws IOException {
        Path broken = Files.writeString(folder.resolve("mappings/destinations/onesignal/examples/broken.answer.json"), "{\n  \"call\": \n}");
        Path empty = Files.writeString(folder.resolve("mappings/destinations/onesignal/examples/empty.answer.json"), "{}");
        Ended ended = check(Map.of());
        assertThat(ended.status()).isEqualTo(1);
        assertThat(ended.err()).contains(broken + ":3:1: not valid JSON", empty + ": an example of a destination has `call`, `records`, `status` and `expected`");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "relay:\\n\\tdata-dir: a-secret                                 | 2:1  | a tab",
        "relay:\\n  console:\\n    password: \"a-secret\\n    user: x   | 3:15 | a quote",
        "relay:\\n  data-dir: a-secret: b-secret                        | 2:21 | a second `: `",
        "console:\\n  password: *a-secret                                | 2:13 | a value begins with a sign",
        "console:\\n  password: !a-secret x                              | 2:13 | a value begins with a sign",
        "console:\\n  password: @a-secret                                | 2:13 | a value begins with a sign",
        "console:\\n  password: \"a\\qa-secret\"                         | 2:16 | a `\\`",
        "console:\\n  password: a-secret\\n  password: b-secret            | 3:3  | the same key",
        "console:\\n  - a-secret\\n  password: b-secret                    | 3:3  | not valid YAML"})
    void aSettingsFileThatIsNotYamlIsToldInOneLineWithItsPlaceAndWithoutItsValues(String file, String place, String wrong) throws IOException {
        Path settings = Files.writeString(folder.resolve("application.yaml"), file.replace("\\n", "\n").replace("\\t", "\t"));
        Ended ended = check(Map.of());
        assertThat(ended.status()).as(ended.toString()).isEqualTo(1);
        assertThat(ended.err().lines()).singleElement().asString().startsWith(settings + ":" + place + ": " + wrong).contains("; ")
                .doesNotContain("secret", "Exception");
        assertThat(Call.run(SubscriptionRelayApplication.class, environment(Map.of()), "check", "-o", "json").json().path("problems"))
                .singleElement().satisfies(problem -> {
                    assertThat(problem.path("file").asText()).isEqualTo(settings.toString());
                    assertThat(problem.path("line").asText() + ":" + problem.path("column").asText()).isEqualTo(place);
                });
    }

    @Test
    void aSettingsFileWithoutAPlaceToNameIsToldWithoutItsValuesToo() throws IOException {
        Path settings = Files.writeString(folder.resolve("application.yaml"), "relay:\n  data-dir: a-secret\u0001\n");
        assertThat(check(Map.of()).err()).startsWith(settings + ": holds a character that YAML does not allow; ").doesNotContain("secret");
        Files.delete(settings);
        Path other = Files.writeString(Files.createDirectory(folder.resolve("other")).resolve("application.yaml"), "relay: 'a-secret");
        assertThat(check(Map.of("SPRING_CONFIG_ADDITIONAL_LOCATION", other.toUri().toString())).err())
                .startsWith(settings + ": another settings file").doesNotContain("secret");
    }

    @Test
    void aProviderThatIsOpenNeedsItsRouteAndItsMapping() throws IOException {
        Files.delete(folder.resolve("routes/webhooks/qonversion.camel.yaml"));
        Files.delete(folder.resolve("mappings/qonversion/event.jslt"));
        assertThat(check(Map.of()).err()).doesNotContain("is missing");
        assertThat(check(Map.of("QONVERSION_TOKEN", "a token that is long enough")).err())
                .contains("routes/webhooks/qonversion.camel.yaml: is missing", "mappings/qonversion/event.jslt: is missing");
    }

    @Test
    void aFolderWithoutRoutesAndMappingsSaysWhatToSet() {
        Ended ended = Call.run(SubscriptionRelayApplication.class, Map.of("RELAY_HOME", folder.resolve("none").toString()), "check");
        assertThat(ended.status()).isEqualTo(1);
        assertThat(ended.err()).contains("set RELAY_HOME to the folder that holds routes/ and mappings/");
    }

    private Ended check(Map<String, String> more) {
        return Call.run(SubscriptionRelayApplication.class, environment(more), "check");
    }

    private Map<String, String> environment(Map<String, String> more) {
        Map<String, String> environment = new HashMap<>(more);
        environment.put("RELAY_HOME", folder.toString());
        return environment;
    }

    private void edit(String file, String what, String with) throws IOException {
        Path path = folder.resolve(file);
        String before = Files.readString(path);
        assertThat(before).contains(what);
        Files.writeString(path, before.replace(what, with));
    }
}
