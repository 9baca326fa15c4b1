package io.subscriptionrelay.bench;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;

/** Row 7: webhooks come in while a backlog goes out. */
final class BothAtOnce {

    private static final int BACKLOG = 200_000;
    private static final double WEBHOOKS_A_SECOND = 1000;
    private static final long ALONE = 5000;
    private static final long SETTLING = 3000;
    private static final long MEASURED = 15_000;

    private BothAtOnce() {
    }

    /** @param before what rows 1 and 4 of this run came to, if they are part of it */
    static List<Result> measure(Options options, List<Result> before) throws Exception {
        int warming = options.size(Drain.WARM_UP);
        Path data = Folders.copy(Folders.filled(warming + options.size(BACKLOG), Filler.Users.ONE_EACH, 1), "both");
        Load.Measured alone;
        Load.Measured busy;
        double drained;
        try (CleverTap destination = new CleverTap(Drain.LATENCY);
                Relay relay = new Relay.Settings(data).cleverTap(destination).heldBack().start()) {
            relay.awaitReadiness();
            Acknowledgements.warmUp(relay.port(), options.time(Acknowledgements.RELAY_WARM_UP));
            alone = new Load(relay.port(), Acknowledgements.CONNECTIONS, WEBHOOKS_A_SECOND, Acknowledgements.requests(relay.port()))
                    .run(0, options.time(ALONE));
            relay.translate();
            destination.await(warming, Drain.LONGEST);
            long start = System.nanoTime();
            busy = new Load(relay.port(), Acknowledgements.CONNECTIONS, WEBHOOKS_A_SECOND, Acknowledgements.requests(relay.port()))
                    .run(options.time(SETTLING), options.time(MEASURED));
            drained = Drain.rate(destination, start + options.time(SETTLING) * 1_000_000, System.nanoTime());
        }
        Series acknowledged = floor(before, "1b", Result::value, alone.p99());
        Series drain = floor(before, "4", Result::value, Double.NaN);
        return List.of(
                Result.ratio("7", "p99 of 1,000 webhooks/s during a drain", "ms", acknowledged, Series.of(busy.p99()), Result.atMost(2),
                        "floor: row 1b; alone at this pace " + Report.number(alone.p99())),
                Result.ratio("7b", "drain meanwhile", "1/s", drain, Series.of(drained), Result.atLeast(0.6),
                        "floor: row 4; " + Report.number(busy.perSecond()) + " webhooks/s answered"));
    }

    private static Series floor(List<Result> before, String row, Function<Result, Series> figure, double otherwise) {
        return Series.of(before.stream().filter(result -> result.row().equals(row)).map(figure).map(Series::median).findFirst().orElse(otherwise));
    }
}
