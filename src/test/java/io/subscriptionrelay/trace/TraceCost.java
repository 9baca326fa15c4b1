package io.subscriptionrelay.trace;

import static org.awaitility.Awaitility.await;

import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.Queues;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.camel.CamelContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Measures what tracing costs; not a test, and only run by its name ({@code -Dtest=TraceCost}). 20,000 events come in by HTTP
 * while the next stage is stopped, then are translated and delivered to a simulator of CleverTap at once, with and without
 * tracing in turns.
 */
class TraceCost {

    private static final int EVENTS = 20_000;
    private static final int ROUNDS = 2;

    @Test
    void withAndWithout(@TempDir Path folder) throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            boolean first = round % 2 == 0;
            measure(folder.resolve(round + "a"), round, first);
            measure(folder.resolve(round + "b"), round, !first);
        }
    }

    private static void measure(Path folder, int round, boolean traced) throws Exception {
        try (Simulators simulators = new Simulators(); RelayApp relay = RelayApp.with(folder).cleverTap(simulators.cleverTap.url())
                .set("relay.trace.keep", traced ? "7d" : "0").start()) {
            CamelContext camel = relay.bean(CamelContext.class);
            Queues queues = new Queues(relay);
            camel.getRouteController().stopRoute("translate-revenuecat-events");
            camel.getRouteController().stopRoute("deliver-clevertap-production");
            double received = seconds(() -> send(relay));
            double translated = seconds(() -> {
                camel.getRouteController().startRoute("translate-revenuecat-events");
                until(() -> queues.count("deliver.clevertap.production") == EVENTS / 2);
                until(() -> queues.count("events.revenuecat") == 0);
            });
            double delivered = seconds(() -> {
                camel.getRouteController().startRoute("deliver-clevertap-production");
                until(() -> simulators.cleverTap.storedCount() == EVENTS / 2);
            });
            Traces traces = relay.bean(Traces.class);
            double late = seconds(() -> until(() -> relay.prometheus().contains("relay_trace_waiting 0.0")));
            String dropped = relay.prometheus().lines().filter(line -> line.startsWith("relay_trace_dropped_total ")).findFirst().orElse("");
            System.out.printf("ROUND %d %s: received %.0f/s, translated %.0f/s, delivered %.0f/s; written %.1f s later; %s%n", round,
                    traces.on() ? "traced  " : "untraced", EVENTS / received, EVENTS / translated, EVENTS / 2 / delivered, late, dropped);
        }
    }

    /** Every other event is skipped, which the translate stage traces. */
    private static void send(RelayApp relay) throws InterruptedException {
        AtomicInteger next = new AtomicInteger();
        ExecutorService senders = Executors.newFixedThreadPool(16);
        for (int i = 0; i < 16; i++) {
            senders.execute(() -> {
                for (int n = next.getAndIncrement(); n < EVENTS; n = next.getAndIncrement()) {
                    relay.revenueCat(Events.event("cost-" + n, n % 2 == 0 ? "RENEWAL" : "NEWLY_INVENTED", "user-" + n, Events.BASE + n,
                            "\"period_type\":\"NORMAL\""));
                }
            });
        }
        senders.shutdown();
        senders.awaitTermination(5, TimeUnit.MINUTES);
    }

    private interface Action {
        void run() throws Exception;
    }

    private static double seconds(Action action) throws Exception {
        long start = System.nanoTime();
        action.run();
        return (System.nanoTime() - start) / 1e9;
    }

    private static void until(java.util.concurrent.Callable<Boolean> condition) {
        await().atMost(Duration.ofMinutes(2)).pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(10)).until(condition);
    }
}
