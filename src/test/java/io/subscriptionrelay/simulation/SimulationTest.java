package io.subscriptionrelay.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Plans made from seeds, each run in virtual time, and audited. */
class SimulationTest {

    private static final int AT_MOST = 3;

    @Test
    void twoHundredPlansKeepEachPromise() {
        run(0, 200);
    }

    /** {@code ./mvnw -Psimulation verify -Dseed=0 -Druns=10000}. */
    @Test
    @Tag("simulation")
    void plansKeepEachPromise() {
        run(Long.getLong("seed", 0), Integer.getInteger("runs", 10_000));
    }

    @Test
    void aPlanRunsTheSameWayEachTime() {
        for (long seed = 0; seed < 20; seed++) {
            assertThat(Plan.of(seed)).isEqualTo(Plan.of(seed));
            assertThat(Simulation.trace(Plan.of(seed))).isEqualTo(Simulation.trace(Plan.of(seed)));
        }
    }

    private static void run(long first, int count) {
        long began = System.nanoTime();
        AtomicInteger failed = new AtomicInteger();
        List<Long> seeds = LongStream.range(first, first + count).parallel().filter(seed -> failed.get() < AT_MOST
                && !Simulation.run(Plan.of(seed)).isEmpty() && failed.incrementAndGet() <= AT_MOST).boxed().sorted().toList();
        Duration took = Duration.ofNanos(System.nanoTime() - began);
        System.out.printf("simulation: %d plans from seed %d in %d s, %d failed%n", count, first, took.toSeconds(), seeds.size());
        List<String> reports = new ArrayList<>();
        for (long seed : seeds) {
            List<String> found = Simulation.run(Plan.of(seed));
            Plan shortest = Shrinker.shrink(Plan.of(seed));
            reports.add("seed " + seed + ", ./mvnw -Psimulation verify -Dseed=" + seed + " -Druns=1\n" + found.get(0) + "\nThe shortest plan that fails: "
                    + shortest + "\n" + Simulation.run(shortest).get(0) + "\n");
        }
        assertThat(reports).as(String.join("\n", reports)).isEmpty();
    }
}
