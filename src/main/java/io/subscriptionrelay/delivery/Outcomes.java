package io.subscriptionrelay.delivery;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.subscriptionrelay.jmsbatch.BatchTransaction;
import java.time.Clock;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.camel.Exchange;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Counts what became of each event at each destination: delivered, skipped with a reason, parked with a reason. Counts only
 * what is committed.
 */
@Component("outcomes")
public class Outcomes {

    private static final Logger LOG = LoggerFactory.getLogger(Outcomes.class);
    private static final String NONE = "none";
    /** Reasons quote what providers send ({@code unknown event type X}), so a label could grow without bound. */
    private static final int MOST_REASONS = 100;
    private static final int LONGEST_REASON = 120;
    private static final String OTHER_REASON = "other";

    private final MeterRegistry metrics;
    private final Clock clock;
    private final Set<String> reasons = ConcurrentHashMap.newKeySet();

    Outcomes(MeterRegistry metrics, Clock clock) {
        this.metrics = metrics;
        this.clock = clock;
    }

    /** A webhook was stored, or is a repeat of one that was. */
    public void received(String provider) {
        Counter.builder("relay.events.received").description("Webhooks answered with 200 and kept, repeats included")
                .tag("provider", provider).register(metrics).increment();
    }

    /** Nothing is sent for the event. */
    public void skipped(Exchange exchange, String provider, String eventId, String step, String destination, String reason) {
        BatchTransaction.afterCommit(exchange, () -> {
            LOG.debug("{} event {} is skipped for {}: {}", provider, eventId, destination, reason);
            Counter.builder("relay.events.skipped").description("Events of which nothing is sent to a destination")
                    .tag("provider", provider).tag("destination", label(destination)).tag("step", label(step))
                    .tag("reason", reason(reason)).register(metrics).increment();
        });
    }

    /** A destination has taken a record. */
    public void delivered(Exchange exchange, RecordMessage record) {
        BatchTransaction.afterCommit(exchange, () -> {
            Counter.builder("relay.records.delivered").description("Records that a destination has taken")
                    .tags(tags(record)).register(metrics).increment();
            Timer.builder("relay.delivery").description("Time from webhook to delivery")
                    .tag("destination", label(record.text(Headers.DESTINATION))).tag("account", label(record.text(Headers.ACCOUNT)))
                    .register(metrics).record(Duration.ofMillis(Math.max(0, clock.millis() - record.number(Headers.RECEIVED_AT))));
        });
    }

    /** A record was sent back, for itself alone. */
    public void retried(Exchange exchange, RecordMessage record) {
        BatchTransaction.afterCommit(exchange, () -> Counter.builder("relay.records.retried")
                .description("Records sent back to their queue with a delay").tags(tags(record)).register(metrics).increment());
    }

    /** An event was parked. */
    public void parked(Exchange exchange, String provider, String eventId, String step, String destination, String account,
            String reason) {
        BatchTransaction.afterCommit(exchange, () -> {
            LOG.warn("{} event {} is parked{}: {}", provider, eventId, destination == null ? "" : " for " + destination, reason);
            Counter.builder("relay.events.parked").description("Events set aside until a person replays or discards them")
                    .tag("provider", label(provider)).tag("destination", label(destination)).tag("account", label(account))
                    .tag("step", label(step)).register(metrics).increment();
        });
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
