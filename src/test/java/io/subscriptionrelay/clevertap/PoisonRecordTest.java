package io.subscriptionrelay.clevertap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.jmsbatch.JmsBatchConsumer;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.Home;
import io.subscriptionrelay.testing.Queues;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import jakarta.jms.BytesMessage;
import jakarta.jms.ConnectionFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.camel.CamelContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bad records among a thousand: refused by name, or making CleverTap refuse or fail on the call that they are in. */
@Tag("chaos")
class PoisonRecordTest {

    private static final int BATCH = 1000;
    private static final String POISON = "poison-";
    private static final String QUEUE = "deliver.clevertap.production";
    private static final String PARKED = "parked." + QUEUE;
    private static final AtomicInteger RUN = new AtomicInteger();

    @TempDir
    static Path folder;
    private static Simulators simulators;
    private static Gateway gateway;
    private static Path home;
    private static RelayApp relay;
    private static Queues queues;

    @BeforeAll
    static void start() throws IOException {
        simulators = new Simulators();
        gateway = new Gateway(simulators.cleverTap.url());
        home = Home.copyTo(folder.resolve("home"));
        relay = RelayApp.with(folder.resolve("data")).home(home).cleverTap(gateway.url()).start();
        queues = new Queues(relay);
    }

    @AfterAll
    static void stop() {
        relay.close();
        gateway.close();
        simulators.close();
    }

    @AfterEach
    void clear() throws Exception {
        gateway.fails = null;
        relay.bean(CamelContext.class).getRouteController().stopRoute("deliver-clevertap-production");
        purge(QUEUE);
        purge(PARKED);
        gateway.calls.clear();
        relay.bean(CamelContext.class).getRouteController().startRoute("deliver-clevertap-production");
    }

    private static void purge(String queue) throws Exception {
        var found = relay.bean(io.subscriptionrelay.broker.EmbeddedBroker.class).server().orElseThrow().locateQueue(queue);
        if (found != null) {
            // on a thread of its own, because the broker keeps things for each thread, of the broker that it met first
            CompletableFuture.runAsync(() -> {
                try {
                    found.deleteAllReferences();
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            }, task -> new Thread(task).start()).join();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 10, BATCH})
    void thoseThatCleverTapRefusesByNameParkAndTheOthersAreStoredByTheSameCall(int bad) throws Exception {
        Set<Integer> places = places(bad);
        String run = batch(places, body -> body.replace("{\"$onesignalUserId\"", "{\"$clevertapId\":{\"value\":\"no device\"},\"$onesignalUserId\""));
        awaitSettled(run, places);
        assertThat(gateway.calls).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 10, BATCH})
    void thoseThatMakeCleverTapRefuseTheWholeCallAreFoundByHalvesAndParkAfterThreeAttempts(int bad) throws Exception {
        Set<Integer> places = places(bad);
        gateway.fail(400, "{\"status\":\"fail\",\"error\":\"Malformed request\",\"code\":400}", PoisonRecordTest::poisoned);
        String run = batch(places, body -> body);
        awaitSettled(run, places);
        // each comes back twice, by itself
        assertThat(gateway.calls).hasSize(halvings(places, 0, BATCH) + 2 * bad);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 10})
    void thoseThatCleverTapFailsOnHoldUpNoneOfTheOthersOfALoneBatch(int bad) throws Exception {
        Set<Integer> places = places(bad);
        gateway.fail(500, "oops", PoisonRecordTest::poisoned);
        String run = batch(places, body -> body);
        await().atMost(Duration.ofSeconds(30)).until(() -> stored(run).size() == BATCH - bad
                && queues.count(QUEUE) + queues.count("deliver.later.1m") == bad);
        assertThat(stored(run)).containsExactlyInAnyOrderElementsOf(good(run, places));
        assertThat(queues.count(PARKED)).isZero();
        // two attempts, one record after each that shows that CleverTap is up, and then halves of the rest
        List<List<String>> withGood = gateway.calls.stream().filter(call -> call.size() > 1 || !call.get(0).contains(POISON)).toList();
        assertThat(withGood).hasSizeLessThan(4 + 2 * halvings(places, 1, BATCH));
        assertThat(withGood.subList(0, 4)).extracting(List::size).containsExactly(BATCH, 1, BATCH - 1, 1);
        assertThat(health()).isEqualTo("UP");
        // what is mended at CleverTap's side arrives too
        gateway.fails = null;
        await().atMost(Duration.ofSeconds(90)).until(() -> stored(run).size() == BATCH);
        assertThat(stored(run)).containsExactlyInAnyOrderElementsOf(ids(run, all()));
    }

    @Test
    void ifCleverTapFailsOnAllOfThemWhatWaitsBehindThemIsDeliveredAndNothingIsParked() throws Exception {
        gateway.fail(500, "oops", PoisonRecordTest::poisoned);
        String first = batch(all(), body -> body);
        String second = batch(all(), body -> body);
        await().atMost(Duration.ofSeconds(20)).until(() -> gateway.calls.size() > 3);
        for (int i = 0; i < 5; i++) {
            assertThat(relay.revenueCat(Events.renewal("behind-" + i, "behind", Events.BASE))).isEqualTo(200);
        }
        // the others lose their patience after a minute
        await().atMost(Duration.ofSeconds(90)).until(() -> stored("behind-").size() == 5);
        assertThat(stored(first)).isEmpty();
        assertThat(stored(second)).isEmpty();
        assertThat(queues.count(PARKED)).isZero();
        gateway.fails = null;
        await().atMost(Duration.ofSeconds(120)).until(() -> stored(first).size() == BATCH && stored(second).size() == BATCH);
        assertThat(stored(first)).containsExactlyInAnyOrderElementsOf(ids(first, all()));
        assertThat(stored(second)).containsExactlyInAnyOrderElementsOf(ids(second, all()));
    }

    @Test
    void anOutageParksNothingIsAskedForLittleAndEndsWithEverythingStoredOnce() throws Exception {
        gateway.fail(500, "oops", ids -> true);
        long start = System.nanoTime();
        String run = batch(Set.of(), body -> body);
        String more = batch(Set.of(), body -> body);
        // the two batches, and then one record at a time
        await().atMost(Duration.ofSeconds(60)).until(() -> gateway.calls.size() >= 6);
        double seconds = (System.nanoTime() - start) / 1e9;
        assertThat(gateway.calls.size()).as("calls in %.1f s", seconds).isLessThan((int) (seconds / 5 + 6));
        assertThat(gateway.calls.stream().filter(call -> call.size() > 1).count()).isLessThanOrEqualTo(2);
        assertThat(stored(run)).isEmpty();
        assertThat(relay.parked().path("total").asInt()).isZero();
        assertThat(relay.actuator("/health").path("components").path("clevertap-production").path("details").path("problem").asText())
                .isEqualTo("outage");
        gateway.fails = null;
        await().atMost(Duration.ofSeconds(30)).until(() -> queues.count(QUEUE) == 0);
        assertThat(stored(run)).containsExactlyInAnyOrderElementsOf(ids(run, all()));
        assertThat(stored(more)).containsExactlyInAnyOrderElementsOf(ids(more, all()));
        assertThat(relay.parked().path("total").asInt()).isZero();
    }

    @Test
    void aRecordThatCleverTapHasFailedOnForADayWhileItTookOthersIsParked() throws Exception {
        gateway.fail(500, "oops", PoisonRecordTest::poisoned);
        batch(Set.of(), body -> body);
        await().atMost(Duration.ofSeconds(20)).until(() -> queues.count(QUEUE) == 0);
        failingFor(relay, Duration.ofHours(24).minusMinutes(5), 20);
        JsonNode parked = relay.awaitParked(1).path("entries").path(0);
        assertThat(parked.path("reason").asText()).isEqualTo("CleverTap answers this record with `HTTP 500` while it takes others, for 24 h");
        // for less than a day
        failingFor(relay, Duration.ofHours(23), 20);
        int calls = gateway.calls.size();
        await().atMost(Duration.ofSeconds(10)).until(() -> gateway.calls.size() > calls);
        await().during(Duration.ofSeconds(1)).until(() -> queues.count("deliver.later.10m") == 1 && queues.count(PARKED) == 1);
    }

    @Test
    void duringAnOutageEvenSuchARecordIsNotParked() throws Exception {
        gateway.fail(500, "oops", ids -> true);
        try (RelayApp other = RelayApp.with(folder.resolve("other")).home(home).cleverTap(gateway.url()).start()) {
            failingFor(other, Duration.ofDays(3), 400);
            await().atMost(Duration.ofSeconds(10)).until(() -> !gateway.calls.isEmpty());
            await().during(Duration.ofSeconds(1)).until(() -> new Queues(other).count(QUEUE) == 1 && new Queues(other).count(PARKED) == 0);
        }
    }

    /** Waits until the bad ones are parked, and the good ones are stored, each once. */
    private static void awaitSettled(String run, Set<Integer> bad) {
        await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
            assertThat(queues.count(QUEUE)).isZero();
            assertThat(parkedIds()).containsExactlyInAnyOrderElementsOf(ids(run, bad));
            assertThat(stored(run)).containsExactlyInAnyOrderElementsOf(good(run, bad));
        });
    }

    /** A record that was sent back so often and has failed for so long, as it waits in the queue. */
    private static void failingFor(RelayApp app, Duration time, int attempts) throws Exception {
        String event = Events.renewal(POISON + "day", POISON, Events.BASE);
        String record = "{\"type\":\"event\",\"identity\":\"" + POISON + "\",\"ts\":1790812800,\"evtName\":\"x\",\"evtData\":{\"event_id\":\"" + POISON + "\"}}";
        try (var connection = app.bean(ConnectionFactory.class).createConnection();
                var session = connection.createSession(false, jakarta.jms.Session.AUTO_ACKNOWLEDGE);
                var producer = session.createProducer(session.createQueue(QUEUE))) {
            BytesMessage message = session.createBytesMessage();
            message.writeBytes((record + "\n" + event).getBytes(StandardCharsets.UTF_8));
            message.setStringProperty("provider", "revenuecat");
            message.setStringProperty("eventId", POISON + "day");
            message.setStringProperty("step", "renewal");
            message.setStringProperty("destination", "clevertap");
            message.setStringProperty("account", "production");
            message.setLongProperty("receivedAt", Events.BASE);
            message.setLongProperty("eventTime", Events.BASE);
            message.setIntProperty("part", 0);
            message.setIntProperty("attempt", attempts);
            message.setBooleanProperty("alone", true);
            message.setLongProperty("failing", time.toMillis());
            producer.send(message);
        }
    }

    private static boolean poisoned(List<String> ids) {
        return ids.stream().anyMatch(id -> id.contains(POISON));
    }

    /** So many places in a batch, in its middle and apart from one another. */
    private static Set<Integer> places(int bad) {
        return bad == BATCH ? all() : IntStream.range(0, bad).mapToObj(i -> (701 + 97 * i) % BATCH).collect(Collectors.toSet());
    }

    private static Set<Integer> all() {
        return IntStream.range(0, BATCH).boxed().collect(Collectors.toSet());
    }

    /** How many calls it takes to find these places between those, if each call that fails is halved. */
    private static int halvings(Set<Integer> places, int from, int to) {
        if (to - from == 1 || IntStream.range(from, to).noneMatch(places::contains)) {
            return 1;
        }
        int middle = from + (to - from) / 2;
        return 1 + halvings(places, from, middle) + halvings(places, middle, to);
    }

    /** Posts a batch that leaves in one call, with bad events at these places; gives the beginning of their ids. */
    private static String batch(Set<Integer> places, java.util.function.UnaryOperator<String> spoil) throws Exception {
        String run = "run" + RUN.incrementAndGet() + "-";
        CamelContext camel = relay.bean(CamelContext.class);
        camel.getRouteController().stopRoute("deliver-clevertap-production");
        long before = translated();
        ExecutorService senders = Executors.newFixedThreadPool(8);
        List<Future<Integer>> answers = new ArrayList<>();
        for (int i = 0; i < BATCH; i++) {
            boolean bad = places.contains(i);
            String body = Events.renewal(id(run, i, bad), run + i, Events.BASE + i);
            answers.add(senders.submit(() -> relay.revenueCat(bad ? spoil.apply(body) : body)));
        }
        for (Future<Integer> answer : answers) {
            assertThat(answer.get()).isEqualTo(200);
        }
        senders.shutdown();
        await().atMost(Duration.ofSeconds(20)).until(() -> translated() == before + BATCH && queues.count(QUEUE) % BATCH == 0);
        camel.getRouteController().startRoute("deliver-clevertap-production");
        return run;
    }

    private static long translated() {
        return ((JmsBatchConsumer) relay.bean(CamelContext.class).getRoute("translate-revenuecat-events").getConsumer()).getMessages();
    }

    private static String id(String run, int place, boolean bad) {
        return run + (bad ? POISON : "") + place;
    }

    private static List<String> ids(String run, Set<Integer> places) {
        return places.stream().map(place -> id(run, place, gateway.known.contains(id(run, place, true)))).toList();
    }

    private static List<String> good(String run, Set<Integer> bad) {
        return IntStream.range(0, BATCH).filter(place -> !bad.contains(place)).mapToObj(place -> id(run, place, false)).toList();
    }

    private static List<String> stored(String run) {
        return simulators.cleverTap.stored().stream().map(record -> record.data().path("event_id").asText())
                .filter(id -> id.startsWith(run)).toList();
    }

    private static List<String> parkedIds() {
        return queues.browse(PARKED).stream().map(message -> (String) message.properties().get("eventId")).toList();
    }

    private static String health() {
        return relay.actuator("/health").path("components").path("clevertap-production").path("status").asText();
    }

    /** What stands before CleverTap: fails calls for what they contain, and passes the others on. */
    private static final class Gateway implements AutoCloseable {

        private final HttpClient client = HttpClient.newHttpClient();
        private final HttpServer server;
        private final String target;
        /** The event ids of each call. */
        private final ConcurrentLinkedQueue<List<String>> calls = new ConcurrentLinkedQueue<>();
        private final Set<String> known = java.util.concurrent.ConcurrentHashMap.newKeySet();
        private volatile Predicate<List<String>> fails;
        private volatile int status;
        private volatile String answer;

        Gateway(String target) throws IOException {
            this.target = target;
            server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
            server.setExecutor(Executors.newFixedThreadPool(8));
            server.createContext("/", this::handle);
            server.start();
        }

        String url() {
            return "http://127.0.0.1:" + server.getAddress().getPort();
        }

        void fail(int with, String text, Predicate<List<String>> which) {
            status = with;
            answer = text;
            fails = which;
        }

        private void handle(HttpExchange exchange) throws IOException {
            byte[] body = exchange.getRequestBody().readAllBytes();
            List<String> ids = new ArrayList<>();
            StrictJson.mapper().readTree(body).path("d").forEach(record -> ids.add(record.path("evtData").path("event_id").asText()));
            calls.add(ids);
            known.addAll(ids);
            Predicate<List<String>> which = fails;
            if (which != null && which.test(ids)) {
                send(exchange, status, answer.getBytes(StandardCharsets.UTF_8));
                return;
            }
            HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(target + exchange.getRequestURI())).POST(BodyPublishers.ofByteArray(body));
            for (String name : List.of("X-CleverTap-Account-Id", "X-CleverTap-Passcode", "Content-Type")) {
                request.header(name, exchange.getRequestHeaders().getFirst(name));
            }
            try {
                HttpResponse<byte[]> response = client.send(request.build(), BodyHandlers.ofByteArray());
                send(exchange, response.statusCode(), response.body());
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }

        private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
            exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        }

        @Override
        public void close() {
            server.stop(0);
            ((ExecutorService) server.getExecutor()).shutdown();
        }
    }
}
