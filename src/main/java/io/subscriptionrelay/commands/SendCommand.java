package io.subscriptionrelay.commands;

import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.config.RelayProperties.Provider;
import io.subscriptionrelay.webhook.Proof;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.springframework.core.env.ConfigurableEnvironment;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code send PROVIDER WEBHOOK.json}: posts a webhook to the relay that runs, as its provider would. */
@Command(name = "send", description = {"Signs a webhook with the secret that is set for its provider, and posts it to the running relay at SERVER_PORT (8080).",
    "It is a real event: what comes of it is delivered to the relay's real accounts."},
        footer = {"", "  java -jar subscription-relay.jar send revenuecat mappings/revenuecat/examples/renewal.webhook.json"})
final class SendCommand implements Callable<Integer> {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @Mixin
    private Common common;

    @Parameters(paramLabel = "PROVIDER", description = "Whose webhook it is, like revenuecat.")
    private String provider;

    @Parameters(paramLabel = "WEBHOOK.json", description = "The body as the provider sends it.")
    private Path file;

    @Option(names = "--url", description = "Where the relay takes webhooks, without the path, like https://relay.example.com.")
    private String url;

    private final Terminal terminal;

    SendCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    /** Gives 0 when the relay has kept the webhook, 1 when it refused it, 2 when no relay answers or the provider has no secret here. */
    @Override
    public Integer call() throws IOException, InterruptedException {
        ConfigurableEnvironment environment = Settings.read(terminal);
        RelayProperties properties = Settings.relay(environment);
        Provider settings = properties.providers().get(provider);
        if (settings == null) {
            terminal.err().println("There is no provider " + provider + "; known are " + String.join(", ", properties.providers().keySet()) + ".");
            return Status.WRONG_USE;
        }
        if (!settings.open()) {
            terminal.err().println(provider + " has no secret here, so nothing could be signed; set " + String.join(" or ", settings.variables())
                    + " as for the relay itself.");
            return Status.WRONG_USE;
        }
        if (!Files.isReadable(file)) {
            terminal.err().println(file + " cannot be read; write the path of a file that holds the webhook's body.");
            return Status.WRONG_USE;
        }
        byte[] body = Files.readAllBytes(file);
        String server = url != null ? url.replaceAll("/+$", "") : (environment.containsProperty("server.ssl.bundle")
                || environment.containsProperty("server.ssl.certificate") || environment.containsProperty("server.ssl.key-store") ? "https" : "http")
                + "://127.0.0.1:" + environment.getProperty("SERVER_PORT", environment.getProperty("server.port", "8080"));
        try {
            HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(server + "/webhooks/" + OperationsPort.encoded(provider))).timeout(PATIENCE)
                    .header("Content-Type", "application/json").POST(BodyPublishers.ofByteArray(body));
            Proof.of(settings, body, Clock.systemUTC()).forEach(request::setHeader);
            HttpResponse<Void> answer = HttpClient.newBuilder().connectTimeout(PATIENCE).build().send(request.build(), BodyHandlers.discarding());
            return told(answer.statusCode());
        } catch (IOException | IllegalArgumentException e) {
            terminal.err().println("No relay answers at " + server + "; start it, or say with --url or SERVER_PORT where it runs.");
            return Status.WRONG_USE;
        }
    }

    private int told(int status) {
        String meaning = meaning(status);
        if (common.json()) {
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("status", status);
            json.put("meaning", meaning);
            terminal.json(json);
        } else {
            terminal.out().println(status + ": " + meaning);
        }
        return status == 200 ? Status.FINE : Status.FOUND;
    }

    private String meaning(int status) {
        return switch (status) {
            case 200 -> "the relay has kept it, or has had it before; `trace` and its id show what comes of it";
            case 400 -> "the body is not a JSON object";
            case 401 -> "the secret or the signature is not the one that the relay expects; set it here as for the relay";
            case 404 -> provider + " is closed there, or this is not the relay's port for webhooks";
            case 405 -> "this is not the relay's port for webhooks";
            case 413 -> "the body is larger than 1 MiB";
            case 503 -> "the relay cannot keep it now: it starts, stops, or its disk is full; send it again";
            default -> "no answer of a relay";
        };
    }
}
