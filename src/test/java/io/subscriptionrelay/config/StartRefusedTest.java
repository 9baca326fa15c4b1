package io.subscriptionrelay.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.subscriptionrelay.testing.Home;
import io.subscriptionrelay.testing.RelayApp;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.yaml.snakeyaml.error.YAMLException;

/** A start that cannot do what is asked for says what was found, where, and what to write instead. */
@ExtendWith(OutputCaptureExtension.class)
class StartRefusedTest {

    @TempDir
    Path folder;

    @Test
    void withoutADestinationItNamesTheVariables() {
        StartRefusedException refusal = refusal(RelayApp.with(folder));
        assertThat(refusal).hasMessageContaining("no destination is configured");
        assertThat(refusal.action()).contains("CLEVERTAP_ACCOUNT_ID", "CLEVERTAP_PASSCODE", "ONESIGNAL_APP_ID", "ONESIGNAL_API_KEY");
    }

    @Test
    void withoutAProviderItNamesTheVariables() {
        StartRefusedException refusal = refusal(RelayApp.with(folder).oneSignal("http://127.0.0.1:9").set("REVENUECAT_AUTHORIZATION", ""));
        assertThat(refusal).hasMessageContaining("no provider of webhooks is configured");
        assertThat(refusal.action()).contains("REVENUECAT_AUTHORIZATION", "REVENUECAT_SIGNING_SECRET", "PURCHASELY_SHARED_SECRET", "QONVERSION_TOKEN");
    }

    @ParameterizedTest
    @ValueSource(strings = {"CLEVERTAP_PASSCODE", "CLEVERTAP_ACCOUNT_ID", "REVENUECAT_AUTHORIZATION", "PURCHASELY_SHARED_SECRET", "CONSOLE_PASSWORD",
        "STATE_JDBC_PASSWORD", "BROKER_PASSWORD"})
    void aVariableThatIsNotSetIsNamedInsteadOfBeingSentAsASecret(String variable) {
        StartRefusedException refusal = refusal(RelayApp.with(folder).cleverTap("http://127.0.0.1:9").set(variable, "pre-${NOT_SET_ANYWHERE}"));
        assertThat(refusal).hasMessageContaining("NOT_SET_ANYWHERE is not set");
        assertThat(refusal.action()).contains("Set NOT_SET_ANYWHERE");
        assertThat(refusal.getMessage() + refusal.action()).doesNotContain("pre-");
    }

    @Test
    void settingsThatAreNotYamlAreToldWithTheirPlaceAndNothingOfTheirContent(CapturedOutput output) throws IOException {
        Path home = Files.createDirectories(folder.resolve("home"));
        Files.writeString(home.resolve("application.yaml"), "relay:\n  console:\n    password: \"my secret\n");
        assertThatThrownBy(() -> new SpringApplicationBuilder(StartRefusedTest.class).web(WebApplicationType.NONE)
                .run("--spring.config.additional-location=" + home.toUri())).isInstanceOf(YAMLException.class);
        assertThat(output).contains("A settings file, application.yaml for example, is not valid YAML at line 3, column 15: a quote begins here and does not end; write the same quote at its end.").doesNotContain("my secret");
    }

    @Test
    void webhooksAndOperationsNeedPortsOfTheirOwn() {
        StartRefusedException refusal = refusal(RelayApp.with(folder).cleverTap("http://127.0.0.1:9").set("server.port", "18080")
                .set("management.server.port", "18080"));
        assertThat(refusal).hasMessageContaining("both to answer at port 18080");
        assertThat(refusal.action()).contains("MANAGEMENT_SERVER_PORT");
    }

    @Test
    void aTokenThatIsOnlyAPrefixIsNamedInsteadOfOpeningAProvider() {
        StartRefusedException refusal = refusal(RelayApp.with(folder).cleverTap("http://127.0.0.1:9").set("QONVERSION_TOKEN", "Bearer ${NOT_SET_ANYWHERE:}"));
        assertThat(refusal).hasMessageContaining("QONVERSION_TOKEN");
        assertThat(folder.resolve("journal")).doesNotExist();
    }

    @Test
    void aSecretThatACommaWouldCutIntoSomethingShortIsRefused() {
        StartRefusedException refusal = refusal(RelayApp.with(folder).cleverTap("http://127.0.0.1:9")
                .set("PURCHASELY_SHARED_SECRET", "k9,a long remainder of the secret"));
        assertThat(refusal).hasMessageContaining("PURCHASELY_SHARED_SECRET holds a comma");
        assertThat(refusal.getMessage() + refusal.action()).doesNotContain("k9").doesNotContain("remainder");
    }

    @Test
    void aRegionThatDoesNotExistIsAnsweredWithThoseThatDo() {
        StartRefusedException refusal = refusal(RelayApp.with(folder).cleverTap("").set("CLEVERTAP_REGION", "eu2"));
        assertThat(refusal).hasMessageContaining("eu2");
        assertThat(refusal.action()).contains("eu1, in1, sg1, us1, aps3, mec1");
    }

    @Test
    void anInstanceThatDoesNotExistIsAnsweredWithTheVariableThatHoldsIt() {
        StartRefusedException refusal = refusal(RelayApp.with(folder).set("BRAZE_SANDBOX_INSTANCE", "us-99").set("BRAZE_SANDBOX_API_KEY", "a key"));
        assertThat(refusal).hasMessageContaining("the region `us-99`, which Braze does not have");
        assertThat(refusal.action()).startsWith("Set BRAZE_SANDBOX_INSTANCE to one of us-01, us-02,").contains("eu-01", "or BRAZE_URL to another");
    }

    @Test
    void aBrokenMappingIsNamedWithFileLineAndColumn() throws IOException {
        Path home = Home.copyTo(folder.resolve("home"));
        Path mapping = home.resolve("mappings/revenuecat/clevertap.jslt");
        Files.writeString(mapping, "{\n  \"a\": ]\n}");
        assertThat(refusal(RelayApp.with(folder.resolve("data")).home(home).oneSignal("http://127.0.0.1:9")))
                .hasMessageContaining(mapping + ", line 2, column");
    }

    @Test
    void anUnknownKeyInSettingsIsNamedWithItsLineAndTheKnownOnes() throws IOException {
        Path home = Home.copyTo(folder.resolve("home"));
        Path settings = home.resolve("mappings/revenuecat/clevertap.yaml");
        Files.writeString(settings, "refunds: negative\nreveneu-mode: gross\n");
        assertThat(refusal(RelayApp.with(folder.resolve("data")).home(home).oneSignal("http://127.0.0.1:9")))
                .hasMessageContaining(settings + ", line 2").hasMessageContaining("unknown key `reveneu-mode`").hasMessageContaining("revenue-mode");
    }

    @Test
    void aBrokerThatFailsInTheMiddleOfItsStartIsASentence() throws IOException {
        Path inTheWay = Files.createDirectories(folder.resolve("data/broker/paging/in-the-way/address.txt"));
        StartRefusedException refusal = refusal(RelayApp.with(folder.resolve("data")).cleverTap("http://127.0.0.1:9"));
        assertThat(refusal).hasMessageContaining("the embedded broker cannot be started on " + folder.resolve("data/broker"))
                .hasMessageContaining(inTheWay.toString());
        assertThat(refusal.action()).contains("RELAY_DATA_DIR");
        // it holds nothing any more
        Files.delete(inTheWay);
        Files.delete(inTheWay.getParent());
        RelayApp.with(folder.resolve("data")).cleverTap("http://127.0.0.1:9").start().close();
    }

    @Test
    void aFileWhereTheBrokerKeepsItsJournalIsNamed() throws IOException {
        Path journal = Files.createDirectories(folder.resolve("data/broker")).resolve("journal");
        Files.writeString(journal, "not a folder");
        StartRefusedException refusal = refusal(RelayApp.with(folder.resolve("data")).cleverTap("http://127.0.0.1:9"));
        assertThat(refusal).hasMessageContaining("the embedded broker cannot be started").hasMessageContaining(journal.toString());
    }

    private static StartRefusedException refusal(RelayApp.Builder settings) {
        try (RelayApp started = settings.start()) {
            throw new AssertionError("it started on port " + started.port());
        } catch (RuntimeException e) {
            Throwable cause = e;
            while (!(cause instanceof StartRefusedException) && cause.getCause() != null) {
                cause = cause.getCause();
            }
            assertThat(cause).isInstanceOf(StartRefusedException.class);
            return (StartRefusedException) cause;
        }
    }
}
