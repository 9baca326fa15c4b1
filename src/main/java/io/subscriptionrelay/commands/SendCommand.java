package io.subscriptionrelay.commands;

import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.config.RelayProperties.Provider;
import io.subscriptionrelay.webhook.WebhookClient;
import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import javax.net.ssl.SSLException;
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
        ConfigurableEnvironment environment;
        try {
            environment = Settings.read(terminal);
        } catch (BrokenSettingsException e) {
            terminal.problem(e.problem());
            return Status.WRONG_USE;
        }
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
        String server = url != null ? url.replaceAll("/+$", "") : WebhookClient.here(environment);
        try {
            return told(new WebhookClient(server, HttpClient.newBuilder().connectTimeout(WebhookClient.PATIENCE).build(), Clock.systemUTC())
                    .post(provider, settings, body));
        } catch (SSLException e) {
            terminal.err().println("What answers at " + server + " is not trusted (" + e.getMessage() + "). Say with --url the name that stands in its"
                    + " certificate; for one of your own set JAVA_TOOL_OPTIONS=-Djavax.net.ssl.trustStore=<file>.");
            return Status.WRONG_USE;
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
        return WebhookClient.meaning(provider, status) + switch (status) {
            case 200 -> "; `trace` and its id show what comes of it";
            case 401 -> "; set it here as for the relay";
            default -> "";
        };
    }
}
