package io.subscriptionrelay.bench;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Row 5: a backlog for OneSignal, against an app with OneSignal's limits. Those are the floor: a call more would be refused. Once with the
 * events of a user close together, as the events of a purchase are, and a part of it with them far apart, where there is nothing to fold.
 */
final class OneSignalDrain {

    private static final int EVENTS = 100_000;
    /** At least; calls are few compared with how much code one passes, so the compiler has work for long. */
    private static final int WARM_UP = 100_000;
    private static final int LONGEST_WARM_UP = 200_000;
    private static final long LOOK = 3_000;
    private static final int CALLS_A_SECOND = 1000;
    private static final long SPREAD_MEASURED = 10_000;
    private static final Duration LONGEST = Duration.ofMinutes(4);

    private OneSignalDrain() {
    }

    private record Measured(double callsPerSecond, double eventsPerCall, long violations) {
    }

    static List<Result> measure(Options options) throws Exception {
        int events = options.size(EVENTS);
        Series rate = new Series();
        Series folded = new Series();
        long violations = 0;
        for (int round = 0; round < options.atMost(1); round++) {
            Measured measured = drain(options.size(WARM_UP), options.size(LONGEST_WARM_UP), events, Filler.Users.BURSTS, LONGEST);
            rate.add(measured.callsPerSecond());
            folded.add(measured.eventsPerCall());
            violations += measured.violations();
        }
        Measured spread = drain(0, 0, options.size(EVENTS / 2), Filler.Users.SPREAD, Duration.ofMillis(options.time(SPREAD_MEASURED)));
        List<Result> results = new ArrayList<>();
        Series limit = new Series();
        rate.rounds().forEach(round -> limit.add((double) CALLS_A_SECOND));
        results.add(Result.ratio("5", "OneSignal calls, " + Report.number(events) + " events, five a user", "1/s", limit, rate, Result.atLeast(0.85),
                "one round; " + violations + " calls too many"));
        results.add(Result.value("5b", "events a call", "", folded, Result.atLeast(3), ""));
        results.add(Result.ratio("5c", "OneSignal calls, a user's events far apart", "1/s", Series.of((double) CALLS_A_SECOND),
                Series.of(spread.callsPerSecond()), null, "the first seconds; " + spread.violations() + " calls too many"));
        return results;
    }

    /**
     * Until so many events are done or the time is over, counted from the first call after the warm-up.
     *
     * @param warmUp how many events are drained before at least, and at most while the compiler has work
     */
    private static Measured drain(int warmUp, int longestWarmUp, int events, Filler.Users users, Duration longest) throws Exception {
        Path data = Folders.copy(Folders.filled(longestWarmUp + events, users, 1), "onesignal");
        try (OneSignal destination = new OneSignal(CALLS_A_SECOND, Drain.LATENCY);
                Relay relay = new Relay.Settings(data).oneSignal(destination).heldBack().start()) {
            relay.awaitReadiness();
            relay.translate();
            relay.await("call", Duration.ofSeconds(60), () -> destination.calls() > 0);
            relay.await("warmth", LONGEST, () -> left(relay) <= longestWarmUp - warmUp + events);
            awaitQuietCompiler(relay, events);
            long first = System.nanoTime();
            long before = destination.calls();
            long last = first;
            long calls = before;
            long start = left(relay);
            long left = start;
            while (left > Math.max(0, start - events) && last - first < longest.toNanos()) {
                TimeUnit.MILLISECONDS.sleep(100);
                if (destination.calls() > calls) {
                    calls = destination.calls();
                    last = System.nanoTime();
                }
                left = left(relay);
            }
            destination.checkExpected();
            return new Measured((calls - before) / ((last - first) / 1e9), (double) (start - left) / (calls - before), destination.violations());
        }
    }

    /** Or until no more than these events are left. */
    private static void awaitQuietCompiler(Relay relay, int events) throws Exception {
        Warmth warmth = new Warmth(relay);
        while (left(relay) > events) {
            TimeUnit.MILLISECONDS.sleep(LOOK);
            if (warmth.reached()) {
                return;
            }
        }
    }

    private static long left(Relay relay) throws Exception {
        return relay.waiting("events." + Samples.PROVIDER) + relay.waiting("deliver.onesignal.production");
    }
}
