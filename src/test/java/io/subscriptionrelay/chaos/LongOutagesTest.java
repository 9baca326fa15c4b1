package io.subscriptionrelay.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.subscriptionrelay.simulator.CleverTapSimulator;
import io.subscriptionrelay.simulator.CleverTapSimulator.Call;
import io.subscriptionrelay.simulator.Fault;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.Home;
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
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** An account of CleverTap fails for long, in every way in which an HTTP API can fail, while another account and OneSignal work. */
@Tag("chaos")
class LongOutagesTest {

    private static final Duration OUTAGE = Duration.ofSeconds(Integer.getInteger("chaos.outage.seconds", 40));
    private static final Duration BEFORE = Duration.ofSeconds(5);
    private static final Duration RESPONSE_TIMEOUT = Duration.ofSeconds(3);
    private static final int RATE = 60;
    /** The linger of the batches, the simulator, a garbage collection, a neighbour on the machine. */
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
        try (Simulators simulators = new Simulators();
                CleverTapSimulator other = new CleverTapSimulator().account(Home.SECOND_ACCOUNT, Simulators.CLEVERTAP_PASSCODE).start();
                RelayProcess relay = new RelayProcess(folder, simulators)
                        .set("RELAY_HOME", Home.withTheSecondAccountOfTheReadme(folder.resolve("home")).toString())
                        .set("FITNESS_PASSCODE", Simulators.CLEVERTAP_PASSCODE)
                        .set("relay.destinations.clevertap.accounts.fitness.url", other.url())
                        .set("camel.component.http.response-timeout", Long.toString(RESPONSE_TIMEOUT.toMillis())).start()) {
            Map<String, Long> before = send(relay, "B", BEFORE);
            long[] usual = delaysAtOneSignal(simulators, before);
            long[] usualAtOther = delaysAt(other, before);
            await().atMost(Duration.ofSeconds(20)).until(() -> counts(simulators).keySet().containsAll(ofProduction(before)));
            long callsBefore = simulators.cleverTap.callCount();
            if (fault == null) {
                simulators.cleverTap.stop();
            } else {
                simulators.cleverTap.faults().always(fault);
            }
            Map<String, Long> accepted = send(relay, "O", OUTAGE);
            long[] delays = delaysAtOneSignal(simulators, accepted);
            long[] delaysAtOther = delaysAt(other, accepted);
            assertThat(relay.actuator("/parked").body()).contains("\"total\":0");
            assertThat(relay.actuator("/health/readiness").statusCode()).isEqualTo(200);
            long calls = simulators.cleverTap.callCount() - callsBefore;

            simulators.cleverTap.faults().clear();
            if (fault == null) {
                simulators.cleverTap.start();
            }
            accepted.putAll(before);
            Set<String> lost = ofProduction(accepted);
            await().atMost(Duration.ofMinutes(3)).until(() -> counts(simulators).size() >= lost.size());
            Map<String, Integer> counts = counts(simulators);
            lost.removeAll(counts.keySet());
            System.out.printf("%s for %d s: %d events accepted, %d lost, %d delivered again, %s, %d calls meanwhile; median and slowest"
                    + " delay in ms: OneSignal %s before, %s meanwhile; the other account %s before, %s meanwhile%n", name, OUTAGE.toSeconds(),
                    accepted.size(), lost.size(), repeated(counts), parked(relay), calls, medianAndSlowest(usual), medianAndSlowest(delays), medianAndSlowest(usualAtOther),
                    medianAndSlowest(delaysAtOther));
            assertThat(counts.keySet()).containsExactlyInAnyOrderElementsOf(ofProduction(accepted));
            assertThat(counts.values()).as("each once").containsOnly(1);
            assertThat(relay.actuator("/parked").body()).contains("\"total\":0");
            assertThat(delays[delays.length - 1]).as("the slowest at OneSignal").isLessThan(USUAL_DELAY.toMillis());
            assertThat(delaysAtOther[delaysAtOther.length - 1]).as("the slowest at the other account").isLessThan(USUAL_DELAY.toMillis());
            assertThat(counts(other).values()).as("each once at the other account").containsOnly(1);
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

    /** Sends at a steady rate, each second one for the other account; gives the ids with the instants at which they were accepted. */
    private static Map<String, Long> send(RelayProcess relay, String prefix, Duration time) {
        Map<String, Long> accepted = new HashMap<>();
        long end = System.nanoTime() + time.toNanos();
        for (int n = 0; System.nanoTime() < end; n++) {
            String id = prefix + "-" + n;
            String webhook = Events.renewal(id, "outage-" + id, Events.BASE + n);
            assertThat(relay.revenueCat(n % 2 == 0 ? webhook : Home.ofItsApp(webhook))).isEqualTo(200);
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

    /** How long each took that is for the other account, in milliseconds, the slowest last. */
    private static long[] delaysAt(CleverTapSimulator other, Map<String, Long> accepted) {
        Set<String> ids = new TreeSet<>(accepted.keySet());
        ids.removeAll(ofProduction(accepted));
        await().atMost(Duration.ofSeconds(30)).until(() -> counts(other).keySet().containsAll(ids));
        Map<Long, Long> calls = other.calls().stream().collect(Collectors.toMap(Call::number, Call::startNanos));
        return other.stored().stream().filter(record -> ids.contains(record.data().path("event_id").asText()))
                .mapToLong(record -> TimeUnit.NANOSECONDS.toMillis(
                        calls.get(record.call()) - accepted.get(record.data().path("event_id").asText()))).sorted().toArray();
    }

    /** Those that are for the account that fails. */
    private static Set<String> ofProduction(Map<String, Long> accepted) {
        return accepted.keySet().stream().filter(id -> Integer.parseInt(id.substring(2)) % 2 == 0).collect(Collectors.toCollection(TreeSet::new));
    }

    private static String medianAndSlowest(long[] delays) {
        return delays[delays.length / 2] + " and " + delays[delays.length - 1];
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
        return counts(simulators.cleverTap);
    }

    private static Map<String, Integer> counts(CleverTapSimulator cleverTap) {
        Map<String, Integer> counts = new HashMap<>();
        cleverTap.stored().forEach(record -> counts.merge(record.data().path("event_id").asText(), 1, Integer::sum));
        return counts;
    }
}
