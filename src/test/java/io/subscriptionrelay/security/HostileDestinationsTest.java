package io.subscriptionrelay.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.Home;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Destinations that answer as no service should, and users whose ids look like paths. */
class HostileDestinationsTest {

    private static final String ACCEPTED = "{\"status\":\"success\",\"processed\":1,\"unprocessed\":[]}";

    @TempDir
    static Path folder;
    private static HttpServer destination;
    private static ExecutorService threads;
    private static RelayApp relay;
    private static final List<String> targets = new CopyOnWriteArrayList<>();
    private static final List<String> uploads = new CopyOnWriteArrayList<>();
    /** How often the relay closed the connection in the middle of an answer. */
    private static final AtomicInteger hungUp = new AtomicInteger();
    private static volatile Answer next;

    private interface Answer {
        void to(HttpExchange exchange) throws IOException;
    }

    @BeforeAll
    static void start() throws IOException {
        destination = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        threads = Executors.newCachedThreadPool();
        destination.setExecutor(threads);
        destination.createContext("/", HostileDestinationsTest::answer);
        destination.start();
        Path home = Home.copyTo(folder.resolve("home"));
        String url = "http://127.0.0.1:" + destination.getAddress().getPort();
        relay = RelayApp.with(folder.resolve("data")).home(home).cleverTap(url).oneSignal(url).start();
    }

    @AfterAll
    static void stop() {
        relay.close();
        destination.stop(0);
        threads.shutdownNow();
    }

    @BeforeEach
    void clear() {
        targets.clear();
        uploads.clear();
        hungUp.set(0);
        next = null;
    }

    /** The next call to CleverTap gets the hostile answer; everything else is accepted. */
    private static void answer(HttpExchange exchange) throws IOException {
        String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        boolean upload = exchange.getRequestURI().getPath().equals("/1/upload");
        if (upload) {
            uploads.add(body);
        } else {
            targets.add(exchange.getRequestURI().toString());
        }
        Answer hostile = upload ? next : null;
        try (exchange) {
            if (hostile == null) {
                send(exchange, 200, ACCEPTED);
            } else {
                next = null;
                hostile.to(exchange);
            }
        }
    }

    private static void send(HttpExchange exchange, int status, String text) throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
    }

    private static String event(String user) {
        return Events.event("H-" + UUID.randomUUID(), "RENEWAL", user, Events.BASE, "\"period_type\":\"NORMAL\"");
    }

    /** An event of somebody whose OneSignal id is this, as it stands in JSON. */
    private static String eventOf(String oneSignalId) {
        String user = "user-" + UUID.randomUUID();
        return event(user).replace(Events.oneSignalId(user), oneSignalId);
    }

    /** Waits until both destinations were asked with it, so that none of it is left for the next test. */
    private static void assertAnOutageOfOneCall(Duration atMost) {
        String user = "user-" + UUID.randomUUID();
        assertThat(relay.revenueCat(event(user))).isEqualTo(200);
        await().atMost(atMost).until(() -> uploads.stream().filter(body -> body.contains(user)).count() == 2);
        await().atMost(atMost).until(() -> targets.size() == 1);
        assertThat(relay.parked().path("entries")).noneMatch(entry -> "clevertap".equals(entry.path("destination").asText()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"-5", "-99999999999999999999", "99999999999999999999", "1e9", "soon", "", "0", "Thu, 01 Jan 1970 00:00:00 GMT",
        "Fri, 31 Dec 2100 25:61:61 GMT", "1\u00a0", "0x10"})
    void aRetryAfterThatMeansNothingIsAsNone(String retryAfter) {
        next = exchange -> {
            exchange.getResponseHeaders().set("Retry-After", retryAfter);
            send(exchange, 503, "");
        };
        assertAnOutageOfOneCall(Duration.ofSeconds(40));
    }

    @Test
    void anAnswerThatUnpacksToSomethingHugeIsAnOutage() {
        next = exchange -> {
            exchange.getResponseHeaders().set("Content-Encoding", "gzip");
            exchange.sendResponseHeaders(200, 0);
            try (OutputStream packed = new GZIPOutputStream(exchange.getResponseBody())) {
                byte[] blanks = " ".repeat(1 << 20).getBytes(StandardCharsets.US_ASCII);
                // unpacked it would be a good answer of 8 GiB
                for (int i = 0; i < 8192; i++) {
                    packed.write(blanks);
                }
                packed.write(ACCEPTED.getBytes(StandardCharsets.UTF_8));
            } catch (IOException closed) {
                hungUp.incrementAndGet();
            }
        };
        assertAnOutageOfOneCall(Duration.ofSeconds(40));
        await().atMost(Duration.ofSeconds(5)).until(() -> hungUp.get() == 1);
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 400, 503})
    void anAnswerWithoutEndIsAnOutage(int status) {
        next = exchange -> {
            exchange.sendResponseHeaders(status, 0);
            byte[] blanks = " ".repeat(1 << 16).getBytes(StandardCharsets.US_ASCII);
            try {
                while (true) {
                    exchange.getResponseBody().write(blanks);
                }
            } catch (IOException closed) {
                hungUp.incrementAndGet();
            }
        };
        assertAnOutageOfOneCall(Duration.ofSeconds(40));
        await().atMost(Duration.ofSeconds(5)).until(() -> hungUp.get() == 1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a/b", "a/../../apps", "a?b=c", "a#b", "%2e%2e", "%2F..%2F", "a\\r\\nX-Injected: yes", "a b", "a;b", "a\\\\b", "\u00fcser",
        "a\\u0000b", "...", "{id}", "${header.Authorization}", "@127.0.0.1", "//127.0.0.1/x"})
    void aUsersIdReachesNothingButItsOwnPath(String id) throws IOException {
        assertThat(relay.revenueCat(eventOf(id))).isEqualTo(200);
        String user = new com.fasterxml.jackson.databind.ObjectMapper().readTree("\"" + id + "\"").textValue();
        StringBuilder encoded = new StringBuilder();
        for (byte one : user.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (one & 0xff);
            encoded.append(c < 128 && (Character.isLetterOrDigit(c) || ".-*_".indexOf(c) >= 0) ? String.valueOf(c)
                    : String.format("%%%02X", (int) c));
        }
        await().atMost(Duration.ofSeconds(10)).until(() -> !targets.isEmpty() && !uploads.isEmpty());
        assertThat(targets).containsExactly("/apps/" + Simulators.ONESIGNAL_APP + "/users/by/onesignal_id/" + encoded);
    }

    @ParameterizedTest
    @ValueSource(strings = {".", ".."})
    void aUserWhoseIdWouldBeAnotherPathIsParkedForOneSignal(String id) {
        int before = relay.parked().path("total").asInt();
        assertThat(relay.revenueCat(eventOf(id))).isEqualTo(200);
        relay.awaitParked(before + 1);
        await().atMost(Duration.ofSeconds(10)).until(() -> !uploads.isEmpty());
        assertThat(targets).isEmpty();
    }
}
