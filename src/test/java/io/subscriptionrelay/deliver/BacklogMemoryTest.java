package io.subscriptionrelay.deliver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.RelayProcess;
import io.subscriptionrelay.testing.Simulators;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What waits, waits on disk, and what is under way leaves room, as {@code deploy/java-options} says of 512 MB; here it is less of both. The collector is the one
 * named there: another one, whose old generation has a fixed size, would be full with less.
 */
@Tag("chaos")
class BacklogMemoryTest {

    private static final int HEAP_MB = 256;
    private static final int EVENTS = 24_000;
    private static final int SENDERS = 16;
    /** The share of this heap has room for 3,600 records of an account: in calls of at most a thousand, or of the half for which room may have come, or the few that ask first. */
    private static final int FEWEST_CALLS = 3;
    private static final int MOST_CALLS = 10;
    private static final Duration SLOW = Duration.ofSeconds(10);
    private static final long MEGABYTE = 1024 * 1024;

    @TempDir
    Path folder;

    @Test
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void aSlowDrainOfTwoDestinationsAfterAnOutageKeepsToItsShareAndLeavesAFifthOfASmallHeapFree() throws Exception {
        try (Simulators simulators = new Simulators();
                RelayProcess relay = new RelayProcess(folder, simulators).jvm("-Xmx" + HEAP_MB + "m").jvm("-XX:-UseSerialGC").jvm("-XX:+UseG1GC")
                        .start()) {
            simulators.cleverTap.stop();
            simulators.oneSignal.stop();
            send(relay);
            await().atMost(Duration.ofMinutes(2)).until(() -> relay.gauge("relay_queue_messages", "deliver.clevertap") == EVENTS
                    && relay.gauge("relay_queue_messages", "deliver.onesignal") == EVENTS);
            simulators.cleverTap.start();
            simulators.oneSignal.start();
            await().atMost(Duration.ofMinutes(1)).until(() -> simulators.cleverTap.storedCount() > 0);
            simulators.cleverTap.latency(SLOW, SLOW);
            simulators.oneSignal.latency(SLOW, SLOW);
            long stored = simulators.cleverTap.storedCount();
            long most = 0;
            while (simulators.cleverTap.storedCount() < stored + 2_000) {
                most = Math.max(most, relay.heapAfterCollection());
            }

            System.out.printf("heap after a collection: at most %d of %d MB, %d calls of CleverTap at once%n", most / MEGABYTE, HEAP_MB,
                    simulators.cleverTap.maxInFlight(Simulators.CLEVERTAP_ACCOUNT));
            assertThat(most).as("heap after a collection").isLessThan(HEAP_MB * MEGABYTE * 4 / 5);
            assertThat(simulators.cleverTap.maxInFlight(Simulators.CLEVERTAP_ACCOUNT)).as("calls at once, of 15 that the account would have")
                    .isBetween(FEWEST_CALLS, MOST_CALLS);
        }
    }

    private static void send(RelayProcess relay) throws Exception {
        ExecutorService senders = Executors.newFixedThreadPool(SENDERS);
        try {
            List<Future<?>> answers = new ArrayList<>();
            for (int i = 0; i < EVENTS; i++) {
                byte[] body = Events.renewal("revenuecat", "B-" + i, "user-" + i, Events.BASE + i).getBytes(StandardCharsets.UTF_8);
                answers.add(senders.submit(() -> {
                    while (relay.post("revenuecat", body) != 200) {
                        Thread.onSpinWait();
                    }
                }));
            }
            for (Future<?> answer : answers) {
                answer.get();
            }
        } finally {
            senders.shutdownNow();
        }
    }
}
