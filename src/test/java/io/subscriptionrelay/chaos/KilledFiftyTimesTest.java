package io.subscriptionrelay.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.subscriptionrelay.simulator.CleverTapSimulator.Call;
import io.subscriptionrelay.simulator.CleverTapSimulator.StoredRecord;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.Load;
import io.subscriptionrelay.testing.RelayProcess;
import io.subscriptionrelay.testing.Simulators;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
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
            List<Kill> kills = new ArrayList<>();
            for (int kill = 0; kill < KILLS; kill++) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextInt(LONGEST_PEACE)));
                long begun = System.nanoTime();
                relay.kill();
                kills.add(new Kill(begun, System.nanoTime()));
                relay.start();
            }
            load.stop();

            Set<String> accepted = accepted(load);
            await().atMost(Duration.ofMinutes(5)).until(() -> arrived(simulators).containsAll(accepted));
            assertThat(newestMissing(simulators, load)).isEmpty();
            List<Repeat> repeats = repeats(simulators);
            Map<Kill, Set<Long>> callsByKill = new HashMap<>();
            assertThat(repeats).as("each record that came again was in a call that was under way when the relay was killed").allSatisfy(repeat ->
                    assertThat(kills).anySatisfy(kill -> {
                        assertThat(repeat.before().startNanos()).isLessThan(kill.over());
                        assertThat(repeat.before().endNanos()).isGreaterThan(kill.begun() - LONGEST_COMMIT.toNanos());
                        assertThat(repeat.again().startNanos()).isGreaterThan(kill.begun());
                        callsByKill.computeIfAbsent(kill, unused -> new HashSet<>()).add(repeat.before().number());
                    }));
            long answered = repeats.stream().mapToLong(repeat -> kills.stream().filter(kill -> kill.over() > repeat.before().startNanos())
                    .mapToLong(kill -> Math.max(0, kill.begun() - repeat.before().endNanos())).min().orElseThrow()).max().orElse(0);
            System.out.printf("%d kills, %d events of %d users accepted from 3 providers: 0 lost, %d records delivered again (%.1f a kill), at most"
                    + " %d calls of one kill, the longest answered %d ms before it%n", KILLS, accepted.size(), USERS, repeats.size(),
                    (double) repeats.size() / KILLS, callsByKill.values().stream().mapToInt(Set::size).max().orElse(0),
                    TimeUnit.NANOSECONDS.toMillis(answered));
            assertThat(arrived(simulators)).containsExactlyInAnyOrderElementsOf(accepted);
            assertThat(simulators.oneSignal.rateViolations()).isZero();
            assertThat(relay.actuator("/parked").body()).contains("\"total\":0");
        }
    }

    /** User and second of each event that was accepted: only RevenueCat's have an id that CleverTap is told. */
    private static Set<String> accepted(Load load) {
        Set<String> accepted = new TreeSet<>();
        load.accepted().forEach((id, user) -> accepted.add(user + "@" + (Events.BASE / 1000 + Long.parseLong(id.substring("L-".length())))));
        return accepted;
    }

    /** A kill, from just before it to the end of the process, in nanoseconds. */
    private record Kill(long begun, long over) {
    }

    /** A record that came again: the call that had it, and the next one. */
    private record Repeat(Call before, Call again) {
    }

    /**
     * One for each delivery of a record after its first. As each lies between a call and the next one of the same record, no kill can
     * account for two of them.
     */
    private static List<Repeat> repeats(Simulators simulators) {
        Map<Long, Call> calls = simulators.cleverTap.calls().stream().collect(Collectors.toMap(Call::number, call -> call));
        List<Repeat> repeats = new ArrayList<>();
        deliveries(simulators).values().forEach(numbers -> {
            for (int i = 1; i < numbers.size(); i++) {
                repeats.add(new Repeat(calls.get(numbers.get(i - 1)), calls.get(numbers.get(i))));
            }
        });
        return repeats;
    }

    private static Set<String> arrived(Simulators simulators) {
        return simulators.cleverTap.stored().stream().map(KilledFiftyTimesTest::key).collect(Collectors.toSet());
    }

    private static String key(StoredRecord record) {
        return record.id() + "@" + record.json().path("ts").asLong();
    }

    /** The numbers of the calls that had each record, the first one first. Some events are two records: an event and a profile. */
    private static Map<String, List<Long>> deliveries(Simulators simulators) {
        Map<String, List<Long>> deliveries = new HashMap<>();
        simulators.cleverTap.stored().forEach(record -> deliveries.computeIfAbsent(record.type() + " " + key(record),
                unused -> new ArrayList<>()).add(record.call()));
        deliveries.values().forEach(Collections::sort);
        return deliveries;
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
