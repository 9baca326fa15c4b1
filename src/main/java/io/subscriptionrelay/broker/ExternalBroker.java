package io.subscriptionrelay.broker;

import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.config.StartRefusedException;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.JMSSecurityException;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.apache.activemq.artemis.api.core.TransportConfiguration;
import org.apache.activemq.artemis.core.remoting.impl.netty.TransportConstants;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * The broker or pair of brokers in {@code BROKER_URL}: how it is connected to, and whether it takes events now. To find that out
 * it is asked every second to confirm a message, which it does not keep because nobody listens. A relay starts without its broker,
 * and goes on by itself once there is one.
 */
@Component
public class ExternalBroker implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(ExternalBroker.class);
    private static final String PROBE = "relay.probe";
    private static final Duration PERIOD = Duration.ofSeconds(1);
    /** A broker that needs longer to confirm a message than this does not work, or has no room on its disk. */
    private static final Duration PATIENCE = Duration.ofSeconds(3);
    /** A broker whose host is gone does not even refuse. */
    private static final int CONNECT_MILLIS = 3000;
    private static final Duration FAILURE_CHECK = Duration.ofSeconds(5);
    private static final Duration CONNECTION_LIFE = Duration.ofSeconds(15);
    private static final String NOT_REACHED_YET = "the broker in BROKER_URL was not reached yet";

    private final RelayProperties.Broker settings;
    private final Thread prober;
    private volatile String problem = NOT_REACHED_YET;
    private volatile long askedAt;
    private volatile boolean asking;
    private volatile boolean running = true;

    ExternalBroker(RelayProperties properties) {
        settings = properties.broker();
        if (settings.external()) {
            ActiveMQConnectionFactory factory = factory(settings);
            // asks for leave to send each time, which a broker without room on its disk does not give
            factory.setProducerWindowSize(1);
            factory.setCallTimeout(PATIENCE.toMillis());
            prober = new Thread(() -> probe(factory), "broker-probe");
            prober.setDaemon(true);
            prober.start();
        } else {
            prober = null;
        }
    }

    /** @throws StartRefusedException when {@code BROKER_URL} is set and is no URL of an Artemis broker */
    public static void check(RelayProperties.Broker settings) {
        if (settings.external()) {
            factory(settings).close();
        }
    }

    /**
     * Connections that fail at once instead of waiting for the broker's return: webhooks are answered with 503 meanwhile, batches
     * are rolled back, and the pool makes new ones to whichever broker of the list serves.
     *
     * @throws StartRefusedException when the URL is none
     */
    static ActiveMQConnectionFactory factory(RelayProperties.Broker settings) {
        ActiveMQConnectionFactory factory;
        try {
            factory = new ActiveMQConnectionFactory(settings.url(), settings.user(), settings.password());
        } catch (RuntimeException e) {
            throw new StartRefusedException("BROKER_URL is not the URL of an Artemis broker",
                    "Write tcp://<host>:61616, or (tcp://<host>:61616,tcp://<host>:61616) for a pair.", e);
        }
        factory.setReconnectAttempts(0);
        factory.setInitialConnectAttempts(1);
        // of a pair one does not serve; Artemis waits so long after it was refused there, while all other connections wait too
        factory.setRetryInterval(1);
        factory.setUseTopologyForLoadBalancing(false);
        factory.setClientFailureCheckPeriod(FAILURE_CHECK.toMillis());
        factory.setConnectionTTL(CONNECTION_LIFE.toMillis());
        for (TransportConfiguration connector : factory.getStaticConnectors()) {
            connector.getParams().putIfAbsent(TransportConstants.NETTY_CONNECT_TIMEOUT, CONNECT_MILLIS);
        }
        return factory;
    }

    /** Why the broker takes no events now, or null. */
    String problem() {
        if (prober == null) {
            return null;
        }
        if (problem == null && asking && System.nanoTime() - askedAt > PATIENCE.toNanos()) {
            return "the broker in BROKER_URL does not confirm, or has no room on its disk";
        }
        return problem;
    }

    private void probe(ActiveMQConnectionFactory factory) {
        while (running) {
            try (Connection connection = factory.createConnection();
                    Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
                    MessageProducer producer = session.createProducer(session.createTopic(PROBE))) {
                while (running) {
                    askedAt = System.nanoTime();
                    asking = true;
                    producer.send(session.createMessage());
                    asking = false;
                    works();
                    LockSupport.parkNanos(PERIOD.toNanos());
                }
            } catch (JMSException | RuntimeException e) {
                asking = false;
                fails(factory, e);
                LockSupport.parkNanos(PERIOD.toNanos());
            }
        }
    }

    private void works() {
        if (problem != null) {
            LOG.info("The broker takes events");
        }
        problem = null;
    }

    private void fails(ActiveMQConnectionFactory factory, Exception e) {
        String found = e instanceof JMSSecurityException
                ? "the broker in BROKER_URL does not let the relay in; set BROKER_USER and BROKER_PASSWORD to a user with the role of"
                        + " deploy/artemis/broker.xml"
                : "the broker in BROKER_URL cannot be reached";
        if (running && !found.equals(problem)) {
            LOG.warn("{} ({}); it is tried every second: {}", Character.toUpperCase(found.charAt(0)) + found.substring(1),
                    String.join(", ", addresses(factory)), e.getMessage());
        }
        problem = found;
    }

    private static List<String> addresses(ActiveMQConnectionFactory factory) {
        return Stream.of(factory.getStaticConnectors()).map(TransportConfiguration::getParams)
                .map(to -> to.get(TransportConstants.HOST_PROP_NAME) + ":" + to.get(TransportConstants.PORT_PROP_NAME)).toList();
    }

    @Override
    public void close() {
        running = false;
        if (prober != null) {
            prober.interrupt();
        }
    }
}
