package io.subscriptionrelay.history;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.subscriptionrelay.broker.Duplicates;
import io.subscriptionrelay.event.Headers;
import io.subscriptionrelay.event.RecordMessage;
import io.subscriptionrelay.jmsbatch.BatchTransaction;
import io.subscriptionrelay.logs.Causes;
import io.subscriptionrelay.logs.LineAMinute;
import io.subscriptionrelay.logs.Printable;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.camel.Exchange;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;
import org.springframework.stereotype.Component;

/**
 * Counts and traces what became of each event at each destination: delivered, skipped with a reason, parked with a reason.
 * Only what is committed.
 */
@Component("outcomes")
public class Outcomes {

    /** Property of a webhook's exchange: the key of its user, for the trace. */
    public static final String USER_KEY = "userKey";

    private static final Logger LOG = LoggerFactory.getLogger(Outcomes.class);
    private static final String NONE = "none";
    /**
     * Reasons quote what providers send ({@code unknown event type X}), and a route may choose an account by it, so these labels
     * could grow without bound.
     */
    private static final int MOST_VALUES = 100;
    private static final int LONGEST_LABEL = 120;
    private static final String OTHER = "other";
    /** From an instant to the longest wait for an unknown user. */
    private static final Duration[] DELIVERY_TIMES = {Duration.ofMillis(500), Duration.ofSeconds(1), Duration.ofSeconds(2),
        Duration.ofSeconds(5), Duration.ofSeconds(10), Duration.ofSeconds(30), Duration.ofMinutes(1), Duration.ofMinutes(5),
        Duration.ofMinutes(15), Duration.ofHours(1), Duration.ofHours(6), Duration.ofHours(24)};

    private final MeterRegistry metrics;
    private final Traces traces;
    private final Duplicates repeats;
    private final Clock clock;
    private final Set<String> reasons = ConcurrentHashMap.newKeySet();
    private final Set<String> accounts = ConcurrentHashMap.newKeySet();
    /** Asking the registry for a meter costs more than counting with it. */
    private final Map<Labels, Counter> counters = new ConcurrentHashMap<>();
    private final Map<String, Timer> timers = new ConcurrentHashMap<>();
    private final LineAMinute parkedLines;

    private record Labels(String name, String provider, String destination, String account, String step, String reason) {
    }

    Outcomes(MeterRegistry metrics, Traces traces, Duplicates repeats, Clock clock) {
        this.metrics = metrics;
        this.traces = traces;
        this.repeats = repeats;
        this.clock = clock;
        parkedLines = new LineAMinute(clock);
    }

    /** A webhook was stored, or is a repeat of one that was. */
    public void received(Exchange exchange) {
        String provider = exchange.getMessage().getHeader(Headers.PROVIDER, String.class);
        counter("relay.events.received", "Webhooks answered with 200 and kept, repeats included", provider, null, null, null, null).increment();
        String eventId = exchange.getMessage().getHeader(Headers.EVENT_ID, String.class);
        long at = exchange.getMessage().getHeader(Headers.RECEIVED_AT, 0L, Long.class);
        EventOutcome what = repeats.known(provider, eventId, at) ? EventOutcome.REPEATED : EventOutcome.RECEIVED;
        if (LOG.isDebugEnabled()) {
            log(LOG.atDebug(), provider, eventId, null, "{} event {} is {}", what.text());
        }
        traces.add(new Trace(at, what, provider, eventId, exchange.getProperty(USER_KEY, Long.class), null, null, null, null, null,
                null, null));
    }

    /** Nothing is sent for the event. */
    public void skipped(Exchange exchange, String provider, String eventId, String step, String destination, String reason) {
        String said = Causes.reason(reason);
        BatchTransaction.afterCommit(exchange, () -> {
            if (LOG.isDebugEnabled()) {
                log(LOG.atDebug(), provider, eventId, destination, "{} event {} is skipped for {}: {}", destination, said);
            }
            counter("relay.events.skipped", "Events of which nothing is sent to a destination", provider, label(destination), null, label(step),
                    bounded(reasons, said)).increment();
            traces.add(EventOutcome.SKIPPED, provider, eventId, step, destination, null, null, null, said, null);
        });
    }

    /**
     * A destination has taken a record.
     *
     * @param repeats how often the call was repeated until it was answered
     */
    public void delivered(Exchange exchange, RecordMessage record, int repeats) {
        BatchTransaction.afterCommit(exchange, () -> {
            counter("relay.records.delivered", "Records that a destination has taken", record).increment();
            timer(record).record(Duration.ofMillis(Math.max(0, clock.millis() - record.number(Headers.RECEIVED_AT))));
            int attempts = (int) record.number(Headers.ATTEMPT) + 1 + repeats;
            if (LOG.isDebugEnabled()) {
                log(record, "{} event {} is delivered to {} {}, attempt {}", attempts);
            }
            trace(EventOutcome.DELIVERED, record, attempts, null);
        });
    }

    /**
     * A record was sent back, for itself alone. Its trace shows the first, second, fourth, eighth … time, because a record may
     * come back for a day.
     *
     * @param reason why, without personal data, or null
     */
    public void retried(Exchange exchange, RecordMessage record, String reason) {
        BatchTransaction.afterCommit(exchange, () -> {
            counter("relay.records.retried", "Records sent back to their queue with a delay", record).increment();
            int attempts = (int) record.number(Headers.ATTEMPT) + 1;
            if (LOG.isDebugEnabled()) {
                log(record, "{} event {} is sent back for {} {}, attempt {}", attempts);
            }
            if (Integer.bitCount(attempts) == 1) {
                trace(EventOutcome.SENT_BACK, record, attempts, reason);
            }
        });
    }

    /** An event was parked. Of those that have one reason a line a minute is logged, which counts the others. */
    public void parked(Exchange exchange, String provider, String eventId, String step, String destination, String account,
            Integer part, String reason, String parkedId) {
        BatchTransaction.afterCommit(exchange, () -> {
            int leftOut = parkedLines.leftOut(reason);
            if (leftOut >= 0) {
                log(LOG.atWarn(), provider, eventId, destination, "{} event {} is parked{}: {}{}", destination == null ? "" : " for " + destination,
                        reason, leftOut == 0 ? "" : " (%,d more since the last such line)".formatted(leftOut));
            }
            counter("relay.events.parked", "Events set aside until a person replays or discards them", label(provider), label(destination),
                    bounded(accounts, label(account)), label(step), null).increment();
            traces.add(EventOutcome.PARKED, provider, eventId, step, destination, account, part, null, reason, parkedId);
        });
    }

    private static void log(RecordMessage record, String text, int attempts) {
        log(LOG.atDebug(), record.text(Headers.PROVIDER), record.text(Headers.EVENT_ID), record.text(Headers.DESTINATION), text,
                record.text(Headers.DESTINATION), record.text(Headers.ACCOUNT), attempts);
    }

    /**
     * A line with the fields by which it is found in a JSON log. An id that names the user is replaced by the key that the trace
     * has too; what is no visible character in it is escaped.
     *
     * @param text beginning with the provider and the event id
     */
    private static void log(LoggingEventBuilder line, String provider, String eventId, String destination, String text, Object... more) {
        String key = Printable.id(Trace.eventKey(eventId));
        LoggingEventBuilder found = line.addKeyValue(Headers.PROVIDER, provider).addKeyValue(Headers.EVENT_ID, key)
                .addArgument(provider).addArgument(key);
        if (destination != null) {
            found = found.addKeyValue(Headers.DESTINATION, destination);
        }
        for (Object argument : more) {
            found = found.addArgument(argument);
        }
        found.log(text);
    }

    private void trace(EventOutcome what, RecordMessage record, int attempts, String reason) {
        traces.add(what, record.text(Headers.PROVIDER), record.text(Headers.EVENT_ID), record.text(Headers.STEP),
                record.text(Headers.DESTINATION), record.text(Headers.ACCOUNT), (int) record.number(Headers.PART), attempts, reason, null);
    }

    private Counter counter(String name, String description, RecordMessage record) {
        return counter(name, description, label(record.text(Headers.PROVIDER)), label(record.text(Headers.DESTINATION)),
                label(record.text(Headers.ACCOUNT)), label(record.text(Headers.STEP)), null);
    }

    /** A label that is null is left out. */
    private Counter counter(String name, String description, String provider, String destination, String account, String step,
            String reason) {
        Labels labels = new Labels(name, provider, destination, account, step, reason);
        Counter known = counters.get(labels);
        return known != null ? known : counters.computeIfAbsent(labels, key -> {
            Counter.Builder counter = Counter.builder(name).description(description);
            tag(counter, "provider", provider);
            tag(counter, "destination", destination);
            tag(counter, "account", account);
            tag(counter, "step", step);
            tag(counter, "reason", reason);
            return counter.register(metrics);
        });
    }

    private static void tag(Counter.Builder counter, String name, String value) {
        if (value != null) {
            counter.tag(name, value);
        }
    }

    private Timer timer(RecordMessage record) {
        String destination = label(record.text(Headers.DESTINATION));
        String account = label(record.text(Headers.ACCOUNT));
        return timers.computeIfAbsent(destination + '/' + account, key -> Timer.builder("relay.delivery")
                .description("Time from webhook to delivery").serviceLevelObjectives(DELIVERY_TIMES)
                .tag("destination", destination).tag("account", account).register(metrics));
    }

    private static String bounded(Set<String> seen, String value) {
        if (value.length() <= LONGEST_LABEL && (seen.contains(value) || (seen.size() < MOST_VALUES && seen.add(value)))) {
            return value;
        }
        return OTHER;
    }

    private static String label(String value) {
        return value == null ? NONE : value;
    }
}
