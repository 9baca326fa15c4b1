package io.subscriptionrelay.simulation;

import java.util.List;
import java.util.stream.LongStream;

/** For {@code src/test/simulation/mutants.sh}: runs so many seeds from 0 on, and tells the first breach that is found. */
final class Seeds {

    private Seeds() {
    }

    public static void main(String[] count) {
        LongStream.range(0, Long.parseLong(count[0])).parallel().filter(seed -> !Simulation.run(Plan.of(seed)).isEmpty()).findAny().ifPresent(seed -> {
            List<String> found = Simulation.run(Plan.of(seed));
            System.out.println("seed " + seed + ": " + found.get(0).substring(0, Math.min(150, found.get(0).length())));
            System.exit(1);
        });
    }
}
