package io.subscriptionrelay.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.Queues;
import io.subscriptionrelay.testing.RawHttp;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import io.subscriptionrelay.testing.Webhook;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.camel.CamelContext;
import org.apache.camel.spi.RouteController;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** No request header and no query parameter reaches a message, a decision of a route, or the answer. */
class RequestInjectionTest {

    private static final List<String> PROVIDERS = List.of("revenuecat", "purchasely", "qonversion");
    private static final String MARKER = "injected-marker";

    private static final List<String> KEPT = List.of("provider", "eventId", "receivedAt", "sum", "_AMQ_DUPL_ID");
    /** What the relay keeps beside a raw event, and what JMS and the broker add by themselves. */
    private static final Set<String> ALLOWED = Set.of("provider", "eventId", "receivedAt", "sum", "_AMQ_DUPL_ID",
            "JMSXDeliveryCount", "__AMQ_CID", "_AMQ_ROUTING_TYPE");

    /** Names that mean something to Camel, JMS, the broker or the relay. */
    private static final List<String> NAMES = List.of(
            "_AMQ_DUPL_ID", "_AMQ_SCHED_DELIVERY", "_AMQ_GROUP_ID", "_AMQ_LVQ_NAME", "_AMQ_ROUTING_TYPE", "_AMQ_LARGE_SIZE", "__AMQ_CID",
            "JMSXGroupID", "JMSXGroupSeq", "JMSDestination", "JMSReplyTo", "JMSPriority", "JMSExpiration", "JMSDeliveryMode", "JMSType",
            "JMSCorrelationID", "JMSMessageID", "JMS_AMQ_SaveStream", "CamelJmsDestinationName", "CamelJmsDestination", "CamelJmsMessageType",
            "CamelJmsRequestTimeout", "CamelHttpUri", "CamelHttpPath", "CamelHttpQuery", "CamelHttpMethod", "CamelHttpResponseCode",
            "CamelRestHttpUri", "CamelFileName", "CamelBeanMethodName", "CamelBeanMethodParameterTypes", "CamelCharsetName", "CamelToEndpoint",
            "CamelRedeliveryDelay", "CamelFilterMatched", "CamelExceptionCaught", "CamelSplitSize", "org.apache.camel.x", "breadcrumbId",
            "provider", "eventId", "receivedAt", "queue", "step", "skip", "account", "destination", "part", "clevertapAccount", "event", "type",
            "environment", "replayed", "attempt", "alone", "reason", "parkedId", "parkedAt", "origin", "firstRefusedAt", "eventTime", "upload", "url",
            "X-Forwarded-For", "X-Forwarded-Prefix", "X-Original-URL", "X-Rewrite-URL", "Forwarded", "Cookie", "User-Agent", "Referer", "Origin",
            "Accept", "Accept-Encoding", "X-Request-Id", "traceparent", "Content-Type", "Content-Language", "Date", "If-Match");

    /** A server takes only so many headers at once. */
    private static final List<List<String>> PORTIONS = IntStream.range(0, (NAMES.size() + 19) / 20)
            .mapToObj(i -> NAMES.subList(20 * i, Math.min(20 * i + 20, NAMES.size()))).toList();

    @TempDir
    static Path folder;
    private static Simulators simulators;
    private static RelayApp relay;
    private static Queues queues;

    @BeforeAll
    static void start() {
        simulators = new Simulators();
        relay = RelayApp.with(folder.resolve("data")).cleverTap(simulators.cleverTap.url()).oneSignal(simulators.oneSignal.url())
                .set("PURCHASELY_SHARED_SECRET", Webhook.PURCHASELY_SECRET).set("QONVERSION_TOKEN", Webhook.QONVERSION_TOKEN).start();
        queues = new Queues(relay);
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
    void nothingOfTheRequestButItsBodyReachesTheStoredMessage(String provider) throws Exception {
        List<String> queuesBefore = queues.names();
        try (StoppedRoutes stopped = new StoppedRoutes("translate-" + provider + "-events")) {
            for (List<String> names : PORTIONS) {
                assertPlain200(post(provider, event(provider, "stored-" + UUID.randomUUID()), names, MARKER));
            }
            await().atMost(Duration.ofSeconds(10)).until(() -> queues.browse("events." + provider).size() == PORTIONS.size());
            assertThat(queues.browse("events." + provider)).hasSize(PORTIONS.size()).allSatisfy(message -> {
                assertThat(new String(message.body(), StandardCharsets.UTF_8)).contains("stored-").doesNotContain(MARKER);
                assertThat(message.properties()).containsKeys(KEPT.toArray(String[]::new));
                assertThat(ALLOWED).containsAll(message.properties().keySet());
                assertThat(message.properties().get("provider")).isEqualTo(provider);
                assertThat((String) message.properties().get("eventId")).contains("stored-");
                assertThat(message.properties().toString()).doesNotContain(MARKER, RelayApp.AUTHORIZATION, Webhook.QONVERSION_TOKEN);
                assertThat(message.destination()).contains("events." + provider);
                assertThat(message.persistent()).isTrue();
                assertThat(message.expiration()).isZero();
                assertThat(message.replyTo()).isNull();
                assertThat(message.correlationId()).isNull();
                assertThat(message.type()).isNull();
            });
        }
        assertThat(queues.names()).as("no queue was made").containsExactlyInAnyOrderElementsOf(queuesBefore);
    }

    @ParameterizedTest
    @MethodSource("providers")
    void aDuplicateIdInTheRequestDoesNotSwallowAnEvent(String provider) {
        List<String> users = IntStream.range(0, 3).mapToObj(i -> "not-swallowed-" + i + "-" + provider).toList();
        for (String user : users) {
            assertPlain200(post(provider, event(provider, user), PORTIONS.get(0), "always the same"));
        }
        awaitDelivered(users);
    }

    @ParameterizedTest
    @MethodSource("providers")
    void theRouteDecidesAsWithoutThem(String provider) {
        List<String> queuesBefore = queues.names();
        List<String> users = new ArrayList<>();
        for (String value : List.of("sandbox", "parked.events." + provider, "0", "true", "${exchangeProperty.type}", "{{relay.home}}", "drop",
                "clevertap", "http://127.0.0.1:9/elsewhere")) {
            for (List<String> names : PORTIONS) {
                String user = "decided-" + UUID.randomUUID();
                users.add(user);
                assertPlain200(post(provider, event(provider, user), names, value));
            }
        }
        awaitDelivered(users);
        for (String user : users) {
            assertThat(simulators.cleverTap.eventsOf(user)).allSatisfy(event -> {
                assertThat(event.account()).isEqualTo(Simulators.CLEVERTAP_ACCOUNT);
                assertThat(event.json().toString()).doesNotContain("elsewhere");
            });
        }
        assertThat(relay.parked().path("total").asInt()).isZero();
        assertThat(queues.names()).as("no queue was made").containsExactlyInAnyOrderElementsOf(queuesBefore);
    }

    @ParameterizedTest
    @MethodSource("providers")
    void aRefusalRepeatsNothingEither(String provider) {
        byte[] body = ("{\"" + MARKER + "\":").getBytes(StandardCharsets.UTF_8);
        for (List<String> names : PORTIONS) {
            assertNothingRepeated(post(provider, body, names, MARKER));
            for (String method : List.of("POST", "GET", "TRACE", "OPTIONS")) {
                assertNothingRepeated(RawHttp.send(relay.port(), method, "/webhooks/" + provider + query(names, MARKER), body, headers(names, MARKER)));
                assertNothingRepeated(RawHttp.send(relay.port(), method, "/webhooks/nobody" + query(names, MARKER), body, headers(names, MARKER)));
            }
        }
    }

    @Test
    void noMessageOnItsWayCarriesAProof() throws Exception {
        try (StoppedRoutes stopped = new StoppedRoutes("deliver-clevertap-production", "deliver-onesignal-production")) {
            for (String provider : PROVIDERS) {
                assertPlain200(post(provider, event(provider, "on-its-way-" + provider), PORTIONS.get(0), MARKER));
            }
            for (String destination : List.of("clevertap", "onesignal")) {
                String queue = "deliver." + destination + ".production";
                await().atMost(Duration.ofSeconds(20)).until(() -> queues.count(queue) >= PROVIDERS.size());
                assertThat(queues.browse(queue)).allSatisfy(message -> assertThat(message.properties().toString().toLowerCase(Locale.ROOT))
                        .doesNotContain(MARKER, "authorization", "signature", RelayApp.AUTHORIZATION.toLowerCase(Locale.ROOT)));
            }
        }
    }

    /** Routes that stand still for a while. */
    private static final class StoppedRoutes implements AutoCloseable {

        private final RouteController routes = relay.bean(CamelContext.class).getRouteController();
        private final String[] ids;

        StoppedRoutes(String... ids) throws Exception {
            this.ids = ids;
            for (String id : ids) {
                routes.stopRoute(id);
            }
        }

        @Override
        public void close() throws Exception {
            for (String id : ids) {
                routes.startRoute(id);
            }
        }
    }

    private static void awaitDelivered(List<String> users) {
        await().atMost(Duration.ofSeconds(30)).until(() -> users.stream().allMatch(user -> simulators.cleverTap.eventsOf(user).size() == 1));
    }

    private static void assertPlain200(RawHttp.Answer answer) {
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo(answer.headers().containsKey("transfer-encoding") ? "0\r\n\r\n" : "");
        assertThat(answer.headers().keySet()).isSubsetOf("content-length", "transfer-encoding", "date", "connection", "keep-alive");
        assertNothingRepeated(answer);
    }

    private static void assertNothingRepeated(RawHttp.Answer answer) {
        assertThat(answer.status()).isLessThan(500);
        assertThat(answer.head() + answer.body()).doesNotContain(MARKER, RelayApp.AUTHORIZATION, Webhook.QONVERSION_TOKEN);
        assertThat(answer.headers()).doesNotContainKeys("set-cookie", "location", "authorization", "access-control-allow-origin", "server", "x-powered-by");
    }

    /** An authentic webhook with these names in the headers and in the query, as they are and in other cases. */
    private static RawHttp.Answer post(String provider, byte[] body, List<String> names, String value) {
        List<String> headers = new ArrayList<>(List.of(Webhook.proof(provider, body)));
        headers.addAll(List.of(headers(names, value)));
        return RawHttp.send(relay.port(), "POST", "/webhooks/" + provider + query(names, value), body, headers.toArray(String[]::new));
    }

    private static String[] headers(List<String> names, String value) {
        List<String> headers = new ArrayList<>();
        for (String name : names) {
            headers.addAll(List.of(name, value, name.toLowerCase(Locale.ROOT), value + "-lower", name.toUpperCase(Locale.ROOT), value + "-upper"));
        }
        return headers.toArray(String[]::new);
    }

    private static String query(List<String> names, String value) {
        String encoded = URLEncoder.encode(value, StandardCharsets.UTF_8);
        return "?" + Stream.concat(names.stream(), Stream.of("Authorization", "authorization", "X-PURCHASELY-TIMESTAMP", "httpMethod"))
                .map(name -> name + "=" + encoded + "&" + name.toLowerCase(Locale.ROOT) + "=" + encoded).collect(Collectors.joining("&"));
    }

    private static byte[] event(String provider, String user) {
        return Events.renewal(provider, user, user, Events.BASE).getBytes(StandardCharsets.UTF_8);
    }
}
