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
    public final List<String> reasons = new ArrayList<>();

    public OutcomeLog(Clock clock) {
        super(null, null, null, clock);
    }

    @Override
    public void skipped(Exchange exchange, String provider, String eventId, String step, String destination, String reason) {
        skipped.add(eventId);
    }

    @Override
    public void delivered(Exchange exchange, RecordMessage record, int repeats) {
        delivered.add(record.text(Headers.EVENT_ID));
    }

    @Override
    public void retried(Exchange exchange, RecordMessage record, String reason) {
        reasons.add(reason);
    }

    @Override
    public void parked(Exchange exchange, String provider, String eventId, String step, String destination, String account, Integer part,
            String reason, String parkedId) {
        parked.put(eventId, reason);
        reasons.add(reason);
    }
}
