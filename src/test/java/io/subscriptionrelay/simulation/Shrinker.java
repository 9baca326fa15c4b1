package io.subscriptionrelay.simulation;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Makes a plan that fails shorter, for as long as it fails in the same way. */
final class Shrinker {

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final String breach;
    private final long began = System.nanoTime();

    private Shrinker(String breach) {
        this.breach = breach;
    }

    static Plan shrink(Plan plan) {
        Shrinker shrinker = new Shrinker(breach(Simulation.run(plan).get(0)));
        Plan before;
        Plan shorter = plan;
        do {
            before = shorter;
            Plan whole = shorter;
            shorter = whole.with(whole.events(), shrinker.fewer(whole.faults(), faults -> whole.with(whole.events(), faults)));
            Plan fewerFaults = shorter;
            shorter = fewerFaults.with(shrinker.fewer(fewerFaults.events(), events -> fewerFaults.with(events, fewerFaults.faults())),
                    fewerFaults.faults());
        } while (!shorter.equals(before));
        return shorter;
    }

    /** What stands before the colon. */
    private static String breach(String found) {
        return found.split(":")[0];
    }

    private <T> List<T> fewer(List<T> all, Function<List<T>, Plan> plan) {
        List<T> left = all;
        for (int size = Math.max(1, left.size() / 2); size > 0; size /= 2) {
            for (int from = 0; from < left.size();) {
                if (System.nanoTime() - began > PATIENCE.toNanos()) {
                    return left;
                }
                List<T> without = new ArrayList<>(left);
                without.subList(from, Math.min(left.size(), from + size)).clear();
                if (Simulation.run(plan.apply(without)).stream().anyMatch(found -> breach(found).equals(breach))) {
                    left = without;
                } else {
                    from += size;
                }
            }
        }
        return left;
    }
}
