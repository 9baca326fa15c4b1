package io.subscriptionrelay.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.subscriptionrelay.simulator.CleverTapSimulator;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.RawHttp;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What nobody sends who means well: requests that do not end, that mean two things at once, or that ask for what is not theirs. */
class HostileSendersTest {

    private static final String TARGET = "POST /webhooks/revenuecat HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: " + RelayApp.AUTHORIZATION + "\r\n";
    /** More than the relay has threads. */
    private static final int SLOW = 300;
    private static final String HIDDEN = "hidden";

    @TempDir
    static Path folder;
    private static Simulators simulators;
    private static RelayApp relay;

    @BeforeAll
    static void start() {
        simulators = new Simulators();
        relay = RelayApp.with(folder).cleverTap(simulators.cleverTap.url()).start();
    }

    @AfterAll
    static void stop() {
        relay.close();
        simulators.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"headers", "a body", "a body in chunks"})
    void hundredsThatSendByteByByteDelayNobody(String what) throws IOException {
        String begin = switch (what) {
            case "headers" -> TARGET + "X-Slow: ";
            case "a body" -> TARGET + "Content-Length: 100000\r\n\r\n{";
            default -> TARGET + "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n";
        };
        String more = what.equals("a body in chunks") ? "1\r\n \r\n" : " ";
        List<Socket> slow = new ArrayList<>();
        try {
            for (int i = 0; i < SLOW; i++) {
                Socket socket = new Socket("127.0.0.1", relay.port());
                slow.add(socket);
                socket.getOutputStream().write(begin.getBytes(StandardCharsets.US_ASCII));
            }
            long start = System.nanoTime();
            for (int round = 0; round < 5; round++) {
                for (Socket socket : slow) {
                    socket.getOutputStream().write(more.getBytes(StandardCharsets.US_ASCII));
                }
                String id = "quick-" + UUID.randomUUID();
                assertThat(relay.revenueCat(Events.renewal(id, id, Events.BASE))).isEqualTo(200);
            }
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
        } finally {
            for (Socket socket : slow) {
                socket.close();
            }
        }
    }

    @Test
    void aBodyThatComesInPiecesIsWhole() throws IOException {
        String id = "pieces-" + UUID.randomUUID();
        byte[] body = Events.renewal(id, id, Events.BASE).getBytes(StandardCharsets.UTF_8);
        try (Socket socket = new Socket("127.0.0.1", relay.port())) {
            socket.setTcpNoDelay(true);
            socket.getOutputStream().write((TARGET + "Content-Length: " + body.length + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
            for (byte one : body) {
                socket.getOutputStream().write(one);
            }
            // the connection is good for a second one
            socket.getOutputStream().write((TARGET + "Connection: close\r\nContent-Length: 2\r\n\r\n[]").getBytes(StandardCharsets.US_ASCII));
            assertThat(readToEnd(socket)).startsWith("HTTP/1.1 200").contains("HTTP/1.1 400");
        }
        await().atMost(Duration.ofSeconds(10)).until(() -> simulators.cleverTap.eventsOf(id).size() == 1);
    }

    /** Beyond the limit while it is read as it comes: the sender is told so once, and the connection holds what comes next. */
    @Test
    void aBodyThatGrowsBeyondTheLimitInPiecesIsRefused() throws IOException {
        try (Socket socket = new Socket("127.0.0.1", relay.port())) {
            socket.setTcpNoDelay(true);
            socket.getOutputStream().write((TARGET + "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
            byte[] chunk = ("10000\r\n" + "a".repeat(0x10000) + "\r\n").getBytes(StandardCharsets.US_ASCII);
            for (int i = 0; i < 20; i++) {
                socket.getOutputStream().write(chunk);
                socket.getOutputStream().flush();
            }
            socket.getOutputStream().write("0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            assertThat(readToEnd(socket)).startsWith("HTTP/1.1 413").containsOnlyOnce("HTTP/1.1");
        }
    }

    static Stream<String> smuggled() {
        String body = Events.renewal(HIDDEN, HIDDEN, Events.BASE);
        String hidden = TARGET + "Content-Length: " + body.length() + "\r\n\r\n" + body;
        String length = "Content-Length: " + (5 + hidden.length()) + "\r\n";
        return Stream.of(
                TARGET + length + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden,
                TARGET + "Transfer-Encoding: chunked\r\n" + length + "\r\n0\r\n\r\n" + hidden,
                TARGET + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n" + length + "\r\n0\r\n\r\n" + hidden,
                TARGET + "Transfer-Encoding: xchunked\r\n" + length + "\r\n0\r\n\r\n" + hidden,
                TARGET + "Transfer-Encoding: identity, chunked, identity\r\n\r\n0\r\n\r\n" + hidden,
                TARGET + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + hidden,
                TARGET + "Content-Length: 2\r\nContent-Length: " + (2 + hidden.length()) + "\r\n\r\n[]" + hidden,
                TARGET + "Content-Length: 2, 2\r\n\r\n[]" + hidden,
                TARGET + "Content-Length: +2\r\n\r\n[]" + hidden,
                TARGET + "Content-Length: -2\r\n\r\n[]" + hidden,
                TARGET + "Content-Length: 0x2\r\n\r\n[]" + hidden,
                TARGET + "Content-Length: 99999999999999999999\r\n\r\n[]" + hidden,
                TARGET + "Transfer-Encoding: chunked\r\n\r\n-1\r\n" + hidden,
                TARGET + "Transfer-Encoding: chunked\r\n\r\n+2\r\n[]\r\n0\r\n\r\n" + hidden,
                TARGET + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n[]\r\n0\r\n\r\n" + hidden,
                TARGET + "Transfer-Encoding: chunked\r\n\r\n2\r\n[]0\r\n\r\n" + hidden,
                TARGET + "Transfer-Encoding: chunked\r\n\r\nzz\r\n[]\r\n0\r\n\r\n" + hidden);
    }

    @ParameterizedTest
    @MethodSource("smuggled")
    void aRequestWhoseLengthIsNotCertainEndsItsConnectionAndNothingBehindItIsTakenForAnother(String request) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", relay.port())) {
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            String answer = readToEnd(socket);
            assertThat(answer).doesNotContain("HTTP/1.1 200");
            assertThat(answer.split("HTTP/1.1 ", -1).length - 1).as(answer).isLessThanOrEqualTo(1);
        }
        // what comes after it is delivered, and the hidden one is not
        String id = "behind-" + UUID.randomUUID();
        assertThat(relay.revenueCat(Events.renewal(id, id, Events.BASE))).isEqualTo(200);
        CleverTapSimulator cleverTap = simulators.cleverTap;
        await().atMost(Duration.ofSeconds(10)).until(() -> cleverTap.eventsOf(id).size() == 1);
        assertThat(cleverTap.eventsOf(HIDDEN)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"/webhooks/../actuator", "/webhooks/../actuator/health", "/webhooks/%2e%2e/actuator/health", "/webhooks/..%2factuator/health",
        "/webhooks/..;/actuator/health", "/webhooks/revenuecat/../../actuator/health", "//actuator/health", "/actuator;jsessionid=1/health",
        "/actuator/health", "/webhooks/revenuecat;jsessionid=1", "/webhooks%2frevenuecat", "/webhooks//revenuecat", "/%2e/actuator/parked"})
    void noPathOnThePortOfTheWebhooksLeadsToTheOperationsOrRoundTheDoor(String path) {
        byte[] body = Events.renewal(HIDDEN, HIDDEN, Events.BASE).getBytes(StandardCharsets.UTF_8);
        assertThat(RawHttp.send(relay.port(), "GET", path, null).status()).as(path).isIn(400, 401, 404, 405);
        assertThat(RawHttp.send(relay.port(), "POST", path, body, "Authorization", RelayApp.AUTHORIZATION).status()).as(path).isIn(400, 401, 404, 405);
    }

    /** All that comes until the relay closes the connection. */
    private static String readToEnd(Socket socket) throws IOException {
        socket.setSoTimeout(5_000);
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        try {
            socket.getInputStream().transferTo(answer);
        } catch (SocketTimeoutException open) {
            throw new AssertionError("the connection stays open after " + answer, open);
        } catch (SocketException reset) {
            // the relay has not read all that was sent
        }
        return answer.toString(StandardCharsets.ISO_8859_1);
    }
}
