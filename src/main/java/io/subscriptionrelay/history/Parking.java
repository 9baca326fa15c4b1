package io.subscriptionrelay.history;

import io.subscriptionrelay.event.Headers;
import io.subscriptionrelay.event.QueueNames;
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

    /**
     * Makes this the message of a parked event; the route sends it in the transaction that settles the event.
     *
     * @param origin the queue that the event comes from
     * @param why without personal data
     */
    public void address(Exchange exchange, Message message, String origin, String why) {
        String reason = Causes.reason(why);
        message.setHeader(Headers.REASON, reason);
        String parkedId = UUID.randomUUID().toString();
        message.setHeader(Headers.PARKED_ID, parkedId);
        message.setHeader(Headers.PARKED_AT, clock.millis());
        message.setHeader(Headers.EVENT_KEY, Trace.eventKey(text(message, Headers.EVENT_ID)));
        message.setHeader(Headers.ORIGIN, origin);
        message.setHeader(Headers.QUEUE, QueueNames.PARKED + origin);
        outcomes.parked(exchange, text(message, Headers.PROVIDER), text(message, Headers.EVENT_ID), text(message, Headers.STEP),
                text(message, Headers.DESTINATION), text(message, Headers.ACCOUNT),
                message.getHeader(Headers.PART, Integer.class), reason, parkedId);
    }

    private static String text(Message message, String header) {
        return message.getHeader(header, String.class);
    }
}
