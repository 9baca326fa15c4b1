package io.subscriptionrelay.demo;

import io.subscriptionrelay.config.RelayProperties;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.springframework.context.annotation.Profile;
import org.springframework.stereotype.Component;

/** Posts webhooks as the providers do: over HTTP, each with its provider's own proof. */
@Component
@Profile("demo")
class Providers {

    private static final String HMAC = "HmacSHA256";
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final HttpClient http = HttpClient.newHttpClient();
    private final RelayProperties properties;

    Providers(RelayProperties properties) {
        this.properties = properties;
    }

    /** Posts it and gives the status of the answer. */
    int post(Sample webhook, int port) throws IOException, InterruptedException {
        byte[] body = webhook.body().getBytes(StandardCharsets.UTF_8);
        HttpRequest.Builder request = HttpRequest
                .newBuilder(URI.create("http://localhost:" + port + "/webhooks/" + webhook.provider()))
                .timeout(PATIENCE).header("Content-Type", "application/json").POST(BodyPublishers.ofByteArray(body));
        prove(request, webhook, body, Long.toString(Instant.now().getEpochSecond()));
        return http.send(request.build(), BodyHandlers.discarding()).statusCode();
    }

    private void prove(HttpRequest.Builder request, Sample webhook, byte[] body, String time) {
        switch (webhook.provider()) {
            case "revenuecat" -> request
                    .header("Authorization", webhook.wrongSecret() ? "Bearer guessed" : token("revenuecat"))
                    .header("X-RevenueCat-Webhook-Signature", "t=" + time + ",v1=" + hmac("revenuecat", time + ".", body));
            case "purchasely" -> request
                    .header("X-PURCHASELY-TIMESTAMP", time)
                    .header("X-PURCHASELY-REQUEST-SIGNATURE", hmac("purchasely", time, body));
            case "qonversion" -> request.header("Authorization", "Basic " + token("qonversion"));
            default -> throw new IllegalArgumentException("nobody knows how " + webhook.provider() + " proves its webhooks");
        }
    }

    String token(String provider) {
        return properties.providers().get(provider).token().value();
    }

    String signingSecret(String provider) {
        return properties.providers().get(provider).signature().secrets().get(0);
    }

    private String hmac(String provider, String before, byte[] body) {
        try {
            Mac mac = Mac.getInstance(HMAC);
            mac.init(new SecretKeySpec(signingSecret(provider).getBytes(StandardCharsets.UTF_8), HMAC));
            mac.update(before.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(mac.doFinal(body));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("HMAC-SHA256 is part of every JDK", e);
        }
    }
}
