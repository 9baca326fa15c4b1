package io.subscriptionrelay.bench;

import java.nio.file.Path;
import java.util.List;

/**
 * Row 7: webhooks come in while a backlog goes out. Each is measured alone a moment before, in the same process: minutes later a machine may be half
 * as fast.
 */
final class BothAtOnce {

    private static final int BACKLOG = 200_000;
    private static final int DRAINED_ALONE = 40_000;
    private static final double WEBHOOKS_A_SECOND = 1000;
    private static final double AS_MANY_AS_CAN_BE = 0;
    private static final long ALONE = 5000;
    private static final long SETTLING = 3000;
    private static final long MEASURED = 15_000;

    private BothAtOnce() {
    }

    static List<Result> measure(Options options) throws Exception {
        int warming = options.size(Drain.WARM_UP);
        int drainedAlone = options.size(DRAINED_ALONE);
        Path data = Folders.copy(Folders.filled(warming + drainedAlone + options.size(BACKLOG), Filler.Users.ONE_EACH, 1), "both");
        Load.Measured floor;
        Load.Measured paced;
        Load.Measured busy;
        double alone;
        double drained;
        try (CleverTap destination = new CleverTap(Drain.LATENCY);
                Relay relay = new Relay.Settings(data).cleverTap(destination).heldBack().start()) {
            relay.awaitReadiness();
            Acknowledgements.warmUp(relay.port(), options.time(Acknowledgements.RELAY_WARM_UP));
            // before the first drain, whose leavings the collector and the journal still work on for a while
            paced = load(relay, WEBHOOKS_A_SECOND, 0, options.time(ALONE));
            floor = load(relay, AS_MANY_AS_CAN_BE, options.time(SETTLING) / 3, options.time(ALONE));
            relay.translate();
            long warm = destination.await(warming, Drain.LONGEST);
            alone = drainedAlone * 1e9 / (destination.await(warming + drainedAlone, Drain.LONGEST) - warm);
            long start = System.nanoTime();
            busy = load(relay, WEBHOOKS_A_SECOND, options.time(SETTLING), options.time(MEASURED));
            drained = Drain.rate(destination, start + options.time(SETTLING) * 1_000_000, System.nanoTime());
        }
        return List.of(
                Result.ratio("7", "p99 of 1,000 webhooks/s during a drain", "ms", Series.of(floor.p99()), Series.of(busy.p99()), Result.atMost(2.5),
                        "floor: as row 1b, a moment before; alone at this pace " + Report.number(paced.p99())),
                Result.ratio("7b", "drain meanwhile", "1/s", Series.of(alone), Series.of(drained), Result.atLeast(0.6),
                        "floor: as row 4, a moment before; " + Report.number(busy.perSecond()) + " webhooks/s answered"));
    }

    private static Load.Measured load(Relay relay, double aSecond, long warmUp, long measured) throws InterruptedException {
        return new Load(relay.port(), Acknowledgements.CONNECTIONS, aSecond, Acknowledgements.requests(relay.port())).run(warmUp, measured);
    }
}
