package io.subscriptionrelay.testing;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
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
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;

/** The relay in a JVM of its own, which a test can kill. */
public final class RelayProcess implements AutoCloseable {

    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private final Map<String, String> properties = new LinkedHashMap<>();
    private final Map<String, String> environment = new LinkedHashMap<>();
    private final List<String> jvm = new ArrayList<>(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx512m"));
    private final Path log;
    private final int port = Ports.free();
    private final int managementPort = Ports.free();
    private Process process;

    public RelayProcess(Path folder, Simulators simulators) {
        log = folder.resolve("relay.log");
        set("relay.data-dir", folder.resolve("data").toString());
        set("server.port", Integer.toString(port));
        set("management.server.port", Integer.toString(managementPort));
        set("REVENUECAT_AUTHORIZATION", RelayApp.AUTHORIZATION);
        set("CLEVERTAP_ACCOUNT_ID", Simulators.CLEVERTAP_ACCOUNT);
        set("CLEVERTAP_PASSCODE", Simulators.CLEVERTAP_PASSCODE);
        set("CLEVERTAP_URL", simulators.cleverTap.url());
        set("ONESIGNAL_APP_ID", Simulators.ONESIGNAL_APP);
        set("ONESIGNAL_API_KEY", Simulators.ONESIGNAL_KEY);
        set("ONESIGNAL_URL", simulators.oneSignal.url());
    }

    public RelayProcess set(String name, String value) {
        properties.put(name, value);
        return this;
    }

    /** Adds an option of its JVM. */
    public RelayProcess jvm(String option) {
        jvm.add(option);
        return this;
    }

    /** Opens Purchasely and Qonversion beside RevenueCat. */
    public RelayProcess allProviders() {
        return set("PURCHASELY_SHARED_SECRET", Webhook.PURCHASELY_SECRET).set("QONVERSION_TOKEN", Webhook.QONVERSION_TOKEN);
    }

    /** Sets a variable of the environment, as an operator does, instead of an argument of the command line. */
    public RelayProcess environment(String name, String value) {
        properties.remove(name);
        environment.put(name, value);
        return this;
    }

    public int port() {
        return port;
    }

    public int managementPort() {
        return managementPort;
    }

    /** Starts it and waits until it is ready for webhooks. */
    public RelayProcess start() {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(jvm);
        command.addAll(likeTheJar());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), "io.subscriptionrelay.SubscriptionRelayApplication"));
        properties.forEach((name, value) -> command.add("--" + name + "=" + value));
        try {
            Files.createDirectories(log.getParent());
            ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile())).directory(new File("").getAbsoluteFile());
            builder.environment().putAll(environment);
            process = builder.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        try {
            Awaitility.await("readiness").atMost(Duration.ofMinutes(3)).pollInterval(Duration.ofMillis(100)).until(() -> {
                if (!process.isAlive()) {
                    throw new IllegalStateException("the relay ended: " + Files.readString(log));
                }
                return ready();
            });
        } catch (ConditionTimeoutException e) {
            String said = log();
            close();
            throw new IllegalStateException("the relay does not become ready: " + said, e);
        }
        return this;
    }

    /** What the jar's manifest says, and those of {@code deploy/java-options} that are not about memory. */
    private static List<String> likeTheJar() {
        List<String> options = new ArrayList<>(List.of("--enable-native-access=ALL-UNNAMED"));
        try (Stream<String> lines = Files.lines(Path.of("deploy/java-options"))) {
            lines.filter(line -> line.startsWith("--") || line.equals("-XX:+IgnoreUnrecognizedVMOptions")).forEach(options::add);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return options;
    }

    private boolean ready() {
        try {
            return HTTP.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + managementPort + "/actuator/health/readiness"))
                    .timeout(Duration.ofSeconds(5)).build(), BodyHandlers.ofString()).statusCode() == 200
                    // the routes start last
                    && HTTP.send(webhook("{"), BodyHandlers.ofString()).statusCode() == 400;
        } catch (IOException notYet) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private HttpRequest webhook(String body) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/webhooks/revenuecat"))
                .header("Authorization", RelayApp.AUTHORIZATION).timeout(Duration.ofSeconds(20)).POST(BodyPublishers.ofString(body)).build();
    }

    /** Posts a RevenueCat webhook; gives the status, or 0 when nothing answers. */
    public int revenueCat(String body) {
        try {
            return HTTP.send(webhook(body), BodyHandlers.ofString()).statusCode();
        } catch (IOException gone) {
            return 0;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Posts an authentic webhook of any provider; gives the status, or 0 when nothing answers. */
    public int post(String provider, byte[] body) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/webhooks/" + provider))
                .headers(Webhook.proof(provider, body)).timeout(Duration.ofSeconds(20)).POST(BodyPublishers.ofByteArray(body));
        try {
            return HTTP.send(request.build(), BodyHandlers.discarding()).statusCode();
        } catch (IOException gone) {
            return 0;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** GET below {@code /actuator}. */
    public HttpResponse<String> actuator(String path) {
        return manage("GET", path);
    }

    /** The same for who has logged in. */
    public HttpResponse<String> actuatorLoggedIn(String path) {
        try {
            String password = Files.readString(Path.of(properties.get("relay.data-dir"), "console.password")).strip();
            return send(request("GET", path).header("Authorization",
                    "Basic " + Base64.getEncoder().encodeToString(("relay:" + password).getBytes(StandardCharsets.UTF_8))));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A request without a body below {@code /actuator}. */
    public HttpResponse<String> manage(String method, String path) {
        return send(request(method, path));
    }

    private HttpRequest.Builder request(String method, String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + managementPort + "/actuator" + path)).method(method, BodyPublishers.noBody());
    }

    private static HttpResponse<String> send(HttpRequest.Builder request) {
        try {
            return HTTP.send(request.build(), BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** The sum of a metric over its labels, as Prometheus sees it. */
    public long gauge(String name) {
        return gauge(name, "");
    }

    /** The same, of those labels that have this in them. */
    public long gauge(String name, String label) {
        return (long) actuator("/prometheus").body().lines().filter(line -> line.startsWith(name + "{") && line.contains(label) || line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ')))).sum();
    }

    /** How much of the heap was alive at the end of a full collection, in bytes. What has been made since does not count, however long a busy machine takes to answer. */
    public long heapAfterCollection() {
        try {
            new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(), Long.toString(process.pid()), "GC.run")
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD).redirectError(ProcessBuilder.Redirect.DISCARD).start().waitFor();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
        return (long) gauge("jvm_gc_live_data_size_bytes");
    }

    /** {@code kill -9}. */
    public void kill() {
        process.destroyForcibly();
        await();
    }

    /** {@code kill}: a graceful stop. Gives the exit status. */
    public int terminate() {
        process.destroy();
        await();
        return process.exitValue();
    }

    public String log() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void await() {
        try {
            if (!process.waitFor(60, TimeUnit.SECONDS)) {
                throw new IllegalStateException("the relay does not end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        if (process != null && process.isAlive()) {
            kill();
        }
    }
}
