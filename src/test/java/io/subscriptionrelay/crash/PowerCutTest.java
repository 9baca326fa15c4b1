package io.subscriptionrelay.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.abort;

import io.subscriptionrelay.auditor.HistoryAudit;
import io.subscriptionrelay.auditor.Repeats;
import io.subscriptionrelay.auditor.Repeats.Crash;
import io.subscriptionrelay.simulator.CleverTapSimulator.StoredRecord;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.Load;
import io.subscriptionrelay.testing.PoweredDisk;
import io.subscriptionrelay.testing.RelayProcess;
import io.subscriptionrelay.testing.Simulators;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The power of the disk is cut, again and again, while all three providers send: what was not forced to it is gone, and the relay starts on what is
 * left. Every event that got 200 counts, also those that got it in the moments between the cut and the end of the process: who cannot force an
 * event to disk has to answer 503.
 */
class PowerCutTest {

    private static final int CUTS = Integer.getInteger("chaos.cuts", 10);
    private static final int FEW = 2;
    private static final int MEGABYTES = 2_000;
    private static final int USERS = 2_000;
    private static final int RATE = 200;
    /** The journal takes another file every few seconds, and queues page when CleverTap is away. */
    private static final int PADDING = 12_000;
    /** The longest time that it is left alone, in milliseconds. */
    private static final int LONGEST_PEACE = 4_000;
    private static final int SHORT_PEACE = 1_500;
    /** From the answer of a destination to the commit in the journal, on a machine that has much else to do. */
    private static final Duration LONGEST_COMMIT = Duration.ofSeconds(1);
    private static final Duration LONGEST_WAIT_FOR_COMPACTION = Duration.ofSeconds(10);
    /** All that the destinations have is looked at this often. */
    private static final Duration LOOK = Duration.ofSeconds(1);

    @TempDir
    Path folder;

    private final List<Crash> crashes = new ArrayList<>();
    private int compacting;

    @Test
    @Tag("chaos")
    void whatGot200IsDeliveredAndNoOlderStateStaysHoweverOftenThePowerIsCut() throws Exception {
        cut(CUTS, LONGEST_PEACE);
    }

    /** Once while both destinations answer, and once while CleverTap is away. */
    @Test
    void whatGot200IsDeliveredAndInHistoryOnceThoughThePowerWasCutTwice() throws Exception {
        cut(FEW, SHORT_PEACE);
    }

    private void cut(int cuts, int longestPeace) throws Exception {
        long seed = Long.getLong("chaos.seed", System.nanoTime());
        System.out.println("seed " + seed + " (-Dchaos.seed=" + seed + " repeats the instants)");
        try (Simulators simulators = new Simulators(); PoweredDisk disk = PoweredDisk.mount(folder, MEGABYTES);
                RelayProcess relay = relay(simulators, disk).start(); Load load = new Load(relay, USERS, RATE).padded(PADDING)) {
            simulators.cleverTap.latency(Duration.ofMillis(20), Duration.ofMillis(200));
            simulators.oneSignal.latency(Duration.ofMillis(10), Duration.ofMillis(60));
            load.start();
            Random random = new Random(seed);
            Set<String> late = new HashSet<>();
            for (int cut = 0; cut < cuts; cut++) {
                boolean away = cut % 2 == 1;
                if (away) {
                    simulators.cleverTap.stop();
                }
                Duration peace = Duration.ofMillis(500 + random.nextInt(longestPeace));
                await().pollDelay(peace).atMost(peace.plusSeconds(10)).until(() -> true);
                if (cut % 3 == 2) {
                    awaitCompaction(disk);
                }
                late.addAll(cut(disk, relay, load));
                relay.start();
                if (away) {
                    simulators.cleverTap.start();
                }
            }
            load.stop();

            Set<String> accepted = keys(load.accepted().keySet(), load.accepted());
            await().atMost(Duration.ofMinutes(4)).pollInterval(LOOK).untilAsserted(() -> assertThat(missing(accepted, simulators)).isEmpty());
            await().atMost(Duration.ofMinutes(2)).pollInterval(LOOK).untilAsserted(() -> assertThat(stale(simulators, load)).isEmpty());
            Repeats repeats = Repeats.assertUnderWay(simulators.cleverTap, record -> record.type() + " " + key(record), crashes, LONGEST_COMMIT);
            assertThat(relay.actuator("/parked").body()).contains("\"total\":0");
            long outcomes = HistoryAudit.awaitAgreementAfterCrashes(relay, load.webhooks(), simulators);
            System.out.printf("%d power cuts (%d while the journal was compacted), %d events of %d users accepted from 3 providers, %d of them when"
                    + " it was cut or later: 0 lost, 0 users stale, %s; history has each once, and %d outcomes%n", crashes.size(), compacting,
                    accepted.size(), USERS, late.size(), repeats, outcomes);
        } catch (PoweredDisk.Missing e) {
            abort(e.getMessage());
        }
    }

    /** The journal is compacted often, and the disk may become as full as it likes. */
    private static RelayProcess relay(Simulators simulators, PoweredDisk disk) {
        return new RelayProcess(disk.folder().getParent(), simulators).allProviders().set("relay.data-dir", disk.folder().resolve("data").toString())
                .set("relay.broker.min-disk-free", "0B")
                .jvm("-Dbrokerconfig.journalCompactMinFiles=2").jvm("-Dbrokerconfig.journalCompactPercentage=80");
    }

    /** Gives the events that were answered with 200 at the instant of the cut or after it. */
    private Set<String> cut(PoweredDisk disk, RelayProcess relay, Load load) {
        Set<String> before = Set.copyOf(load.accepted().keySet());
        long begun = System.nanoTime();
        disk.cut();
        // the moments in which it could still say yes
        await().pollDelay(Duration.ofMillis(300)).until(() -> true);
        relay.kill();
        crashes.add(new Crash(begun, System.nanoTime()));
        Set<String> late = new HashSet<>(load.accepted().keySet());
        late.removeAll(before);
        disk.powerUp();
        return late;
    }

    /** Copies have an ending of their own while they are written. */
    private void awaitCompaction(PoweredDisk disk) {
        Path journal = disk.folder().resolve("data/broker/journal");
        try {
            await().atMost(LONGEST_WAIT_FOR_COMPACTION).pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(2)).until(() -> {
                try (Stream<Path> files = Files.list(journal)) {
                    return files.anyMatch(file -> file.toString().endsWith(".cmp"));
                }
            });
            compacting++;
        } catch (ConditionTimeoutException notNow) {
            // the cut comes all the same, and the figures tell how often it met one
        }
    }

    /** User and second of each event: only RevenueCat's have an id that CleverTap is told. */
    private static Set<String> keys(Set<String> ids, Map<String, String> users) {
        return ids.stream().map(id -> users.get(id) + "@" + (Events.BASE / 1000 + Long.parseLong(id.substring("L-".length()))))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> missing(Set<String> accepted, Simulators simulators) {
        Set<String> missing = new TreeSet<>(accepted);
        simulators.cleverTap.stored().forEach(record -> missing.remove(key(record)));
        return missing;
    }

    private static String key(StoredRecord record) {
        return record.id() + "@" + record.json().path("ts").asLong();
    }

    /** Users whose tags are not those of their newest event. */
    private static Set<String> stale(Simulators simulators, Load load) throws IOException {
        Set<String> stale = new TreeSet<>();
        load.newest().forEach((user, seconds) -> {
            Map<String, String> tags = simulators.oneSignal.tags(Simulators.ONESIGNAL_APP, "onesignal_id", Events.oneSignalId(user));
            if (tags == null || !Long.toString(seconds).equals(tags.get("last_event_at"))) {
                stale.add(user);
            }
        });
        return stale;
    }
}
