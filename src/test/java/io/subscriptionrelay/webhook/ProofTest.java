package io.subscriptionrelay.webhook;

import static org.assertj.core.api.Assertions.assertThatCode;

import io.subscriptionrelay.config.RelayProperties.Provider;
import io.subscriptionrelay.config.RelayProperties.SecretEncoding;
import io.subscriptionrelay.config.RelayProperties.Signature;
import io.subscriptionrelay.config.RelayProperties.SignatureEncoding;
import io.subscriptionrelay.config.RelayProperties.SignatureForm;
import io.subscriptionrelay.config.RelayProperties.Token;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ProofTest {

    private static final byte[] BODY = "{\"a\": 1}".getBytes(StandardCharsets.UTF_8);
    private static final Token TOKEN = new Token("TOKEN", "the token that comes with it", List.of(), List.of("Authorization"), List.of("Bearer"));

    /** A form for each way to sign that the settings can say. */
    @Test
    void whatItMakesIsTakenForAuthentic() {
        Stream.of(new SignatureForm(true, "X-Signature", null, null, null, SignatureEncoding.HEX, "{timestamp}.{body}"),
                new SignatureForm(true, "X-Signature", "X-Time", null, null, SignatureEncoding.HEX, "{timestamp}{body}"),
                new SignatureForm(true, "X-Signature", null, null, "sha256=", SignatureEncoding.BASE64, "{body}"),
                new SignatureForm(true, "webhook-signature", "webhook-timestamp", "webhook-id", "v1,", SignatureEncoding.BASE64, "{id}.{timestamp}.{body}"),
                new SignatureForm(true, "X-Signature", "X-Time", null, null, SignatureEncoding.HEX, "{secret}{timestamp}")).forEach(form -> {
                    taken(new Provider(null, signature(SecretEncoding.TEXT, "a secret that is long enough", form), false));
                    taken(new Provider(TOKEN, signature(SecretEncoding.BASE64, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", form), false));
                });
        taken(new Provider(TOKEN, null, false));
    }

    private static Signature signature(SecretEncoding encoding, String secret, SignatureForm form) {
        return new Signature("SECRET", List.of(secret), encoding, Duration.ofMinutes(5), Map.of("form", form));
    }

    private static void taken(Provider provider) {
        Map<String, String> headers = Proof.of(provider, BODY, Clock.systemUTC());
        assertThatCode(() -> new Authentication(provider, Clock.systemUTC()).check(headers::get, BODY)).as(provider.toString()).doesNotThrowAnyException();
    }
}
