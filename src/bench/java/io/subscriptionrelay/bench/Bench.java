package io.subscriptionrelay.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The benchmark: every figure beside a floor that was measured in the same run, in turns with it. See docs/performance.md. */
public final class Bench {

    private static final Path RESULTS = Folders.ROOT.resolve("results.json");

    private Bench() {
    }

    private interface Row {
        List<Result> measure() throws Exception;
    }

    public static void main(String[] arguments) throws Exception {
        Options options = Options.parse(arguments);
        Machine machine = Machine.look(Folders.ROOT);
        System.out.printf("%s, %d cores, %s, forced write %.0f µs%n", machine.jvm(), machine.cores(), machine.system(),
                machine.forcedWriteMicros());
        List<Result> results = new ArrayList<>();
        Folders.delete(Folders.ROOT.resolve("data"));
        run(options, results, () -> Acknowledgements.measure(options), 1, 2);
        run(options, results, () -> Translation.measure(options), 3);
        run(options, results, () -> Drain.measure(options), 4);
        run(options, results, () -> OneSignalDrain.measure(options), 5);
        run(options, results, () -> IdleLatency.measure(options), 6);
        run(options, results, () -> BothAtOnce.measure(options), 7);
        run(options, results, () -> Growth.measure(options), 8, 9, 10);
        run(options, results, () -> KeptEvents.measure(options), 11);
        run(options, results, () -> TwoRelays.measure(options), 12);
        run(options, results, () -> CommandTimes.measure(options), 13);
        run(options, results, () -> DuringReplay.measure(options), 14);
        Folders.delete(Folders.ROOT.resolve("data"));
        Report.write(RESULTS, machine, results);
        System.out.println();
        System.out.print(Report.table(results));
        if (options.record()) {
            Gate.record(results);
        } else if (options.gate()) {
            List<String> slower = Gate.slower(results);
            slower.forEach(System.err::println);
            System.exit(slower.isEmpty() ? 0 : 1);
        }
        System.exit(0);
    }

    private static void run(Options options, List<Result> results, Row row, int... numbers) throws Exception {
        boolean wanted = false;
        for (int number : numbers) {
            wanted |= options.rows().contains(number);
        }
        if (wanted) {
            long start = System.nanoTime();
            List<Result> measured = row.measure();
            System.out.printf("%s %.0f s%n", measured.stream().map(result -> result.row() + ": "
                    + Report.number((result.ratio() == null ? result.value() : result.ratio()).median())).toList(),
                    (System.nanoTime() - start) / 1e9);
            results.addAll(measured);
        }
    }
}
