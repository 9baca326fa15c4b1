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
        List<Result> measure(Options options) throws Exception;
    }

    public static void main(String[] arguments) throws Exception {
        Options options = Options.parse(arguments);
        Machine machine = Machine.look(Folders.ROOT);
        System.out.printf("%s, %d cores, %s, forced write %.0f µs%n", machine.jvm(), machine.cores(), machine.system(),
                machine.forcedWriteMicros());
        List<Result> results = new ArrayList<>();
        Folders.delete(Folders.ROOT.resolve("data"));
        run(options, results, Acknowledgements::measure, 1, 2);
        run(options, results, Translation::measure, 3);
        run(options, results, Drain::measure, 4);
        Folders.delete(Folders.ROOT.resolve("data"));
        Report.write(RESULTS, machine, results);
        System.out.println();
        System.out.print(Report.table(results));
        System.exit(0);
    }

    private static void run(Options options, List<Result> results, Row row, int... numbers) throws Exception {
        boolean wanted = false;
        for (int number : numbers) {
            wanted |= options.rows().contains(number);
        }
        if (wanted) {
            long start = System.nanoTime();
            List<Result> measured = row.measure(options);
            System.out.printf("%s %.0f s%n", measured.stream().map(result -> result.row() + ": "
                    + Report.number((result.ratio() == null ? result.value() : result.ratio()).median())).toList(),
                    (System.nanoTime() - start) / 1e9);
            results.addAll(measured);
        }
    }
}
