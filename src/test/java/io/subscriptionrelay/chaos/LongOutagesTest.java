package io.subscriptionrelay.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.subscriptionrelay.simulator.Fault;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.RelayProcess;
import io.subscriptionrelay.testing.Simulators;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** CleverTap fails for long, in every way in which an HTTP API can fail, while OneSignal works. */
@Tag("chaos")
class LongOutagesTest {

    private static final Duration OUTAGE = Duration.ofSeconds(Integer.getInteger("chaos.outage.seconds", 40));
    private static final Duration RESPONSE_TIMEOUT = Duration.ofSeconds(3);
    private static final int RATE = 60;
    /** The linger of OneSignal's batches, the simulator, a garbage collection, a neighbour on the machine. */
    private static final Duration USUAL_DELAY = Duration.ofSeconds(3);

    @TempDir
    Path folder;

    static Stream<Arguments> outages() {
        return Stream.of(
                arguments("connection refused", null),
                arguments("black hole", Fault.stall(RESPONSE_TIMEOUT.plusSeconds(2))),
                arguments("reset before anything is read", Fault.resetBeforeProcessing()),
                arguments("503 with HTML", Fault.status(503).html("<html><body><h1>Service Unavailable</h1></body></html>")),
                arguments("429 without Retry-After", Fault.status(429)),
                arguments("429 with Retry-After", Fault.status(429).retryAfter(5)),
                arguments("answers just within the time-out", Fault.stallAfterProcessing(RESPONSE_TIMEOUT.minusMillis(500))));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("outages")
    void aLongOutageOfOneDestinationCostsItsOwnDelayAndNothingElse(String name, Fault fault) {
        try (Simulators simulators = new Simulators(); RelayProcess relay = new RelayProcess(folder, simulators)
                .set("camel.component.http.response-timeout", Long.toString(RESPONSE_TIMEOUT.toMillis())).start()) {
            if (fault == null) {
                simulators.cleverTap.stop();
            } else {
                simulators.cleverTap.faults().always(fault);
            }
            Map<String, Long> accepted = sendDuringTheOutage(relay);
            Duration slowest = slowestAtOneSignal(simulators, accepted);
            assertThat(relay.actuator("/parked").body()).contains("\"total\":0");
            assertThat(relay.actuator("/health/readiness").statusCode()).isEqualTo(200);
            int calls = (int) simulators.cleverTap.callCount();

            simulators.cleverTap.faults().clear();
            if (fault == null) {
                simulators.cleverTap.start();
            }
            await().atMost(Duration.ofMinutes(3)).until(() -> counts(simulators).size() >= accepted.size());
            Map<String, Integer> counts = counts(simulators);
            assertThat(counts.keySet()).containsExactlyInAnyOrderElementsOf(accepted.keySet());
            assertThat(counts.values()).as("each once").containsOnly(1);
            assertThat(relay.actuator("/parked").body()).contains("\"total\":0");
            assertThat(slowest).isLessThan(USUAL_DELAY);
            assertThat(relay.log().lines().filter(line -> line.contains("clevertap account production does not answer")).count())
                    .as("lines about the outage").isLessThanOrEqualTo(1);
            System.out.printf("%s for %d s: %d events, 0 lost, 0 twice, 0 parked, %d calls meanwhile; OneSignal had each within %d ms%n",
                    name, OUTAGE.toSeconds(), accepted.size(), calls, slowest.toMillis());
        }
    }

    /** A call that was stored and whose answer was lost looks the same as one that was not: this is where "at least once" shows. */
    @Test
    void aConnectionThatIsResetAfterTheRequestWasStoredRepeatsThatRequestAndLosesNothing() {
        try (Simulators simulators = new Simulators(); RelayProcess relay = new RelayProcess(folder, simulators).start()) {
            simulators.cleverTap.faults().next(3, Fault.resetAfterProcessing());
            Map<String, Long> accepted = sendDuringTheOutage(relay);
            await().atMost(Duration.ofMinutes(3)).until(() -> counts(simulators).size() >= accepted.size());
            long repeated = counts(simulators).values().stream().mapToLong(count -> count - 1).sum();
            System.out.printf("3 answers lost: %d events, 0 lost, %d delivered again, 0 parked%n", accepted.size(), repeated);
            assertThat(repeated).isBetween(1L, 3L * 1000);
            assertThat(relay.actuator("/parked").body()).contains("\"total\":0");
        }
    }

    private static Map<String, Long> sendDuringTheOutage(RelayProcess relay) {
        Map<String, Long> accepted = new HashMap<>();
        long end = System.nanoTime() + OUTAGE.toNanos();
        for (int n = 0; System.nanoTime() < end; n++) {
            String id = "O-" + n;
            assertThat(relay.revenueCat(Events.renewal(id, "outage-" + id, Events.BASE + n))).isEqualTo(200);
            accepted.put(id, System.nanoTime());
            LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(1) / RATE);
        }
        return accepted;
    }

    private static Duration slowestAtOneSignal(Simulators simulators, Map<String, Long> accepted) {
        Map<String, String> ids = new HashMap<>();
        accepted.keySet().forEach(id -> ids.put(Events.oneSignalId("outage-" + id), id));
        await().atMost(Duration.ofSeconds(30)).until(() -> simulators.oneSignal.updates().stream().filter(update -> update.applied())
                .map(update -> update.id()).filter(ids::containsKey).distinct().count() == accepted.size());
        long[] delays = simulators.oneSignal.updates().stream().filter(update -> ids.containsKey(update.id()))
                .mapToLong(update -> update.receivedNanos() - accepted.get(ids.get(update.id()))).sorted().toArray();
        return Duration.ofNanos(Arrays.stream(delays).max().orElseThrow());
    }

    private static Map<String, Integer> counts(Simulators simulators) {
        Map<String, Integer> counts = new HashMap<>();
        simulators.cleverTap.stored().forEach(record -> counts.merge(record.data().path("event_id").asText(), 1, Integer::sum));
        return counts;
    }
}
