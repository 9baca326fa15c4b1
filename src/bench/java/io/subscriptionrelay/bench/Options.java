package io.subscriptionrelay.bench;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a run is told.
 *
 * @param rows which rows of the table
 * @param rounds how many rounds, each of the floor and the relay in turns
 * @param scale what sizes and times are multiplied by
 * @param gate whether only the ratios of rows 1, 3 and 4 count, against those recorded
 * @param record whether the ratios are to be recorded for the gate
 * @param postgres whether row 11 keeps its history in PostgreSQL
 */
record Options(Set<Integer> rows, int rounds, double scale, boolean gate, boolean record, boolean postgres) {

    private static final int ROUNDS = 5;
    private static final double QUICK = 0.2;
    private static final String HELP = """
            bench/run [options]
              --rows 1,4    only these rows of the table; all by default
              --rounds 5    how many rounds, each of the floor and the relay in turns
              --scale 1     what sizes and times are multiplied by
              --store postgres  row 11 with its history in PostgreSQL
              --quick       --rounds 1 --scale 0.2: whether it runs, rather than how fast
              --gate        a short form of rows 1, 3 and 4; fails below 70 % of the ratios in bench/recorded.json
              --record      with --gate: writes the ratios to bench/recorded.json instead""";

    static Options parse(String[] arguments) {
        Set<Integer> rows = new TreeSet<>(List.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14));
        int rounds = ROUNDS;
        double scale = 1;
        boolean gate = false;
        boolean record = false;
        boolean postgres = false;
        for (int i = 0; i < arguments.length; i++) {
            switch (arguments[i]) {
                case "--rows" -> {
                    rows.clear();
                    for (String row : arguments[++i].split(",")) {
                        rows.add(Integer.parseInt(row.trim()));
                    }
                }
                case "--rounds" -> rounds = Integer.parseInt(arguments[++i]);
                case "--scale" -> scale = Double.parseDouble(arguments[++i]);
                case "--quick" -> {
                    rounds = 1;
                    scale = QUICK;
                }
                case "--gate" -> gate = true;
                case "--record" -> record = true;
                case "--store" -> postgres = arguments[++i].equals("postgres");
                default -> {
                    System.err.println(HELP);
                    System.exit(2);
                }
            }
        }
        return gate ? new Options(new TreeSet<>(List.of(1, 3, 4)), 2, QUICK, true, record, false)
                : new Options(rows, rounds, scale, false, record, postgres);
    }

    /** A size, scaled. */
    int size(int full) {
        return (int) Math.max(1000, Math.round(full * scale / 1000) * 1000);
    }

    /** A time in milliseconds, scaled, but long enough to mean something. */
    long time(long full) {
        return Math.max(Math.min(full, 1000), Math.round(full * scale));
    }

    /** For what takes so long that five rounds do not fit. */
    int atMost(int most) {
        return Math.min(most, rounds);
    }
}
