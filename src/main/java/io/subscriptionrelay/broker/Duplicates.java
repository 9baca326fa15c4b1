package io.subscriptionrelay.broker;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.filter.Filter;
import ch.qos.logback.core.spi.FilterReply;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.subscriptionrelay.event.Headers;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.apache.activemq.artemis.api.core.Message;
import org.apache.activemq.artemis.core.postoffice.RoutingStatus;
import org.apache.activemq.artemis.core.server.ServerSession;
import org.apache.activemq.artemis.core.server.plugin.ActiveMQServerMessagePlugin;
import org.apache.activemq.artemis.core.transaction.Transaction;
import org.slf4j.LoggerFactory;

/**
 * Counts the repeated webhooks that the embedded broker recognises. Providers repeat by design, so its warning about each, with
 * everything that stands beside the message, is kept out of the log.
 */
public final class Duplicates implements ActiveMQServerMessagePlugin {

    private static final String BROKER_LOGGER = "org.apache.activemq.artemis.core.server";
    /** Artemis: "Duplicate message detected - message will not be routed". */
    private static final String WARNING = "AMQ222059";

    /** A repeat whose webhook gave up waiting is never asked for. */
    private static final int MOST = 10_000;

    private final MeterRegistry metrics;
    private final Set<String> repeats = Collections.newSetFromMap(Collections.synchronizedMap(new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
            return size() > MOST;
        }
    }));

    Duplicates(MeterRegistry metrics) {
        this.metrics = metrics;
    }

    @Override
    public void afterSend(ServerSession session, Transaction transaction, Message message, boolean direct, boolean noAutoCreateQueue,
            RoutingStatus result) {
        if (result == RoutingStatus.DUPLICATED_ID) {
            repeats.add(key(message.getStringProperty(Headers.PROVIDER), message.getStringProperty(Headers.EVENT_ID),
                    message.getObjectProperty(Headers.RECEIVED_AT)));
            Counter.builder("relay.webhooks.repeated").description("Webhooks that were known already, and so not kept again")
                    .tag("provider", String.valueOf(message.getStringProperty(Headers.PROVIDER))).register(metrics).increment();
        }
    }

    /** Whether the webhook that was received then was a repeat. True once; an external broker does not say. */
    public boolean known(String provider, String eventId, long receivedAt) {
        return repeats.remove(key(provider, eventId, receivedAt));
    }

    private static String key(String provider, String eventId, Object receivedAt) {
        return provider + '\n' + eventId + '\n' + receivedAt;
    }

    /**
     * Takes the warning out of what is written; the broker's other warnings stay. Not by a turbo filter, which everything that only asks
     * whether it should log would pass through: that was a twentieth of a translation.
     */
    static void silence() {
        if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
            for (Logger logger : context.getLoggerList()) {
                logger.iteratorForAppenders().forEachRemaining(appender -> {
                    if (appender.getCopyOfAttachedFiltersList().stream().noneMatch(RepeatFilter.class::isInstance)) {
                        appender.addFilter(new RepeatFilter());
                    }
                });
            }
        }
    }

    private static final class RepeatFilter extends Filter<ILoggingEvent> {

        @Override
        public FilterReply decide(ILoggingEvent event) {
            return BROKER_LOGGER.equals(event.getLoggerName()) && event.getMessage() != null && event.getMessage().startsWith(WARNING)
                    ? FilterReply.DENY : FilterReply.NEUTRAL;
        }
    }
}
