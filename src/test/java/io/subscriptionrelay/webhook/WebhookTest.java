package io.subscriptionrelay.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.Queues;
import io.subscriptionrelay.testing.Queues.Stored;
import io.subscriptionrelay.testing.RawHttp;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import io.subscriptionrelay.testing.Webhook;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.camel.CamelContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The answers of the open endpoints to authentic webhooks. The translate routes run only when a test says so: until then what
 * was stored stays in its queue and can be counted.
 */
class WebhookTest {

    private static final List<String> PROVIDERS = List.of("revenuecat", "purchasely", "qonversion");
    private static final int MEBIBYTE = 1024 * 1024;

    @TempDir
    static Path folder;
    private static Simulators simulators;
    private static RelayApp relay;
    private static Queues queues;

    @BeforeAll
    static void start() throws Exception {
        simulators = new Simulators();
        relay = RelayApp.with(folder.resolve("data")).cleverTap(simulators.cleverTap.url()).oneSignal(simulators.oneSignal.url())
                .set("PURCHASELY_SHARED_SECRET", Webhook.PURCHASELY_SECRET).set("QONVERSION_TOKEN", Webhook.QONVERSION_TOKEN).start();
        queues = new Queues(relay);
        for (String provider : PROVIDERS) {
            relay.bean(CamelContext.class).getRouteController().stopRoute("translate-" + provider + "-events");
        }
    }

    @AfterAll
    static void stop() {
        relay.close();
        simulators.close();
    }

    static Stream<String> providers() {
        return PROVIDERS.stream();
    }

    @ParameterizedTest
    @MethodSource("providers")
    void anAuthenticEventIsKeptByteForByteAndAnsweredWithAnEmpty200(String provider) {
        byte[] body = bytes(" \n" + renewal(provider, "stored é \uD83D\uDE00").replace("\":", "\" :\t") + "\r\n ");
        assertStored(provider, body);
        Stored message = storedAs(provider, body);
        assertThat(message.persistent()).isTrue();
        assertThat(message.expiration()).isZero();
    }

    @ParameterizedTest
    @MethodSource("providers")
    void anUnknownTypeIsStoredAndThenCountedAsSkipped(String provider) throws Exception {
        String type = "SOMETHING_NEW_FROM_" + provider;
        String body = renewal(provider, "unknown-type").replace("\"" + Events.renewalType(provider) + "\"", "\"" + type + "\"");
        assertStored(provider, bytes(body));
        translate(provider);
        assertThat(relay.prometheus().lines().filter(line -> line.contains("reason=\"unknown event type " + type + "\"")))
                .hasSize(2).allSatisfy(line -> assertThat(line).startsWith("relay_events_skipped_total").contains("provider=\"" + provider + "\"")
                        .endsWith(" 1.0"));
    }

    @ParameterizedTest
    @MethodSource("providers")
    void aRepeatIsAnsweredLikeTheFirstAndDeliveredOnce(String provider) throws Exception {
        String user = "repeat-" + provider;
        byte[] body = bytes(renewal(provider, user));
        byte[] sameIdOtherBytes = bytes(renewal(provider, user).replaceFirst("\\{", "{ \"properties\":[1], \"entitlements\":{},"));
        assertStored(provider, body);
        long after = stored(provider);
        for (byte[] repeat : List.of(body, sameIdOtherBytes, body)) {
            HttpResponse<String> answer = post(provider, repeat);
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.body()).isEmpty();
        }
        assertThat(stored(provider)).isEqualTo(after);
        translate(provider);
        awaitEvents(user, 1);
        post(provider, body);
        assertThat(stored(provider)).isZero();
        assertThat(simulators.cleverTap.eventsOf(user)).hasSize(1);
    }

    @ParameterizedTest
    @MethodSource("providers")
    void repeatsAtTheSameMomentAreStoredOnce(String provider) {
        long before = stored(provider);
        int events = 20;
        for (int i = 0; i < events; i++) {
            byte[] body = bytes(renewal(provider, "at-once-" + i + "-" + provider));
            List<CompletableFuture<Integer>> answers = IntStream.range(0, 8).mapToObj(repeat ->
                    CompletableFuture.supplyAsync(() -> post(provider, body).statusCode(), task -> new Thread(task).start())).toList();
            assertThat(answers.stream().map(CompletableFuture::join)).containsOnly(200);
        }
        awaitStored(provider, before + events);
        assertStored(provider, bytes(renewal(provider, "at-once-and-one-more-" + provider)));
    }

    @Test
    void theSameIdOfAnotherProviderIsAnotherEvent() {
        assertStored("revenuecat", bytes(Events.renewal("revenuecat", "one id for two", "u", Events.BASE)));
        assertStored("purchasely", bytes(Events.renewal("purchasely", "one id for two", "u", Events.BASE)));
    }

    @ParameterizedTest
    @MethodSource("providers")
    void anEventWithoutAnIdIsRecognisedByWhatItSays(String provider) {
        String body = renewal(provider, "no-id").replaceAll("\"(event_)?id\":\"[^\"]*\",", "");
        assertStored(provider, bytes(body));
        long after = stored(provider);
        post(provider, bytes(body + " "));
        assertThat(stored(provider)).as("the same in other bytes").isEqualTo(after);
        for (String[] change : new String[][] {{"no-id", "another-user"}, {"plus", "basic"}, {Long.toString(Events.BASE / 1000), "1790812801"}}) {
            assertStored(provider, bytes(body.replace(change[0], change[1])));
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            revenuecat | {"event":null,"n":1}
            revenuecat | {"event":[{"id":"x"}],"n":2}
            revenuecat | {"n":3}
            purchasely | {"n":4}
            purchasely | {"event_name":{"a":1},"user_id":[],"n":5}
            qonversion | {"user_id":"someone","n":6}
            qonversion | {"event_name":{"a":1},"product_id":"p","n":7}
            """)
    void whatCannotBeUnderstoodIsAnsweredWith200AndParkedWithItsReason(String provider, String body) throws Exception {
        assertStored(provider, bytes(body));
        assertParked(provider, body);
    }

    @ParameterizedTest
    @MethodSource("providers")
    void anObjectWithANumberThatNobodyCanHoldIsParked(String provider) throws Exception {
        for (String number : List.of("9".repeat(1001), "-1." + "3".repeat(2000), "1e99999999999", "1E-99999999999")) {
            String body = renewal(provider, "huge-" + UUID.randomUUID()).replaceFirst("\\{", "{\"huge\":" + number + ",");
            assertStored(provider, bytes(body));
            assertParked(provider, body);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"1e999999999", "-1e999999999", "1e-999999999", "123456789012345678901234567890", "1e400", "0e0", "-0"})
    void anAbsurdPriceOrTimeIsDealtWithInNoTime(String number) throws Exception {
        String user = "absurd-" + UUID.randomUUID();
        String event = Events.renewal(user, user, Events.BASE);
        assertStored("revenuecat", bytes(event.replace("9.99", number)));
        assertStored("revenuecat", bytes(Events.renewal(user + "-time", user, Events.BASE)
                .replace("\"event_timestamp_ms\":" + Events.BASE, "\"event_timestamp_ms\":" + number)));
        translate("revenuecat");
        awaitEvents(user, 1);
        assertThat(entry(user + "-time").path("reason").asText()).startsWith("the event");
    }

    @ParameterizedTest
    @MethodSource("providers")
    void ofARepeatedKeyTheLastValueCounts(String provider) throws Exception {
        String user = "last-" + provider;
        String type = "\"" + Events.renewalType(provider) + "\"";
        String event = renewal(provider, user);
        String body = event.replace(type, "\"NOBODY_KNOWS\",\"" + (provider.equals("revenuecat") ? "type" : "event_name") + "\":" + type);
        assertThat(body).isNotEqualTo(event);
        assertStored(provider, bytes(body));
        translate(provider);
        awaitEvents(user, 1);
    }

    static List<Arguments> notJsonObjects() throws Exception {
        Map<String, byte[]> bodies = new LinkedHashMap<>();
        bodies.put("nothing", new byte[0]);
        bodies.put("blanks", bytes(" \n "));
        bodies.put("array", bytes("[{\"event\":{}}]"));
        bodies.put("text", bytes("\"secret-marker\""));
        bodies.put("number", bytes("42"));
        bodies.put("null", bytes("null"));
        bodies.put("true", bytes("true"));
        bodies.put("word", bytes("secret-marker"));
        bodies.put("form", bytes("event=secret-marker&a=b"));
        bodies.put("trailing object", bytes("{\"a\":1} {}"));
        bodies.put("trailing brace", bytes("{\"a\":1}}"));
        bodies.put("trailing text", bytes("{\"a\":\"secret-marker\"} secret-marker"));
        bodies.put("trailing NUL", bytes("{\"a\":1}\0"));
        bodies.put("cut off", bytes("{\"a\":\"secret-marker"));
        bodies.put("byte order mark", bytes("\uFEFF{\"a\":1}"));
        bodies.put("NaN", bytes("{\"a\":NaN}"));
        bodies.put("Infinity", bytes("{\"a\":-Infinity}"));
        bodies.put("nesting 65", bytes(nested(65)));
        bodies.put("nesting 65, of lists", bytes("{\"a\":" + "[".repeat(64) + "]".repeat(64) + "}"));
        bodies.put("nesting 150000", bytes(nested(150_000)));
        bodies.put("UTF-16", "{\"a\":1}".getBytes(StandardCharsets.UTF_16));
        bodies.put("UTF-16 without mark", "{\"a\":1}".getBytes(StandardCharsets.UTF_16LE));
        bodies.put("UTF-16 big end first", "{\"a\":1}".getBytes(StandardCharsets.UTF_16BE));
        bodies.put("UTF-32", "{\"a\":1}".getBytes("UTF-32LE"));
        bodies.put("UTF-16 after a blank", " {\"a\":1}".getBytes(StandardCharsets.UTF_16LE));
        bodies.put("ISO 8859-1", "{\"a\":\"é\"}".getBytes(StandardCharsets.ISO_8859_1));
        bodies.put("cut off in a character", concat(bytes("{\"a\":\""), new byte[] {(byte) 0xF0, (byte) 0x9F, (byte) 0x98}, bytes("\"}")));
        bodies.put("overlong character", concat(bytes("{\"a\":\""), new byte[] {(byte) 0xC0, (byte) 0xAF}, bytes("\"}")));
        bodies.put("half a surrogate pair", concat(bytes("{\"a\":\""), new byte[] {(byte) 0xED, (byte) 0xA0, (byte) 0x80}, bytes("\"}")));
        bodies.put("beyond Unicode", concat(bytes("{\"a\":\""), new byte[] {(byte) 0xF4, (byte) 0x90, (byte) 0x80, (byte) 0x80}, bytes("\"}")));
        bodies.put("ISO 8859-1 in a key", "{\"é\":1}".getBytes(StandardCharsets.ISO_8859_1));
        bodies.put("comment", bytes("{\"a\":1 /* secret-marker */}"));
        bodies.put("single quotes", bytes("{'a':1}"));
        bodies.put("key without quotes", bytes("{a:1}"));
        bodies.put("comma at the end", bytes("{\"a\":1,}"));
        bodies.put("leading zero", bytes("{\"a\":01}"));
        bodies.put("leading plus", bytes("{\"a\":+1}"));
        bodies.put("line break in a text", bytes("{\"a\":\"1\n2\"}"));
        bodies.put("unknown escape", bytes("{\"a\":\"\\x\"}"));
        return bodies.entrySet().stream().map(entry -> Arguments.of(entry.getKey(), entry.getValue())).toList();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("notJsonObjects")
    void whatIsNotAJsonObjectIsAnsweredWith400AndOneLine(String name, byte[] body) {
        for (String provider : List.of("revenuecat", "purchasely")) {
            long before = stored(provider);
            HttpResponse<String> answer = post(provider, body);
            assertThat(answer.statusCode()).as(provider).isEqualTo(400);
            assertThat(answer.body()).isNotBlank().doesNotContain("\n", "\r", "secret-marker").hasSizeLessThan(120);
            assertThat(answer.headers().firstValue("Content-Type")).hasValueSatisfying(type -> assertThat(type).startsWith("text/plain"));
            assertThat(stored(provider)).isEqualTo(before);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("notJsonObjects")
    void whatIsNotAJsonObjectIsQonversionsActivationCall(String name, byte[] body) {
        assertActivationCall(body);
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "{\"event_name\":\"\"}", "{\"test\":true}", "{\"event_name\":null,\"user_id\":\"\"}", "{\"platform\":\"iOS\"}",
        "{\"transaction\":{}}"})
    void anObjectThatIsNoEventIsQonversionsActivationCall(String body) {
        assertActivationCall(bytes(body));
    }

    private static void assertActivationCall(byte[] body) {
        long before = stored("qonversion");
        double counted = testEvents("qonversion");
        HttpResponse<String> answer = post("qonversion", body);
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).isEmpty();
        assertThat(testEvents("qonversion")).isEqualTo(counted + 1);
        // an event after it is the only one that is there then
        post("qonversion", bytes(renewal("qonversion", "after-activation-" + UUID.randomUUID())));
        awaitStored("qonversion", before + 1);
    }

    private static double testEvents(String provider) {
        return relay.prometheus().lines().filter(line -> line.startsWith("relay_events_skipped_total{") && line.contains("provider=\"" + provider + "\"")
                && line.contains("reason=\"test event\"")).mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ')))).sum();
    }

    @ParameterizedTest
    @MethodSource("providers")
    void nestingTo64IsFine(String provider) {
        assertStored(provider, bytes(renewal(provider, "nested").replaceFirst("\\{", "{\"deep\":" + nested(63) + ",")));
    }

    @ParameterizedTest
    @MethodSource("providers")
    void aBodyOf1MiBIsFineAndOneByteMoreIsTooLarge(String provider) {
        byte[] largest = padded(renewal(provider, "large"), MEBIBYTE);
        assertStored(provider, largest);
        byte[] larger = padded(renewal(provider, "larger"), MEBIBYTE + 1);
        long before = stored(provider);
        assertThat(post(provider, larger).statusCode()).isEqualTo(413);
        assertThat(relay.send("POST", "/webhooks/" + provider, larger).statusCode()).as("without proof").isIn(401, 413);
        assertThat(relay.send("POST", "/webhooks/" + provider, padded("", 5 * MEBIBYTE)).statusCode()).isIn(401, 413);
        assertThat(stored(provider)).isEqualTo(before);
    }

    @ParameterizedTest
    @MethodSource("providers")
    void anEventOf1MiBIsDeliveredLikeTheOthersOfItsBatch(String provider) throws Exception {
        List<String> users = Stream.of("batch-large-1-", "batch-small-", "batch-large-2-").map(name -> name + provider).toList();
        for (String user : users) {
            String event = renewal(provider, user);
            assertStored(provider, user.contains("large") ? padded(event, MEBIBYTE) : bytes(event));
        }
        translate(provider);
        for (String user : users) {
            awaitEvents(user, 1);
        }
    }

    @ParameterizedTest
    @MethodSource("providers")
    void theSizeOfAChunkedBodyIsCountedAsItComes(String provider) {
        byte[] largest = padded(renewal(provider, "large-chunked"), MEBIBYTE);
        long before = stored(provider);
        assertThat(chunked(provider, largest).status()).isEqualTo(200);
        awaitStored(provider, before + 1);
        assertThat(chunked(provider, padded(renewal(provider, "larger-chunked"), MEBIBYTE + 1)).status()).isEqualTo(413);
        assertThat(chunked(provider, padded(renewal(provider, "largest-chunked"), 3 * MEBIBYTE)).status()).isEqualTo(413);
        assertThat(stored(provider)).isEqualTo(before + 1);
    }

    /** Tomcat would close it after 100, and the next webhook wait for another. */
    @Test
    void aConnectionIsKeptForHundredsOfWebhooks() throws IOException {
        String request = "POST /webhooks/revenuecat HTTP/1.1\r\nHost: relay\r\nAuthorization: wrong\r\nContent-Length: 2\r\n\r\n{}";
        try (Socket socket = new Socket("127.0.0.1", relay.port())) {
            socket.setSoTimeout(10_000);
            BufferedReader answers = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
            for (int n = 0; n < 300; n++) {
                socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
                assertThat(answers.readLine()).as("answer %d", n).startsWith("HTTP/1.1 401");
                for (String header = answers.readLine(); !header.isEmpty(); header = answers.readLine()) {
                    assertThat(header).as("answer %d", n).isNotEqualToIgnoringCase("Connection: close");
                }
            }
        }
    }

    @Test
    void aBodyThatEndsTooEarlyIsNotStored() {
        String framed = new String(RawHttp.chunked(bytes(renewal("revenuecat", "cut")), 100), StandardCharsets.UTF_8);
        long before = stored("revenuecat");
        byte[] withoutEnd = bytes(framed.substring(0, framed.length() - "0\r\n\r\n".length()) + "zz\r\n");
        assertThat(RawHttp.send(relay.port(), "POST", "/webhooks/revenuecat", withoutEnd, "Authorization", RelayApp.AUTHORIZATION,
                "Transfer-Encoding", "chunked").status()).isEqualTo(400);
        assertThat(stored("revenuecat")).isEqualTo(before);
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "post", "PoST"})
    void anOpenProviderAnswers405ToEverythingButPost(String method) {
        for (String provider : PROVIDERS) {
            byte[] body = bytes(renewal(provider, "method"));
            long before = stored(provider);
            String[] headers = Stream.concat(Stream.of(Webhook.proof(provider, body)), Stream.of("X-Http-Method-Override", "POST",
                    "Origin", "https://example.com", "Access-Control-Request-Method", "POST")).toArray(String[]::new);
            RawHttp.Answer answer = RawHttp.send(relay.port(), method, "/webhooks/" + provider + "?_method=POST", body, headers);
            assertThat(answer.status()).isEqualTo(405);
            assertThat(answer.header("Allow")).isEqualTo("POST");
            assertThat(answer.body()).doesNotContain("example.com", RelayApp.AUTHORIZATION);
            assertThat(stored(provider)).isEqualTo(before);
        }
    }

    @Test
    void nothingAnswersTrace() {
        for (String path : List.of("/", "/nobody", "/webhooks", "/webhooks/", "/webhooks/nobody", "//webhooks/revenuecat", "/error")) {
            RawHttp.Answer answer = RawHttp.send(relay.port(), "TRACE", path, null, "X-Marker", "secret-marker");
            assertThat(answer.status()).as(path).isIn(404, 405);
            assertThat(answer.head() + answer.body()).doesNotContain("secret-marker");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/", "/nobody", "/revenuecat/", "/revenuecat/x", "/revenuecat;x=1", "/revenuecat;x=1/", ";x=1/revenuecat", "//revenuecat",
        "/./revenuecat", "/../webhooks/revenuecat", "/x/../revenuecat", "/%72evenuecat", "/revenuecat%2F", "%2Frevenuecat", "/revenuecat%2e",
        "/revenuecat%00", "/revenuecat%0a", "/revenuecat.json", "/REVENUECAT", "/Revenuecat", "/revenuecat%20", "/revenuecat\\", "/revenuecat%5c",
        "/..;/webhooks/revenuecat", "/revenuecat%3Fx", "/revenuecat%c0%af", "/revenuecat%", "/revenuecat%zz", "/revenuecat|x", "/révenuecat",
        "/webhook", "/*", "/{provider}", "/revenuecat/%2e%2e/revenuecat", "/none"})
    void aPathThatOnlyResemblesAProvidersIsNeverAcceptedNorAFailure(String path) {
        byte[] body = bytes(renewal("revenuecat", "path"));
        long before = PROVIDERS.stream().mapToLong(WebhookTest::stored).sum();
        for (String prefix : List.of("/webhooks", "//webhooks", "/WEBHOOKS", "/%77ebhooks", "/x/../webhooks", "/;x=1/webhooks")) {
            RawHttp.Answer answer = RawHttp.send(relay.port(), "POST", prefix + path, body, "Authorization", RelayApp.AUTHORIZATION);
            assertThat(answer.status()).as(prefix + path).isBetween(400, 499);
            assertThat(answer.body()).doesNotContain(RelayApp.AUTHORIZATION, "Exception", "Tomcat");
        }
        assertThat(PROVIDERS.stream().mapToLong(WebhookTest::stored).sum()).isEqualTo(before);
    }

    @Test
    void anAbsoluteTargetIsTheSamePath() {
        byte[] body = bytes(renewal("revenuecat", "absolute"));
        assertThat(RawHttp.send(relay.port(), "POST", "http://127.0.0.1/webhooks/revenuecat", body, "Authorization", RelayApp.AUTHORIZATION).status())
                .isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "application/json", "application/json; charset=utf-16", "application/x-www-form-urlencoded", "text/plain; charset=nonsense",
        "multipart/form-data; boundary=x", "multipart/form-data", "application/xml", "nonsense", "text/html;;;=", "application/x-java-serialized-object"})
    void theContentTypeDoesNotMatter(String contentType) {
        byte[] body = bytes(renewal("revenuecat", "content-type-" + UUID.randomUUID()));
        long before = stored("revenuecat");
        assertThat(relay.send("POST", "/webhooks/revenuecat", body, "Authorization", RelayApp.AUTHORIZATION, "Content-Type", contentType).statusCode())
                .isEqualTo(200);
        awaitStored("revenuecat", before + 1);
        assertThat(storedAs("revenuecat", body).body()).isEqualTo(body);
    }

    @Test
    void halfACharacterInAnAttributeLosesNothing() throws Exception {
        String user = "half-" + UUID.randomUUID();
        assertStored("revenuecat", bytes(Events.renewal(user, user, Events.BASE).replace("\"$onesignalUserId\"",
                "\"$displayName\":{\"value\":\"cut in an emoji \\ud83d\"},\"$onesignalUserId\"")));
        translate("revenuecat");
        await().atMost(Duration.ofSeconds(20)).until(() -> !simulators.cleverTap.eventsOf(user).isEmpty()
                || !relay.actuator("/parked?eventId=" + user + "&destination=clevertap").path("entries").isEmpty());
    }

    private static String renewal(String provider, String name) {
        return Events.renewal(provider, name, name, Events.BASE);
    }

    private static HttpResponse<String> post(String provider, byte[] body) {
        return relay.send("POST", "/webhooks/" + provider, body, Webhook.proof(provider, body));
    }

    private static RawHttp.Answer chunked(String provider, byte[] body) {
        String[] headers = Stream.concat(Stream.of(Webhook.proof(provider, body)), Stream.of("Transfer-Encoding", "chunked")).toArray(String[]::new);
        return RawHttp.send(relay.port(), "POST", "/webhooks/" + provider, RawHttp.chunked(body, 50_000), headers);
    }

    private static void assertStored(String provider, byte[] body) {
        long before = stored(provider);
        HttpResponse<String> answer = post(provider, body);
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).isEmpty();
        awaitStored(provider, before + 1);
    }

    /** Fails when more than that is stored. */
    private static void awaitStored(String provider, long count) {
        await().atMost(Duration.ofSeconds(10)).pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(1)).until(() -> stored(provider) >= count);
        assertThat(stored(provider)).isEqualTo(count);
    }

    private static void assertParked(String provider, String body) throws Exception {
        translate(provider);
        JsonNode entries = relay.actuator("/parked?provider=" + provider).path("entries");
        List<JsonNode> found = new ArrayList<>();
        for (JsonNode entry : entries) {
            JsonNode shown = relay.actuator("/parked/" + entry.path("id").asText());
            if (shown.path("event").asText().equals(body)) {
                found.add(shown);
            }
        }
        assertThat(found).hasSize(1).allSatisfy(entry -> {
            assertThat(entry.path("reason").asText()).isNotBlank();
            assertThat(entry.path("provider").asText()).isEqualTo(provider);
        });
    }

    private static JsonNode entry(String eventId) {
        JsonNode list = relay.actuator("/parked?eventId=" + eventId + "&destination=clevertap");
        assertThat(list.path("total").asInt()).isEqualTo(1);
        return list.path("entries").path(0);
    }

    private static long stored(String provider) {
        return queues.count("events." + provider);
    }

    /** The stored message with this body, which may show in the queue some milliseconds after the answer. */
    private static Stored storedAs(String provider, byte[] body) {
        return await().atMost(Duration.ofSeconds(10)).until(() -> queues.browse("events." + provider).stream()
                .filter(message -> Arrays.equals(message.body(), body)).findFirst(), Optional::isPresent).orElseThrow();
    }

    /** Lets the provider's route translate what is stored. */
    private static void translate(String provider) throws Exception {
        relay.bean(CamelContext.class).getRouteController().startRoute("translate-" + provider + "-events");
        await().atMost(Duration.ofSeconds(20)).pollInterval(Duration.ofMillis(5)).until(() -> stored(provider) == 0);
        relay.bean(CamelContext.class).getRouteController().stopRoute("translate-" + provider + "-events");
    }

    private static void awaitEvents(String user, int count) {
        await().atMost(Duration.ofSeconds(20)).pollInterval(Duration.ofMillis(10)).until(() -> simulators.cleverTap.eventsOf(user).size() >= count);
        assertThat(simulators.cleverTap.eventsOf(user)).hasSize(count);
    }

    private static byte[] padded(String json, int length) {
        return bytes(json + " ".repeat(length - bytes(json).length));
    }

    private static String nested(int depth) {
        return IntStream.range(1, depth).mapToObj(i -> "{\"a\":").collect(Collectors.joining()) + "{}" + "}".repeat(depth - 1);
    }

    private static byte[] concat(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
