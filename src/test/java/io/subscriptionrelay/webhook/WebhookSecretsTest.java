package io.subscriptionrelay.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.Queues;
import io.subscriptionrelay.testing.RawHttp;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Webhook;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.camel.CamelContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who is let in: through the real HTTP port, with the settings of the environment. */
class WebhookSecretsTest {

    private static final String SIGNATURE = "X-RevenueCat-Webhook-Signature";
    private static final String REQUEST_SIGNATURE = "X-PURCHASELY-REQUEST-SIGNATURE";
    private static final String DEPRECATED_SIGNATURE = "X-PURCHASELY-SIGNATURE";
    private static final String TIMESTAMP = "X-PURCHASELY-TIMESTAMP";
    private static final List<String> PURCHASELY_SECRETS = List.of("one secret of the tests", "other secret of the tests");
    /** Purchasely's own example, signed with the secret foobar. */
    private static final String VECTOR = "{\"a_random_key\":\"a_random_value_ad\"}";
    private static final String VECTOR_SIGNATURE = "f3c2a452e9ea72f41107321aeaf7999f1054148866a710c9b23f9f501785e2a4";

    @TempDir
    static Path folder;
    /** Each proof that there is, and several secrets, as during a rotation. */
    private static RelayApp strict;
    /** Fewer proofs: only the signature, the deprecated one too, none at all. */
    private static RelayApp lenient;
    /** No token, no signature. */
    private static RelayApp waived;

    @BeforeAll
    static void start() throws Exception {
        strict = RelayApp.with(folder.resolve("strict")).cleverTap("http://127.0.0.1:9")
                .set("REVENUECAT_AUTHORIZATION", "Bearer exactly this é").set("REVENUECAT_SIGNING_SECRET", "new secret of the tests,old secret of the tests")
                .set("PURCHASELY_SHARED_SECRET", String.join(", ", PURCHASELY_SECRETS)).set("QONVERSION_TOKEN", "qonversion-token").start();
        lenient = RelayApp.with(folder.resolve("lenient")).cleverTap("http://127.0.0.1:9")
                .set("REVENUECAT_AUTHORIZATION", "").set("REVENUECAT_SIGNING_SECRET", "only the signature").set("REVENUECAT_SIGNATURE_TOLERANCE", "1h")
                .set("PURCHASELY_SHARED_SECRET", "foobar").set("PURCHASELY_DEPRECATED_SIGNATURE", "true").start();
        waived = RelayApp.with(folder.resolve("waived")).cleverTap("http://127.0.0.1:9").set("REVENUECAT_AUTHORIZATION", "none").start();
        for (RelayApp relay : List.of(strict, lenient, waived)) {
            for (String provider : List.of("revenuecat", "purchasely", "qonversion")) {
                relay.bean(CamelContext.class).getRouteController().stopRoute("translate-" + provider + "-events");
            }
        }
    }

    @AfterAll
    static void stop() {
        strict.close();
        lenient.close();
        waived.close();
    }

    @Test
    void revenueCatNeedsTokenAndSignatureWhenBothAreSet() {
        String body = revenueCatEvent();
        String[] token = {"Authorization", "Bearer exactly this é"};
        String[] signature = {SIGNATURE, signature("new secret of the tests", now(), body)};
        refused(strict, "revenuecat", body);
        refused(strict, "revenuecat", body, token);
        refused(strict, "revenuecat", body, signature);
        accepted(strict, "revenuecat", body, both(token, signature));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "exactly this é", "bearer exactly this é", "BEARER EXACTLY THIS é", "Bearer exactly this", "Bearer exactly this e",
        "Bearer  exactly this é", "Bearer exactly this éé", "Basic exactly this é", "Basic Bearer exactly this é", "Bearer exactly this é, x"})
    void aTokenThatDiffersInAnythingIsRefused(String token) {
        String body = revenueCatEvent();
        refused(strict, "revenuecat", body, "Authorization", token, SIGNATURE, signature("new secret of the tests", now(), body));
        refused(strict, "revenuecat", body, "Authorization-Token", "Bearer exactly this é", SIGNATURE, signature("new secret of the tests", now(), body));
    }

    @Test
    void ofARepeatedHeaderTheFirstCounts() {
        String body = revenueCatEvent();
        String signature = signature("new secret of the tests", now(), body);
        refused(strict, "revenuecat", body, "Authorization", "wrong", "Authorization", "Bearer exactly this é", SIGNATURE, signature);
        accepted(strict, "revenuecat", body, "authorization", "Bearer exactly this é", "AUTHORIZATION", "wrong", SIGNATURE, signature, SIGNATURE, "x");
    }

    @Test
    void aSignatureByEitherSecretIsTakenDuringARotation() {
        for (String secret : List.of("new secret of the tests", "old secret of the tests")) {
            String body = revenueCatEvent();
            accepted(strict, "revenuecat", body, "Authorization", "Bearer exactly this é", SIGNATURE, signature(secret, now(), body));
        }
        String body = revenueCatEvent();
        String both = "t=" + now() + ",v1=" + "0".repeat(64) + signature("old secret of the tests", now(), body).replaceFirst("t=\\d+", "");
        accepted(strict, "revenuecat", body, "Authorization", "Bearer exactly this é", SIGNATURE, both);
    }

    @Test
    void aSecretWithACommaInItWorksToo() {
        String body = revenueCatEvent();
        accepted(strict, "revenuecat", body, "Authorization", "Bearer exactly this é", SIGNATURE,
                signature("new secret of the tests,old secret of the tests", now(), body));
    }

    static Stream<Arguments> wrongSignatures() {
        String body = revenueCatEvent();
        long now = now();
        String right = signature("new secret of the tests", now, body);
        return Stream.of(
                Arguments.of("over another body", body, signature("new secret of the tests", now, body + " ")),
                Arguments.of("by another secret", body, signature("new secret of the testss", now, body)),
                Arguments.of("by a part of both secrets", body, signature("tests,old secret of the tests", now, body)),
                Arguments.of("too old", body, signature("new secret of the tests", now - 310, body)),
                Arguments.of("too new", body, signature("new secret of the tests", now + 310, body)),
                Arguments.of("with another time", body, right.replace("t=" + now, "t=" + (now - 1))),
                Arguments.of("without time", body, right.substring(right.indexOf("v1="))),
                Arguments.of("without signature", body, "t=" + now),
                Arguments.of("with two times", body, "t=" + now + "," + right),
                Arguments.of("in milliseconds", body, signature("new secret of the tests", now * 1000, body)),
                Arguments.of("with a word for a time", body, "t=now,v1=" + Webhook.hmac("new secret of the tests", bytes("now."), bytes(body))),
                Arguments.of("cut off", body, right.substring(0, right.length() - 1)),
                Arguments.of("of another version", body, right.replace("v1=", "v2=")),
                Arguments.of("nothing", body, ""),
                Arguments.of("commas", body, ",,,,"),
                Arguments.of("a page of signatures", body, "t=" + now + ",v1=0".repeat(1000)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("wrongSignatures")
    void aSignatureThatDoesNotFitIsRefused(String name, String body, String signature) {
        refused(strict, "revenuecat", body, "Authorization", "Bearer exactly this é", SIGNATURE, signature);
    }

    @Test
    void theSignatureAloneIsEnoughWhenOnlyItIsSetAndItsAgeLimitCanBeWidened() {
        String body = revenueCatEvent();
        refused(lenient, "revenuecat", body);
        refused(lenient, "revenuecat", body, "Authorization", "");
        refused(lenient, "revenuecat", body, SIGNATURE, signature("only the signature", now() - 3700, body));
        accepted(lenient, "revenuecat", body, SIGNATURE, signature("only the signature", now() - 3500, body));
    }

    @Test
    void noneOpensTheEndpointToAnybodyAndOnlyThatOne() {
        accepted(waived, "revenuecat", revenueCatEvent());
        accepted(waived, "revenuecat", revenueCatEvent(), "Authorization", "anything");
        for (String closed : List.of("purchasely", "qonversion")) {
            assertThat(RawHttp.send(waived.port(), "POST", "/webhooks/" + closed, bytes("{}")).status()).isEqualTo(404);
        }
    }

    @Test
    void purchaselysOwnExampleIsTaken() {
        accepted(lenient, "purchasely", VECTOR, TIMESTAMP, "1698322022", REQUEST_SIGNATURE, VECTOR_SIGNATURE);
    }

    @Test
    void eachOfPurchaselysSecretsIsTaken() {
        for (String secret : PURCHASELY_SECRETS) {
            String body = Events.renewal("purchasely", UUID.randomUUID().toString(), "user", Events.BASE);
            accepted(strict, "purchasely", body, TIMESTAMP, "1", REQUEST_SIGNATURE, Webhook.hmac(secret, bytes("1"), bytes(body)));
        }
    }

    static Stream<Arguments> wrongForPurchasely() {
        String deprecated = Webhook.hmac("foobar", bytes("foobar"), bytes("1698322022"));
        return Stream.of(
                Arguments.of("nothing", new String[0]),
                Arguments.of("no timestamp", new String[] {REQUEST_SIGNATURE, VECTOR_SIGNATURE}),
                Arguments.of("no signature", new String[] {TIMESTAMP, "1698322022"}),
                Arguments.of("another timestamp", new String[] {TIMESTAMP, "1698322023", REQUEST_SIGNATURE, VECTOR_SIGNATURE}),
                Arguments.of("an equal timestamp in other digits", new String[] {TIMESTAMP, "01698322022", REQUEST_SIGNATURE, VECTOR_SIGNATURE}),
                Arguments.of("another secret", new String[] {TIMESTAMP, "1698322022", REQUEST_SIGNATURE,
                        Webhook.hmac("foobaz", bytes("1698322022"), bytes(VECTOR))}),
                Arguments.of("another body", new String[] {TIMESTAMP, "1698322022", REQUEST_SIGNATURE,
                        Webhook.hmac("foobar", bytes("1698322022"), bytes(VECTOR + " "))}),
                Arguments.of("the transitional form", new String[] {TIMESTAMP, "1698322022", REQUEST_SIGNATURE,
                        Webhook.hmac("foobar", bytes("foobar"), bytes(VECTOR))}),
                Arguments.of("the deprecated form in the new header", new String[] {TIMESTAMP, "1698322022", REQUEST_SIGNATURE, deprecated}),
                Arguments.of("a token", new String[] {"Authorization", "foobar"}));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("wrongForPurchasely")
    void anythingElseForPurchaselyIsRefused(String name, String[] headers) {
        refused(strict, "purchasely", VECTOR, headers);
        refused(lenient, "purchasely", VECTOR, headers);
    }

    @Test
    void purchaselysDeprecatedSignatureIsTakenOnlyWithTheSwitch() {
        String deprecated = Webhook.hmac("foobar", bytes("foobar"), bytes("1580909929"));
        assertThat(deprecated).startsWith("ea909b88").endsWith("bba5a6");
        String body = Events.renewal("purchasely", UUID.randomUUID().toString(), "user", Events.BASE);
        String secret = PURCHASELY_SECRETS.get(0);
        refused(strict, "purchasely", body, TIMESTAMP, "1580909929", DEPRECATED_SIGNATURE, Webhook.hmac(secret, bytes(secret), bytes("1580909929")));
        refused(lenient, "purchasely", body, TIMESTAMP, "1580909930", DEPRECATED_SIGNATURE, deprecated);
        accepted(lenient, "purchasely", body, TIMESTAMP, "1580909929", DEPRECATED_SIGNATURE, deprecated);
    }

    @ParameterizedTest
    @ValueSource(strings = {"qonversion-token", "Basic qonversion-token", "basic qonversion-token", "BASIC qonversion-token", "Bearer qonversion-token",
        "bEaReR qonversion-token", "Basic   qonversion-token"})
    void qonversionsTokenIsTakenFromEitherHeaderWithAnyPrefix(String token) {
        accepted(strict, "qonversion", qonversionEvent(), "Authorization", token);
        accepted(strict, "qonversion", qonversionEvent(), "Authorization-Token", token);
        accepted(strict, "qonversion", qonversionEvent(), "Authorization", "Basic somebody-elses", "authorization-token", token);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Basic", "Basic ", "Bearer", "qonversion-toke", "qonversion-tokens", "Qonversion-Token", "QONVERSION-TOKEN",
        "Digest qonversion-token", "Token qonversion-token", "Basicqonversion-token", "Basic:qonversion-token", "Basic cW9udmVyc2lvbi10b2tlbg==",
        "Basic Basic qonversion-token", "none"})
    void anyOtherTokenIsRefused(String token) {
        refused(strict, "qonversion", qonversionEvent(), "Authorization", token);
        refused(strict, "qonversion", qonversionEvent(), "Authorization-Token", token);
        refused(strict, "qonversion", qonversionEvent(), "X-Authorization", "qonversion-token", "Cookie", "Authorization=qonversion-token");
    }

    @Test
    void anActivationCallNeedsTheTokenToo() {
        for (String body : List.of("", "{}", "[]", "activation")) {
            refused(strict, "qonversion", body);
            assertThat(RawHttp.send(strict.port(), "POST", "/webhooks/qonversion", bytes(body), "Authorization", "qonversion-token").status()).isEqualTo(200);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"})
    void aClosedProviderIsNotFoundByAnyMethod(String method) {
        for (String path : List.of("/webhooks/purchasely", "/webhooks/qonversion", "/webhooks/nobody")) {
            RawHttp.Answer answer = RawHttp.send(waived.port(), method, path, bytes("{}"), "Authorization", "none");
            assertThat(answer.status()).isEqualTo(404);
            assertThat(answer.body()).isEmpty();
        }
    }

    private static void accepted(RelayApp relay, String provider, String body, String... headers) {
        long before = new Queues(relay).count("events." + provider);
        assertThat(RawHttp.send(relay.port(), "POST", "/webhooks/" + provider, bytes(body), headers).status()).isEqualTo(200);
        await().atMost(Duration.ofSeconds(10)).pollInterval(Duration.ofMillis(1)).until(() -> new Queues(relay).count("events." + provider) == before + 1);
    }

    private static void refused(RelayApp relay, String provider, String body, String... headers) {
        long before = new Queues(relay).count("events." + provider);
        RawHttp.Answer answer = RawHttp.send(relay.port(), "POST", "/webhooks/" + provider, bytes(body), headers);
        assertThat(answer.status()).isEqualTo(401);
        assertThat(answer.body()).isIn("", "0\r\n\r\n");
        assertThat(new Queues(relay).count("events." + provider)).isEqualTo(before);
    }

    private static String[] both(String[] one, String[] other) {
        return Stream.concat(Stream.of(one), Stream.of(other)).toArray(String[]::new);
    }

    private static String signature(String secret, long time, String body) {
        return "t=" + time + ",v1=" + Webhook.hmac(secret, bytes(time + "."), bytes(body));
    }

    private static long now() {
        return Instant.now().getEpochSecond();
    }

    private static String revenueCatEvent() {
        return Events.renewal(UUID.randomUUID().toString(), "user", Events.BASE);
    }

    private static String qonversionEvent() {
        return Events.renewal("qonversion", UUID.randomUUID().toString(), "user", Events.BASE);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
