package io.subscriptionrelay.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.subscriptionrelay.simulator.CleverTapSimulator.StoredRecord;
import io.subscriptionrelay.testing.ArtemisProcess;
import io.subscriptionrelay.testing.Broker;
import io.subscriptionrelay.testing.Certificate;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.Home;
import io.subscriptionrelay.testing.Postgres;
import io.subscriptionrelay.testing.RelayProcess;
import io.subscriptionrelay.testing.Simulators;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two relays, a pair of brokers and a PostgreSQL, all of them real processes: each of them goes away under load. */
@Tag("chaos")
class FailoverTest {

    private static final List<String> PROVIDERS = List.of("revenuecat", "purchasely", "qonversion");
    private static final int USERS = 200;
    private static final int SENDERS = 6;
    /** A batch is committed this long after its call was answered, at the latest. */
    private static final long COMMITTED = TimeUnit.SECONDS.toNanos(5);

    @TempDir
    Path folder;
    private final Simulators simulators = new Simulators();
    private final List<ArtemisProcess> brokers = new ArrayList<>();
    private final List<RelayProcess> relays = new ArrayList<>();
    private final Map<String, Long> newest = new ConcurrentHashMap<>();
    private final Map<String, Boolean> accepted = new ConcurrentHashMap<>();
    private final List<Long> kills = new ArrayList<>();
    private final AtomicInteger next = new AtomicInteger();
    private Postgres postgres;
    private ExecutorService senders;
    private volatile boolean sending = true;

    @BeforeEach
    void start() throws IOException {
        simulators.cleverTap.latency(Duration.ofMillis(20), Duration.ofMillis(200));
        simulators.oneSignal.latency(Duration.ofMillis(10), Duration.ofMillis(50));
        postgres = new Postgres(folder.resolve("postgres"));
        Certificate certificate = Certificate.of(folder, "brokers", "dns:localhost");
        for (String name : List.of("a", "b")) {
            brokers.add(new ArtemisProcess(folder.resolve("broker-" + name), folder.resolve("shared"), certificate).start());
        }
        Path home = Home.copyTo(folder.resolve("home"));
        Path settings = home.resolve("mappings/revenuecat/clevertap.yaml");
        Files.writeString(settings, Files.readString(settings).replace("profile: off", "profile: on"));
        for (int i = 0; i < 2; i++) {
            relays.add(new RelayProcess(folder.resolve("relay-" + i), simulators).allProviders().set("RELAY_HOME", home.toString())
                    .set("BROKER_URL", "(tcp://localhost:" + brokers.get(0).port() + ",tcp://localhost:" + brokers.get(1).port() + ")"
                            + Broker.tls(certificate))
                    .set("BROKER_USER", Broker.USER).set("BROKER_PASSWORD", Broker.PASSWORD)
                    .set("STATE_JDBC_URL", postgres.url()).set("STATE_JDBC_USER", postgres.user()).start());
        }
    }

    @AfterEach
    void stop() {
        sending = false;
        senders.shutdownNow();
        relays.forEach(RelayProcess::close);
        brokers.forEach(ArtemisProcess::close);
        postgres.close();
        simulators.close();
    }

    @Test
    void relaysBrokersAndDatabaseGoAwayUnderLoadAndNothingIsLost() throws Exception {
        send();
        awaitStored(300);
        kill(relays.get(0)::kill);
        relays.get(0).start();
        awaitStored(300);

        for (int round = 0; round < 2; round++) {
            ArtemisProcess active = brokers.get(0).active() ? brokers.get(0) : brokers.get(1);
            ArtemisProcess waiting = active == brokers.get(0) ? brokers.get(1) : brokers.get(0);
            assertThat(waiting.active()).isFalse();
            long start = System.nanoTime();
            kill(active::kill);
            await().atMost(Duration.ofSeconds(30)).until(waiting::active);
            awaitStored(1);
            System.out.printf("broker killed: delivered again after %d ms%n", (System.nanoTime() - start) / 1_000_000);
            active.start();
            awaitStored(300);
        }

        kill(relays.get(1)::kill);
        relays.get(1).start();
        awaitStored(300);

        long before = repeated();
        postgres.stop();
        await().atMost(Duration.ofSeconds(20)).until(() -> relays.get(0).actuator("/health").body().contains("\"db\":{\"status\":\"DOWN\""));
        assertThat(relays.get(0).actuator("/health/readiness").statusCode()).isEqualTo(200);
        postgres.start();
        awaitStored(300);
        System.out.printf("PostgreSQL restarted: %d delivered again%n", repeated() - before);

        sending = false;
        senders.shutdown();
        assertThat(senders.awaitTermination(2, TimeUnit.MINUTES)).isTrue();
        await().atMost(Duration.ofMinutes(4)).pollInterval(Duration.ofSeconds(1)).untilAsserted(() -> {
            assertThat(lost()).as("lost").isEmpty();
            assertThat(stale()).as("stale").isEmpty();
        });

        long repeated = repeated();
        long underWay = kills.stream().mapToLong(this::underWay).sum();
        System.out.printf("2 relay kills, 2 broker kills, 1 PostgreSQL restart: %d events got 200, %d lost, %d delivered again (at most the"
                + " %d under way at the kills), %d of %d users stale%n", accepted.size(), lost().size(), repeated, underWay, stale().size(),
                newest.size());
        assertThat(repeated).isLessThanOrEqualTo(underWay);
        for (RelayProcess relay : relays) {
            assertThat(relay.actuator("/parked").body()).contains("\"total\":0");
        }
        assertThat(newest).hasSizeGreaterThan(USERS / 4);
    }

    /** The events that got 200 and have not arrived. */
    private Set<String> lost() {
        Set<String> lost = new TreeSet<>(accepted.keySet());
        lost.removeAll(counts().keySet());
        return lost;
    }

    /** The users whose tags or profile do not show the newest of their events. */
    private Set<String> stale() {
        Set<String> stale = new TreeSet<>();
        newest.forEach((user, time) -> {
            Map<String, String> tags = simulators.oneSignal.tags(Simulators.ONESIGNAL_APP, "onesignal_id", Events.oneSignalId(user));
            if (tags == null || !Long.toString(time / 1000).equals(tags.get("last_event_at"))
                    || simulators.cleverTap.profile(user).filter(profile -> profile.path("version").asLong() == time).isEmpty()) {
                stale.add(user);
            }
        });
        return stale;
    }

    private void kill(Runnable deed) {
        kills.add(System.nanoTime());
        deed.run();
    }

    /** As providers do: each event goes to one of the relays until it is answered with 200. */
    private void send() {
        senders = Executors.newFixedThreadPool(SENDERS);
        for (int i = 0; i < SENDERS; i++) {
            senders.execute(() -> {
                while (sending) {
                    int n = next.getAndIncrement();
                    String provider = PROVIDERS.get(n % 3);
                    // each third of the users is a provider's; a user's later event is one of a higher number
                    String user = provider + "-" + n / 3 % USERS;
                    long time = Events.BASE + n * 1000L;
                    String webhook = Events.renewal(provider, "E-" + n, user, time)
                            .replace("{\"$onesignalUserId\"", "{\"version\":{\"value\":\"" + time + "\"},\"$onesignalUserId\"");
                    int attempt = n;
                    while (relays.get(attempt++ % 2).post(provider, webhook.getBytes(StandardCharsets.UTF_8)) != 200) {
                        if (Thread.currentThread().isInterrupted()) {
                            return;
                        }
                        await().pollDelay(Duration.ofMillis(100)).until(() -> true);
                    }
                    accepted.put(user + "@" + time / 1000, true);
                    if (provider.equals("revenuecat")) {
                        newest.merge(user, time, Math::max);
                    }
                }
            });
        }
    }

    /** Waits until so many more are stored. */
    private void awaitStored(int more) {
        long from = simulators.cleverTap.storedCount();
        await().atMost(Duration.ofMinutes(3)).pollInterval(Duration.ofMillis(20)).until(() -> simulators.cleverTap.storedCount() >= from + more);
    }

    /** How often each event was delivered to CleverTap. */
    private Map<String, Integer> counts() {
        Map<String, Integer> counts = new HashMap<>();
        for (StoredRecord record : simulators.cleverTap.stored()) {
            if (record.type().equals("event")) {
                counts.merge(record.id() + "@" + record.json().path("ts").asLong(), 1, Integer::sum);
            }
        }
        return counts;
    }

    private long repeated() {
        return counts().values().stream().mapToLong(count -> count - 1).sum();
    }

    /** The records of calls that were not committed for certain when it was killed. */
    private long underWay(long kill) {
        return simulators.cleverTap.calls().stream().filter(call -> call.startNanos() < kill && call.endNanos() > kill - COMMITTED)
                .mapToLong(call -> call.stored()).sum();
    }
}
