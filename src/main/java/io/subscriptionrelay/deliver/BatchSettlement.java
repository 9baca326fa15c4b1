package io.subscriptionrelay.deliver;

import io.subscriptionrelay.event.Headers;
import io.subscriptionrelay.event.QueueNames;
import io.subscriptionrelay.event.RecordMessage;
import io.subscriptionrelay.history.HistoryOutcome.Said;
import io.subscriptionrelay.history.Outcomes;
import io.subscriptionrelay.history.Parking;
import io.subscriptionrelay.logs.Causes;
import io.subscriptionrelay.mapping.Destination;
import io.subscriptionrelay.mapping.Destination.Retry;
import io.subscriptionrelay.mapping.MappingFailedException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.camel.Exchange;
import org.apache.camel.Message;

/**
 * Settles the records of a batch one by one: delivered, sent back, or parked. What is sent back or parked is a message that the route sends
 * in the batch's transaction. Thread-safe.
 */
final class BatchSettlement implements Settlement {

    /** Why a record that sets state is skipped: a newer event has set it. */
    static final String STALE = "older than what the user already has";

    /** A record that fails while others succeed is tried for as long as a user whom OneSignal does not know. */
    private static final Duration ISOLATED = Duration.ofHours(24);
    /** A shorter one stands in many words. */
    private static final int SHORTEST_ID = 4;
    private static final int LONGEST_TEXT = 200;
    /** About as long as a batch takes. */
    private static final Duration LEFT_TO_OTHER = Duration.ofMillis(500);

    private final Exchange batch;
    private final Destination destination;
    private final Outcomes outcomes;
    private final Parking parking;
    private final Clock clock;
    private final List<Message> messages = new ArrayList<>();
    private int settled;

    BatchSettlement(Exchange batch, Destination destination, Outcomes outcomes, Parking parking, Clock clock) {
        this.batch = batch;
        this.destination = destination;
        this.outcomes = outcomes;
        this.parking = parking;
        this.clock = clock;
    }

    @Override
    public synchronized void delivered(RecordMessage record, int failures, Said answer) {
        settled++;
        outcomes.delivered(batch, record, failures, answer);
    }

    @Override
    public synchronized void stale(RecordMessage record) {
        settled++;
        outcomes.skipped(batch, record, STALE);
    }

    @Override
    public synchronized void retry(RecordMessage record, Retry why, Said answer) {
        // only time in which it was answered counts: neither an outage nor a clock that jumps brings the end nearer
        long waited = record.number(Headers.WAITED) + Delays.before(record).toMillis();
        int refusals = (int) record.number(Headers.REFUSALS) + 1;
        if (why.atMost() != null && waited >= why.atMost().toMillis()) {
            park(record, why.reason() + ", for " + hours(why.atMost()), answer);
        } else if (why.times() > 0 && refusals >= why.times()) {
            park(record, why.reason(), answer);
        } else {
            Message message = sentBack(record, line(record, why.reason()), answer);
            if (why.atMost() != null) {
                message.setHeader(Headers.WAITED, waited);
            }
            if (why.times() > 0) {
                message.setHeader(Headers.REFUSALS, refusals);
                message.setHeader(Headers.ALONE, true);
            }
        }
    }

    private static String hours(Duration time) {
        return time.toMinutes() % 60 == 0 ? time.toHours() + " h" : time.toMinutes() + " min";
    }

    @Override
    public synchronized void isolate(RecordMessage record, String answer) {
        long failing = record.number(Headers.FAILING) + Delays.before(record).toMillis();
        if (failing >= ISOLATED.toMillis()) {
            park(record, destination.title() + " answers this record with `" + answer + "` while it takes others, for " + hours(ISOLATED), null);
            return;
        }
        Message message = sentBack(record, "fails while others succeed: " + answer, null);
        message.setHeader(Headers.FAILING, failing);
        message.setHeader(Headers.ALONE, true);
    }

    private Message sentBack(RecordMessage record, String reason, Said answer) {
        settled++;
        Message message = record.again(batch.getContext());
        Delays.after(record).set(message, clock.millis());
        message.setHeader(Headers.ATTEMPT, (int) record.number(Headers.ATTEMPT) + 1);
        messages.add(message);
        outcomes.retried(batch, record, reason, answer);
        return message;
    }

    @Override
    public synchronized void leaveToOther(RecordMessage record) {
        putBack(record);
        messages.get(messages.size() - 1).setHeader(Headers.SCHEDULED, clock.millis() + LEFT_TO_OTHER.toMillis());
    }

    @Override
    public synchronized void putBack(RecordMessage record) {
        settled++;
        Message message = record.again(batch.getContext());
        message.setHeader(Headers.QUEUE, queue(record));
        messages.add(message);
    }

    @Override
    public synchronized void park(RecordMessage record, String reason, Said answer) {
        settled++;
        Message message = record.webhookMessage(batch.getContext());
        List.of(Headers.ATTEMPT, Headers.WAITED, Headers.REFUSALS, Headers.FAILING, Headers.FIRST_REFUSED_AT, Headers.ALONE, Headers.CALL,
                Headers.ORDER_ONLY).forEach(message::removeHeader);
        parking.address(batch, message, record, queue(record), line(record, reason), answer);
        messages.add(message);
    }

    /** On one line, without e-mail addresses, and without the user's id, which a refusal may quote. */
    private String line(RecordMessage record, String reason) {
        String text = Causes.line(reason);
        text = text.length() <= LONGEST_TEXT ? text : text.substring(0, LONGEST_TEXT) + "…";
        for (String id : ids(record)) {
            if (id.length() >= SHORTEST_ID && text.contains(id)) {
                text = text.replaceAll("(?<![\\p{L}\\p{N}])" + Pattern.quote(id) + "(?![\\p{L}\\p{N}])", "…");
            }
        }
        return text;
    }

    private Set<String> ids(RecordMessage record) {
        try {
            Destination.Description about = destination.describe(record.record());
            return about.id() == null ? Set.of(about.user()) : new HashSet<>(List.of(about.user(), about.id()));
        } catch (MappingFailedException | RuntimeException e) {
            return Set.of();
        }
    }

    private static String queue(RecordMessage record) {
        return QueueNames.deliver(record.text(Headers.DESTINATION), record.text(Headers.ACCOUNT));
    }

    /** How many records are settled. */
    synchronized int settled() {
        return settled;
    }

    /** The messages that the route must send before the batch is committed. */
    synchronized List<Message> messages() {
        return messages;
    }
}
