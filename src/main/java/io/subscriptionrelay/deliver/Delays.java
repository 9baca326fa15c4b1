package io.subscriptionrelay.deliver;

import io.subscriptionrelay.event.Headers;
import io.subscriptionrelay.event.QueueNames;
import io.subscriptionrelay.event.RecordMessage;
import java.time.Duration;
import org.apache.camel.Message;

/**
 * How long a record that was sent back waits: 1, 2, 4, 8 seconds, six times a minute, then ten minutes each time. The broker holds what
 * it has scheduled in memory, so only seconds are scheduled; longer waits have a queue each, whose messages are all due in their order and
 * stay on disk.
 */
record Delays(Duration time, String queue) {

    private static final int SCHEDULED = 4;
    private static final int MINUTES = 6;

    /** The wait after so many others. */
    private static Delays of(long number) {
        if (number < SCHEDULED) {
            return new Delays(Duration.ofSeconds(1L << number), null);
        }
        return number < SCHEDULED + MINUTES ? new Delays(Duration.ofMinutes(1), QueueNames.MINUTE) : new Delays(Duration.ofMinutes(10), QueueNames.TEN_MINUTES);
    }

    /** How long the record waited before it was tried now. */
    static Duration before(RecordMessage record) {
        long attempt = record.number(Headers.ATTEMPT);
        return attempt == 0 ? Duration.ZERO : of(attempt - 1).time;
    }

    /** How long it waits when it is sent back now. */
    static Delays after(RecordMessage record) {
        return of(record.number(Headers.ATTEMPT));
    }

    /** Addresses the message, so that it comes back to the queue of its account in time. */
    void set(Message message, long now) {
        if (queue == null) {
            message.setHeader(Headers.SCHEDULED, now + time.toMillis());
            message.setHeader(Headers.QUEUE, QueueNames.deliver(message.getHeader(Headers.DESTINATION, String.class),
                    message.getHeader(Headers.ACCOUNT, String.class)));
        } else {
            message.setHeader(Headers.NOT_BEFORE, now + time.toMillis());
            message.setHeader(Headers.QUEUE, queue);
        }
    }
}
