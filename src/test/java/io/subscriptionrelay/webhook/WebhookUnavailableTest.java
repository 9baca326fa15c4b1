package io.subscriptionrelay.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.subscriptionrelay.broker.EmbeddedBroker;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.Ports;
import io.subscriptionrelay.testing.Queues;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import io.subscriptionrelay.testing.Webhook;
import java.io.IOException;
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
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.camel.CamelContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** While an event cannot be stored, its sender is told to come back: 503 with Retry-After, never 404 and never 200. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class WebhookUnavailableTest {

    private static final List<String> PROVIDERS = List.of("revenuecat", "purchasely", "qonversion");

    @TempDir
    static Path folder;
    private static Simulators simulators;
    private static RelayApp relay;
    private static Queues queues;
    private static List<HttpResponse<String>> whileStarting;

    @BeforeAll
    static void start() throws Exception {
        simulators = new Simulators();
        int port = Ports.free();
        try (Knocking knocking = new Knocking(port)) {
            relay = RelayApp.with(folder.resolve("data")).set("server.port", Integer.toString(port))
                    .cleverTap(simulators.cleverTap.url()).oneSignal(simulators.oneSignal.url())
                    .set("PURCHASELY_SHARED_SECRET", Webhook.PURCHASELY_SECRET).set("QONVERSION_TOKEN", Webhook.QONVERSION_TOKEN).start();
            knocking.awaitAccepted();
            whileStarting = knocking.answers();
        }
        queues = new Queues(relay);
    }

    @AfterAll
    static void stop() {
        relay.close();
        simulators.close();
    }

    @Test
    @Order(1)
    void theFirstEventsOfAllAreRecognisedWhenTheyComeSeveralTimesAtOnce() throws Exception {
        for (String provider : List.of("purchasely", "qonversion")) {
            relay.bean(CamelContext.class).getRouteController().stopRoute("translate-" + provider + "-events");
            List<CompletableFuture<Integer>> answers = IntStream.range(0, 24)
                    .mapToObj(i -> CompletableFuture.supplyAsync(() -> post(provider, "first-" + i % 3 + "-of-" + provider).statusCode(),
                            task -> new Thread(task).start())).toList();
            assertThat(answers.stream().map(CompletableFuture::join)).containsOnly(200);
            post(provider, "first-0-of-" + provider);
            post(provider, "one-more-of-" + provider);
            await().atMost(Duration.ofSeconds(10)).until(() -> queues.count("events." + provider) >= 4);
            long stored = queues.count("events." + provider);
            relay.bean(CamelContext.class).getRouteController().startRoute("translate-" + provider + "-events");
            assertThat(stored).isEqualTo(4);
        }
    }

    @Test
    @Order(2)
    void fromTheFirstAnswerOnAStartingRelayAnswers503UntilItAnswers200() {
        assertThat(whileStarting).allSatisfy(answer -> assertThat(answer.statusCode()).isIn(200, 503));
        assertThat(whileStarting.stream().filter(answer -> answer.statusCode() == 503)).allSatisfy(WebhookUnavailableTest::assertComeBack);
    }

    @Test
    @Order(3)
    void whileARouteIsStoppedItsProviderGets503AndTheOthersGoOn() throws Exception {
        relay.bean(CamelContext.class).getRouteController().stopRoute("webhooks-revenuecat");
        assertComeBack(post("revenuecat", "route-stopped"));
        assertThat(relay.send("GET", "/webhooks/revenuecat", null).statusCode()).isEqualTo(405);
        assertThat(post("purchasely", "another-route").statusCode()).isEqualTo(200);
        relay.bean(CamelContext.class).getRouteController().startRoute("webhooks-revenuecat");
        assertThat(post("revenuecat", "route-stopped").statusCode()).isEqualTo(200);
        awaitDelivered("route-stopped", "another-route");
    }

    @Test
    @Order(3)
    void whileTheRouteIsStoppedThatAllProvidersCallTheyGet503AtOnce() throws Exception {
        relay.bean(CamelContext.class).getRouteController().stopRoute("webhook");
        long start = System.nanoTime();
        assertComeBack(post("revenuecat", "shared-route-stopped"));
        assertThat(Duration.ofNanos(System.nanoTime() - start)).as("Camel waits 30 s for a direct route").isLessThan(Duration.ofSeconds(10));
        relay.bean(CamelContext.class).getRouteController().startRoute("webhook");
        assertThat(post("revenuecat", "shared-route-stopped").statusCode()).isEqualTo(200);
        awaitDelivered("shared-route-stopped");
    }

    @Test
    @Order(3)
    void whileTheRoutesAreSuspendedTheAnswerIs503() throws Exception {
        relay.bean(CamelContext.class).getRouteController().suspendRoute("webhooks-qonversion");
        assertComeBack(post("qonversion", "route-suspended"));
        relay.bean(CamelContext.class).getRouteController().resumeRoute("webhooks-qonversion");
        assertThat(post("qonversion", "route-suspended").statusCode()).isEqualTo(200);
        awaitDelivered("route-suspended");
    }

    @Test
    @Order(4)
    @ExtendWith(OutputCaptureExtension.class)
    void whileTheBrokerIsStoppedTheAnswerIs503AndThenEverythingGoesOnByItself(CapturedOutput log) throws Exception {
        assertThat(post("revenuecat", "before-the-broker-stopped").statusCode()).isEqualTo(200);
        // it would start again within a second if it could write there
        Path inTheWay = Files.createDirectories(folder.resolve("data/broker/probe/taken"));
        relay.bean(EmbeddedBroker.class).server().orElseThrow().stop();
        for (int round = 0; round < 3; round++) {
            for (String provider : PROVIDERS) {
                assertComeBack(post(provider, "broker-stopped"));
            }
        }
        assertThat(relay.manage("GET", "/health/readiness").statusCode()).isEqualTo(503);
        assertThat(relay.manage("GET", "/health/liveness").statusCode()).isEqualTo(200);
        Files.delete(inTheWay);
        Files.deleteIfExists(inTheWay.getParent());
        for (String provider : PROVIDERS) {
            await().atMost(Duration.ofSeconds(20)).until(() -> post(provider, "broker-stopped-" + provider).statusCode() == 200);
        }
        assertThat(relay.manage("GET", "/health/readiness").statusCode()).isEqualTo(200);
        awaitDelivered("before-the-broker-stopped", "broker-stopped-revenuecat", "broker-stopped-purchasely", "broker-stopped-qonversion");
        assertThat(simulators.cleverTap.eventsOf("broker-stopped")).isEmpty();
        // each of its connections is lost, which nobody wants to read once for each of them
        assertThat(log.getAll()).contains("Webhooks are answered with 503", "Webhooks are accepted again")
                .doesNotContain("JmsPoolSession", "CachingConnectionFactory", "Connection closure");
    }

    /** What stands in the way lets the broker fail in the middle of its start, as a disk that fills up meanwhile does. */
    @Test
    @Order(4)
    void aBrokerThatFailsToStartAgainSaysWhyAndIsTriedUntilItRuns() throws Exception {
        Path inTheWay = Files.createDirectories(folder.resolve("data/broker/paging/in-the-way/address.txt"));
        relay.bean(EmbeddedBroker.class).server().orElseThrow().stop();
        await().atMost(Duration.ofSeconds(20)).untilAsserted(() ->
                assertThat(relay.actuator("/health").at("/components/storage/details/problem").asText())
                        .contains("cannot be started", inTheWay.toString(), "tried again"));
        assertComeBack(post("revenuecat", "start-failed"));
        assertThat(relay.manage("GET", "/health/readiness").statusCode()).isEqualTo(503);
        Files.delete(inTheWay);
        Files.delete(inTheWay.getParent());
        await().atMost(Duration.ofSeconds(40)).until(() -> post("revenuecat", "start-failed").statusCode() == 200);
        assertThat(relay.manage("GET", "/health/readiness").statusCode()).isEqualTo(200);
        awaitDelivered("start-failed");
    }

    @Test
    @Order(5)
    void whileItShutsDownTheAnswerIs503UntilThePortIsClosed() {
        try (Knocking knocking = new Knocking(relay.port())) {
            knocking.awaitAccepted();
            relay.close();
            assertThat(knocking.answers()).allSatisfy(answer -> assertThat(answer.statusCode()).isIn(200, 503))
                    .anySatisfy(answer -> assertThat(answer.statusCode()).isEqualTo(503));
            assertThat(knocking.answers().stream().filter(answer -> answer.statusCode() == 503)).allSatisfy(WebhookUnavailableTest::assertComeBack);
        }
    }

    @Test
    @Order(6)
    void whileTheDiskIsFullTheAnswerIs503() {
        try (RelayApp full = RelayApp.with(folder.resolve("full")).set("relay.broker.min-disk-free", "1000000TB").set("QONVERSION_TOKEN", "token")
                .cleverTap("http://127.0.0.1:9").start()) {
            byte[] body = Events.renewal("full", "full", Events.BASE).getBytes(StandardCharsets.UTF_8);
            assertThat(full.send("POST", "/webhooks/revenuecat", body).statusCode()).isEqualTo(401);
            assertThat(full.send("POST", "/webhooks/revenuecat", "[]".getBytes(StandardCharsets.UTF_8), "Authorization", RelayApp.AUTHORIZATION).statusCode())
                    .isEqualTo(400);
            for (int round = 0; round < 3; round++) {
                assertComeBack(full.send("POST", "/webhooks/revenuecat", body, "Authorization", RelayApp.AUTHORIZATION));
            }
            assertThat(new Queues(full).count("events.revenuecat")).isZero();
            assertThat(full.actuator("/health").at("/components/storage/details/problem").asText()).contains("min-disk-free");
            assertThat(full.manage("GET", "/health/readiness").statusCode()).isEqualTo(503);
            assertThat(full.manage("GET", "/health/liveness").statusCode()).isEqualTo(200);
        }
    }

    private static void assertComeBack(HttpResponse<String> answer) {
        assertThat(answer.statusCode()).isEqualTo(503);
        assertThat(answer.headers().firstValue("Retry-After")).hasValueSatisfying(seconds ->
                assertThat(Integer.parseInt(seconds)).isBetween(1, 600));
        assertThat(answer.body()).isEmpty();
    }

    private static HttpResponse<String> post(String provider, String user) {
        byte[] body = Events.renewal(provider, user, user, Events.BASE).getBytes(StandardCharsets.UTF_8);
        return relay.send("POST", "/webhooks/" + provider, body, Webhook.proof(provider, body));
    }

    private static void awaitDelivered(String... users) {
        for (String user : users) {
            await(user).atMost(Duration.ofSeconds(30)).until(() -> simulators.cleverTap.eventsOf(user).size() == 1);
        }
    }

    /** Sends a webhook every few milliseconds to a port, whether anybody listens there or not. */
    private static final class Knocking implements AutoCloseable {

        private final HttpClient client = HttpClient.newHttpClient();
        private final List<HttpResponse<String>> answers = new CopyOnWriteArrayList<>();
        private final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();

        Knocking(int port) {
            executor.scheduleWithFixedDelay(() -> {
                try {
                    answers.add(client.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/webhooks/revenuecat"))
                            .header("Authorization", RelayApp.AUTHORIZATION).timeout(Duration.ofSeconds(20))
                            .POST(BodyPublishers.ofString(Events.renewal("knock-" + UUID.randomUUID(), "knocking", Events.BASE))).build(),
                            BodyHandlers.ofString()));
                } catch (IOException | InterruptedException nobodyListens) {
                    // that is no answer
                }
            }, 0, 3, TimeUnit.MILLISECONDS);
        }

        List<HttpResponse<String>> answers() {
            return List.copyOf(answers);
        }

        void awaitAccepted() {
            await().atMost(Duration.ofSeconds(10)).until(() -> answers.stream().anyMatch(answer -> answer.statusCode() == 200));
        }

        @Override
        public void close() {
            executor.shutdownNow();
        }
    }
}
