package io.subscriptionrelay.broker;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.turbo.TurboFilter;
import ch.qos.logback.core.spi.FilterReply;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.subscriptionrelay.delivery.Headers;
import org.apache.activemq.artemis.api.core.Message;
import org.apache.activemq.artemis.core.postoffice.RoutingStatus;
import org.apache.activemq.artemis.core.server.ServerSession;
import org.apache.activemq.artemis.core.server.plugin.ActiveMQServerMessagePlugin;
import org.apache.activemq.artemis.core.transaction.Transaction;
import org.slf4j.LoggerFactory;
import org.slf4j.Marker;

/**
 * Counts the webhooks that the embedded broker recognises as repeats. Providers repeat by design, so its warning about each,
 * with everything that stands beside the message, is kept out of the log.
 */
final class Repeats implements ActiveMQServerMessagePlugin {

    private static final String BROKER_LOGGER = "org.apache.activemq.artemis.core.server";
    /** Artemis: "Duplicate message detected - message will not be routed". */
    private static final String WARNING = "AMQ222059";

    private final MeterRegistry metrics;

    Repeats(MeterRegistry metrics) {
        this.metrics = metrics;
    }

    @Override
    public void afterSend(ServerSession session, Transaction transaction, Message message, boolean direct, boolean noAutoCreateQueue,
            RoutingStatus result) {
        if (result == RoutingStatus.DUPLICATED_ID) {
            Counter.builder("relay.webhooks.repeated").description("Webhooks that were known already, and so not kept again")
                    .tag("provider", String.valueOf(message.getStringProperty(Headers.PROVIDER))).register(metrics).increment();
        }
    }

    /** Takes the warning out of the log; the broker's other warnings stay. */
    static void silence() {
        if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context
                && context.getTurboFilterList().stream().noneMatch(RepeatFilter.class::isInstance)) {
            context.addTurboFilter(new RepeatFilter());
        }
    }

    private static final class RepeatFilter extends TurboFilter {

        @Override
        public FilterReply decide(Marker marker, Logger logger, Level level, String format, Object[] parameters, Throwable thrown) {
            return format != null && format.startsWith(WARNING) && BROKER_LOGGER.equals(logger.getName()) ? FilterReply.DENY
                    : FilterReply.NEUTRAL;
        }
    }
}
