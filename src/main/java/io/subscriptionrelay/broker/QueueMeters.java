package io.subscriptionrelay.broker;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.activemq.artemis.api.core.Message;
import org.apache.activemq.artemis.core.postoffice.Binding;
import org.apache.activemq.artemis.core.postoffice.impl.LocalQueueBinding;
import org.apache.activemq.artemis.core.server.ActiveMQServer;
import org.apache.activemq.artemis.core.server.MessageReference;
import org.apache.activemq.artemis.core.server.Queue;
import org.apache.activemq.artemis.core.server.ServerConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * How much waits in each queue of the embedded broker, and for how long. Looked at every few seconds, by the first message of
 * each queue and consumer, so that neither a long queue nor a frequent scrape costs anything. An external broker has its own.
 */
@Component
class QueueMeters implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(QueueMeters.class);
    private static final long PERIOD_SECONDS = 5;

    private final EmbeddedBroker broker;
    private final MeterRegistry metrics;
    private final Clock clock;
    private final Map<String, Seen> queues = new ConcurrentHashMap<>();
    private final ScheduledExecutorService observer;

    QueueMeters(EmbeddedBroker broker, MeterRegistry metrics, Clock clock) {
        this.broker = broker;
        this.metrics = metrics;
        this.clock = clock;
        observer = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "queue-meters");
            thread.setDaemon(true);
            return thread;
        });
        if (broker.server().isPresent()) {
            observer.scheduleWithFixedDelay(this::observe, 0, PERIOD_SECONDS, TimeUnit.SECONDS);
        }
    }

    private static final class Seen {
        private volatile long messages;
        private volatile long scheduled;
        private volatile double oldestSeconds;
    }

    void observe() {
        try {
            broker.server().filter(ActiveMQServer::isStarted).ifPresent(this::observe);
        } catch (RuntimeException e) {
            LOG.debug("The queues cannot be looked at now", e);
        }
    }

    private void observe(ActiveMQServer server) {
        server.getPostOffice().getAllBindings().map(Binding.class::cast).filter(LocalQueueBinding.class::isInstance)
                .map(binding -> ((LocalQueueBinding) binding).getQueue()).filter(queue -> ours(queue.getName().toString()))
                .forEach(this::observe);
    }

    private static boolean ours(String queue) {
        return queue.startsWith("events.") || queue.startsWith("deliver.") || queue.startsWith("parked.") || queue.equals("history");
    }

    private void observe(Queue queue) {
        Seen seen = queues.computeIfAbsent(queue.getName().toString(), this::register);
        seen.messages = queue.getMessageCount();
        seen.scheduled = queue.getScheduledCount();
        long oldest = since(queue.peekFirstMessage());
        if (queue.getDeliveringCount() > 0) {
            for (Object consumer : queue.getConsumers()) {
                if (consumer instanceof ServerConsumer fetched) {
                    oldest = Math.min(oldest, fetched.getDeliveringMessages().stream().findFirst().map(QueueMeters::since).orElse(oldest));
                }
            }
        }
        seen.oldestSeconds = oldest == Long.MAX_VALUE ? 0 : Math.max(0, clock.millis() - oldest) / 1000.0;
    }

    /** When it was sent to this queue, or became due there. */
    private static long since(MessageReference reference) {
        if (reference == null) {
            return Long.MAX_VALUE;
        }
        Message message = reference.getMessage();
        Long due = message.getScheduledDeliveryTime();
        return Math.max(message.getTimestamp(), due == null ? 0 : due);
    }

    private Seen register(String queue) {
        Seen seen = new Seen();
        Gauge.builder("relay.queue.messages", seen, now -> now.messages)
                .description("Messages in a queue, those under way and those sent back included").tag("queue", queue).register(metrics);
        Gauge.builder("relay.queue.scheduled", seen, now -> now.scheduled)
                .description("Messages in a queue that were sent back and are not due yet").tag("queue", queue).register(metrics);
        Gauge.builder("relay.queue.oldest.seconds", seen, now -> now.oldestSeconds)
                .description("For how long the oldest message has waited in a queue; 0 when it is empty").tag("queue", queue)
                .register(metrics);
        return seen;
    }

    @Override
    public void close() {
        observer.shutdownNow();
    }
}
