package io.subscriptionrelay.bench;

import io.subscriptionrelay.webhook.Webhooks;
import jakarta.jms.BytesMessage;
import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
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

    private Filler() {
    }

    /** Arguments: data directory, number of events, number of users (0: each event has its own), number of apps. */
    public static void main(String[] arguments) throws Exception {
        int events = Integer.parseInt(arguments[1]);
        int users = Integer.parseInt(arguments[2]);
        int apps = Integer.parseInt(arguments[3]);
        try (ConfigurableApplicationContext parts = Parts.broker(Path.of(arguments[0])); DefaultCamelContext camel = new DefaultCamelContext();
                Connection connection = parts.getBean(ConnectionFactory.class).createConnection();
                Session session = connection.createSession(true, Session.SESSION_TRANSACTED);
                MessageProducer producer = session.createProducer(session.createQueue("events." + Samples.PROVIDER))) {
            Webhooks webhooks = parts.getBean(Webhooks.class);
            for (int n = 0; n < events; n++) {
                byte[] body = Samples.event("fill", n, users == 0 ? n : n % users, app(n, apps)).getBytes(StandardCharsets.UTF_8);
                Exchange exchange = new DefaultExchange(camel);
                exchange.getMessage().setBody(body);
                webhooks.read(exchange, Samples.PROVIDER);
                BytesMessage message = session.createBytesMessage();
                message.writeBytes(body);
                for (Map.Entry<String, Object> header : exchange.getMessage().getHeaders().entrySet()) {
                    message.setObjectProperty(header.getKey(), header.getValue());
                }
                producer.send(message);
                if ((n + 1) % TRANSACTION == 0) {
                    session.commit();
                }
            }
            session.commit();
        }
        System.exit(0);
    }

    /** The app of an event, which is also the name of its account where there are several. */
    static String app(long n, int apps) {
        return "app" + n % apps;
    }
}
