package io.subscriptionrelay.delivery;

import io.subscriptionrelay.parked.Parking;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.apache.camel.Exchange;
import org.apache.camel.Message;

/**
 * Settles the records of a batch one by one: delivered, sent back, or parked. What is sent back or parked is a message that
 * the route sends in the batch's transaction. Not thread-safe.
 */
public final class Settlement {

    /** Why a record that sets state is skipped: a newer event has set it. */
    public static final String STALE = "older than what the user already has";

    /** A record that is refused for a passing reason comes back after 1, 2, 4 … seconds, at last after this. */
    public static final Duration LONGEST_DELAY = Duration.ofMinutes(10);

    /** A shorter one stands in many words. */
    private static final int SHORTEST_ID = 4;
    private static final Duration FIRST_DELAY = Duration.ofSeconds(1);
    /** About as long as a batch takes. */
    private static final Duration LEFT_TO_OTHER = Duration.ofMillis(500);

    private final Exchange exchange;
    private final Outcomes outcomes;
    private final Parking parking;
    private final Clock clock;
    private final List<Message> messages = new ArrayList<>();

    Settlement(Exchange exchange, Outcomes outcomes, Parking parking, Clock clock) {
        this.exchange = exchange;
        this.outcomes = outcomes;
        this.parking = parking;
        this.clock = clock;
    }

    /** The destination has it, by a call of the batch's own route. */
    public void delivered(RecordMessage record) {
        delivered(record, Outage.repeats(exchange));
    }

    /**
     * The destination has it.
     *
     * @param repeats how often the call was repeated until it was answered
     */
    public void delivered(RecordMessage record, int repeats) {
        outcomes.delivered(exchange, record, repeats);
    }

    /** Nothing is sent, because the destination already has something newer or the record has nothing to say. */
    public void skipped(RecordMessage record, String reason) {
        outcomes.skipped(exchange, record.text(Headers.PROVIDER), record.text(Headers.EVENT_ID), record.text(Headers.STEP),
                record.text(Headers.DESTINATION), reason);
    }

    /** It was refused for a passing reason of its own, and comes back later, each time after a longer while. */
    public void sendBack(RecordMessage record) {
        sendBack(record, null);
    }

    /** Like {@link #sendBack}; what other records are sent with is refused or fails because of it, so it comes back alone. */
    public void sendBackAlone(RecordMessage record) {
        sendBack(record, null).setHeader(Headers.ALONE, true);
    }

    private Message sendBack(RecordMessage record, String reason) {
        long attempt = record.number(Headers.ATTEMPT) + 1;
        long delay = Math.min(LONGEST_DELAY.toMillis(), FIRST_DELAY.toMillis() << Math.min(attempt - 1, 20));
        Message message = sentBack(record, Duration.ofMillis(delay), reason);
        message.setHeader(Headers.ATTEMPT, (int) attempt);
        return message;
    }

    /**
     * Like {@link #sendBack}, until this much time has gone by since its first refusal; then it is parked.
     *
     * @param reason why it would be parked
     */
    public void sendBackFor(Duration atMost, RecordMessage record, String reason) {
        if (refusedFor(record).compareTo(atMost) >= 0) {
            park(record, reason + ", for " + atMost.toHours() + " h");
        } else {
            sendBack(record, reason);
        }
    }

    /** How long ago it was refused for a passing reason for the first time; zero when it was not. */
    public Duration refusedFor(RecordMessage record) {
        long first = record.number(Headers.FIRST_REFUSED_AT);
        return first > 0 ? Duration.ofMillis(clock.millis() - first) : Duration.ZERO;
    }

    /** It was refused in company, and is tried alone after this delay. */
    public void sendBackAlone(RecordMessage record, Duration delay) {
        sentBack(record, delay, "refused together with others").setHeader(Headers.ALONE, true);
    }

    /** Another relay is delivering to its user; it was not tried, and comes back in a moment. */
    public void leaveToOther(RecordMessage record) {
        Message message = record.again(exchange.getContext());
        message.setHeader(Headers.SCHEDULED, clock.millis() + LEFT_TO_OTHER.toMillis());
        message.setHeader(Headers.QUEUE, queue(record));
        messages.add(message);
    }

    /** It was not tried, and goes back as it came. */
    public void putBack(RecordMessage record) {
        Message message = record.again(exchange.getContext());
        message.setHeader(Headers.QUEUE, queue(record));
        messages.add(message);
    }

    private Message sentBack(RecordMessage record, Duration delay, String reason) {
        long now = clock.millis();
        Message message = record.again(exchange.getContext());
        if (record.number(Headers.FIRST_REFUSED_AT) == 0) {
            message.setHeader(Headers.FIRST_REFUSED_AT, now);
        }
        message.setHeader(Headers.SCHEDULED, now + delay.toMillis());
        message.setHeader(Headers.QUEUE, queue(record));
        messages.add(message);
        outcomes.retried(exchange, record, reason);
        return message;
    }

    /** It was refused for good. */
    public void park(RecordMessage record, String reason) {
        Message message = record.webhookMessage(exchange.getContext());
        message.removeHeader(Headers.ATTEMPT);
        message.removeHeader(Headers.FIRST_REFUSED_AT);
        message.removeHeader(Headers.ALONE);
        parking.address(exchange, message, queue(record), withoutUser(record, reason));
        messages.add(message);
    }

    /** A destination's refusal may quote the user's id. */
    private static String withoutUser(RecordMessage record, String reason) {
        String text = reason;
        for (String key : List.of("identity", "objectId", "id")) {
            String id = record.record().path(key).asText("");
            if (id.length() >= SHORTEST_ID && text.contains(id)) {
                text = text.replaceAll("(?<![\\p{L}\\p{N}])" + Pattern.quote(id) + "(?![\\p{L}\\p{N}])", "…");
            }
        }
        return text;
    }

    private static String queue(RecordMessage record) {
        return Accounts.queue(record.text(Headers.DESTINATION), record.text(Headers.ACCOUNT));
    }

    /** The messages that the route must send before the batch is committed. */
    public List<Message> messages() {
        return messages;
    }
}
