package io.subscriptionrelay.history;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.subscriptionrelay.broker.Duplicates;
import io.subscriptionrelay.event.Headers;
import io.subscriptionrelay.event.RecordMessage;
import io.subscriptionrelay.history.HistoryOutcome.Said;
import io.subscriptionrelay.jmsbatch.BatchTransaction;
import io.subscriptionrelay.logs.Causes;
import io.subscriptionrelay.logs.LineAMinute;
import io.subscriptionrelay.logs.Printable;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;
import org.springframework.stereotype.Component;

/**
 * Counts, and tells history, what became of each event at each destination: delivered, skipped with a reason, parked with a reason.
 * Only what is committed.
 */
@Component("outcomes")
public class Outcomes {

    private static final Logger LOG = LoggerFactory.getLogger(Outcomes.class);
    /** Why nothing is sent of what a provider calls its test, or of a call without an event. */
    public static final String TEST_EVENT = "test event";

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
    private final HistoryFeed history;
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

    Outcomes(MeterRegistry metrics, HistoryFeed history, Duplicates repeats, Clock clock) {
        this.metrics = metrics;
        this.history = history;
        this.repeats = repeats;
        this.clock = clock;
        parkedLines = new LineAMinute(clock);
    }

    /** Outcomes that nobody counts or traces: where nothing is ever committed, there are none. */
    public static Outcomes ofDryRuns() {
        return new Outcomes(null, HistoryFeed.off(), null, Clock.systemUTC());
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
        if (what == EventOutcome.REPEATED) {
            history.soon(new HistoryOutcome(clock.millis(), what, provider, eventId, at, null, null, null, null, null, null, null, null, null));
        }
    }

    /** A webhook without an event was answered, as the call of a provider that is set up: there is nothing to keep, and nothing is sent. */
    public void noEvent(Exchange exchange) {
        countSkipped(exchange.getProperty(Headers.PROVIDER, String.class), NONE, NONE, TEST_EVENT);
    }

    /**
     * A stored webhook was read to be translated: from here on history has it.
     *
     * @param type as the provider names it, or null
     * @param attributes what was read out of it, in JSON
     */
    public void read(Exchange exchange, String provider, String eventId, String type, long receivedAt, byte[] webhook, Supplier<byte[]> attributes) {
        if (history.on()) {
            history.add(exchange, new HistoryEvent(provider, eventId, type, receivedAt, webhook, attributes.get()));
        }
    }

    /** Nothing is sent for the event. */
    public void skipped(Exchange exchange, String provider, String eventId, long receivedAt, String step, String destination, String reason) {
        String said = Causes.reason(reason);
        history.add(exchange, new HistoryOutcome(clock.millis(), EventOutcome.SKIPPED, provider, eventId, receivedAt, step, destination, null, null,
                null, said, null, null, null));
        countSkipped(exchange, provider, eventId, step, destination, said);
    }

    /** A record is not sent, though it was to be. */
    public void skipped(Exchange exchange, RecordMessage record, String reason) {
        String said = Causes.reason(reason);
        history.add(exchange, outcome(EventOutcome.SKIPPED, record, null, said, null, null));
        countSkipped(exchange, record.text(Headers.PROVIDER), record.text(Headers.EVENT_ID), record.text(Headers.STEP),
                record.text(Headers.DESTINATION), said);
    }

    private void countSkipped(Exchange exchange, String provider, String eventId, String step, String destination, String reason) {
        BatchTransaction.afterCommit(exchange, () -> {
            if (LOG.isDebugEnabled()) {
                log(LOG.atDebug(), provider, eventId, destination, "{} event {} is skipped for {}: {}", destination, reason);
            }
            countSkipped(provider, label(destination), label(step), reason);
        });
    }

    private void countSkipped(String provider, String destination, String step, String reason) {
        counter("relay.events.skipped", "Events of which nothing is sent to a destination", provider, destination, null, step,
                bounded(reasons, reason)).increment();
    }

    /**
     * A destination has taken a record.
     *
     * @param failures how often the call failed until it was answered
     */
    public void delivered(Exchange exchange, RecordMessage record, int failures, Said answer) {
        int attempts = (int) record.number(Headers.ATTEMPT) + 1 + failures;
        String note = record.keysLeftOut() == 0 ? null : "without " + record.keysLeftOut() + (record.keysLeftOut() == 1 ? " key" : " keys")
                + " that a newer event has set";
        history.add(exchange, outcome(EventOutcome.DELIVERED, record, attempts, note, null, answer));
        BatchTransaction.afterCommit(exchange, () -> {
            counter("relay.records.delivered", "Records that a destination has taken", record).increment();
            timer(record).record(Duration.ofMillis(Math.max(0, clock.millis() - record.number(Headers.RECEIVED_AT))));
            if (LOG.isDebugEnabled()) {
                log(record, "{} event {} is delivered to {} {}, attempt {}", attempts);
            }
        });
    }

    /**
     * A record was sent back, for itself alone. History has the first, second, fourth, eighth … time, because a record may
     * come back for a day.
     *
     * @param reason why, without personal data, or null
     */
    public void retried(Exchange exchange, RecordMessage record, String reason, Said answer) {
        int attempts = (int) record.number(Headers.ATTEMPT) + 1;
        if (Integer.bitCount(attempts) == 1) {
            history.add(exchange, outcome(EventOutcome.SENT_BACK, record, attempts, reason, null, answer));
        }
        BatchTransaction.afterCommit(exchange, () -> {
            counter("relay.records.retried", "Records sent back to their queue with a delay", record).increment();
            if (LOG.isDebugEnabled()) {
                log(record, "{} event {} is sent back for {} {}, attempt {}", attempts);
            }
        });
    }

    /** A record is held back. */
    void held(Exchange exchange, RecordMessage record, String until) {
        history.add(exchange, outcome(EventOutcome.HELD, record, null, "until " + until, null, null));
        BatchTransaction.afterCommit(exchange, () -> counter("relay.records.held", "Records held back for a while", record).increment());
    }

    /** A record was refused, and its event is parked under this id. */
    void parked(Exchange exchange, RecordMessage record, String reason, String parkedId, Said answer) {
        history.add(exchange, outcome(EventOutcome.PARKED, record, null, reason, parkedId, answer));
        countParked(exchange, record.text(Headers.PROVIDER), record.text(Headers.EVENT_ID), record.text(Headers.STEP),
                record.text(Headers.DESTINATION), record.text(Headers.ACCOUNT), reason);
    }

    /** An event was parked before there was a record of it, or because its record may not be sent. */
    void parked(Exchange exchange, Message event, String reason, String parkedId) {
        String provider = event.getHeader(Headers.PROVIDER, String.class);
        String eventId = event.getHeader(Headers.EVENT_ID, String.class);
        String step = event.getHeader(Headers.STEP, String.class);
        String destination = event.getHeader(Headers.DESTINATION, String.class);
        String account = event.getHeader(Headers.ACCOUNT, String.class);
        history.add(exchange, new HistoryOutcome(clock.millis(), EventOutcome.PARKED, provider, eventId,
                event.getHeader(Headers.RECEIVED_AT, 0L, Long.class), step, destination, account, event.getHeader(Headers.PART, Integer.class), null,
                reason, parkedId, null, null));
        countParked(exchange, provider, eventId, step, destination, account, reason);
    }

    /** Of those that have one reason a line a minute is logged, which counts the others. */
    private void countParked(Exchange exchange, String provider, String eventId, String step, String destination, String account, String reason) {
        BatchTransaction.afterCommit(exchange, () -> {
            int leftOut = parkedLines.leftOut(reason);
            if (leftOut >= 0) {
                log(LOG.atWarn(), provider, eventId, destination, "{} event {} is parked{}: {}{}", destination == null ? "" : " for " + destination,
                        reason, leftOut == 0 ? "" : " (%,d more since the last such line)".formatted(leftOut));
            }
            counter("relay.events.parked", "Events set aside until a person replays or discards them", label(provider), label(destination),
                    bounded(accounts, label(account)), label(step), null).increment();
        });
    }

    private HistoryOutcome outcome(EventOutcome what, RecordMessage record, Integer attempts, String reason, String parkedId, Said answer) {
        return new HistoryOutcome(clock.millis(), what, record.text(Headers.PROVIDER), record.text(Headers.EVENT_ID),
                record.number(Headers.RECEIVED_AT), record.text(Headers.STEP), record.text(Headers.DESTINATION), record.text(Headers.ACCOUNT),
                (int) record.number(Headers.PART), attempts, reason, parkedId, history.on() ? record.recordBytes() : null, answer);
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
        String key = Printable.id(EventKey.of(eventId));
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
