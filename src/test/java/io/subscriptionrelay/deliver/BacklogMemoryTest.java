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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What waits, waits on disk, and what is under way leaves room, as {@code deploy/java-options} says of 512 MB; here it is less of both. */
class BacklogMemoryTest {

    private static final int HEAP_MB = 256;
    private static final int EVENTS = 24_000;
    private static final int SENDERS = 16;
    /** The share of this heap has room for four of a thousand records; a machine with much else to do may have only three made in time. */
    private static final int CALLS = 3;
    private static final Duration SLOW = Duration.ofSeconds(10);
    private static final long MEGABYTE = 1024 * 1024;

    @TempDir
    Path folder;

    @Test
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void aSlowDrainOfTwoDestinationsAfterAnOutageLeavesAFifthOfASmallHeapFree() throws Exception {
        try (Simulators simulators = new Simulators();
                RelayProcess relay = new RelayProcess(folder, simulators).jvm("-Xmx" + HEAP_MB + "m").start()) {
            simulators.cleverTap.stop();
            simulators.oneSignal.stop();
            send(relay);
            await().atMost(Duration.ofMinutes(2)).until(() -> relay.gauge("relay_queue_messages", "deliver.clevertap") == EVENTS
                    && relay.gauge("relay_queue_messages", "deliver.onesignal") == EVENTS);
            simulators.cleverTap.latency(SLOW, SLOW).start();
            simulators.oneSignal.latency(SLOW, SLOW).start();

            long most = 0;
            while (simulators.cleverTap.storedCount() < EVENTS / 6) {
                // what has been made since the collection counts too, so the less of two
                most = Math.max(most, Math.min(relay.heapAfterCollection(), relay.heapAfterCollection()));
            }

            System.out.printf("heap after a collection: at most %d of %d MB, %d calls of CleverTap at once%n", most / MEGABYTE, HEAP_MB,
                    simulators.cleverTap.maxInFlight(Simulators.CLEVERTAP_ACCOUNT));
            assertThat(most).as("heap after a collection").isLessThan(HEAP_MB * MEGABYTE * 4 / 5);
            assertThat(simulators.cleverTap.maxInFlight(Simulators.CLEVERTAP_ACCOUNT)).as("calls at once").isGreaterThanOrEqualTo(CALLS);
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
