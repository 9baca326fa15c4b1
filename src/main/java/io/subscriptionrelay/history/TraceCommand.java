package io.subscriptionrelay.history;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.logs.Printable;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.net.ssl.SSLException;

/**
 * {@code java -jar subscription-relay.jar trace <event id>}: asks the management port of the relay that runs here what became of
 * an event, and prints it line by line.
 */
public final class TraceCommand {

    /** The first argument. */
    public static final String NAME = "trace";

    private static final String PORT = "MANAGEMENT_SERVER_PORT";
    private static final String ADDRESS = "MANAGEMENT_SERVER_ADDRESS";
    private static final String SSL = "MANAGEMENT_SERVER_SSL_";
    private static final String USER = "CONSOLE_USER";
    private static final String PASSWORD = "CONSOLE_PASSWORD";
    private static final Set<String> OPTIONS = Set.of("user", "provider", "destination", "outcome", "from", "to", "limit");
    private static final String USAGE = """
            usage: trace <event id>     what became of an event
                   trace --user <id>    what became of the events of a user, the newest first
            narrowed by --provider, --destination, --outcome, --from and --to <2026-10-01T12:00:00Z>, --limit <n>
            It asks the running relay at MANAGEMENT_SERVER_ADDRESS (127.0.0.1) and MANAGEMENT_SERVER_PORT (8081), with the login
            of CONSOLE_USER (relay) and CONSOLE_PASSWORD if that is set.""";
    private static final Duration PATIENCE = Duration.ofSeconds(15);

    private final Map<String, String> environment;
    private final PrintStream out;
    private final PrintStream err;

    public TraceCommand(Map<String, String> environment, PrintStream out, PrintStream err) {
        this.environment = environment;
        this.out = out;
        this.err = err;
    }

    /** Gives the exit status: 0 when something was found, 1 when not, 2 when the question is wrong or nobody answers. */
    public int run(String[] arguments) {
        Map<String, String> query = query(arguments);
        if (query.isEmpty()) {
            err.println(USAGE);
            return 2;
        }
        String address = environment.getOrDefault(ADDRESS, "127.0.0.1");
        String server = (Set.of("", "0.0.0.0", "::").contains(address) ? "127.0.0.1" : address) + ":"
                + environment.getOrDefault(PORT, "8081");
        List<String> parameters = new ArrayList<>();
        query.forEach((name, value) -> parameters.add(name + "=" + URLEncoder.encode(value, StandardCharsets.UTF_8)));
        try {
            HttpRequest.Builder request = HttpRequest.newBuilder(URI.create((encrypted() ? "https://" : "http://") + server
                    + "/actuator/events?" + String.join("&", parameters))).timeout(PATIENCE);
            login(request);
            return print(HttpClient.newBuilder().connectTimeout(PATIENCE).build().send(request.build(), BodyHandlers.ofString()), server);
        } catch (SSLException e) {
            err.println("What answers at " + server + " is not trusted (" + e.getMessage() + "). For a certificate of your own set"
                    + " JAVA_TOOL_OPTIONS=-Djavax.net.ssl.trustStore=<file>.");
            return 2;
        } catch (IOException | IllegalArgumentException e) {
            err.println("No relay answers at " + server + "; start it, or set " + PORT + " and " + ADDRESS + " to where it runs.");
            return 2;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return 2;
        }
    }

    private boolean encrypted() {
        return environment.keySet().stream().anyMatch(name -> name.startsWith(SSL) && !name.equals(SSL + "ENABLED"))
                && !"false".equalsIgnoreCase(environment.get(SSL + "ENABLED"));
    }

    /** From the environment only: arguments of a command are there for every user of the machine to read. */
    private void login(HttpRequest.Builder request) {
        String password = environment.getOrDefault(PASSWORD, "");
        if (!password.isBlank()) {
            request.header("Authorization", "Basic " + Base64.getEncoder().encodeToString(
                    (environment.getOrDefault(USER, "relay") + ":" + password).getBytes(StandardCharsets.UTF_8)));
        }
    }

    private static Map<String, String> query(String[] arguments) {
        Map<String, String> query = new LinkedHashMap<>();
        for (int i = 1; i < arguments.length; i++) {
            String name = arguments[i].startsWith("--") ? arguments[i].substring(2) : "id";
            if (name.equals("id")) {
                query.put(name, arguments[i]);
            } else if (OPTIONS.contains(name) && i + 1 < arguments.length) {
                query.put(name, arguments[++i]);
            } else {
                return Map.of();
            }
        }
        return query;
    }

    private int print(HttpResponse<String> answer, String server) throws IOException {
        JsonNode json;
        try {
            json = StrictJson.mapper().readTree(answer.body());
        } catch (IOException notJson) {
            json = StrictJson.mapper().missingNode();
        }
        if (answer.statusCode() == 401) {
            err.println("The relay at " + server + " asks for a login: set " + PASSWORD + " (and " + USER + ") as for the relay itself.");
            return 2;
        }
        if (answer.statusCode() != 200 || !json.path("events").isArray()) {
            err.println(json.path("error").isTextual() && json.path("error").asText().contains(" ") ? sentence(json.path("error").asText())
                    : "What answers at " + server + " (HTTP " + answer.statusCode() + ") is not the relay's management port, or does not"
                            + " let you in; set " + PORT + " and " + ADDRESS + " to it.");
            return answer.statusCode() == 404 && json.path("error").asText().contains(" ") ? 1 : 2;
        }
        if (json.path("events").isEmpty()) {
            err.println("Nothing fits: no such event came within relay.trace.keep.");
            return 1;
        }
        json.path("events").forEach(this::print);
        return 0;
    }

    private void print(JsonNode event) {
        out.println(Printable.text(event.path("provider").asText()) + " event " + Printable.id(event.path("eventId").asText()));
        boolean settled = false;
        for (JsonNode line : event.path("trace")) {
            out.println(Printable.text("  " + line.path("at").asText() + "  " + said(line)));
            settled |= !Set.of("received", "repeated", "sent-back", "replayed").contains(line.path("outcome").asText());
        }
        if (!settled) {
            out.println("  not settled yet: it waits in a queue, or no destination is on");
        }
    }

    private static String said(JsonNode line) {
        String outcome = line.path("outcome").asText();
        StringBuilder said = new StringBuilder(switch (outcome) {
            case "sent-back" -> "sent back, will be tried again";
            case "repeated" -> "received again, which changes nothing";
            default -> outcome;
        });
        if (line.has("destination")) {
            said.append(outcome.equals("delivered") ? " to " : " for ").append(line.path("destination").asText());
            if (line.has("account")) {
                said.append(' ').append(line.path("account").asText());
            }
        }
        if (line.has("step")) {
            said.append(" as ").append(line.path("step").asText());
        }
        if (line.path("attempts").asInt() > 1 || outcome.equals("sent-back")) {
            said.append(", attempt ").append(line.path("attempts").asInt());
        }
        if (line.has("reason")) {
            said.append(": ").append(line.path("reason").asText());
        }
        if (line.has("parkedId")) {
            said.append(" (parked id ").append(line.path("parkedId").asText()).append(')');
        }
        return said.toString();
    }

    private static String sentence(String text) {
        return Printable.text(Character.toUpperCase(text.charAt(0)) + text.substring(1) + ".");
    }
}
