package io.subscriptionrelay.delivery;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.subscriptionrelay.broker.Repeats;
import io.subscriptionrelay.jmsbatch.BatchTransaction;
import io.subscriptionrelay.trace.Happening;
import io.subscriptionrelay.trace.Trace;
import io.subscriptionrelay.trace.Traces;
import java.time.Clock;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.camel.Exchange;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
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
    /** Reasons quote what providers send ({@code unknown event type X}), so a label could grow without bound. */
    private static final int MOST_REASONS = 100;
    private static final int LONGEST_REASON = 120;
    private static final String OTHER_REASON = "other";
    /** From an instant to the longest wait for an unknown user. */
    private static final Duration[] DELIVERY_TIMES = {Duration.ofMillis(500), Duration.ofSeconds(1), Duration.ofSeconds(2),
        Duration.ofSeconds(5), Duration.ofSeconds(10), Duration.ofSeconds(30), Duration.ofMinutes(1), Duration.ofMinutes(5),
        Duration.ofMinutes(15), Duration.ofHours(1), Duration.ofHours(6), Duration.ofHours(24)};

    private final MeterRegistry metrics;
    private final Traces traces;
    private final Repeats repeats;
    private final Clock clock;
    private final Set<String> reasons = ConcurrentHashMap.newKeySet();

    Outcomes(MeterRegistry metrics, Traces traces, Repeats repeats, Clock clock) {
        this.metrics = metrics;
        this.traces = traces;
        this.repeats = repeats;
        this.clock = clock;
    }

    /** A webhook was stored, or is a repeat of one that was. */
    public void received(Exchange exchange, String provider) {
        Counter.builder("relay.events.received").description("Webhooks answered with 200 and kept, repeats included")
                .tag("provider", provider).register(metrics).increment();
        String eventId = exchange.getMessage().getHeader(Headers.EVENT_ID, String.class);
        long at = exchange.getMessage().getHeader(Headers.RECEIVED_AT, 0L, Long.class);
        Happening what = repeats.known(provider, eventId, at) ? Happening.REPEATED : Happening.RECEIVED;
        traces.add(new Trace(at, what, provider, eventId, exchange.getProperty(USER_KEY, String.class), null, null, null, null, null,
                null, null));
    }

    /** Nothing is sent for the event. */
    public void skipped(Exchange exchange, String provider, String eventId, String step, String destination, String reason) {
        BatchTransaction.afterCommit(exchange, () -> {
            LOG.debug("{} event {} is skipped for {}: {}", provider, eventId, destination, reason);
            Counter.builder("relay.events.skipped").description("Events of which nothing is sent to a destination")
                    .tag("provider", provider).tag("destination", label(destination)).tag("step", label(step))
                    .tag("reason", reason(reason)).register(metrics).increment();
            traces.add(Happening.SKIPPED, provider, eventId, step, destination, null, null, null, reason, null);
        });
    }

    /**
     * A destination has taken a record.
     *
     * @param repeats how often the call was repeated until it was answered
     */
    public void delivered(Exchange exchange, RecordMessage record, int repeats) {
        BatchTransaction.afterCommit(exchange, () -> {
            Counter.builder("relay.records.delivered").description("Records that a destination has taken")
                    .tags(tags(record)).register(metrics).increment();
            Timer.builder("relay.delivery").description("Time from webhook to delivery").serviceLevelObjectives(DELIVERY_TIMES)
                    .tag("destination", label(record.text(Headers.DESTINATION))).tag("account", label(record.text(Headers.ACCOUNT)))
                    .register(metrics).record(Duration.ofMillis(Math.max(0, clock.millis() - record.number(Headers.RECEIVED_AT))));
            trace(Happening.DELIVERED, record, (int) record.number(Headers.ATTEMPT) + 1 + repeats, null);
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
            Counter.builder("relay.records.retried").description("Records sent back to their queue with a delay").tags(tags(record))
                    .register(metrics).increment();
            int attempts = (int) record.number(Headers.ATTEMPT) + 1;
            if (Integer.bitCount(attempts) == 1) {
                trace(Happening.SENT_BACK, record, attempts, reason);
            }
        });
    }

    /** An event was parked. */
    public void parked(Exchange exchange, String provider, String eventId, String step, String destination, String account,
            Integer part, String reason, String parkedId) {
        BatchTransaction.afterCommit(exchange, () -> {
            LOG.warn("{} event {} is parked{}: {}", provider, eventId, destination == null ? "" : " for " + destination, reason);
            Counter.builder("relay.events.parked").description("Events set aside until a person replays or discards them")
                    .tag("provider", label(provider)).tag("destination", label(destination)).tag("account", label(account))
                    .tag("step", label(step)).register(metrics).increment();
            traces.add(Happening.PARKED, provider, eventId, step, destination, account, part, null, reason, parkedId);
        });
    }

    private void trace(Happening what, RecordMessage record, int attempts, String reason) {
        traces.add(what, record.text(Headers.PROVIDER), record.text(Headers.EVENT_ID), record.text(Headers.STEP),
                record.text(Headers.DESTINATION), record.text(Headers.ACCOUNT), (int) record.number(Headers.PART), attempts, reason, null);
    }

    private static String[] tags(RecordMessage record) {
        return new String[] {"provider", label(record.text(Headers.PROVIDER)), "destination", label(record.text(Headers.DESTINATION)),
            "account", label(record.text(Headers.ACCOUNT)), "step", label(record.text(Headers.STEP))};
    }

    private String reason(String reason) {
        String shortened = reason.length() <= LONGEST_REASON ? reason : OTHER_REASON;
        if (reasons.contains(shortened) || (reasons.size() < MOST_REASONS && reasons.add(shortened))) {
            return shortened;
        }
        return OTHER_REASON;
    }

    private static String label(String value) {
        return value == null ? NONE : value;
    }
}
