package io.subscriptionrelay.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.subscriptionrelay.config.RelayProperties.Provider;
import io.subscriptionrelay.config.StartRefusedException;
import io.subscriptionrelay.testing.Document;
import io.subscriptionrelay.testing.Webhook;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.io.ByteArrayResource;

/**
 * The settings are those of {@code docs/adding-a-provider.md}; the signatures of Svix and GitHub are the examples that they have
 * published.
 */
class SignatureFormTest {

    private static final String SVIX_SECRET = "whsec_plJ3nmyCDGBKInavdOK15jsl";
    private static final String SVIX_BODY = "{\"event_type\":\"ping\",\"data\":{\"success\":true}}";
    private static final String SVIX_SIGNATURE = "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=";
    private static final Instant SVIX_TIME = Instant.ofEpochSecond(1731705121);
    private static final String ANOTHER_SVIX_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private static final String GITHUB_SECRET = "It's a Secret to Everybody";
    private static final String GITHUB_SIGNATURE = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    private final Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);

    @Test
    void aStandardWebhookIsAuthentic() {
        svixHeaders();

        assertThat(fits(svix(), SVIX_BODY)).isTrue();
    }

    @Test
    void oneOfSeveralStandardSignaturesIsEnough() {
        svixHeaders();
        headers.put("svix-signature", "v1,bm9ldHUjKzFob2VudXRob2VodWUzMjRvdWVvdW9ldQo= v1a,bm9ldHUjKzFob2Vu " + SVIX_SIGNATURE);

        assertThat(fits(svix(), SVIX_BODY)).isTrue();
    }

    @Test
    void oneOfSeveralStandardSecretsIsEnough() {
        svixHeaders();

        assertThat(fits(provider("superwall", ANOTHER_SVIX_SECRET + "," + SVIX_SECRET), SVIX_BODY)).isTrue();
        assertThat(fits(provider("superwall", ANOTHER_SVIX_SECRET), SVIX_BODY)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"svix-id", "svix-timestamp", "svix-signature"})
    void aStandardWebhookWithoutOneOfItsHeadersIsRefused(String header) {
        svixHeaders();
        headers.remove(header);

        assertThat(fits(svix(), SVIX_BODY)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"svix-id=msg_another", "svix-timestamp=1731705122", "svix-timestamp=", "svix-signature=",
        "svix-signature=v1,", "svix-signature=rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=",
        "svix-signature=v1,ravfw3dj/x/qxhsaxpoyycgmrksakwcsncckxliktd0="})
    void nothingThatIsSignedMayBeChanged(String change) {
        svixHeaders();
        headers.put(change.substring(0, change.indexOf('=')), change.substring(change.indexOf('=') + 1));

        assertThat(fits(svix(), SVIX_BODY)).isFalse();
    }

    @Test
    void aChangedBodyIsRefused() {
        svixHeaders();

        assertThat(fits(svix(), SVIX_BODY.replace("true", "false"))).isFalse();
    }

    @Test
    void anIdMayNotReachIntoTheTimeThatIsSignedBehindIt() {
        String signed = "msg_1.1731705121.1731705121.{}";
        headers.putAll(Map.of("svix-id", "msg_1", "svix-timestamp", "1731705121", "svix-signature",
                "v1," + base64(Webhook.hmac(Base64.getDecoder().decode(SVIX_SECRET.substring("whsec_".length())), signed.getBytes(StandardCharsets.UTF_8)))));
        assertThat(fits(svix(), "1731705121.{}")).isTrue();

        headers.put("svix-id", "msg_1.1731705121");

        assertThat(fits(svix(), "{}")).isFalse();
    }

    @Test
    void anOldStandardWebhookIsRefused() {
        svixHeaders();

        assertThat(fits(svix(), SVIX_BODY, SVIX_TIME.plus(Duration.ofMinutes(5)))).isTrue();
        assertThat(fits(svix(), SVIX_BODY, SVIX_TIME.plus(Duration.ofSeconds(301)))).isFalse();
        assertThat(fits(svix(), SVIX_BODY, SVIX_TIME.minus(Duration.ofSeconds(301)))).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"no, not this one", "whsec_", "whsec_abcde"})
    void aSecretThatIsNotInBase64RefusesTheStart(String secret) {
        assertThatThrownBy(() -> authentication(provider("superwall", secret), SVIX_TIME)).isInstanceOf(StartRefusedException.class)
                .hasMessageContaining("SUPERWALL_SIGNING_SECRET").hasMessageNotContaining(secret);
    }

    @Test
    void theTimeMayStandBesideTheSignature() {
        Provider provider = provider("stripe-like", GITHUB_SECRET);
        String signature = Webhook.hmac(GITHUB_SECRET, "1731705121.{}".getBytes(StandardCharsets.UTF_8));
        Map.of("t=1731705121,v1=" + signature, true, "t=1731705121, v0=abc, v1=abc, v1=" + signature, true,
                "v1=" + signature, false, "t=1731705121,t=1731705121,v1=" + signature, false, "t=1731705121,v1=", false,
                "t=1731705122,v1=" + signature, false).forEach((header, authentic) -> {
                    headers.put("Example-Signature", header);
                    assertThat(fits(provider, "{}")).as(header).isEqualTo(authentic);
                });
    }

    @Test
    void theBodyAloneMayBeSignedWithAWordBeforeTheSignature() {
        Provider provider = provider("github-like", GITHUB_SECRET);
        Map.of("sha256=" + GITHUB_SIGNATURE, true, "sha256=" + GITHUB_SIGNATURE.toUpperCase(Locale.ROOT), true,
                GITHUB_SIGNATURE, false, "sha1=" + GITHUB_SIGNATURE, false, "sha256=", false).forEach((header, authentic) -> {
                    headers.put("X-Hub-Signature-256", header);
                    assertThat(fits(provider, "Hello, World!")).as(header).isEqualTo(authentic);
                    assertThat(fits(provider, "Hello, World?")).as(header).isFalse();
                });
    }

    @Test
    void theBodyAloneMayBeSignedInBase64() {
        Provider provider = provider("shopify-like", GITHUB_SECRET);
        headers.put("X-Shopify-Hmac-Sha256", base64(GITHUB_SIGNATURE));

        assertThat(fits(provider, "Hello, World!")).isTrue();
        assertThat(fits(provider, "Hello, World?")).isFalse();
    }

    @Test
    void aSecretWithoutAFormRefusesTheStart() {
        Provider provider = bind("""
                    formless:
                      signature:
                        variable: FORMLESS_SECRET
                        secrets: abc
                """, "formless", "");

        assertThatThrownBy(() -> authentication(provider, SVIX_TIME)).isInstanceOf(StartRefusedException.class)
                .hasMessageContaining("FORMLESS_SECRET");
    }

    @Test
    void aVariableThatIsNotSetDoesNotMakeAnEmptyTokenAuthentic() {
        Provider provider = bind("""
                    second:
                      token:
                        value: a token
                        also-accept:
                          - ${NOT_SET_ANYWHERE:}
                          - one, with a comma
                """, "second", "");
        Map.of("", false, "one", false, "one, with a comma", true, "a token", true).forEach((token, authentic) -> {
            headers.put("Authorization", token);
            assertThat(fits(provider, "{}")).as(token).isEqualTo(authentic);
        });
    }

    private void svixHeaders() {
        headers.putAll(Map.of("svix-id", "msg_loFOjxBNrRLzqYUf", "svix-timestamp", "1731705121", "svix-signature", SVIX_SIGNATURE));
    }

    private static Provider svix() {
        return provider("superwall", SVIX_SECRET);
    }

    private boolean fits(Provider provider, String body) {
        return fits(provider, body, SVIX_TIME);
    }

    private boolean fits(Provider provider, String body, Instant now) {
        Authentication authentication = authentication(provider, now);
        try {
            // the door lets no other header get that far
            authentication.check(name -> authentication.headers().contains(name.toLowerCase(Locale.ROOT)) ? headers.get(name) : null,
                    body.getBytes(StandardCharsets.UTF_8));
            return true;
        } catch (NotAuthenticException refused) {
            return false;
        }
    }

    private static Authentication authentication(Provider provider, Instant now) {
        return new Authentication(provider, Clock.fixed(now, ZoneOffset.UTC));
    }

    /** A provider as the page has it under Signatures. */
    private static Provider provider(String name, String secret) {
        return bind(Document.read("docs/adding-a-provider.md").blocks("Signatures", "yaml").stream()
                .filter(block -> block.startsWith("    " + name + ":")).findFirst().orElseThrow(), name, secret);
    }

    private static Provider bind(String block, String name, String secret) {
        try {
            StandardEnvironment environment = new StandardEnvironment();
            environment.getPropertySources().addFirst(new MapPropertySource("secret",
                    Map.of("EXAMPLE_SIGNING_SECRET", secret, "SUPERWALL_SIGNING_SECRET", secret)));
            new YamlPropertySourceLoader().load("page", new ByteArrayResource(("relay:\n  providers:\n" + block).getBytes(StandardCharsets.UTF_8)))
                    .forEach(environment.getPropertySources()::addLast);
            return Binder.get(environment).bind("relay.providers." + name, Provider.class).get();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static String base64(String hex) {
        return Base64.getEncoder().encodeToString(HexFormat.of().parseHex(hex));
    }
}
