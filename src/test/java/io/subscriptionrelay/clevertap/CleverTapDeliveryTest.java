package io.subscriptionrelay.clevertap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.simulator.CleverTapSimulator.AnswerStyle;
import io.subscriptionrelay.simulator.CleverTapSimulator.Call;
import io.subscriptionrelay.simulator.Fault;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.camel.CamelContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** CleverTap's answers and failures, and what becomes of each record. */
class CleverTapDeliveryTest {

    private static final AtomicInteger NUMBER = new AtomicInteger();

    @TempDir
    static Path folder;
    private static Simulators simulators;
    private static RelayApp relay;

    @BeforeAll
    static void start() {
        simulators = new Simulators();
        relay = RelayApp.with(folder).cleverTap(simulators.cleverTap.url()).oneSignal(simulators.oneSignal.url()).start();
    }

    @AfterAll
    static void stop() {
        relay.close();
        simulators.close();
    }

    @AfterEach
    void clear() {
        simulators.cleverTap.faults().clear();
        simulators.cleverTap.answerStyle(AnswerStyle.RECORDED_2018);
        relay.manage("GET", "/parked");
        relay.parked().path("entries").forEach(entry -> relay.manage("DELETE", "/parked/" + entry.path("id").asText()));
    }

    @Test
    void oneBadRecordParksAloneWithCodeAndTextAndTheOthersOfItsCallAreStored() {
        List<String> good = held(() -> {
            List<String> ids = send(20);
            assertThat(relay.revenueCat(Events.event(id("bad"), "RENEWAL", "u", Events.BASE, "\"period_type\":\"NORMAL\"")
                    .replace("{\"$onesignalUserId\"", "{\"$clevertapId\":{\"value\":\"no device\"},\"$onesignalUserId\""))).isEqualTo(200);
            ids.addAll(send(20));
            return ids;
        });
        JsonNode parked = relay.awaitParked(1).path("entries").path(0);
        assertThat(parked.path("reason").asText()).startsWith("CleverTap 526: ").doesNotContain("Skipped record number");
        assertThat(parked.path("queue").asText()).isEqualTo("parked.deliver.clevertap.production");
        awaitStoredOnce(good);
        assertThat(lastCall().records()).isEqualTo(41);
        assertThat(lastCall().stored()).isEqualTo(40);
    }

    @Test
    void refusalsInTheFormsOfOlderAnswersAreFoundToo() {
        for (AnswerStyle style : AnswerStyle.values()) {
            simulators.cleverTap.answerStyle(style);
            List<String> good = held(() -> {
                List<String> ids = send(2);
                relay.revenueCat(Events.event(id("bad"), "RENEWAL", "u", Events.BASE, "\"period_type\":\"NORMAL\"")
                        .replace("{\"$onesignalUserId\"", "{\"$clevertapId\":{\"value\":\"no device\"},\"$onesignalUserId\""));
                ids.addAll(send(2));
                return ids;
            });
            JsonNode parked = relay.awaitParked(1).path("entries").path(0);
            assertThat(parked.path("reason").asText()).as(style.name()).startsWith("CleverTap ");
            awaitStoredOnce(good);
            relay.manage("DELETE", "/parked/" + parked.path("id").asText());
        }
    }

    @Test
    void aRecordThatMeetsAServerErrorIsSentBackAndStoredOnce() {
        simulators.cleverTap.faults().failRecords(2, record -> record.path("evtData").path("event_id").asText().endsWith("-3"));
        List<String> ids = held(() -> send(6, "retry-"));
        awaitStoredOnce(ids);
        assertThat(relay.parked().path("total").asInt()).isZero();
        assertThat(relay.prometheus()).contains("relay_records_retried_total{account=\"production\",destination=\"clevertap\"");
    }

    @Test
    void answersThatNeitherStoreNorRefuseAnythingAreAnOutageWhateverTheirStatus() {
        int before = simulators.cleverTap.calls().size();
        simulators.cleverTap.faults().next(Fault.status(200).html("<html>maintenance</html>").retryAfter(3));
        simulators.cleverTap.faults().next(2, Fault.body(200, "{\"status\":\"fail\",\"processed\":0,\"unprocessed\":[]}"));
        List<String> ids = held(() -> send(6));
        await().atMost(Duration.ofSeconds(5)).pollInterval(Duration.ofMillis(20)).until(() ->
                relay.actuator("/health").path("components").path("clevertap-production").path("details").path("answer").asText().equals("HTTP 200"));
        awaitStoredOnce(ids);
        List<Call> made = simulators.cleverTap.calls().subList(before, simulators.cleverTap.calls().size());
        assertThat(made.subList(1, 3)).as("one record asks whether it is over").allMatch(call -> call.records() == 1);
        assertThat(Duration.ofNanos(made.get(1).startNanos() - made.get(0).endNanos())).as("Retry-After").isGreaterThanOrEqualTo(Duration.ofSeconds(3));
        assertThat(relay.parked().path("total").asInt()).isZero();
    }

    @Test
    void serverErrorsInHtmlAndClosedConnectionsCostDelayOnly() {
        simulators.cleverTap.faults().next(Fault.status(503).html("<html>maintenance</html>"));
        simulators.cleverTap.faults().next(Fault.resetBeforeProcessing());
        simulators.cleverTap.faults().next(Fault.status(500).empty());
        awaitStoredOnce(send(5));
        assertThat(relay.parked().path("total").asInt()).isZero();
    }

    @Test
    void retryAfterComesBeforeTheRelaysOwnDelayAndIsWaitedForWhereHealthCanSeeIt() {
        int calls = simulators.cleverTap.calls().size();
        simulators.cleverTap.faults().next(Fault.status(429).retryAfter(4));
        List<String> sent = send(1);
        // not hidden in the HTTP client
        await().atMost(Duration.ofSeconds(3)).until(() ->
                relay.actuator("/health").path("components").path("clevertap-production").path("details").path("answer").asText().equals("HTTP 429"));
        awaitStoredOnce(sent);
        List<Call> made = simulators.cleverTap.calls().subList(calls, simulators.cleverTap.calls().size());
        assertThat(made).hasSize(2);
        assertThat(Duration.ofNanos(made.get(1).startNanos() - made.get(0).endNanos())).isBetween(Duration.ofSeconds(4), Duration.ofSeconds(6));
    }

    @Test
    void anOutageSlowsNoOtherDestinationAndParksNothing() {
        simulators.cleverTap.stop();
        String id = send(1).get(0);
        String user = "outage-user";
        long start = System.nanoTime();
        assertThat(relay.revenueCat(Events.renewal(id("out"), user, Events.BASE))).isEqualTo(200);
        await().atMost(Duration.ofSeconds(5)).until(() ->
                !simulators.oneSignal.updatesOf("onesignal_id", Events.oneSignalId(user)).isEmpty());
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
        assertThat(relay.parked().path("total").asInt()).isZero();
        simulators.cleverTap.start();
        awaitStoredOnce(List.of(id));
    }

    @Test
    void aCallRefusedAsAWholeIsHalvedUntilTheBadRecordIsAlone() throws IOException {
        Queue<Integer> sizes = new ConcurrentLinkedQueue<>();
        Queue<String> stored = new ConcurrentLinkedQueue<>();
        HttpServer picky = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        picky.createContext("/", exchange -> {
            JsonNode records = StrictJson.mapper().readTree(exchange.getRequestBody().readAllBytes()).path("d");
            sizes.add(records.size());
            boolean refused = records.toString().contains("poison");
            if (!refused) {
                records.forEach(record -> stored.add(record.path("evtData").path("event_id").asText()));
            }
            byte[] answer = (refused ? "{\"status\":\"fail\",\"error\":\"Malformed request\",\"code\":400}"
                    : "{\"status\":\"success\",\"processed\":" + records.size() + ",\"unprocessed\":[]}").getBytes();
            exchange.sendResponseHeaders(refused ? 400 : 200, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        picky.start();
        try (RelayApp other = RelayApp.with(folder.resolve("picky")).cleverTap("http://127.0.0.1:" + picky.getAddress().getPort()).start()) {
            other.bean(CamelContext.class).getRouteController().stopRoute("deliver-clevertap-production");
            for (int i = 0; i < 16; i++) {
                other.revenueCat(Events.renewal("h" + i, i == 5 ? "poison" : "user-" + i, Events.BASE + i));
            }
            awaitTranslated(other, 16);
            other.bean(CamelContext.class).getRouteController().startRoute("deliver-clevertap-production");
            JsonNode parked = other.awaitParked(1).path("entries").path(0);
            assertThat(parked.path("reason").asText()).isEqualTo("CleverTap HTTP 400: Malformed request");
            assertThat(parked.path("eventId").asText()).isEqualTo("h5");
            assertThat(stored).containsExactlyInAnyOrder(IntStream.range(0, 16).filter(i -> i != 5).mapToObj(i -> "h" + i).toArray(String[]::new));
            // CleverTap says 400 now and then without a reason, so a lone record is tried three times before it is believed
            assertThat(sizes).startsWith(16, 8, 4, 4, 2, 1, 1, 2, 8).endsWith(1, 1);
        } catch (Exception e) {
            throw new AssertionError(e);
        } finally {
            picky.stop(0);
        }
    }

    @Test
    void aCallThatAlwaysMeetsServerErrorsWhileOthersSucceedHoldsNobodyUp() throws IOException {
        Queue<String> stored = new ConcurrentLinkedQueue<>();
        AtomicInteger crashes = new AtomicInteger();
        HttpServer crashing = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        crashing.setExecutor(java.util.concurrent.Executors.newFixedThreadPool(4));
        crashing.createContext("/", exchange -> {
            JsonNode records = StrictJson.mapper().readTree(exchange.getRequestBody().readAllBytes()).path("d");
            boolean crash = records.toString().contains("poison");
            crashes.addAndGet(crash ? 1 : 0);
            if (!crash) {
                records.forEach(record -> stored.add(record.path("evtData").path("event_id").asText()));
            }
            byte[] answer = (crash ? "oops" : "{\"status\":\"success\",\"processed\":" + records.size() + ",\"unprocessed\":[]}").getBytes();
            exchange.sendResponseHeaders(crash ? 500 : 200, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        crashing.start();
        try (RelayApp other = RelayApp.with(folder.resolve("crashing")).cleverTap("http://127.0.0.1:" + crashing.getAddress().getPort()).start()) {
            other.revenueCat(Events.renewal("c0", "poison", Events.BASE));
            // in a call of its own, since without another that succeeds it would be an outage
            await().atMost(Duration.ofSeconds(20)).until(() -> crashes.get() > 0);
            for (int i = 1; i < 20; i++) {
                other.revenueCat(Events.renewal("c" + i, "user-" + i, Events.BASE + i));
            }
            await().atMost(Duration.ofSeconds(60)).until(() -> stored.size() == 19);
            assertThat(stored).doesNotHaveDuplicates();
            assertThat(other.parked().path("total").asInt()).isZero();
        } finally {
            crashing.stop(0);
        }
    }

    /** Runs this while the route is stopped, so that what is sent goes out in one call. */
    private static List<String> held(java.util.concurrent.Callable<List<String>> sending) {
        try {
            CamelContext camel = relay.bean(CamelContext.class);
            camel.getRouteController().stopRoute("deliver-clevertap-production");
            int before = translated(relay);
            int received = NUMBER.get();
            List<String> ids = sending.call();
            awaitTranslated(relay, before + NUMBER.get() - received);
            camel.getRouteController().startRoute("deliver-clevertap-production");
            return ids;
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static int translated(RelayApp app) {
        return (int) ((io.subscriptionrelay.jmsbatch.JmsBatchConsumer) app.bean(CamelContext.class)
                .getRoute("translate-revenuecat-events").getConsumer()).getMessages();
    }

    private static void awaitTranslated(RelayApp app, int count) {
        await().atMost(Duration.ofSeconds(20)).until(() -> translated(app) >= count);
    }

    private static String id(String prefix) {
        return prefix + NUMBER.incrementAndGet();
    }

    private static List<String> send(int count) {
        return send(count, "ct-" + NUMBER.get() + "-");
    }

    private static List<String> send(int count, String prefix) {
        List<String> ids = new java.util.ArrayList<>();
        for (int i = 0; i < count; i++) {
            NUMBER.incrementAndGet();
            ids.add(prefix + i);
            assertThat(relay.revenueCat(Events.renewal(prefix + i, "ct-user-" + NUMBER.get(), Events.BASE + i))).isEqualTo(200);
        }
        return ids;
    }

    private static void awaitStoredOnce(List<String> ids) {
        await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> assertThat(ids).allSatisfy(id -> assertThat(
                simulators.cleverTap.stored().stream().filter(record -> record.data().path("event_id").asText().equals(id)).count())
                .as(id).isEqualTo(1)));
    }

    private static Call lastCall() {
        List<Call> calls = simulators.cleverTap.calls();
        return calls.get(calls.size() - 1);
    }
}
