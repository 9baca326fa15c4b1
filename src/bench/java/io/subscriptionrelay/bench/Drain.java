package io.subscriptionrelay.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Row 4: a backlog of stored events, from the raw event to CleverTap's answer. Floor and relay take turns, each with its own backlog. */
final class Drain {

    static final Duration LATENCY = Duration.ofMillis(50);
    private static final int BACKLOG = 100_000;
    /** Drained before, because whoever has an outage behind them has a JVM that runs for long. */
    static final int WARM_UP = 60_000;
    /** Of those, what comes out of a JVM that has just started. */
    private static final int FIRST = 10_000;
    private static final int IN_FLIGHT = 15;
    private static final String DELIVER = "deliver.clevertap.production";
    private static final String HISTORY = "history";
    private static final double AHEAD = 1.4;
    static final Duration LONGEST = Duration.ofMinutes(3);

    private Drain() {
    }

    /** One of the two that are compared. */
    private interface Side {

        /** Lets stored events go on. */
        void go() throws Exception;

        /** Stops before the next of them. */
        void pause() throws Exception;

        /** The queues that have to be empty before the next round. */
        List<String> queues();
    }

    static List<Result> measure(Options options) throws Exception {
        int events = options.size(BACKLOG);
        int before = options.size(WARM_UP);
        // what is translated but not yet delivered when a round ends is delivered between the rounds
        Path filled = Folders.filled(before + (int) (events * (options.rounds() * AHEAD)), Filler.Users.ONE_EACH, 1);
        Path floorData = Folders.copy(filled, "drain-floor");
        Path relayData = Folders.copy(filled, "drain");
        Series floorRate = new Series();
        Series rate = new Series();
        Series perCall = new Series();
        Series drained = new Series();
        Series kept = new Series();
        double cold;
        try (CleverTap floorDestination = new CleverTap(LATENCY); CleverTap destination = new CleverTap(LATENCY);
                Program floor = Program.of(DrainFloor.class, floorData.toString(), floorDestination.url());
                Relay relay = new Relay.Settings(relayData).cleverTap(destination).heldBack().start()) {
            floor.awaitLine("ready");
            relay.awaitReadiness();
            Side floorSide = new Side() {
                @Override
                public void go() throws IOException {
                    floor.tell("go");
                }

                @Override
                public void pause() throws IOException {
                    floor.tell("pause");
                }

                @Override
                public List<String> queues() {
                    return List.of(DELIVER);
                }
            };
            Side relaySide = new Side() {
                @Override
                public void go() throws Exception {
                    relay.translate();
                }

                @Override
                public void pause() throws Exception {
                    relay.hold();
                }

                @Override
                public List<String> queues() {
                    return List.of(DELIVER, HISTORY);
                }
            };
            drain(floor, floorSide, floorDestination, before);
            long start = System.nanoTime();
            drain(relay, relaySide, destination, before);
            cold = firstRate(destination, start, options.size(FIRST));
            for (int round = 0; round < options.rounds(); round++) {
                floorRate.add(drain(floor, floorSide, floorDestination, events).rate());
                Round one = drain(relay, relaySide, destination, events);
                rate.add(one.rate());
                perCall.add(one.perCall());
                drained.add(one.drained());
                kept.add(one.rest());
            }
            floorDestination.checkEachOnce();
            destination.checkEachOnce();
            if (Math.max(floorDestination.mostInFlight(), destination.mostInFlight()) > IN_FLIGHT) {
                throw new IllegalStateException("CleverTap allows " + IN_FLIGHT + " calls at once, and got " + floorDestination.mostInFlight() + " and "
                        + destination.mostInFlight());
            }
        }
        return List.of(Result.ratio("4", "drain of " + Report.number(events) + " events", "1/s", floorRate, rate, Result.atLeast(0.55), ""),
                Result.value("4b", "drain of " + Report.number(events) + " events", "1/s", rate, null, ""),
                Result.value("4c", "records a call", "", perCall, Result.atLeast(900), ""),
                Result.ratio("4d", "the first " + Report.number(options.size(FIRST)) + " after a start", "1/s", Series.of(rate.median()), Series.of(cold),
                        Result.atLeast(0.6), "floor: the same relay when it is warm, row 4"),
                Result.ratio("4e", "until history has all of it too", "s", drained, kept, Result.atMost(2), "floor: the drain of row 4"));
    }

    /** The rate of the first records that come after a time, a second. */
    private static double firstRate(CleverTap destination, long start, int records) {
        long end = destination.moments().stream().filter(moment -> moment.records() >= records).mapToLong(CleverTap.Moment::nanos).min().orElseThrow();
        return records / ((end - start) / 1e9);
    }

    /**
     * What became of a round.
     *
     * @param rate records a second
     * @param drained until nothing was left to deliver, in seconds
     * @param rest until nothing was left to do at all, in seconds
     */
    private record Round(double rate, double perCall, double drained, double rest) {
    }

    /** Drains so many records from now on; then waits until nothing is under way any more. */
    private static Round drain(Program program, Side side, CleverTap destination, int events) throws Exception {
        long records = destination.records();
        long calls = destination.moments().size();
        long start = System.nanoTime();
        side.go();
        long end = destination.await(records + events, LONGEST);
        if (destination.records() < records + events) {
            throw new IllegalStateException("only " + (destination.records() - records) + " of " + events + " records came");
        }
        double perCall = (double) (destination.records() - records) / (destination.moments().size() - calls);
        side.pause();
        double drained = 0;
        double rest = 0;
        for (String queue : side.queues()) {
            program.await("end of the round", LONGEST, () -> program.waiting(queue) == 0);
            rest = (System.nanoTime() - start) / 1e9;
            drained = drained == 0 ? rest : drained;
        }
        return new Round(events / ((end - start) / 1e9), perCall, drained, rest);
    }

    /** Records a second between two times. */
    static double rate(CleverTap destination, long from, long to) {
        return (recordsAt(destination, to) - recordsAt(destination, from)) / ((to - from) / 1e9);
    }

    private static long recordsAt(CleverTap destination, long nanos) {
        return destination.moments().stream().filter(moment -> moment.nanos() - nanos <= 0).mapToLong(CleverTap.Moment::records).max().orElse(0);
    }
}
