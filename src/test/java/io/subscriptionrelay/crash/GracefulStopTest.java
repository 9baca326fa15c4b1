package io.subscriptionrelay.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.subscriptionrelay.simulator.Fault;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.RelayProcess;
import io.subscriptionrelay.testing.Simulators;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A stop in the middle of things: soon over, nothing lost, nothing twice. */
class GracefulStopTest {

    private static final Duration LONGEST_STOP = Duration.ofSeconds(20);
    private static final int EVENTS = 300;

    @TempDir
    Path folder;

    @Test
    void aStopInTheMiddleOfABatchFinishesItAndLeavesTheRestForTheNextStart() {
        try (Simulators simulators = new Simulators(); RelayProcess relay = new RelayProcess(folder, simulators).start()) {
            simulators.cleverTap.latency(Duration.ofMillis(1500));
            simulators.oneSignal.latency(Duration.ofMillis(400));
            send(relay);
            // the first calls are under way
            await().atMost(Duration.ofSeconds(20)).until(() -> simulators.oneSignal.callCount() > 0);
            stopsInTime(relay);
            simulators.cleverTap.latency(Duration.ZERO);
            simulators.oneSignal.latency(Duration.ZERO);
            relay.start();
            everythingArrivedOnce(simulators);
            assertThat(simulators.oneSignal.updates()).extracting(update -> update.id()).doesNotHaveDuplicates();
        }
    }

    @Test
    void aStopInTheMiddleOfAnOutageDoesNotWaitForItsEnd() {
        try (Simulators simulators = new Simulators(); RelayProcess relay = new RelayProcess(folder, simulators).start()) {
            simulators.cleverTap.stop();
            simulators.oneSignal.stop();
            send(relay);
            await().atMost(Duration.ofSeconds(20)).until(() -> relay.log().contains("clevertap account production does not answer")
                    && relay.log().contains("onesignal account production does not answer"));
            stopsInTime(relay);
            simulators.cleverTap.start();
            simulators.oneSignal.start();
            relay.start();
            everythingArrivedOnce(simulators);
        }
    }

    @Test
    void aStopWhileADestinationAsksForALongWaitDoesNotWaitForIt() {
        try (Simulators simulators = new Simulators(); RelayProcess relay = new RelayProcess(folder, simulators).start()) {
            simulators.cleverTap.faults().next(Fault.status(429).retryAfter(600));
            simulators.oneSignal.faults().next(Fault.status(429).retryAfter(600));
            send(relay);
            await().atMost(Duration.ofSeconds(20)).until(() -> relay.log().contains("clevertap account production does not answer"));
            stopsInTime(relay);
            simulators.cleverTap.faults().clear();
            simulators.oneSignal.faults().clear();
            relay.start();
            everythingArrivedOnce(simulators);
        }
    }

    private static void send(RelayProcess relay) {
        for (int n = 0; n < EVENTS; n++) {
            assertThat(relay.revenueCat(Events.renewal("G-" + n, "stop-user-" + n, Events.BASE + n))).isEqualTo(200);
        }
    }

    private static void stopsInTime(RelayProcess relay) {
        long start = System.nanoTime();
        relay.terminate();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(LONGEST_STOP);
    }

    private static void everythingArrivedOnce(Simulators simulators) {
        await().atMost(Duration.ofSeconds(90)).untilAsserted(() -> {
            Map<String, Integer> counts = new HashMap<>();
            simulators.cleverTap.stored().forEach(record -> counts.merge(record.data().path("event_id").asText(), 1, Integer::sum));
            assertThat(counts).hasSize(EVENTS).allSatisfy((id, count) -> assertThat(count).as(id).isEqualTo(1));
            assertThat(simulators.oneSignal.updates().stream().filter(update -> update.applied()).map(update -> update.id()).distinct())
                    .hasSize(EVENTS);
        });
    }
}
