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
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A stop in the middle of things: soon over, nothing lost, nothing twice. */
class GracefulStopTest {

    /** After 15 s Camel ends by force what still runs. */
    private static final Duration LONGEST_STOP = Duration.ofSeconds(14);
    private static final int EVENTS = 300;

    @TempDir
    static Path folder;
    private static Simulators simulators;
    private static RelayProcess relay;
    private static int logged;

    /** One relay for all: each test leaves it started again, with nothing to do. */
    @BeforeAll
    static void start() {
        simulators = new Simulators();
        relay = new RelayProcess(folder, simulators).start();
    }

    @AfterAll
    static void stop() {
        relay.close();
        simulators.close();
    }

    @BeforeEach
    void forget() {
        simulators.cleverTap.latency(Duration.ZERO).start().reset();
        simulators.oneSignal.latency(Duration.ZERO).start().reset();
        logged = relay.log().length();
    }

    @Test
    void aStopInTheMiddleOfABatchFinishesItAndLeavesTheRestForTheNextStart() {
        simulators.cleverTap.latency(Duration.ofMillis(1500));
        simulators.oneSignal.latency(Duration.ofMillis(400));
        send("P");
        // the first calls are under way
        await().atMost(Duration.ofSeconds(20)).until(() -> simulators.oneSignal.callCount() > 0);
        stopsInTime();
        simulators.cleverTap.latency(Duration.ZERO);
        simulators.oneSignal.latency(Duration.ZERO);
        relay.start();
        everythingArrivedOnce();
        assertThat(simulators.oneSignal.updates()).extracting(update -> update.id()).doesNotHaveDuplicates();
    }

    @Test
    void aStopInTheMiddleOfAnOutageDoesNotWaitForItsEnd() {
        simulators.cleverTap.stop();
        simulators.oneSignal.stop();
        send("O");
        await().atMost(Duration.ofSeconds(20)).until(() -> said("clevertap account production does not answer")
                && said("onesignal account production does not answer"));
        stopsInTime();
        simulators.cleverTap.start();
        simulators.oneSignal.start();
        relay.start();
        everythingArrivedOnce();
    }

    @Test
    void aStopWhileADestinationAsksForALongWaitDoesNotWaitForIt() {
        simulators.cleverTap.faults().next(Fault.status(429).retryAfter(600));
        simulators.oneSignal.faults().next(Fault.status(429).retryAfter(600));
        send("W");
        await().atMost(Duration.ofSeconds(20)).until(() -> said("clevertap account production does not answer"));
        stopsInTime();
        simulators.cleverTap.faults().clear();
        simulators.oneSignal.faults().clear();
        relay.start();
        everythingArrivedOnce();
    }

    /** Since the test began. */
    private static boolean said(String text) {
        return relay.log().indexOf(text, logged) >= 0;
    }

    private static void send(String prefix) {
        for (int n = 0; n < EVENTS; n++) {
            assertThat(relay.revenueCat(Events.renewal(prefix + n, "stop-user-" + prefix + n, Events.BASE + n))).isEqualTo(200);
        }
    }

    private static void stopsInTime() {
        long start = System.nanoTime();
        relay.terminate();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(LONGEST_STOP);
    }

    private static void everythingArrivedOnce() {
        await().atMost(Duration.ofSeconds(90)).untilAsserted(() -> {
            Map<String, Integer> counts = new HashMap<>();
            simulators.cleverTap.stored().forEach(record -> counts.merge(record.data().path("event_id").asText(), 1, Integer::sum));
            assertThat(counts).hasSize(EVENTS).allSatisfy((id, count) -> assertThat(count).as(id).isEqualTo(1));
            assertThat(simulators.oneSignal.updates().stream().filter(update -> update.applied()).map(update -> update.id()).distinct())
                    .hasSize(EVENTS);
        });
    }
}
