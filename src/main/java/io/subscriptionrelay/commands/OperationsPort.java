package io.subscriptionrelay.commands;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.logs.Printable;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import org.springframework.core.env.PropertyResolver;

/**
 * The operations port of the relay that runs, where the settings have it, at {@code MANAGEMENT_SERVER_ADDRESS} and
 * {@code MANAGEMENT_SERVER_PORT}. The login is that of {@code CONSOLE_USER} and {@code CONSOLE_PASSWORD}, or the one that the relay has made up
 * for this machine.
 */
final class OperationsPort {

    /** For the help of the commands that ask it. */
    static final String WHERE = "It asks the running relay at MANAGEMENT_SERVER_ADDRESS (127.0.0.1) and MANAGEMENT_SERVER_PORT (8081), with the"
            + " login of CONSOLE_USER (relay) and CONSOLE_PASSWORD, or of <data>/console.password; all as the relay has them, from application.yaml too.";

    private static final String PORT = "MANAGEMENT_SERVER_PORT";
    private static final String ADDRESS = "MANAGEMENT_SERVER_ADDRESS";
    private static final String SSL = "management.server.ssl.";
    private static final String USER = "CONSOLE_USER";
    private static final String PASSWORD = "CONSOLE_PASSWORD";
    private static final Duration PATIENCE = Duration.ofSeconds(15);
    private static final Set<String> EVERY_ADDRESS = Set.of("", "0.0.0.0", "::", "[::]");
    private static final String LOOPBACK = "127.0.0.1";
    private static final int UNAUTHORIZED = 401;
    private static final int NOT_FOUND = 404;

    private final PropertyResolver settings;
    private final String host;
    private final String server;

    /** @throws NotAnsweredException when the settings do not say where it is */
    OperationsPort(Terminal terminal) throws NotAnsweredException {
        try {
            settings = Settings.read(terminal);
        } catch (BrokenSettingsException e) {
            throw new NotAnsweredException(e.getMessage(), Status.WRONG_USE);
        }
        String address = setting("management.server.address", LOOPBACK);
        host = EVERY_ADDRESS.contains(address) ? LOOPBACK : address.contains(":") && !address.startsWith("[") ? "[" + address + "]" : address;
        server = host + ":" + setting("management.server.port", "8081");
    }

    private String setting(String name, String otherwise) throws NotAnsweredException {
        try {
            return settings.getProperty(name, otherwise);
        } catch (IllegalArgumentException quotesIt) {
            throw new NotAnsweredException("`" + name + "` needs a variable that is not set here; set it as for the relay itself.", Status.WRONG_USE);
        }
    }

    /**
     * Asks for something, or has it done.
     *
     * @param path below {@code /actuator}
     * @param query by name, unencoded
     * @return the JSON of an answer whose status is 2xx
     * @throws NotAnsweredException with the sentence that the relay answered with, or with what to do when no relay did
     */
    JsonNode ask(String method, String path, Map<String, String> query) throws NotAnsweredException {
        String parameters = query.entrySet().stream().map(parameter -> parameter.getKey() + "=" + encoded(parameter.getValue()))
                .collect(Collectors.joining("&"));
        try {
            HttpRequest.Builder request = HttpRequest.newBuilder(URI.create((encrypted() ? "https://" : "http://") + server + "/actuator" + path
                    + (parameters.isEmpty() ? "" : "?" + parameters))).method(method, BodyPublishers.noBody()).timeout(PATIENCE);
            login(request);
            return read(HttpClient.newBuilder().connectTimeout(PATIENCE).build().send(request.build(), BodyHandlers.ofString()));
        } catch (SSLException e) {
            throw new NotAnsweredException("What answers at " + server + " is not trusted (" + e.getMessage() + "). For a certificate of your own set"
                    + " JAVA_TOOL_OPTIONS=-Djavax.net.ssl.trustStore=<file>.", Status.WRONG_USE);
        } catch (IOException | IllegalArgumentException e) {
            throw new NotAnsweredException("No relay answers at " + server + "; start it, or set " + PORT + " and " + ADDRESS + " to where it runs.",
                    Status.WRONG_USE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new NotAnsweredException("Interrupted.", Status.WRONG_USE);
        }
    }

    /** A text as a part of a path or query. */
    static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private boolean encrypted() throws NotAnsweredException {
        return Stream.of("bundle", "certificate", "key-store").anyMatch(name -> settings.containsProperty(SSL + name))
                && !setting(SSL + "enabled", "true").equalsIgnoreCase("false");
    }

    private void login(HttpRequest.Builder request) throws NotAnsweredException {
        String password = setting("relay.console.password", "");
        if (password.isBlank()) {
            password = madeUp();
        }
        if (!password.isBlank()) {
            request.header("Authorization", "Basic " + Base64.getEncoder().encodeToString(
                    (setting("relay.console.user", "relay") + ":" + password).getBytes(StandardCharsets.UTF_8)));
        }
    }

    /** The password that a relay on this machine has made up; never told to another machine. Blank when this user may not read it. */
    private String madeUp() throws NotAnsweredException {
        Path file = Path.of(setting("relay.data-dir", "data"), "console.password");
        try {
            return Set.of(LOOPBACK, "localhost", "[::1]").contains(host) && Files.isReadable(file) ? Files.readString(file).strip() : "";
        } catch (IOException notForThisUser) {
            return "";
        }
    }

    private JsonNode read(HttpResponse<String> answer) throws NotAnsweredException {
        if (answer.statusCode() == UNAUTHORIZED) {
            throw new NotAnsweredException("The relay at " + server + " asks for a login: set " + PASSWORD + " (and " + USER
                    + ") as for the relay itself.", Status.WRONG_USE);
        }
        JsonNode json;
        try {
            json = StrictJson.mapper().readTree(answer.body());
        } catch (IOException notJson) {
            json = StrictJson.mapper().missingNode();
        }
        if (answer.statusCode() / 100 == 2 && json.isObject()) {
            return json;
        }
        String error = json.path("error").asText();
        // a sentence is the relay's own; a single word like "Not Found" is a server's
        boolean told = json.path("error").isTextual() && error.contains(" ") && !error.equals("Not Found");
        throw new NotAnsweredException(told ? sentence(error) : "What answers at " + server + " (HTTP " + answer.statusCode()
                + ") is not the relay's management port, or does not let you in; set " + PORT + " and " + ADDRESS + " to it.",
                told && answer.statusCode() == NOT_FOUND ? Status.FOUND : Status.WRONG_USE);
    }

    private static String sentence(String text) {
        return Printable.text(Character.toUpperCase(text.charAt(0)) + text.substring(1) + (text.endsWith(".") ? "" : "."));
    }
}
