package io.subscriptionrelay.webhook;

import io.subscriptionrelay.config.RelayProperties.Provider;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.springframework.core.env.PropertyResolver;
import org.springframework.web.util.UriUtils;

/** Posts webhooks to a relay, each with the proof of its provider. */
public final class WebhookClient {

    /** How long a relay may take to connect, and to answer. */
    public static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final List<String> TLS = List.of("server.ssl.bundle", "server.ssl.certificate", "server.ssl.key-store");
    private static final Set<String> EVERY_ADDRESS = Set.of("", "0.0.0.0", "::", "[::]");
    private static final String LOOPBACK = "127.0.0.1";

    private final String server;
    private final HttpClient http;
    private final Clock clock;

    /** @param server scheme, host and port, without a path */
    public WebhookClient(String server, HttpClient http, Clock clock) {
        this.server = server;
        this.http = http;
        this.clock = clock;
    }

    /** Where a relay with these settings takes webhooks on this machine, like {@code http://127.0.0.1:8080}. */
    public static String here(PropertyResolver settings) {
        boolean encrypted = TLS.stream().anyMatch(settings::containsProperty) && settings.getProperty("server.ssl.enabled", Boolean.class, true);
        String address = settings.getProperty("server.address", "");
        String port = Stream.of("local.server.port", "SERVER_PORT", "server.port").map(settings::getProperty).filter(value -> value != null).findFirst().orElse("8080");
        return (encrypted ? "https://" : "http://") + (EVERY_ADDRESS.contains(address) ? LOOPBACK : address.contains(":") && !address.startsWith("[")
                ? "[" + address + "]" : address) + ":" + port;
    }

    /**
     * Posts a webhook.
     *
     * @param settings of the provider, which is open
     * @return the status of the answer
     * @throws IOException when nothing answers, or not in TLS as it should
     * @throws IllegalArgumentException when this server can have no address, or a secret cannot be sent in a header; without the secret
     */
    public int post(String provider, Provider settings, byte[] body) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(server + "/webhooks/" + UriUtils.encodePathSegment(provider, StandardCharsets.UTF_8)))
                .timeout(PATIENCE).header("Content-Type", "application/json").POST(BodyPublishers.ofByteArray(body));
        try {
            Proof.of(settings, body, clock).forEach(request::setHeader);
        } catch (IllegalArgumentException quotesIt) {
            throw new IllegalArgumentException("the secret of " + provider + " has a character that no header can carry");
        }
        return http.send(request.build(), BodyHandlers.discarding()).statusCode();
    }

    /** What a relay means by a status. */
    public static String meaning(String provider, int status) {
        return switch (status) {
            case 200 -> "the relay has kept it, or has had it before";
            case 400 -> "the body is not a JSON object";
            case 401 -> "the secret or the signature is not the one that the relay expects";
            case 404 -> provider + " is closed there, or this is not the relay's port for webhooks";
            case 405 -> "this is not the relay's port for webhooks";
            case 413 -> "the body is larger than 1 MiB";
            case 503 -> "the relay cannot keep it now: it starts, stops, or its disk is full; send it again";
            default -> "no answer of a relay";
        };
    }
}
