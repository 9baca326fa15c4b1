package io.subscriptionrelay.history;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.event.Headers;
import io.subscriptionrelay.jmsbatch.BatchCompanion;
import io.subscriptionrelay.jmsbatch.BatchTransaction;
import io.subscriptionrelay.logs.Causes;
import jakarta.jms.BytesMessage;
import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSException;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.support.DefaultMessage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.stereotype.Component;

/**
 * Sends what history is made of to its queue, where the route {@code history} takes it from. What a batch does goes with the batch's own
 * transaction, so it is known exactly if it was done; nothing waits for history. What happens outside of a batch, as a duplicate of a webhook, is sent
 * within a second.
 */
@Component
class HistoryFeed implements AutoCloseable {

    static final String QUEUE = "history";

    private static final Logger LOG = LoggerFactory.getLogger(HistoryFeed.class);
    /** Duplicates that wait for the broker; further ones are only counted. */
    private static final int MOST_WAITING = 20_000;
    private static final int BATCH = 500;
    private static final long LINGER = 500;
    private static final long LONGEST_STOP = 5_000;

    private final ConnectionFactory connections;
    private final BlockingQueue<HistoryOutcome> waiting = new ArrayBlockingQueue<>(MOST_WAITING);
    private final Counter dropped;
    private final Thread sender;
    private final boolean on;
    private volatile boolean running = true;

    @Autowired
    HistoryFeed(ConnectionFactory connections, RelayProperties properties, MeterRegistry metrics) {
        this.connections = connections;
        on = properties.history().on();
        dropped = dropped(metrics);
        sender = new Thread(this::run, "history-feed");
        sender.setDaemon(true);
        if (on) {
            sender.start();
        }
    }

    private HistoryFeed() {
        connections = null;
        on = false;
        dropped = null;
        sender = null;
    }

    /** Nothing is kept. */
    static HistoryFeed off() {
        return new HistoryFeed();
    }

    /** What history does not have, because it could not be kept. */
    static Counter dropped(MeterRegistry metrics) {
        return Counter.builder("relay.history.dropped").description("Events and outcomes that history could not keep and has left out").register(metrics);
    }

    /** Whether anything is kept. */
    boolean on() {
        return on;
    }

    /** The exchange's batch has read this event. */
    void add(Exchange exchange, HistoryEvent event) {
        if (on) {
            BatchTransaction.companion(exchange, Collected.class, () -> new Collected(exchange.getContext())).ifPresent(batch -> batch.add(event));
        }
    }

    /** The exchange's batch has done this; outside of a batch it is sent soon. */
    void add(Exchange exchange, HistoryOutcome outcome) {
        if (on) {
            BatchTransaction.companion(exchange, Collected.class, () -> new Collected(exchange.getContext()))
                    .ifPresentOrElse(batch -> batch.add(outcome), () -> soon(outcome));
        }
    }

    /** Something has happened that changes nothing, as a duplicate of a webhook. Returns at once and never fails. */
    void soon(HistoryOutcome outcome) {
        if (on && !waiting.offer(outcome)) {
            dropped.increment();
        }
    }

    /** Sends outcomes in the session's transaction. */
    void send(Session session, MessageProducer producer, List<HistoryOutcome> outcomes) throws JMSException {
        if (on) {
            for (byte[] batch : HistoryBytes.of(List.of(), outcomes)) {
                BytesMessage message = session.createBytesMessage();
                message.writeBytes(batch);
                producer.send(session.createQueue(QUEUE), message);
            }
        }
    }

    private static final class Collected implements BatchCompanion {

        private final CamelContext camel;
        private final List<HistoryEvent> events = new ArrayList<>();
        private final List<HistoryOutcome> outcomes = new ArrayList<>();

        Collected(CamelContext camel) {
            this.camel = camel;
        }

        synchronized void add(HistoryEvent event) {
            events.add(event);
        }

        synchronized void add(HistoryOutcome outcome) {
            outcomes.add(outcome);
        }

        @Override
        public synchronized List<Message> messages() {
            return HistoryBytes.of(events, outcomes).stream().map(this::message).toList();
        }

        private Message message(byte[] batch) {
            Message message = new DefaultMessage(camel);
            message.setBody(batch);
            message.setHeader(Headers.QUEUE, QUEUE);
            return message;
        }
    }

    private void run() {
        List<HistoryOutcome> batch = new ArrayList<>(BATCH);
        try {
            while (running || !waiting.isEmpty()) {
                HistoryOutcome first = waiting.poll(LINGER, TimeUnit.MILLISECONDS);
                if (first != null) {
                    batch.add(first);
                    if (running) {
                        Thread.sleep(LINGER);
                    }
                    waiting.drainTo(batch, BATCH - 1);
                    sendAlone(batch);
                    batch.clear();
                }
            }
        } catch (InterruptedException givenUp) {
            dropped.increment(batch.size() + waiting.size());
            Thread.currentThread().interrupt();
        }
    }

    private void sendAlone(List<HistoryOutcome> batch) throws InterruptedException {
        while (true) {
            try (Connection connection = connections.createConnection(); Session session = connection.createSession(true, Session.SESSION_TRANSACTED);
                    MessageProducer producer = session.createProducer(null)) {
                send(session, producer, batch);
                session.commit();
                return;
            } catch (JMSException | RuntimeException e) {
                LOG.debug("What changes nothing cannot be sent to history now: {}", Causes.of(e));
                if (!running) {
                    dropped.increment(batch.size());
                    return;
                }
                Thread.sleep(TimeUnit.SECONDS.toMillis(1));
            }
        }
    }

    /** Sends what waits. */
    @Override
    public void close() throws InterruptedException {
        running = false;
        if (on) {
            sender.join(LONGEST_STOP);
            sender.interrupt();
        }
    }
}
