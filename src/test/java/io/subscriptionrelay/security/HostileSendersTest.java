package io.subscriptionrelay.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.subscriptionrelay.simulator.CleverTapSimulator;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.RawHttp;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import io.subscriptionrelay.testing.Webhook;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
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
        relay = RelayApp.with(folder).cleverTap(simulators.cleverTap.url()).set("PURCHASELY_SHARED_SECRET", Webhook.PURCHASELY_SECRET).start();
    }

    @AfterAll
    static void stop() {
        relay.close();
        simulators.close();
    }

    /** How a request begins that then drips, and with what it goes on. */
    static Stream<Arguments> slow() {
        String body = "Content-Length: 100000\r\n\r\n{";
        String chunked = "Transfer-Encoding: chunked\r\n\r\n";
        return Stream.of(
                arguments("a request line", "POST /webhooks/revenuecat", "x"),
                arguments("headers", TARGET + "X-Slow: ", " "),
                arguments("a body", TARGET + body, " "),
                arguments("a body in chunks", TARGET + chunked + "1\r\n{\r\n", "1\r\n \r\n"),
                arguments("the size of a chunk", TARGET + chunked + "1;x=", "x"),
                arguments("what follows the last chunk", TARGET + chunked + "2\r\n[]\r\n0\r\nX-Slow: ", "x"),
                arguments("a body that is too large", TARGET + "Content-Length: 2000000\r\n\r\n{", " "),
                arguments("a body of a GiB", TARGET + "Content-Length: 1073741824\r\n\r\n{", " "),
                arguments("a body to a closed path", TARGET.replace("revenuecat", "unknown") + body, " "),
                arguments("chunks to a closed path", TARGET.replace("revenuecat", "unknown") + chunked + "1\r\n{\r\n", "1\r\n \r\n"),
                arguments("a body to no path of the relay", TARGET.replace("webhooks/", "") + body, " "),
                arguments("a body of another method", TARGET.replace("POST", "PUT") + body, " "));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("slow")
    void hundredsThatSendByteByByteDelayNobody(String what, String begin, String more) throws IOException {
        List<Socket> slow = new ArrayList<>();
        try {
            open(slow, SLOW, begin);
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
            close(slow);
        }
    }

    /** Each of them stays below what a body may have: together they would fill the memory. */
    @Test
    void bodiesThatAreWaitedForTogetherHaveLittleRoomAndGiveItBack() throws IOException {
        int part = 900_000;
        int senders = 60;
        byte[] most = (TARGET + "Content-Length: 1000000\r\n\r\n" + " ".repeat(part)).getBytes(StandardCharsets.US_ASCII);
        for (int round = 0; round < 2; round++) {
            List<Socket> slow = new ArrayList<>();
            try {
                int refused = 0;
                for (int i = 0; i < senders; i++) {
                    Socket socket = new Socket("127.0.0.1", relay.port());
                    slow.add(socket);
                    try {
                        socket.getOutputStream().write(most);
                    } catch (IOException cutOff) {
                        refused++;
                    }
                }
                // there is room for little more than half of them: the others are answered, and no more of theirs is read
                List<Socket> answered = new ArrayList<>();
                await().atMost(Duration.ofSeconds(15)).until(() -> {
                    for (Socket socket : slow) {
                        if (!answered.contains(socket) && socket.getInputStream().available() > 0) {
                            answered.add(socket);
                        }
                    }
                    return answered.size() >= senders / 3;
                });
                for (Socket socket : answered) {
                    assertThat(new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII)).isEqualTo("HTTP/1.1 503");
                }
                assertThat(refused).as("those that could not even send").isLessThan(senders / 2);
                String id = "whole-" + UUID.randomUUID();
                assertThat(relay.revenueCat(Events.renewal(id, id, Events.BASE))).isEqualTo(200);
            } finally {
                close(slow);
            }
            // a body that comes in two pieces has room again
            await().atMost(Duration.ofSeconds(20)).until(() -> {
                try (Socket socket = new Socket("127.0.0.1", relay.port())) {
                    String body = Events.renewal("pieces", "pieces", Events.BASE) + " ".repeat(part);
                    socket.getOutputStream().write((TARGET + "Connection: close\r\nContent-Length: " + body.length() + "\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
                    socket.getOutputStream().flush();
                    socket.getOutputStream().write(body.getBytes(StandardCharsets.UTF_8));
                    return readToEnd(socket).startsWith("HTTP/1.1 200");
                }
            });
        }
    }

    private static final String WRONG_TOKEN = TARGET.replace(RelayApp.AUTHORIZATION, "Bearer of somebody else");
    private static final String NO_SIGNATURE = "POST /webhooks/purchasely HTTP/1.1\r\nHost: 127.0.0.1\r\n";
    private static final String WRONG_SIGNATURE = NO_SIGNATURE + "X-PURCHASELY-TIMESTAMP: 1790812800\r\nX-PURCHASELY-REQUEST-SIGNATURE: " + "0".repeat(64)
            + "\r\n";
    private static final String CHUNKED = "Transfer-Encoding: chunked\r\n\r\n";

    /** How a body begins whose sender has no secret, so much of it that is sent at once, and with what it goes on. */
    static Stream<Arguments> withoutASecret() {
        String measured = "Content-Length: 1000000\r\n\r\n" + " ".repeat(900_000);
        String chunked = CHUNKED + chunk(900_000);
        return Stream.of(
                arguments("a wrong token", WRONG_TOKEN + measured, " "),
                arguments("a wrong token and chunks", WRONG_TOKEN + chunked, chunk(1)),
                arguments("no signature", NO_SIGNATURE + measured, " "),
                arguments("no signature and chunks", NO_SIGNATURE + chunked, chunk(1)),
                arguments("a wrong signature", WRONG_SIGNATURE + measured, " "),
                arguments("a wrong signature and chunks", WRONG_SIGNATURE + chunked, chunk(4000)),
                arguments("a wrong signature and 60 kB in chunks", WRONG_SIGNATURE + CHUNKED + chunk(60_000), chunk(4000)),
                arguments("a wrong signature and a length of 60 kB", WRONG_SIGNATURE + "Content-Length: 60000\r\n\r\n" + " ".repeat(50_000), " "));
    }

    private static String chunk(int size) {
        return Integer.toHexString(size) + "\r\n" + " ".repeat(size) + "\r\n";
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("withoutASecret")
    void twoHundredSendersWithoutASecretTurnAwayNoHonestWebhook(String what, String begin, String more) throws IOException {
        List<Socket> hostile = new ArrayList<>();
        try {
            for (int i = 0; i < 200; i++) {
                Socket socket = new Socket("127.0.0.1", relay.port());
                hostile.add(socket);
                sendUnlessCutOff(socket, begin);
            }
            for (int round = 0; round < 3; round++) {
                hostile.forEach(socket -> sendUnlessCutOff(socket, more));
                for (String provider : List.of("revenuecat", "purchasely")) {
                    for (int padding : new int[] {0, 30_000, 900_000}) {
                        String id = "honest-" + UUID.randomUUID();
                        byte[] body = (Events.renewal(provider, id, id, Events.BASE) + " ".repeat(padding)).getBytes(StandardCharsets.UTF_8);
                        String[] proof = Webhook.proof(provider, body);
                        String as = provider + ", " + padding + " more bytes";
                        assertThat(RawHttp.send(relay.port(), "POST", "/webhooks/" + provider, body, proof).status()).as(as).isEqualTo(200);
                        assertThat(RawHttp.send(relay.port(), "POST", "/webhooks/" + provider, RawHttp.chunked(body, 5000),
                                and(proof, "Transfer-Encoding", "chunked")).status()).as(as + ", in chunks").isEqualTo(200);
                        assertThat(inTwoPieces(provider, body, proof)).as(as + ", in two pieces").startsWith("HTTP/1.1 200");
                    }
                }
            }
        } finally {
            close(hostile);
        }
    }

    private static String[] and(String[] headers, String... more) {
        return Stream.of(headers, more).flatMap(Arrays::stream).toArray(String[]::new);
    }

    private static String inTwoPieces(String provider, byte[] body, String[] proof) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", relay.port())) {
            socket.setTcpNoDelay(true);
            StringBuilder head = new StringBuilder("POST /webhooks/" + provider + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: "
                    + body.length + "\r\n");
            for (int i = 0; i < proof.length; i += 2) {
                head.append(proof[i]).append(": ").append(proof[i + 1]).append("\r\n");
            }
            socket.getOutputStream().write(head.append("\r\n").toString().getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().write(body, 0, body.length - 2);
            // another one, so that the first waits
            assertThat(relay.revenueCat("[]")).isEqualTo(400);
            socket.getOutputStream().write(body, body.length - 2, 2);
            return readToEnd(socket);
        }
    }

    private static void sendUnlessCutOff(Socket socket, String text) {
        try {
            socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
        } catch (IOException cutOff) {
            // it has its answer
        }
    }

    @Test
    void whoCanProveNothingIsToldSoBeforeHisBodyIsHereAndCutOffSoon() throws IOException {
        String measured = "Content-Length: 1000000\r\n\r\n ";
        Map<String, String> heads = Map.of(
                "a wrong token", WRONG_TOKEN + measured,
                "a wrong token and chunks", WRONG_TOKEN + CHUNKED + chunk(1),
                "no token", TARGET.replaceAll("Authorization: .*\r\n", "") + measured,
                "no signature", NO_SIGNATURE + measured,
                "no time", WRONG_SIGNATURE.replaceAll("X-PURCHASELY-TIMESTAMP: .*\r\n", "") + measured,
                "no signature and chunks", NO_SIGNATURE + CHUNKED + chunk(1),
                "something that is no signature", WRONG_SIGNATURE.replace("0".repeat(64), "0".repeat(63)) + measured);
        double before = refusedWith401();
        Map<String, Socket> senders = new LinkedHashMap<>();
        try {
            for (Map.Entry<String, String> head : heads.entrySet()) {
                Socket socket = new Socket("127.0.0.1", relay.port());
                senders.put(head.getKey(), socket);
                socket.setSoTimeout(5_000);
                socket.getOutputStream().write(head.getValue().getBytes(StandardCharsets.US_ASCII));
                assertThat(new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII)).as(head.getKey()).isEqualTo("HTTP/1.1 401");
            }
            noThreadIsBusy();
            for (Map.Entry<String, Socket> sender : senders.entrySet()) {
                assertThat(readToEnd(sender.getValue())).as(sender.getKey()).containsIgnoringCase("Connection: close").doesNotContain("HTTP/1.1");
            }
        } finally {
            close(new ArrayList<>(senders.values()));
        }
        assertThat(refusedWith401()).as("counted like every other").isEqualTo(before + heads.size());
    }

    /** Many senders only find out at the end of what they have to say that there is an answer. */
    @ParameterizedTest
    @ValueSource(strings = {"Content-Length: 1000000\r\n\r\n", CHUNKED})
    void whoSendsOnToTheEndSeesThe401(String framing) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", relay.port())) {
            socket.setTcpNoDelay(true);
            socket.getOutputStream().write((WRONG_TOKEN + framing).getBytes(StandardCharsets.US_ASCII));
            String part = framing.equals(CHUNKED) ? chunk(50_000) : " ".repeat(50_000);
            for (int i = 0; i < 20; i++) {
                socket.getOutputStream().write(part.getBytes(StandardCharsets.US_ASCII));
                // a round trip, so that the relay has read so far
                assertThat(relay.revenueCat("[]")).isEqualTo(400);
            }
            if (framing.equals(CHUNKED)) {
                socket.getOutputStream().write("0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            }
            assertThat(readToEnd(socket)).startsWith("HTTP/1.1 401").containsIgnoringCase("Connection: close").containsOnlyOnce("HTTP/1.1");
        }
    }

    private static double refusedWith401() {
        return relay.prometheus().lines().filter(line -> line.startsWith("relay_webhooks_refused_total") && line.contains("status=\"401\""))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1))).sum();
    }

    /** Half a minute and a bit, in which the senders of all kinds go on. */
    @Test
    @Tag("chaos")
    void aBodyThatHasNotComeWithinHalfAMinuteIsAnsweredOnceItsConnectionIsClosedAndNothingOfItIsLeft() throws IOException {
        Map<String, List<Socket>> bodies = new LinkedHashMap<>();
        Map<String, String> next = new HashMap<>();
        try {
            for (Arguments kind : slow().skip(2).toList()) {
                String what = (String) kind.get()[0];
                next.put(what, (String) kind.get()[2]);
                open(bodies.computeIfAbsent(what, unused -> new ArrayList<>()), SLOW / 5, (String) kind.get()[1]);
            }
            long start = System.nanoTime();
            await().pollDelay(Duration.ZERO).pollInterval(Duration.ofSeconds(1)).atMost(Duration.ofSeconds(29)).until(() -> {
                for (Map.Entry<String, List<Socket>> kind : bodies.entrySet()) {
                    for (Socket socket : kind.getValue()) {
                        assertThat(socket.getInputStream().available()).as(kind.getKey()).isZero();
                        socket.getOutputStream().write(next.get(kind.getKey()).getBytes(StandardCharsets.US_ASCII));
                    }
                }
                String id = "quick-" + UUID.randomUUID();
                long sent = System.nanoTime();
                assertThat(relay.revenueCat(Events.renewal(id, id, Events.BASE))).isEqualTo(200);
                assertThat(Duration.ofNanos(System.nanoTime() - sent)).isLessThan(Duration.ofSeconds(5));
                return Duration.ofNanos(System.nanoTime() - start).compareTo(Duration.ofSeconds(27)) > 0;
            });
            bodies.forEach((what, sockets) -> sockets.forEach(socket -> assertThat(readToEndOf(socket)).as(what)
                    .startsWith("HTTP/1.1 408").containsIgnoringCase("Connection: close").containsOnlyOnce("HTTP/1.1")));
            Duration longest = Duration.ofNanos(System.nanoTime() - start);
            assertThat(longest).isBetween(Duration.ofSeconds(29), Duration.ofSeconds(40));
            noThreadIsBusy();
            System.out.printf("%d slow bodies of %d kinds: each 408 once, after %d s at the most%n",
                    bodies.values().stream().mapToInt(List::size).sum(), bodies.size(), longest.toSeconds());
        } finally {
            bodies.values().forEach(HostileSendersTest::close);
        }
    }

    private static void noThreadIsBusy() {
        await().atMost(Duration.ofSeconds(5)).untilAsserted(() -> assertThat(Thread.getAllStackTraces().entrySet())
                .filteredOn(thread -> thread.getKey().getName().contains("-exec-")).isNotEmpty().as("busy threads of the web server")
                .noneMatch(thread -> Arrays.stream(thread.getValue()).anyMatch(frame -> frame.getClassName().startsWith("org.apache.coyote"))));
    }

    private static void open(List<Socket> sockets, int count, String begin) throws IOException {
        for (int i = 0; i < count; i++) {
            Socket socket = new Socket("127.0.0.1", relay.port());
            sockets.add(socket);
            socket.getOutputStream().write(begin.getBytes(StandardCharsets.US_ASCII));
        }
    }

    private static void close(List<Socket> sockets) {
        for (Socket socket : sockets) {
            try {
                socket.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
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

    @ParameterizedTest
    @CsvSource({"/webhooks/revenuecat, 400", "/webhooks/unknown, 404", "/elsewhere, 404"})
    void aBodyThatTurnsOutToBeNoneWhileItIsWaitedForIsTheSendersFault(String path, int status) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", relay.port())) {
            socket.setTcpNoDelay(true);
            socket.getOutputStream().write((TARGET.replace("/webhooks/revenuecat", path) + "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
            // a second webhook, so that the first one waits
            assertThat(relay.revenueCat("[]")).isEqualTo(400);
            socket.getOutputStream().write("zz\r\n".getBytes(StandardCharsets.US_ASCII));
            assertThat(readToEnd(socket)).startsWith("HTTP/1.1 " + status).containsOnlyOnce("HTTP/1.1");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/webhooks/revenuecat", "/webhooks/unknown", "/elsewhere"})
    void aBodyWithoutEndIsCutOff(String path) throws IOException {
        String target = TARGET.replace("/webhooks/revenuecat", path);
        try (Socket chunks = new Socket("127.0.0.1", relay.port())) {
            chunks.getOutputStream().write((target + "Transfer-Encoding: chunked\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
            byte[] chunk = ("10000\r\n" + "a".repeat(0x10000) + "\r\n").getBytes(StandardCharsets.US_ASCII);
            assertThatThrownBy(() -> {
                for (int sixteenths = 0; sixteenths < 64 * 16; sixteenths++) {
                    chunks.getOutputStream().write(chunk);
                }
            }).isInstanceOf(SocketException.class);
        }
        noThreadIsBusy();
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

    private static String readToEndOf(Socket socket) {
        try {
            return readToEnd(socket);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
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
