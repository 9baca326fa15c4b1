package io.subscriptionrelay.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.subscriptionrelay.simulator.CleverTapSimulator.StoredRecord;
import io.subscriptionrelay.simulator.OneSignalSimulator.Update;
import io.subscriptionrelay.testing.Broker;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.Home;
import io.subscriptionrelay.testing.Postgres;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.activemq.artemis.core.server.Queue;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two relays on one Artemis and one PostgreSQL keep the promises of one. */
@Tag("chaos")
class TwoRelaysTest {

    private static final int USERS = 6;
    private static final int EVENTS = 12;

    @TempDir
    static Path folder;
    private static Simulators simulators;
    private static Postgres postgres;
    private static Broker broker;
    private static List<RelayApp> relays;

    @BeforeAll
    static void start() throws IOException {
        simulators = new Simulators();
        postgres = new Postgres(folder.resolve("postgres"));
        broker = new Broker(folder.resolve("broker")).start();
        Path home = Home.copyTo(folder.resolve("home"));
        Path settings = home.resolve("mappings/revenuecat/clevertap.yaml");
        Files.writeString(settings, Files.readString(settings).replaceFirst("(?m)^profile: .*", "profile: on"));
        // small calls, so that many of them are under way at once
        for (String destination : List.of("clevertap", "onesignal")) {
            Home.batches(home, destination, 3, 20);
        }
        // at the same instant, as Kubernetes does
        relays = IntStream.range(0, 2).mapToObj(i -> CompletableFuture.supplyAsync(() -> RelayApp.with(folder.resolve("relay-" + i))
                .home(home).cleverTap(simulators.cleverTap.url()).oneSignal(simulators.oneSignal.url())
                .set("camel.main.jmx-enabled", Boolean.toString(i == 0)).set("BROKER_URL", broker.url()).set("BROKER_USER", Broker.USER).set("BROKER_PASSWORD", Broker.PASSWORD)
                .set("STATE_JDBC_URL", postgres.url()).set("STATE_JDBC_USER", postgres.user()).start())).toList().stream()
                .map(CompletableFuture::join).toList();
    }

    @AfterAll
    static void stop() {
        relays.forEach(RelayApp::close);
        broker.close();
        postgres.close();
        simulators.close();
    }

    @Test
    void shuffledEventsOfAFewUsersEndInTheStateOfTheNewestWhicheverRelayHasThem() {
        simulators.cleverTap.latency(Duration.ofMillis(5), Duration.ofMillis(300));
        simulators.oneSignal.latency(Duration.ofMillis(5), Duration.ofMillis(300));
        List<String> webhooks = new ArrayList<>();
        for (int user = 0; user < USERS; user++) {
            for (int n = 0; n < EVENTS; n++) {
                webhooks.add(Events.renewal("raced-" + user + "-" + n, "raced-" + user, Events.BASE + n * 1000L)
                        .replace("{\"$onesignalUserId\"", "{\"version\":{\"value\":\"" + n + "\"},\"$onesignalUserId\""));
            }
        }
        Collections.shuffle(webhooks, new Random(9));
        ExecutorService senders = Executors.newFixedThreadPool(8);
        AtomicInteger next = new AtomicInteger();
        List<CompletableFuture<Integer>> answers = webhooks.stream().map(webhook -> CompletableFuture.supplyAsync(() ->
                relays.get(next.getAndIncrement() % 2).revenueCat(webhook), senders)).toList();
        assertThat(answers.stream().map(CompletableFuture::join)).containsOnly(200);
        senders.shutdown();
        await().atMost(Duration.ofSeconds(60)).until(() -> queued("events.revenuecat") + queued("deliver.clevertap.production")
                + queued("deliver.onesignal.production") == 0);

        for (int user = 0; user < USERS; user++) {
            String id = "raced-" + user;
            assertThat(versions(id)).as("profiles of " + id).isSorted().endsWith(EVENTS - 1);
            assertThat(tagged(Events.oneSignalId(id))).as("tags of " + id).isSorted().endsWith(Events.BASE / 1000 + EVENTS - 1);
        }
        assertThat(simulators.cleverTap.stored().stream().filter(record -> record.type().equals("event")).map(StoredRecord::data))
                .extracting(data -> data.path("event_id").asText()).doesNotHaveDuplicates().hasSize(USERS * EVENTS);
        assertThat(simulators.oneSignal.rateViolations()).isZero();
        await().atMost(Duration.ofSeconds(10)).until(() -> postgres.number("SELECT count(*) FROM user_claim") == 0);
    }

    /** The profiles of a user in the order in which CleverTap stored them. */
    private static List<Integer> versions(String user) {
        return simulators.cleverTap.stored().stream().filter(record -> record.type().equals("profile") && record.id().equals(user))
                .map(record -> record.json().path("profileData").path("version").asInt()).toList();
    }

    /** The event times of a user's tags in the order in which OneSignal applied them. */
    private static List<Long> tagged(String user) {
        return simulators.oneSignal.updatesOf("onesignal_id", user).stream().filter(Update::applied)
                .map(update -> Long.parseLong(update.tags().get("last_event_at"))).toList();
    }

    private static long queued(String queue) {
        Queue found = broker.server().locateQueue(queue);
        return found == null ? 0 : found.getMessageCount();
    }
}
