package io.subscriptionrelay.trace;

import static org.awaitility.Awaitility.await;

import io.subscriptionrelay.delivery.Headers;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.Queues;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import jakarta.jms.BytesMessage;
import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSException;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.camel.CamelContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Measures what tracing costs; not a test, and only run by its name ({@code -Dtest=TraceCost}). 20,000 stored
 * events, of which every other one is skipped, are translated and delivered to a simulator of CleverTap at once, with and without
 * tracing in turns.
 */
class TraceCost {

    private static final int EVENTS = 20_000;
    private static final int ROUNDS = 4;

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
            store(relay);
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
            System.out.printf("ROUND %d %s: translated %.0f/s, delivered %.0f/s; written %.1f s later; %s%n", round,
                    traces.on() ? "traced  " : "untraced", EVENTS / translated, EVENTS / 2 / delivered, late, dropped);
        }
    }

    /** As the webhook route stores them, but without a forced write for each. Every other event is skipped, which the translate stage traces. */
    private static void store(RelayApp relay) throws JMSException {
        try (Connection connection = relay.bean(ConnectionFactory.class).createConnection();
                Session session = connection.createSession(true, Session.SESSION_TRANSACTED);
                MessageProducer producer = session.createProducer(session.createQueue("events.revenuecat"))) {
            for (int n = 0; n < EVENTS; n++) {
                BytesMessage message = session.createBytesMessage();
                message.writeBytes(Events.event("cost-" + n, n % 2 == 0 ? "RENEWAL" : "NEWLY_INVENTED", "user-" + n, Events.BASE + n,
                        "\"period_type\":\"NORMAL\"").getBytes(StandardCharsets.UTF_8));
                message.setStringProperty(Headers.PROVIDER, "revenuecat");
                message.setStringProperty(Headers.EVENT_ID, "cost-" + n);
                message.setLongProperty(Headers.RECEIVED_AT, System.currentTimeMillis());
                producer.send(message);
                if (n % 1000 == 999) {
                    session.commit();
                }
            }
        }
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
