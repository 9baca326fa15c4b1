package io.subscriptionrelay.history;

import io.subscriptionrelay.event.Headers;
import io.subscriptionrelay.event.QueueNames;
import io.subscriptionrelay.event.RecordMessage;
import io.subscriptionrelay.history.HistoryOutcome.Said;
import io.subscriptionrelay.logs.Causes;
import java.time.Clock;
import java.util.UUID;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.springframework.stereotype.Component;

/** Sets events aside, with the reason and the raw webhook, until a person replays or discards them. */
@Component("parking")
public class Parking {

    private final Outcomes outcomes;
    private final Clock clock;

    Parking(Outcomes outcomes, Clock clock) {
        this.outcomes = outcomes;
        this.clock = clock;
    }

    /** Of dry runs, whose events are parked nowhere. */
    public static Parking ofDryRuns() {
        return new Parking(Outcomes.ofDryRuns(), Clock.systemUTC());
    }

    /**
     * Makes this the message of a parked event; the route sends it in the transaction that settles the event.
     *
     * @param origin the queue that the event comes from
     * @param why without personal data
     */
    public void address(Exchange exchange, Message message, String origin, String why) {
        String reason = Causes.reason(why);
        outcomes.parked(exchange, message, reason, address(message, origin, reason));
    }

    /**
     * Makes this the message of an event that is parked because its record was refused.
     *
     * @param answer what the destination said; null when the record was never sent
     */
    public void address(Exchange exchange, Message message, RecordMessage record, String origin, String why, Said answer) {
        String reason = Causes.reason(why);
        outcomes.parked(exchange, record, reason, address(message, origin, reason), answer);
    }

    private String address(Message message, String origin, String reason) {
        message.setHeader(Headers.REASON, reason);
        String parkedId = UUID.randomUUID().toString();
        message.setHeader(Headers.PARKED_ID, parkedId);
        message.setHeader(Headers.PARKED_AT, clock.millis());
        message.setHeader(Headers.EVENT_KEY, EventKey.of(message.getHeader(Headers.EVENT_ID, String.class)));
        message.setHeader(Headers.ORIGIN, origin);
        message.setHeader(Headers.QUEUE, QueueNames.PARKED + origin);
        return parkedId;
    }
}
