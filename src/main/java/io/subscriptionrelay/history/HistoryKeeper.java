package io.subscriptionrelay.history;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.event.QueueNames;
import io.subscriptionrelay.logs.Causes;
import io.subscriptionrelay.logs.Incident;
import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSException;
import jakarta.jms.Session;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.actuate.health.Health;
import org.springframework.boot.actuate.health.HealthIndicator;
import org.springframework.boot.actuate.health.Status;
import org.springframework.stereotype.Component;

/**
 * The step of the route {@code history}: keeps what waits in its queue, and says up to when history is complete. While it cannot be kept it
 * waits in the queue, as long as that is not larger than history may be; beyond that the oldest is left out and counted.
 */
@Component("history")
public class HistoryKeeper implements HealthIndicator {

    private static final Logger LOG = LoggerFactory.getLogger(HistoryKeeper.class);
    private static final Status DEGRADED = new Status("DEGRADED");
    private static final long SHORT = TimeUnit.MILLISECONDS.toNanos(20);
    private static final long LOOK_AGAIN = TimeUnit.MILLISECONDS.toNanos(200);
    /** About a batch of translation; fewer are on their way all the time. */
    private static final int FEW = 1000;

    private final HistoryStore store;
    private final HistoryFeed feed;
    private final ConnectionFactory connections;
    private final RelayProperties properties;
    private final Clock clock;
    private final Counter dropped;
    private final Incident failures;
    /** The newest event of each provider that is kept, and the newest news of all, in milliseconds since 1970. */
    private final Map<String, Long> events = new ConcurrentHashMap<>();
    private volatile long news;
    private volatile String problem;
    private volatile boolean leavesOut;

    HistoryKeeper(HistoryStore store, HistoryFeed feed, ConnectionFactory connections, RelayProperties properties, MeterRegistry metrics, Clock clock) {
        this.store = store;
        this.feed = feed;
        this.connections = connections;
        this.properties = properties;
        this.clock = clock;
        dropped = HistoryFeed.dropped(metrics);
        failures = new Incident(clock);
    }

    /**
     * Keeps the batch in the body, all of it or nothing.
     *
     * @throws UncheckedStoreException when it cannot be kept now and waits in its queue
     */
    public void keep(Exchange exchange) {
        List<HistoryBatch> batches = new ArrayList<>();
        for (Object element : exchange.getMessage().getBody(List.class)) {
            read((Message) element, batches);
        }
        if (!feed.on() || batches.isEmpty()) {
            return;
        }
        long begun = System.nanoTime();
        try {
            store.append(batches);
        } catch (UncheckedStoreException e) {
            notKept(batches, e);
            return;
        }
        long took = System.nanoTime() - begun;
        problem = null;
        leavesOut = false;
        if (failures.over()) {
            LOG.info("History can be written again");
        }
        for (HistoryBatch batch : batches) {
            batch.events().forEach(event -> events.merge(event.provider(), event.receivedAt(), Math::max));
            batch.outcomes().forEach(outcome -> news = Math.max(news, outcome.at()));
        }
        giveWay(exchange.getContext(), took);
    }

    /**
     * While a backlog of events is translated, history rests three times as long as it has worked: nobody waits for it, and its work is as much as a
     * delivery's. What it is behind by then it catches up on afterwards, see {@link #completeUntil}.
     */
    private void giveWay(CamelContext camel, long nanos) {
        long begun = System.nanoTime();
        long rest = nanos > SHORT ? nanos * 3 : 0;
        while (System.nanoTime() - begun < rest && !camel.isStopping() && !Thread.currentThread().isInterrupted() && eventsAreTranslated()) {
            LockSupport.parkNanos(LOOK_AGAIN);
        }
    }

    private boolean eventsAreTranslated() {
        try (Connection connection = connections.createConnection(); Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            for (String provider : properties.providers().keySet()) {
                if (ParkedQueues.underWay(session, QueueNames.events(provider)) > FEW) {
                    return true;
                }
            }
            return false;
        } catch (JMSException e) {
            return false;
        }
    }

    /** Nothing else would come out of its queue again if this one went back. */
    private void read(Message message, List<HistoryBatch> batches) {
        try {
            if (message.getBody() instanceof byte[] bytes) {
                batches.add(HistoryBytes.read(bytes));
                return;
            }
            throw new IOException("it is no list of bytes");
        } catch (IOException e) {
            dropped.increment();
            LOG.error("A message in the queue {} cannot be read and is left out of history: {}", HistoryFeed.QUEUE, e.getMessage());
        }
    }

    private void notKept(List<HistoryBatch> batches, UncheckedStoreException e) {
        problem = Causes.of(e);
        if (failures.failed()) {
            LOG.warn("History cannot be written; what it has to keep waits in the queue {}, up to relay.history.max-size. Webhooks and deliveries go on. {}",
                    HistoryFeed.QUEUE, problem);
        }
        if (waitingBytes() <= properties.history().maxSize().toBytes()) {
            throw e;
        }
        if (!leavesOut) {
            LOG.error("More waits for history than relay.history.max-size, so the oldest is left out, and counted as relay.history.dropped");
        }
        leavesOut = true;
        batches.forEach(batch -> dropped.increment(batch.events().size() + batch.outcomes().size()));
    }

    private long waitingBytes() {
        try (Connection connection = connections.createConnection(); Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            return ParkedQueues.count(session, HistoryFeed.QUEUE) * HistoryBytes.LARGEST;
        } catch (JMSException e) {
            return 0;
        }
    }

    /**
     * Up to when history is complete: of what came and happened before, it knows all.
     *
     * @return now, unless something waits for it
     */
    Instant completeUntil() {
        long now = clock.millis();
        long until = now;
        try (Connection connection = connections.createConnection(); Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            for (String provider : properties.providers().keySet()) {
                if (ParkedQueues.count(session, QueueNames.events(provider)) > 0) {
                    until = Math.min(until, events.getOrDefault(provider, store.begins() == Long.MAX_VALUE ? 0 : store.begins()));
                }
            }
            if (ParkedQueues.count(session, HistoryFeed.QUEUE) > 0) {
                until = Math.min(until, news);
            }
        } catch (JMSException e) {
            throw new BrokerSilentException("the broker cannot be asked: " + e.getMessage(), e);
        }
        return Instant.ofEpochMilli(until);
    }

    @Override
    public Health health() {
        String found = problem;
        if (found == null) {
            return Health.up().build();
        }
        return Health.status(DEGRADED).withDetail("reason", "history cannot be written, " + (leavesOut ? "and the oldest of what waits for it is left out: "
                : "what it has to keep waits: ") + found).build();
    }
}
