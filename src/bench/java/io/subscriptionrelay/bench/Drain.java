package io.subscriptionrelay.bench;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Row 4: a backlog of stored events, from the raw event to CleverTap's answer. */
final class Drain {

    static final Duration LATENCY = Duration.ofMillis(50);
    private static final int BACKLOG = 100_000;
    /** Drained before, because whoever has an outage behind them has a JVM that runs for long. */
    static final int WARM_UP = 60_000;
    private static final int IN_FLIGHT = 15;
    static final Duration LONGEST = Duration.ofMinutes(3);

    private Drain() {
    }

    /** What a drain came to. */
    record Measured(double perSecond, double cold, double recordsPerCall) {
    }

    static List<Result> measure(Options options) throws Exception {
        int events = options.size(BACKLOG);
        int before = options.size(WARM_UP);
        Path filled = Folders.filled(before + events, Filler.Users.ONE_EACH, 1);
        Series floor = new Series();
        Series floorCold = new Series();
        Series rate = new Series();
        Series cold = new Series();
        Series perCall = new Series();
        try (CleverTap destination = new CleverTap(LATENCY)) {
            for (int round = 0; round < options.rounds(); round++) {
                Measured plain = floor(filled, destination, before, events);
                floor.add(plain.perSecond());
                floorCold.add(plain.cold());
                Measured measured = relay(filled, destination, before, events);
                rate.add(measured.perSecond());
                cold.add(measured.cold());
                perCall.add(measured.recordsPerCall());
            }
        }
        return List.of(Result.ratio("4", "drain of " + Report.number(events) + " events", "1/s", floor, rate, Result.atLeast(0.6), ""),
                Result.value("4b", "drain of " + Report.number(events) + " events", "1/s", rate, Result.atLeast(5000), ""),
                Result.value("4c", "records a call", "", perCall, Result.atLeast(900), ""),
                Result.ratio("4d", "the " + Report.number(before) + " before them", "1/s", floorCold, cold, null, "from a cold JVM"));
    }

    private static Measured floor(Path filled, CleverTap destination, int before, int events) throws Exception {
        Path data = Folders.copy(filled, "drain-floor");
        destination.forget();
        try (Program floor = Program.of(DrainFloor.class, data.toString(), destination.url())) {
            floor.awaitLine("ready");
            long start = System.nanoTime();
            floor.tell("go");
            return measured(destination, before, events, start);
        }
    }

    private static Measured relay(Path filled, CleverTap destination, int before, int events) throws Exception {
        Path data = Folders.copy(filled, "drain");
        destination.forget();
        try (Relay relay = new Relay.Settings(data).cleverTap(destination).heldBack().start()) {
            relay.awaitReadiness();
            long start = System.nanoTime();
            relay.translate();
            return measured(destination, before, events, start);
        }
    }

    private static Measured measured(CleverTap destination, int before, int events, long start) throws Exception {
        long end = destination.await(before + events, LONGEST);
        destination.checkAll(before + events);
        if (destination.mostInFlight() > IN_FLIGHT) {
            throw new IllegalStateException(destination.mostInFlight() + " calls at once; CleverTap allows " + IN_FLIGHT);
        }
        List<CleverTap.Moment> moments = destination.moments();
        CleverTap.Moment warm = moments.stream().filter(moment -> moment.records() >= before).findFirst().orElseThrow();
        long calls = moments.stream().filter(moment -> moment.records() > warm.records()).count();
        long records = before + events - warm.records();
        return new Measured(records / ((end - warm.nanos()) / 1e9), warm.records() / ((warm.nanos() - start) / 1e9), (double) records / calls);
    }

    /** Records a second between two times. */
    static double rate(CleverTap destination, long from, long to) {
        return (recordsAt(destination, to) - recordsAt(destination, from)) / ((to - from) / 1e9);
    }

    private static long recordsAt(CleverTap destination, long nanos) {
        return destination.moments().stream().filter(moment -> moment.nanos() - nanos <= 0).mapToLong(CleverTap.Moment::records).max().orElse(0);
    }
}
