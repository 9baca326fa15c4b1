package io.subscriptionrelay.bench;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Row 4: a backlog of stored events, from the raw event to CleverTap's answer. */
final class Drain {

    static final Duration LATENCY = Duration.ofMillis(50);
    private static final int BACKLOG = 100_000;
    private static final int IN_FLIGHT = 15;
    private static final Duration LONGEST = Duration.ofMinutes(3);

    private Drain() {
    }

    /** What a drain came to. */
    record Measured(double perSecond, double secondHalf, double recordsPerCall, long peakMemory) {
    }

    static List<Result> measure(Options options) throws Exception {
        int events = options.size(BACKLOG);
        Path filled = Folders.filled(events, Filler.Users.ONE_EACH, 1);
        Series floor = new Series();
        Series floorWarm = new Series();
        Series rate = new Series();
        Series warm = new Series();
        Series perCall = new Series();
        try (CleverTap destination = new CleverTap(LATENCY)) {
            for (int round = 0; round < options.rounds(); round++) {
                Measured plain = floor(filled, destination, events);
                floor.add(plain.perSecond());
                floorWarm.add(plain.secondHalf());
                Measured measured = relay(filled, destination, events);
                rate.add(measured.perSecond());
                warm.add(measured.secondHalf());
                perCall.add(measured.recordsPerCall());
            }
        }
        return List.of(Result.ratio("4", "drain of " + Report.number(events) + " events", "1/s", floor, rate, Result.atLeast(0.6), ""),
                Result.value("4b", "drain of " + Report.number(events) + " events", "1/s", rate, Result.atLeast(5000), ""),
                Result.value("4c", "records a call", "", perCall, Result.atLeast(900), ""),
                Result.ratio("4d", "its second half", "1/s", floorWarm, warm, null, "warmer JVMs"));
    }

    private static Measured floor(Path filled, CleverTap destination, int events) throws Exception {
        Path data = Folders.copy(filled, "drain-floor");
        destination.forget();
        try (Program floor = Program.of(DrainFloor.class, data.toString(), destination.url())) {
            floor.awaitLine("ready");
            long start = System.nanoTime();
            floor.tell("go");
            return measured(floor, destination, events, start);
        }
    }

    private static Measured relay(Path filled, CleverTap destination, int events) throws Exception {
        Path data = Folders.copy(filled, "drain");
        destination.forget();
        try (Relay relay = new Relay.Settings(data).cleverTap(destination).heldBack().start()) {
            relay.awaitReadiness();
            long start = System.nanoTime();
            relay.translate();
            return measured(relay, destination, events, start);
        }
    }

    private static Measured measured(Program program, CleverTap destination, int events, long start) throws Exception {
        long end = destination.await(events, LONGEST);
        destination.checkAll(events);
        if (destination.mostInFlight() > IN_FLIGHT) {
            throw new IllegalStateException(destination.mostInFlight() + " calls at once; CleverTap allows " + IN_FLIGHT);
        }
        CleverTap.Moment half = destination.moments().stream().filter(moment -> moment.records() >= events / 2).findFirst().orElseThrow();
        return new Measured(events / ((end - start) / 1e9), (events - half.records()) / ((end - half.nanos()) / 1e9),
                destination.recordsPerCall(), program.peakMemory());
    }

    /** Records a second between two times. */
    static double rate(CleverTap destination, long from, long to) {
        return (recordsAt(destination, to) - recordsAt(destination, from)) / ((to - from) / 1e9);
    }

    private static long recordsAt(CleverTap destination, long nanos) {
        return destination.moments().stream().filter(moment -> moment.nanos() - nanos <= 0).mapToLong(CleverTap.Moment::records).max().orElse(0);
    }
}
