package io.subscriptionrelay.broker;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.filter.Filter;
import ch.qos.logback.core.spi.FilterReply;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.LoggerFactory;

/** Keeps two of Artemis' warnings out of what is written, because they are about nothing that anybody could or should mend; its others stay. */
final class BrokerLog {

    /** "Duplicate message detected - message will not be routed", with everything that stands beside the message. Providers repeat by design. */
    private static final String REPEAT = "AMQ222059";
    /** "Uncommitted transaction with id … found and discarded", for each batch that was under way when the process was killed. */
    private static final String UNFINISHED = "AMQ142015";
    private static final String BROKER = "org.apache.activemq.artemis.core.server";
    private static final String JOURNAL = "org.apache.activemq.artemis.journal";
    private static final AtomicBoolean UNFINISHED_FOUND = new AtomicBoolean();

    private BrokerLog() {
    }

    /**
     * From now on. Not by a turbo filter, which everything that only asks whether it should log would pass through: that was a twentieth of a
     * translation.
     */
    static void quieten() {
        if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
            for (Logger logger : context.getLoggerList()) {
                logger.iteratorForAppenders().forEachRemaining(appender -> {
                    if (appender.getCopyOfAttachedFiltersList().stream().noneMatch(Quiet.class::isInstance)) {
                        appender.addFilter(new Quiet());
                    }
                });
            }
        }
    }

    /** Whether a transaction was found since this was asked last that a broker had not finished when it ended. */
    static boolean foundUnfinished() {
        return UNFINISHED_FOUND.getAndSet(false);
    }

    private static final class Quiet extends Filter<ILoggingEvent> {

        @Override
        public FilterReply decide(ILoggingEvent event) {
            if (is(event, JOURNAL, UNFINISHED)) {
                UNFINISHED_FOUND.set(true);
                return FilterReply.DENY;
            }
            return is(event, BROKER, REPEAT) ? FilterReply.DENY : FilterReply.NEUTRAL;
        }

        private static boolean is(ILoggingEvent event, String logger, String code) {
            return logger.equals(event.getLoggerName()) && event.getMessage() != null && event.getMessage().startsWith(code);
        }
    }
}
