package io.subscriptionrelay.deliver;

import static org.assertj.core.api.Assertions.assertThat;

import io.subscriptionrelay.deliver.VirtualServer.Call;
import io.subscriptionrelay.deliver.VirtualServer.Reply;
import io.subscriptionrelay.event.Headers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One record that a destination always fails on, whatever it answers it with: it waits by itself, and parks after a day in which others were taken. */
class BadRecordTest {

    private static final Duration FEW_SECONDS = Duration.ofSeconds(10);
    private static final Duration DAY = Duration.ofHours(24);

    private static final String ANSWERS = """
            403, 50
            408, 50
            429, 50
            500, 50
            503, 50
            0, 50
            0, 60000
            """;

    private static VirtualServer failingOn(String bad, int status, long milliseconds, Function<Call, Reply> otherwise) {
        return call -> call.ids().contains(bad) ? Reply.of(status, "").after(Duration.ofMillis(milliseconds)) : otherwise.apply(call);
    }

    /** The records that waited for longer than a few seconds. */
    private static Map<String, Duration> waits(VirtualDelivery relay, List<String> ids) {
        Map<String, Duration> waits = new LinkedHashMap<>();
        ids.stream().filter(id -> relay.wait(id).compareTo(FEW_SECONDS) > 0).forEach(id -> waits.put(id + " of " + relay.puts.get(id).user(), relay.wait(id)));
        return waits;
    }

    @ParameterizedTest
    @CsvSource(textBlock = ANSWERS)
    void withOthersInItsBatchAloneEachOfThemIsDeliveredOnceAndItComesBackByItself(int status, long milliseconds) {
        VirtualDelivery relay = VirtualDelivery.cleverTap(failingOn("r617", status, milliseconds, Reply::taken));
        List<String> good = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            String id = relay.state("user-" + i, i);
            if (!id.equals("r617")) {
                good.add(id);
            }
        }
        relay.time.until(() -> relay.settled.contains("isolate r617"), Duration.ofMinutes(30));
        // the other half of the last call
        relay.time.advance(Duration.ofSeconds(1));
        assertThat(relay.outcomes.delivered).containsExactlyInAnyOrderElementsOf(good);
        assertThat(relay.settled).containsOnlyOnce("isolate r617");
        // the call twice with the failure of the account in between, then halves
        assertThat(relay.made.size()).isLessThan(40);
        relay.time.advance(DAY.plusHours(4));
        assertThat(relay.outcomes.delivered).doesNotHaveDuplicates();
        assertThat(relay.outcomes.parked).as("nothing was taken meanwhile").isEmpty();
        relay.server = Reply::taken;
        assertThat(relay.settle(Duration.ofMinutes(1))).isTrue();
        assertThat(relay.outcomes.delivered).hasSize(1000).doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @CsvSource(textBlock = ANSWERS)
    void withOthersComingInItParksAfterADayAndTheyWaitForSecondsAtMost(int status, long milliseconds) {
        VirtualDelivery relay = VirtualDelivery.cleverTap(failingOn("r61", status, milliseconds, Reply::taken));
        IntStream.range(0, 100).forEach(i -> relay.state("user-" + i, i));
        List<String> others = new ArrayList<>();
        relay.time.every(Duration.ofSeconds(30), () -> {
            others.add(relay.event("other-" + others.size(), 1000 + others.size()));
            if (milliseconds < 1000 || relay.settled.contains("isolate r61")) {
                // a user that was in the batch of the bad record
                others.add(relay.state("user-" + (70 + others.size() % 30), 1000 + others.size()));
            }
        });
        relay.time.until(() -> !relay.outcomes.parked.isEmpty(), DAY.minusHours(1));
        assertThat(relay.outcomes.parked).isEmpty();
        relay.time.until(() -> !relay.outcomes.parked.isEmpty(), Duration.ofHours(4));
        String said = status == 0 ? "no answer" : "HTTP " + status;
        assertThat(relay.outcomes.parked).containsOnlyKeys("r61").containsEntry("r61",
                "CleverTap answers this record with `" + said + "` while it takes others, for 24 h");
        relay.time.advance(Duration.ofSeconds(10));
        Set<String> delivered = new HashSet<>(relay.outcomes.delivered);
        assertThat(relay.outcomes.delivered).hasSameSizeAs(delivered);
        assertThat(relay.puts.keySet().stream().filter(id -> !id.equals("r61") && !delivered.contains(id))
                .filter(id -> relay.puts.get(id).at().compareTo(relay.time.elapsed().minusSeconds(5)) < 0)).isEmpty();
        assertThat(waits(relay, others)).isEmpty();
        assertThat(relay.made.stream().filter(call -> call.ids().contains("r61")).count()).isLessThan(300);
    }

    @ParameterizedTest
    @CsvSource(textBlock = ANSWERS)
    void anUpdateThatOneSignalAlwaysFailsOnHoldsNobodyAndParksAfterADay(int status, long milliseconds) {
        VirtualDelivery relay = VirtualDelivery.oneSignal(failingOn("r0", status, milliseconds, Reply::taken));
        relay.state("bad", 0);
        List<String> others = new ArrayList<>();
        relay.time.every(Duration.ofSeconds(40), () -> others.add(relay.state("other-" + others.size(), 1000 + others.size())));
        relay.time.until(() -> !relay.outcomes.parked.isEmpty(), DAY.plusHours(4));
        assertThat(relay.outcomes.parked).containsOnlyKeys("r0");
        assertThat(relay.time.elapsed()).isGreaterThan(DAY);
        assertThat(waits(relay, others)).isEmpty();
    }

    @Test
    void aRecordThatHangsHoldsNoUsersOfItsBatchWhoseRecordsAreSettled() {
        VirtualDelivery relay = VirtualDelivery.cleverTap(failingOn("r1", 0, 60_000, Reply::taken));
        relay.state("user", 1);
        relay.put("bad", 2, "{\"type\":\"profile\",\"identity\":\"bad\",\"profileData\":{\"n\":\"#%s#\"}}", Map.of(Headers.ALONE, true));
        relay.time.advance(Duration.ofSeconds(2));
        String newer = relay.state("user", 3);
        relay.time.advance(Duration.ofSeconds(2));
        assertThat(relay.outcomes.delivered).containsExactly("r0", newer);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4})
    void anUpdateThatOneSignalFailsOnHoldsNoneThatItIsFoldedWith(int bad) {
        VirtualDelivery relay = VirtualDelivery.oneSignal(failingOn("r" + bad, 500, 50, Reply::taken));
        IntStream.range(0, 5).forEach(i -> relay.state("one", i));
        int[] other = {0};
        relay.time.every(Duration.ofSeconds(20), () -> relay.state("other-" + other[0]++, 0));
        relay.time.advance(Duration.ofMinutes(1));
        List<String> settled = new ArrayList<>(relay.outcomes.delivered);
        settled.addAll(relay.outcomes.skipped);
        assertThat(settled).containsAll(IntStream.range(0, 5).filter(i -> i != bad).mapToObj(i -> "r" + i).toList());
        // of the others the newest is there
        assertThat(relay.outcomes.delivered).contains(bad == 4 ? "r3" : "r4");
        relay.time.until(() -> !relay.outcomes.parked.isEmpty(), DAY.plusHours(4));
        // newer ones have set what they share; the tag that it has for itself is left
        assertThat(relay.outcomes.parked).containsOnlyKeys("r" + bad);
        assertThat(relay.time.elapsed()).isBetween(DAY, DAY.plusHours(1));
    }

    @Test
    void whatAsksWhetherADestinationIsBackIsTakenInTheOrderOfEvents() {
        VirtualDelivery relay = VirtualDelivery.oneSignal(failingOn("r4", 500, 50, Reply::taken));
        IntStream.range(0, 5).forEach(i -> relay.state("one", i));
        relay.time.advance(Duration.ofMinutes(1));
        assertThat(relay.outcomes.delivered).containsExactly("r0", "r1", "r2", "r3");
    }

    @Test
    void aPoisonCustomEventIsIsolatedOnceAndMakesNoOthersHalveAgain() {
        VirtualDelivery relay = VirtualDelivery.oneSignal(failingOn("r123", 500, 50, Reply::taken));
        IntStream.range(0, 400).forEach(i -> relay.event("user-" + i, i));
        relay.time.until(() -> relay.settled.contains("isolate r123"), Duration.ofMinutes(5));
        int calls = relay.made.size();
        assertThat(calls).isLessThan(40);
        int[] ticks = {0};
        relay.time.every(Duration.ofSeconds(50), () -> {
            IntStream.range(0, 5).forEach(i -> relay.event("other-" + ticks[0] + '-' + i, i));
            ticks[0]++;
        });
        relay.time.until(() -> !relay.outcomes.parked.isEmpty(), DAY.plusHours(4));
        assertThat(relay.outcomes.parked).containsOnlyKeys("r123");
        assertThat(relay.time.elapsed()).isBetween(DAY, DAY.plusHours(1));
        assertThat(relay.made.subList(calls, relay.made.size())).filteredOn(call -> call.ids().contains("r123"))
                .allSatisfy(call -> assertThat(call.ids()).hasSize(1));
        // one call each time, besides those for it
        assertThat(relay.made.stream().skip(calls).filter(call -> !call.ids().contains("r123")).count()).isLessThanOrEqualTo(ticks[0] + 1);
    }

    @ParameterizedTest
    @ValueSource(ints = {30, 300, 1000})
    void whileManyBadOnesAreFoundInABatchOthersWaitForSeconds(int bad) {
        VirtualDelivery relay = VirtualDelivery.cleverTap(call -> call.ids().stream().anyMatch(id -> isOneOf(bad, id)) ? Reply.of(500, "")
                : Reply.taken(call));
        IntStream.range(0, 1000).forEach(i -> relay.event("user-" + i, i));
        List<String> others = new ArrayList<>();
        relay.time.every(Duration.ofMillis(400), () -> others.add(relay.event("other-" + others.size(), 1000 + others.size())));
        assertThat(relay.time.until(() -> relay.settled.stream().filter(one -> one.startsWith("isolate")).count() >= bad, Duration.ofMinutes(30)))
                .as("all of them are found").isTrue();
        assertThat(others.stream().map(relay::wait).max(Duration::compareTo).orElseThrow()).isLessThan(Duration.ofSeconds(3));
    }

    /** So many of the first 1000, apart from one another. */
    private static boolean isOneOf(int bad, String id) {
        int number = Integer.parseInt(id.substring(1));
        return number < 1000 && number * 7 % 1000 < bad;
    }
}
