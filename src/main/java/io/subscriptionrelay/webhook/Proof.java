package io.subscriptionrelay.webhook;

import io.subscriptionrelay.config.RelayProperties.Provider;
import io.subscriptionrelay.config.RelayProperties.SignatureEncoding;
import io.subscriptionrelay.config.RelayProperties.SignatureForm;
import io.subscriptionrelay.config.RelayProperties.Token;
import java.time.Clock;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;

/** The headers by which a provider proves that a webhook is its own, made of the secret that both sides know. */
public final class Proof {

    private Proof() {
    }

    /**
     * The headers of a webhook, as its provider's settings want them.
     *
     * @param provider one that is open
     * @throws io.subscriptionrelay.config.StartRefusedException when its secret is no key
     */
    public static Map<String, String> of(Provider provider, byte[] body, Clock clock) {
        Map<String, String> headers = new LinkedHashMap<>();
        Token token = provider.token();
        if (token != null && token.required()) {
            headers.put(token.headers().get(0), token.value());
        }
        if (provider.signature() != null && provider.signature().required()) {
            String timestamp = Long.toString(clock.millis() / 1000);
            String id = "msg_" + UUID.randomUUID();
            provider.signature().forms().values().stream().filter(SignatureForm::enabled).findFirst()
                    .ifPresent(form -> sign(headers, form, timestamp, id, Authentication.sign(provider.signature(), form, timestamp, id, body)));
        }
        return headers;
    }

    private static void sign(Map<String, String> headers, SignatureForm form, String timestamp, String id, byte[] hmac) {
        String written = form.encoding() == SignatureEncoding.HEX ? HexFormat.of().formatHex(hmac) : Base64.getEncoder().encodeToString(hmac);
        String prefix = form.prefix() != null ? form.prefix() : form.timeBesideSignature() ? Authentication.SIGNATURE_BESIDE_TIMESTAMP : "";
        headers.put(form.header(), (form.timeBesideSignature() ? Authentication.TIMESTAMP + timestamp + "," : "") + prefix + written);
        if (form.timestampHeader() != null) {
            headers.put(form.timestampHeader(), timestamp);
        }
        if (form.idHeader() != null) {
            headers.put(form.idHeader(), id);
        }
    }
}
