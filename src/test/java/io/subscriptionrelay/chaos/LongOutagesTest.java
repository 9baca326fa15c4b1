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
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
    private static final Duration BEFORE = Duration.ofSeconds(5);
    private static final Duration RESPONSE_TIMEOUT = Duration.ofSeconds(3);
    private static final int RATE = 60;
    /** The linger of OneSignal's batches, the simulator, a garbage collection, a neighbour on the machine. */
    private static final Duration USUAL_DELAY = Duration.ofSeconds(3);

    @TempDir
    Path folder;

    static Stream<Arguments> outages() {
        return Stream.of(
                arguments("connection refused", null),
                // one that never takes what was sent: a destination that does so later makes duplicates that are its own
                arguments("black hole", Fault.resetBeforeProcessing().delayed(RESPONSE_TIMEOUT.plusSeconds(2))),
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
            Map<String, Long> before = send(relay, "B", BEFORE);
            long[] usual = delaysAtOneSignal(simulators, before);
            await().atMost(Duration.ofSeconds(20)).until(() -> counts(simulators).keySet().containsAll(before.keySet()));
            long callsBefore = simulators.cleverTap.callCount();
            if (fault == null) {
                simulators.cleverTap.stop();
            } else {
                simulators.cleverTap.faults().always(fault);
            }
            Map<String, Long> accepted = send(relay, "O", OUTAGE);
            long[] delays = delaysAtOneSignal(simulators, accepted);
            assertThat(relay.actuator("/parked").body()).contains("\"total\":0");
            assertThat(relay.actuator("/health/readiness").statusCode()).isEqualTo(200);
            long calls = simulators.cleverTap.callCount() - callsBefore;

            simulators.cleverTap.faults().clear();
            if (fault == null) {
                simulators.cleverTap.start();
            }
            accepted.putAll(before);
            await().atMost(Duration.ofMinutes(3)).until(() -> counts(simulators).size() >= accepted.size());
            Map<String, Integer> counts = counts(simulators);
            Set<String> lost = new TreeSet<>(accepted.keySet());
            lost.removeAll(counts.keySet());
            System.out.printf("%s for %d s: %d events accepted, %d lost, %d delivered again, %s, %d calls meanwhile; OneSignal had the median"
                    + " and the slowest after %d and %d ms before, %d and %d ms meanwhile%n", name, OUTAGE.toSeconds(), accepted.size(), lost.size(),
                    repeated(counts), parked(relay), calls, usual[usual.length / 2], usual[usual.length - 1], delays[delays.length / 2],
                    delays[delays.length - 1]);
            assertThat(counts.keySet()).containsExactlyInAnyOrderElementsOf(accepted.keySet());
            assertThat(counts.values()).as("each once").containsOnly(1);
            assertThat(relay.actuator("/parked").body()).contains("\"total\":0");
            assertThat(delays[delays.length - 1]).isLessThan(USUAL_DELAY.toMillis());
            assertThat(relay.log().lines().filter(line -> line.contains("clevertap account production does not answer")).count())
                    .as("lines about the outage").isLessThanOrEqualTo(1);
        }
    }

    /** A call that was stored and whose answer was lost looks the same as one that was not: this is where "at least once" shows. */
    @Test
    void aConnectionThatIsResetAfterTheRequestWasStoredRepeatsThatRequestAndLosesNothing() {
        try (Simulators simulators = new Simulators(); RelayProcess relay = new RelayProcess(folder, simulators).start()) {
            simulators.cleverTap.faults().next(3, Fault.resetAfterProcessing());
            Map<String, Long> accepted = send(relay, "O", OUTAGE);
            await().atMost(Duration.ofMinutes(3)).until(() -> counts(simulators).keySet().containsAll(accepted.keySet()));
            long repeated = repeated(counts(simulators));
            System.out.printf("reset after the request was stored, 3 times: %d events accepted, 0 lost, %d delivered again, %s%n", accepted.size(),
                    repeated, parked(relay));
            assertThat(repeated).isBetween(1L, 3L * 1000);
            assertThat(relay.actuator("/parked").body()).contains("\"total\":0");
        }
    }

    /** Sends at a steady rate; gives the ids with the instants at which they were accepted. */
    private static Map<String, Long> send(RelayProcess relay, String prefix, Duration time) {
        Map<String, Long> accepted = new HashMap<>();
        long end = System.nanoTime() + time.toNanos();
        for (int n = 0; System.nanoTime() < end; n++) {
            String id = prefix + "-" + n;
            assertThat(relay.revenueCat(Events.renewal(id, "outage-" + id, Events.BASE + n))).isEqualTo(200);
            accepted.put(id, System.nanoTime());
            LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(1) / RATE);
        }
        return accepted;
    }

    /** How long each took to OneSignal, in milliseconds, the slowest last. */
    private static long[] delaysAtOneSignal(Simulators simulators, Map<String, Long> accepted) {
        Map<String, String> ids = new HashMap<>();
        accepted.keySet().forEach(id -> ids.put(Events.oneSignalId("outage-" + id), id));
        await().atMost(Duration.ofSeconds(30)).until(() -> simulators.oneSignal.updates().stream().filter(update -> update.applied())
                .map(update -> update.id()).filter(ids::containsKey).distinct().count() == accepted.size());
        return simulators.oneSignal.updates().stream().filter(update -> ids.containsKey(update.id()))
                .mapToLong(update -> TimeUnit.NANOSECONDS.toMillis(update.receivedNanos() - accepted.get(ids.get(update.id())))).sorted().toArray();
    }

    private static long repeated(Map<String, Integer> counts) {
        return counts.values().stream().mapToLong(count -> count - 1).sum();
    }

    private static String parked(RelayProcess relay) {
        Matcher total = Pattern.compile("\"total\":(\\d+)").matcher(relay.actuator("/parked").body());
        assertThat(total.find()).isTrue();
        return total.group(1) + " parked";
    }

    private static Map<String, Integer> counts(Simulators simulators) {
        Map<String, Integer> counts = new HashMap<>();
        simulators.cleverTap.stored().forEach(record -> counts.merge(record.data().path("event_id").asText(), 1, Integer::sum));
        return counts;
    }
}
