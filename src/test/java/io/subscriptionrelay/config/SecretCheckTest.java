package io.subscriptionrelay.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.io.ClassPathResource;

/** With the settings of the application, and variables as the environment would have them. */
@ExtendWith(OutputCaptureExtension.class)
class SecretCheckTest {

    private static final String LONG = "0123456789abcdef";
    private static final String ALSO_ACCEPT = "relay.providers.qonversion.token.also-accept";

    @ParameterizedTest
    @CsvSource(quoteCharacter = '"', value = {"QONVERSION_TOKEN,\"Bearer \"", "QONVERSION_TOKEN,Bearer", "QONVERSION_TOKEN,\" basic \"",
        "QONVERSION_TOKEN,\"Bearer Basic \"", "QONVERSION_TOKEN,\"token \"", "REVENUECAT_AUTHORIZATION,\"Bearer \"", "REVENUECAT_AUTHORIZATION,Bearer",
        "REVENUECAT_SIGNING_SECRET,whsec_", "PURCHASELY_SHARED_SECRET,\"Basic \"", "CLEVERTAP_PASSCODE,\"Basic \"", "ONESIGNAL_API_KEY,\"Key \"",
        "ONESIGNAL_SANDBOX_API_KEY,\"key \"", "relay.providers.qonversion.token.also-accept[0],\"Bearer \"",
        "relay.providers.mine.token.value,\"Bearer \"", "relay.providers.Mine.signature.secrets[0],whsec_"})
    void aSecretOfWhichNothingIsLeftWithoutItsPrefixRefusesTheStart(String variable, String value) {
        assertThatThrownBy(() -> check(variable, value)).isInstanceOf(StartRefusedException.class)
                .hasMessageContaining(variable).hasMessageContaining("prefix");
    }

    /** The variable is the one that is made use of, not the one that the provider usually has. */
    @Test
    void aVariableInAListIsNamed() {
        assertThatThrownBy(() -> check("relay.providers.qonversion.token.also-accept[0]", "Bearer ${QV_SECOND:}"))
                .isInstanceOf(StartRefusedException.class).hasMessageContaining("QV_SECOND");
    }

    @ParameterizedTest
    @ValueSource(strings = {"abc,0123456789abcdef", "0123456789abcdef,0123456789abcde", "0123456789abcdef,", ",", ",0123456789abcdef", "a,b,c",
        "Bearer 12345678,0123456789abcdef", "0123456789abcdef,0123456789abcdef, x"})
    void aShortPartOfACommaSeparatedListRefusesTheStart(String list) {
        for (String variable : new String[] {"REVENUECAT_SIGNING_SECRET", "PURCHASELY_SHARED_SECRET", ALSO_ACCEPT}) {
            assertThatThrownBy(() -> check(variable, list)).as(variable).isInstanceOf(StartRefusedException.class)
                    .hasMessageContaining(variable + " holds a comma").hasMessageContaining("16 characters")
                    .hasMessageNotContaining("0123").hasMessageNotContaining("abc");
        }
    }

    @ParameterizedTest
    @CsvSource({"REVENUECAT_AUTHORIZATION,a short one", "REVENUECAT_AUTHORIZATION,Bearer short", "REVENUECAT_SIGNING_SECRET,0123456789abcde",
        "PURCHASELY_SHARED_SECRET,foobar", "QONVERSION_TOKEN,Basic 12345678", "relay.providers.qonversion.token.also-accept[0],foobar"})
    void oneThatIsShortIsWarnedOfOnly(String variable, String value, CapturedOutput output) {
        check(variable, value);
        assertThat(output.toString().lines().filter(line -> line.contains(" WARN "))).singleElement().asString()
                .contains(variable, "16 characters").doesNotContain(value);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"REVENUECAT_AUTHORIZATION|none", "REVENUECAT_AUTHORIZATION|Bearer 0123456789abcdef",
        "REVENUECAT_AUTHORIZATION|one, with a comma in it", "REVENUECAT_SIGNING_SECRET|0123456789abcdef, 0123456789abcdeg", "QONVERSION_TOKEN|' '",
        "PURCHASELY_SHARED_SECRET|_0123456789abcdef_", "relay.providers.qonversion.token.also-accept[0]|''", "CLEVERTAP_PASSCODE|ABC-DEF-GHIJ"})
    void nothingIsSaidOfAnyOther(String variable, String value, CapturedOutput output) {
        check(variable, value);
        assertThat(output.toString()).doesNotContain("WARN");
    }

    @Test
    void ofAKeyInBase64TheWordBeforeItDoesNotCount(CapturedOutput output) {
        Map<String, Object> settings = new HashMap<>(Map.of("relay.providers.mine.signature.variable", "MINE", "relay.providers.mine.signature.secret-encoding",
                "base64", "relay.providers.mine.signature.secrets", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
        check(settings);
        assertThat(output.toString()).doesNotContain("WARN");
        settings.put("relay.providers.mine.signature.secrets", "whsec_MfKQ9r8GKYqrTw");
        check(settings);
        assertThat(output.toString()).contains("WARN").contains("MINE");
    }

    private static void check(String variable, String value) {
        check(Map.of(variable, value));
    }

    private static void check(Map<String, Object> settings) {
        StandardEnvironment environment = new StandardEnvironment();
        environment.getPropertySources().remove(StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME);
        environment.getPropertySources().addFirst(new MapPropertySource("variables", settings));
        try {
            new YamlPropertySourceLoader().load("application", new ClassPathResource("application.yaml")).forEach(environment.getPropertySources()::addLast);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        new SecretCheck(environment).check(Binder.get(environment).bind("relay", RelayProperties.class).get());
    }
}
