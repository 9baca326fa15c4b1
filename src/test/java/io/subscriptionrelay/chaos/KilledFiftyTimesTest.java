package io.subscriptionrelay.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.subscriptionrelay.auditor.HistoryAudit;
import io.subscriptionrelay.auditor.Repeats;
import io.subscriptionrelay.auditor.Repeats.Crash;
import io.subscriptionrelay.simulator.CleverTapSimulator.StoredRecord;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.Load;
import io.subscriptionrelay.testing.RelayProcess;
import io.subscriptionrelay.testing.Simulators;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code kill -9} at random instants, again and again, while all three providers send and both destinations answer. */
@Tag("chaos")
class KilledFiftyTimesTest {

    private static final int KILLS = Integer.getInteger("chaos.kills", 50);
    private static final int USERS = 3_000;
    /** Events a second: so many that each kill meets batches under way, so few that a start of some seconds can catch up. */
    private static final int RATE = 120;
    /** The longest time that it is left alone, in milliseconds. */
    private static final int LONGEST_PEACE = 4_000;
    /** From the answer of a destination to the commit in the journal, on a machine that has much else to do. */
    private static final Duration LONGEST_COMMIT = Duration.ofSeconds(1);

    @TempDir
    Path folder;

    @Test
    void killedAtRandomInstantsUnderTheLoadOfThreeProvidersItLosesNothing() throws Exception {
        long seed = Long.getLong("chaos.seed", System.nanoTime());
        System.out.println("seed " + seed + " (-Dchaos.seed=" + seed + " repeats the instants)");
        Random random = new Random(seed);
        try (Simulators simulators = new Simulators(); RelayProcess relay = new RelayProcess(folder, simulators).allProviders().start();
                Load load = new Load(relay, USERS, RATE)) {
            simulators.cleverTap.latency(Duration.ofMillis(20), Duration.ofMillis(300));
            simulators.oneSignal.latency(Duration.ofMillis(10), Duration.ofMillis(80));
            load.start();
            List<Crash> kills = new ArrayList<>();
            for (int kill = 0; kill < KILLS; kill++) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextInt(LONGEST_PEACE)));
                long begun = System.nanoTime();
                relay.kill();
                kills.add(new Crash(begun, System.nanoTime()));
                relay.start();
            }
            load.stop();

            Set<String> accepted = accepted(load);
            await().atMost(Duration.ofMinutes(5)).until(() -> arrived(simulators).containsAll(accepted));
            assertThat(newestMissing(simulators, load)).isEmpty();
            Repeats repeats = Repeats.assertUnderWay(simulators.cleverTap, record -> record.type() + " " + key(record), kills, LONGEST_COMMIT);
            System.out.printf("%d kills, %d events of %d users accepted from 3 providers: 0 lost, %s%n", KILLS, accepted.size(), USERS, repeats);
            assertThat(arrived(simulators)).containsExactlyInAnyOrderElementsOf(accepted);
            assertThat(simulators.oneSignal.rateViolations()).isZero();
            assertThat(relay.actuator("/parked").body()).contains("\"total\":0");
            System.out.printf("history has each of them once, and %d outcomes%n", HistoryAudit.awaitAgreementAfterCrashes(relay, load.webhooks(), simulators));
        }
    }

    /** User and second of each event that was accepted: only RevenueCat's have an id that CleverTap is told. */
    private static Set<String> accepted(Load load) {
        Set<String> accepted = new TreeSet<>();
        load.accepted().forEach((id, user) -> accepted.add(user + "@" + (Events.BASE / 1000 + Long.parseLong(id.substring("L-".length())))));
        return accepted;
    }

    private static Set<String> arrived(Simulators simulators) {
        return simulators.cleverTap.stored().stream().map(KilledFiftyTimesTest::key).collect(Collectors.toSet());
    }

    private static String key(StoredRecord record) {
        return record.id() + "@" + record.json().path("ts").asLong();
    }

    /** Users whose tags do not show the newest of their events yet, once everything has settled. */
    private static Set<String> newestMissing(Simulators simulators, Load load) {
        Set<String> late = new TreeSet<>(List.of("not looked at yet"));
        await().atMost(Duration.ofMinutes(2)).untilAsserted(() -> {
            late.clear();
            load.newest().forEach((user, seconds) -> {
                Map<String, String> tags = simulators.oneSignal.tags(Simulators.ONESIGNAL_APP, "onesignal_id", Events.oneSignalId(user));
                if (tags == null || !Long.toString(seconds).equals(tags.get("last_event_at"))) {
                    late.add(user);
                }
            });
            assertThat(late).isEmpty();
        });
        return late;
    }
}
