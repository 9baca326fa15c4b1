package io.subscriptionrelay.webhook;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.subscriptionrelay.config.RelayProperties.Provider;
import io.subscriptionrelay.config.RelayProperties.SecretEncoding;
import io.subscriptionrelay.config.RelayProperties.Signature;
import io.subscriptionrelay.config.RelayProperties.SignatureEncoding;
import io.subscriptionrelay.config.RelayProperties.SignatureForm;
import io.subscriptionrelay.config.RelayProperties.Token;
import io.subscriptionrelay.event.NotAJsonObjectException;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.testing.Webhook;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Any header and any body: a webhook is let in only with the right proof, and read or refused, nothing else. */
class WebhookFuzzTest {

    private static final String SECRET = "secret of the fuzz test";
    private static final Clock CLOCK = Clock.fixed(Instant.ofEpochSecond(1_790_812_800L), ZoneOffset.UTC);
    private static final Map<String, SignatureForm> FORMS = Map.of(
            "beside", new SignatureForm(true, "Beside", null, null, null, SignatureEncoding.HEX, "{timestamp}.{body}"),
            "standard", new SignatureForm(true, "Standard", "Time", "Id", "v1,", SignatureEncoding.BASE64, "{id}.{timestamp}.{body}"));
    private static final Authentication TOKEN = new Authentication(new Provider(
            new Token("T", SECRET, List.of(), List.of("Authorization"), List.of("Basic", "Bearer")), null, false), CLOCK);

    @FuzzTest(maxDuration = "2m")
    void onlyTheRightProofLetsAWebhookIn(FuzzedDataProvider data) {
        String[] values = {data.consumeString(300), data.consumeString(40), data.consumeString(40), data.consumeString(100)};
        byte[] body = data.consumeRemainingAsBytes();
        Map<String, String> headers = Map.of("Beside", values[0], "Standard", values[0], "Time", values[1], "Id", values[2], "Authorization", values[3]);
        FORMS.forEach((name, form) -> {
            Authentication signature = new Authentication(new Provider(null,
                    new Signature("S", List.of(SECRET), SecretEncoding.TEXT, Duration.ofMinutes(5), Map.of(name, form)), false), CLOCK);
            if (lets(signature, headers, body) && !values[0].contains(Webhook.hmac(SECRET, "1790812800.".getBytes(StandardCharsets.UTF_8), body))) {
                // nobody hits the key by chance
                throw new AssertionError("let in without the secret: " + name);
            }
        });
        if (lets(TOKEN, headers, body) && !values[3].endsWith(SECRET)) {
            throw new AssertionError("let in without the token");
        }
    }

    private static boolean lets(Authentication authentication, Map<String, String> headers, byte[] body) {
        try {
            authentication.check(headers::get, body);
            return true;
        } catch (NotAuthenticException refused) {
            return false;
        }
    }

    @FuzzTest(maxDuration = "2m")
    void aBodyIsReadExactlyOrRefusedInOneLineThatQuotesNothing(byte[] body) throws Exception {
        Optional<ObjectNode> read;
        try {
            read = StrictJson.object(body);
        } catch (NotAJsonObjectException refused) {
            if (refused.getMessage().length() > 100 || refused.getMessage().contains("\n")) {
                throw new AssertionError(refused.getMessage());
            }
            return;
        }
        if (read.isPresent() && body.length < 100_000) {
            byte[] written;
            try {
                written = StrictJson.mapper().writeValueAsBytes(read.get());
            } catch (com.fasterxml.jackson.core.JsonProcessingException tooLargeToWrite) {
                return;
            }
            // 1e0 is written as 1
            if (!StrictJson.mapper().readTree(written).equals((one, other) -> one.isNumber() && other.isNumber()
                    ? one.decimalValue().compareTo(other.decimalValue()) : one.equals(other) ? 0 : 1, read.get())) {
                throw new AssertionError("not the same when written and read again");
            }
        }
    }
}
