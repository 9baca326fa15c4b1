package io.subscriptionrelay.testing;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.SubscriptionRelayApplication;
import io.subscriptionrelay.event.StrictJson;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.web.servlet.context.ServletWebServerApplicationContext;
import org.springframework.boot.web.servlet.context.ServletWebServerInitializedEvent;
import org.springframework.context.ConfigurableApplicationContext;

/** The real application, with the real routes and an embedded broker on disk, in this JVM and on free ports. */
public final class RelayApp implements AutoCloseable {

    public static final String AUTHORIZATION = "Bearer of all the tests";
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private final ConfigurableApplicationContext context;
    private final ServletWebServerApplicationContext operations;

    private RelayApp(ConfigurableApplicationContext context, ServletWebServerApplicationContext operations) {
        this.context = context;
        this.operations = operations;
    }

    /** Settings for a start; without more, RevenueCat is open and no destination is on. */
    public static Builder with(Path dataDir) {
        return new Builder(dataDir);
    }

    public static final class Builder {
        private final Map<String, String> properties = new LinkedHashMap<>();

        private Builder(Path dataDir) {
            set("relay.data-dir", dataDir.toString());
            set("RELAY_HOME", Path.of("").toAbsolutePath().toString());
            set("server.port", "0");
            set("management.server.port", "0");
            set("spring.jmx.unique-names", "true");
            set("relay.mappings-reload", "100ms");
            set("REVENUECAT_AUTHORIZATION", AUTHORIZATION);
        }

        public Builder set(String name, String value) {
            properties.put(name, value);
            return this;
        }

        public Builder home(Path home) {
            return set("RELAY_HOME", home.toString());
        }

        public Builder cleverTap(String url) {
            return set("CLEVERTAP_ACCOUNT_ID", Simulators.CLEVERTAP_ACCOUNT).set("CLEVERTAP_PASSCODE", Simulators.CLEVERTAP_PASSCODE)
                    .set("CLEVERTAP_URL", url);
        }

        public Builder oneSignal(String url) {
            return set("ONESIGNAL_APP_ID", Simulators.ONESIGNAL_APP).set("ONESIGNAL_API_KEY", Simulators.ONESIGNAL_KEY)
                    .set("ONESIGNAL_URL", url);
        }

        public RelayApp start() {
            List<String> arguments = new ArrayList<>();
            properties.forEach((name, value) -> arguments.add("--" + name + "=" + value));
            AtomicReference<ServletWebServerApplicationContext> operations = new AtomicReference<>();
            ConfigurableApplicationContext context = new SpringApplicationBuilder(SubscriptionRelayApplication.class)
                    .listeners((ServletWebServerInitializedEvent event) -> {
                        if ("management".equals(event.getApplicationContext().getServerNamespace())) {
                            operations.set(event.getApplicationContext());
                        }
                    }).run(arguments.toArray(String[]::new));
            return new RelayApp(context, operations.get());
        }
    }

    public int port() {
        return context.getEnvironment().getRequiredProperty("local.server.port", Integer.class);
    }

    public int managementPort() {
        return context.getEnvironment().getRequiredProperty("local.management.port", Integer.class);
    }

    /** What the public port is served from. */
    public ServletWebServerApplicationContext webhooksContext() {
        return (ServletWebServerApplicationContext) context;
    }

    /** What the operations port is served from. */
    public ServletWebServerApplicationContext operationsContext() {
        return operations;
    }

    public <T> T bean(Class<T> type) {
        return context.getBean(type);
    }

    /** Posts a RevenueCat webhook with the right token; gives the status. */
    public int revenueCat(String body) {
        return post("revenuecat", body, "Authorization", AUTHORIZATION).statusCode();
    }

    public HttpResponse<String> post(String provider, String body, String... headers) {
        return send("POST", "/webhooks/" + provider, body.getBytes(StandardCharsets.UTF_8), headers);
    }

    public HttpResponse<String> send(String method, String path, byte[] body, String... headers) {
        return exchange(method, "http://127.0.0.1:" + port() + path,
                body == null ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body), headers);
    }

    /** A call to the management port, below {@code /actuator}. */
    public HttpResponse<String> manage(String method, String path) {
        return exchange(method, "http://127.0.0.1:" + managementPort() + "/actuator" + path, BodyPublishers.noBody());
    }

    /** The same for who has logged in. */
    public HttpResponse<String> manageLoggedIn(String method, String path) {
        return exchange(method, "http://127.0.0.1:" + managementPort() + "/actuator" + path, BodyPublishers.noBody(), "Authorization", login());
    }

    /** The JSON of a GET on the management port for who has logged in. */
    public JsonNode actuatorLoggedIn(String path) {
        try {
            return StrictJson.mapper().readTree(manageLoggedIn("GET", path).body());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String login() {
        String password = context.getEnvironment().getProperty("relay.console.password", "");
        try {
            password = password.isEmpty() ? Files.readString(Path.of(context.getEnvironment().getRequiredProperty("relay.data-dir"), "console.password")).trim()
                    : password;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return "Basic " + Base64.getEncoder().encodeToString(("relay:" + password).getBytes(StandardCharsets.UTF_8));
    }

    /** The JSON of a GET on the management port. */
    public JsonNode actuator(String path) {
        try {
            return StrictJson.mapper().readTree(manage("GET", path).body());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public JsonNode parked() {
        return actuator("/parked");
    }

    /** Waits until so many events are parked. */
    public JsonNode awaitParked(int total) {
        Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> parked().path("total").asInt() == total);
        return parked();
    }

    public String prometheus() {
        return manage("GET", "/prometheus").body();
    }

    private static HttpResponse<String> exchange(String method, String uri, BodyPublisher body, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(uri)).method(method, body).timeout(Duration.ofSeconds(60));
        for (int i = 0; i < headers.length; i += 2) {
            request.header(headers[i], headers[i + 1]);
        }
        try {
            return HTTP.send(request.build(), BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        context.close();
    }
}
