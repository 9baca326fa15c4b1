package io.subscriptionrelay.bench;

import io.subscriptionrelay.event.Headers;
import io.subscriptionrelay.webhook.Webhooks;
import jakarta.jms.BytesMessage;
import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * Fills a data directory with stored events, as the webhook route stores them, but a thousand with one forced write. A program of its
 * own, because the broker chooses what stays in memory by the size of the heap.
 */
public final class Filler {

    private static final int TRANSACTION = 1000;
    private static final int THREADS = 2;
    private static final int EVENTS_OF_A_USER = 5;

    /** Whose the events are. */
    enum Users {
        /** Each event has a user of its own. */
        ONE_EACH,
        /** Five events a user, which come within a thousand. */
        BURSTS,
        /** Five events a user, as far apart as can be. */
        SPREAD;

        int of(int n, int events) {
            int inThousand = TRANSACTION / EVENTS_OF_A_USER;
            return switch (this) {
                case ONE_EACH -> n;
                case BURSTS -> n / TRANSACTION * inThousand + n % inThousand;
                case SPREAD -> n % Math.max(1, events / EVENTS_OF_A_USER);
            };
        }
    }

    private Filler() {
    }

    /** Arguments: data directory, number of events, how their users are chosen, number of apps. */
    public static void main(String[] arguments) throws Exception {
        int events = Integer.parseInt(arguments[1]);
        Users users = Users.valueOf(arguments[2]);
        int apps = Integer.parseInt(arguments[3]);
        try (ConfigurableApplicationContext parts = Parts.broker(Path.of(arguments[0])); DefaultCamelContext camel = new DefaultCamelContext()) {
            ConnectionFactory factory = parts.getBean(ConnectionFactory.class);
            Webhooks webhooks = parts.getBean(Webhooks.class);
            ExecutorService threads = Executors.newFixedThreadPool(THREADS);
            List<Future<?>> parallel = new ArrayList<>();
            for (int thread = 0; thread < THREADS; thread++) {
                int first = thread;
                parallel.add(threads.submit(() -> {
                    fill(factory, webhooks, camel, first, events, users, apps);
                    return null;
                }));
            }
            for (Future<?> part : parallel) {
                part.get();
            }
        }
        System.exit(0);
    }

    /** Every other transaction, beginning with the first or the second. */
    private static void fill(ConnectionFactory factory, Webhooks webhooks, CamelContext camel, int first, int events, Users users, int apps)
            throws Exception {
        try (Connection connection = factory.createConnection(); Session session = connection.createSession(true, Session.SESSION_TRANSACTED);
                MessageProducer producer = session.createProducer(session.createQueue("events." + Samples.PROVIDER))) {
            for (int from = first * TRANSACTION; from < events; from += THREADS * TRANSACTION) {
                for (int n = from; n < Math.min(events, from + TRANSACTION); n++) {
                    byte[] body = Samples.event("fill", n, users.of(n, events), app(n, apps)).getBytes(StandardCharsets.UTF_8);
                    Exchange exchange = new DefaultExchange(camel);
                    exchange.getMessage().setBody(body);
                    exchange.setProperty(Headers.PROVIDER, Samples.PROVIDER);
                    webhooks.read(exchange);
                    BytesMessage message = session.createBytesMessage();
                    message.writeBytes(body);
                    for (Map.Entry<String, Object> header : exchange.getMessage().getHeaders().entrySet()) {
                        message.setObjectProperty(header.getKey(), header.getValue());
                    }
                    producer.send(message);
                }
                session.commit();
            }
        }
    }

    /** The app of an event, which is also the name of its account where there are several. */
    static String app(long n, int apps) {
        return "app" + n % apps;
    }
}
