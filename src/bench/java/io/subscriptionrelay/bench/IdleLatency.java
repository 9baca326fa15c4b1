package io.subscriptionrelay.bench;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.LongFunction;

/** Row 6: from a webhook to the call at the destination, when there is nothing else to do. */
final class IdleLatency {

    /** The default of the route template deliver-clevertap, in milliseconds. */
    private static final long LINGER = 250;
    private static final int WARM_UP = 20;
    private static final int WEBHOOKS = 60;
    private static final int LONGEST_PAUSE = 80;
    private static final Duration LONGEST = Duration.ofSeconds(20);

    private IdleLatency() {
    }

    static List<Result> measure(Options options) throws Exception {
        int webhooks = (int) Math.max(10, WEBHOOKS * options.scale());
        try (CleverTap destination = new CleverTap(Duration.ZERO);
                Relay relay = new Relay.Settings(Folders.fresh("idle")).cleverTap(destination).start()) {
            relay.awaitReadiness();
            LongFunction<byte[]> requests = Acknowledgements.requests(relay.port());
            new Load(relay.port(), 1, 200, requests).warmUp(3000);
            long[] taken = new long[webhooks];
            for (int n = -WARM_UP; n < webhooks; n++) {
                // at any time of the relay's own turns
                TimeUnit.MILLISECONDS.sleep(ThreadLocalRandom.current().nextInt(LONGEST_PAUSE));
                byte[] request = requests.apply(1_000_000 + n);
                long sent = System.nanoTime();
                Load.post(relay.port(), request);
                long arrived = destination.awaitArrivalAfter(sent, LONGEST);
                if (n >= 0) {
                    taken[n] = arrived - sent;
                }
            }
            Arrays.sort(taken);
            Series middle = Series.of(taken[webhooks / 2] / 1e6);
            Series tail = Series.of(taken[webhooks * 99 / 100] / 1e6);
            return List.of(Result.value("6", "webhook to call, idle, p99", "ms", tail, Result.atMost(LINGER + 100), "linger is " + LINGER + " ms"),
                    Result.value("6b", "its p50", "ms", middle, null, ""));
        }
    }
}
