package io.subscriptionrelay.bench;

import io.subscriptionrelay.testing.Ports;
import io.subscriptionrelay.testing.Postgres;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The relay as users start it: its jar, its routes and mappings, its defaults. */
final class Relay extends Program {

    static final String JAR = "target/subscription-relay.jar";
    static final String TRANSLATE = "translate-" + Samples.PROVIDER + "-events";

    private final int port;
    private final int managementPort;
    private final Path recording;

    /** What a start of the relay is told. */
    static final class Settings {

        private final Path dataDir;
        private final List<String> properties = new ArrayList<>();
        private final Map<String, String> environment = new HashMap<>();
        private List<String> program = List.of("-jar", JAR);
        private final List<String> options = new ArrayList<>();

        Settings(Path dataDir) {
            this.dataDir = dataDir;
            environment.put("RELAY_HOME", Path.of("").toAbsolutePath().toString());
            environment.put("RELAY_DATA_DIR", dataDir.toAbsolutePath().toString());
            environment.put("REVENUECAT_AUTHORIZATION", Samples.AUTHORIZATION);
            environment.put("REVENUECAT_SIGNING_SECRET", Samples.SECRET);
        }

        Settings set(String variable, String value) {
            environment.put(variable, value);
            return this;
        }

        Settings property(String name, String value) {
            properties.add("--" + name + "=" + value);
            return this;
        }

        Settings cleverTap(CleverTap destination) {
            return set("CLEVERTAP_ACCOUNT_ID", CleverTap.ACCOUNT).set("CLEVERTAP_PASSCODE", CleverTap.PASSCODE)
                    .set("CLEVERTAP_URL", destination.url());
        }

        Settings oneSignal(OneSignal destination) {
            return set("ONESIGNAL_APP_ID", OneSignal.APP).set("ONESIGNAL_API_KEY", OneSignal.KEY).set("ONESIGNAL_URL", destination.url());
        }

        /** State and history in this PostgreSQL. */
        Settings state(Postgres database) {
            return set("STATE_JDBC_URL", database.url()).set("STATE_JDBC_USER", database.user());
        }

        /** An option of the JVM, which takes precedence over those that the relay is deployed with. */
        Settings option(String option) {
            options.add(option);
            return this;
        }

        /** Stored events wait until {@link Relay#translate}. */
        Settings heldBack() {
            return property("camel.main.auto-startup-exclude-pattern", TRANSLATE);
        }

        /** As an operator installs it, with what {@code deploy/class-archive} has made. */
        Settings installed(Path folder) {
            program = List.of("@" + folder.resolve("java-options"), "-jar", folder.resolve("subscription-relay.jar").toString());
            return this;
        }

        Relay start() {
            int port = Ports.free();
            int managementPort = Ports.free();
            List<String> arguments = new ArrayList<>();
            Path recording = Recordings.next(dataDir.getFileName().toString());
            if (recording != null && Recordings.fromStart()) {
                arguments.add("-XX:StartFlightRecording=name=" + Recordings.NAME + ",settings=profile");
            }
            arguments.addAll(options);
            arguments.addAll(program);
            arguments.addAll(List.of("--server.port=" + port, "--management.server.port=" + managementPort));
            arguments.addAll(properties);
            return new Relay("relay-" + dataDir.getFileName(), arguments, environment, port, managementPort, recording);
        }
    }

    private Relay(String name, List<String> arguments, Map<String, String> environment, int port, int managementPort, Path recording) {
        super(name, arguments, environment);
        this.port = port;
        this.managementPort = managementPort;
        this.recording = recording;
    }

    int port() {
        return port;
    }

    int managementPort() {
        return managementPort;
    }

    /** Waits until it says that it is ready; gives how long its start took, in nanoseconds. */
    long awaitReadiness() throws Exception {
        await("readiness", Duration.ofSeconds(300), () -> status(managementPort, "/actuator/health/readiness") == 200);
        long taken = System.nanoTime() - startedAt();
        if (recording != null && !Recordings.fromStart()) {
            diagnose("jfrStart", "name=" + Recordings.NAME, "settings=" + System.getProperty("bench.recordings.settings", "profile"));
        }
        return taken;
    }

    private void diagnose(String command, String... arguments) throws Exception {
        call("com.sun.management:type=DiagnosticCommand", command, new Object[] {arguments}, new String[] {String[].class.getName()});
    }

    @Override
    public void close() {
        if (recording != null) {
            try {
                diagnose("jfrStop", "name=" + Recordings.NAME, "filename=" + recording.toAbsolutePath());
            } catch (Exception e) {
                System.err.println("no recording: " + e);
            }
        }
        super.close();
    }

    /** What a GET on this machine is answered with; 0 when nothing answers. */
    static int status(int port, String path) {
        try {
            HttpURLConnection connection = (HttpURLConnection) URI.create("http://127.0.0.1:" + port + path).toURL().openConnection();
            connection.setReadTimeout(5000);
            try {
                return connection.getResponseCode();
            } finally {
                connection.disconnect();
            }
        } catch (IOException notYet) {
            return 0;
        }
    }

    /**
     * Asks the operations port from the relay's own machine.
     *
     * @return what it answers
     */
    String manage(String method, String path) throws IOException {
        HttpURLConnection connection = (HttpURLConnection) URI.create("http://127.0.0.1:" + managementPort + path).toURL().openConnection();
        connection.setRequestMethod(method);
        if (connection.getResponseCode() / 100 != 2) {
            throw new IOException(method + " " + path + " is answered with " + connection.getResponseCode());
        }
        try (InputStream answer = connection.getInputStream()) {
            return new String(answer.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** What {@code /actuator/prometheus} says. */
    String metrics() throws IOException {
        return manage("GET", "/actuator/prometheus");
    }

    /** The sum of a metric over all of its labels, of which one may be asked for as {@code name="value"}. */
    static double metric(String metrics, String name, String label) {
        return metrics.lines().filter(line -> line.startsWith(name + "{") && line.contains(label))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1))).sum();
    }

    /** Starts or stops a route. */
    void route(String id, String operation) throws Exception {
        call(route(id), operation);
    }

    /** How many batches a route has taken. */
    long batches(String id) throws Exception {
        return (Long) attribute(route(id), "ExchangesTotal");
    }

    /** How many messages the consumer of a queue has taken and committed. */
    long taken(String queue) throws Exception {
        return sum("org.apache.camel:context=*,type=consumers,name=*", "EndpointUri", uri -> uri.startsWith("jms-batch://" + queue + "?"), "Messages");
    }

    private static String route(String id) {
        return "org.apache.camel:context=*,type=routes,name=\"" + id + "\"";
    }

    /** Lets stored events go on. */
    void translate() throws Exception {
        route(TRANSLATE, "start");
    }

    /** Lets them wait again. */
    void hold() throws Exception {
        route(TRANSLATE, "stop");
    }
}
