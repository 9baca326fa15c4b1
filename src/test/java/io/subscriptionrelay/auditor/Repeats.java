package io.subscriptionrelay.auditor;

import static org.assertj.core.api.Assertions.assertThat;

import io.subscriptionrelay.simulator.CleverTapSimulator;
import io.subscriptionrelay.simulator.CleverTapSimulator.Call;
import io.subscriptionrelay.simulator.CleverTapSimulator.StoredRecord;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The records that CleverTap got more than once: only a crash may cause it, for the calls that were not committed by then. */
public final class Repeats {

    /** The most calls of an account at the same moment. */
    private static final int IN_FLIGHT = 15;

    /** A kill or a power cut, from just before it to the end of the process, in nanoseconds. */
    public record Crash(long begun, long over) {
    }

    /** A record that came again: the call that had it, and the next one. */
    private record Repeat(Call before, Call again) {
    }

    private final List<Repeat> repeats = new ArrayList<>();
    private final List<Crash> crashes;
    private final Map<Crash, Set<Long>> callsByCrash = new HashMap<>();

    private Repeats(List<Crash> crashes) {
        this.crashes = crashes;
    }

    /**
     * Holds that each record that came again was in a call that was under way at a crash, and that those were no more than may be.
     *
     * @param name what makes a record another one than all others
     * @param longestCommit from the answer of a destination to the commit
     */
    public static Repeats assertUnderWay(CleverTapSimulator cleverTap, Function<StoredRecord, String> name, List<Crash> crashes,
            Duration longestCommit) {
        Repeats found = new Repeats(crashes);
        Map<Long, Call> calls = cleverTap.calls().stream().collect(Collectors.toMap(Call::number, call -> call));
        Map<String, List<Long>> deliveries = new HashMap<>();
        cleverTap.stored().forEach(record -> deliveries.computeIfAbsent(name.apply(record), unused -> new ArrayList<>()).add(record.call()));
        // one for each delivery after the first: as each lies between a call and the next one of the same record, no crash can account for two
        deliveries.values().forEach(numbers -> {
            Collections.sort(numbers);
            for (int i = 1; i < numbers.size(); i++) {
                found.repeats.add(new Repeat(calls.get(numbers.get(i - 1)), calls.get(numbers.get(i))));
            }
        });
        assertThat(found.repeats).as("each record that came again was in a call that was under way at a crash").allSatisfy(repeat ->
                assertThat(crashes).anySatisfy(crash -> {
                    assertThat(repeat.before().startNanos()).isLessThan(crash.over());
                    assertThat(repeat.before().endNanos()).isGreaterThan(crash.begun() - longestCommit.toNanos());
                    assertThat(repeat.again().startNanos()).isGreaterThan(crash.begun());
                    found.callsByCrash.computeIfAbsent(crash, unused -> new HashSet<>()).add(repeat.before().number());
                }));
        assertThat(found.mostCalls()).isLessThanOrEqualTo(IN_FLIGHT);
        return found;
    }

    private int mostCalls() {
        return callsByCrash.values().stream().mapToInt(Set::size).max().orElse(0);
    }

    @Override
    public String toString() {
        long calls = callsByCrash.values().stream().mapToInt(Set::size).sum();
        long answered = repeats.stream().mapToLong(repeat -> crashes.stream().filter(crash -> crash.over() > repeat.before().startNanos())
                .mapToLong(crash -> Math.max(0, crash.begun() - repeat.before().endNanos())).min().orElse(0)).max().orElse(0);
        return "%d records delivered again, of %d calls, at most %d calls of one crash, the longest answered %d ms before it".formatted(repeats.size(),
                calls, mostCalls(), TimeUnit.NANOSECONDS.toMillis(answered));
    }
}
