package io.subscriptionrelay.history;

import io.subscriptionrelay.event.Headers;
import io.subscriptionrelay.event.RecordMessage;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.camel.Exchange;

/** Keeps what became of each event, by its id, instead of counting and tracing it. */
public final class OutcomeLog extends Outcomes {

    public final List<String> delivered = new ArrayList<>();
    public final List<String> skipped = new ArrayList<>();
    public final Map<String, String> parked = new LinkedHashMap<>();
    public final List<String> held = new ArrayList<>();
    public final List<String> reasons = new ArrayList<>();
    private final Outcomes also;

    public OutcomeLog(Clock clock) {
        this(clock, null);
    }

    /** @param also who is told each of them too, or null */
    public OutcomeLog(Clock clock, Outcomes also) {
        super(null, null, null, clock);
        this.also = also;
    }

    @Override
    public void skipped(Exchange exchange, RecordMessage record, String reason) {
        skipped.add(record.text(Headers.EVENT_ID));
        reasons.add(reason);
        if (also != null) {
            also.skipped(exchange, record, reason);
        }
    }

    @Override
    public void delivered(Exchange exchange, RecordMessage record, int failures, HistoryOutcome.Said answer) {
        delivered.add(record.text(Headers.EVENT_ID));
        if (also != null) {
            also.delivered(exchange, record, failures, answer);
        }
    }

    @Override
    public void retried(Exchange exchange, RecordMessage record, String reason, HistoryOutcome.Said answer) {
        reasons.add(reason);
        if (also != null) {
            also.retried(exchange, record, reason, answer);
        }
    }

    @Override
    void held(Exchange exchange, RecordMessage record, String until) {
        held.add(record.text(Headers.EVENT_ID) + " until " + until);
    }

    @Override
    void parked(Exchange exchange, RecordMessage record, String reason, String parkedId, HistoryOutcome.Said answer) {
        parked.put(record.text(Headers.EVENT_ID), reason);
        reasons.add(reason);
        if (also != null) {
            also.parked(exchange, record, reason, parkedId, answer);
        }
    }
}
