package io.subscriptionrelay.history;

import io.subscriptionrelay.event.Headers;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import java.util.Map;
import java.util.Set;

/**
 * Which parked events are meant. A field that is null means any.
 *
 * @param reason the beginning of the reason
 * @param from parked at this time or later, in milliseconds since 1970
 * @param to parked before this time, in milliseconds since 1970
 * @param user an id of a user that the webhook carries
 * @param id of the one entry
 */
public record ParkedFilter(String queue, String reason, String provider, String eventId, String step, String destination,
        String account, Long from, Long to, String user, String id) {

    /** Every parked event. */
    public static final ParkedFilter ANY = new ParkedFilter(null, null, null, null, null, null, null, null, null, null, null);

    /** The names of the query's parameters. */
    static final Set<String> NAMES = Set.of("queue", "reason", "provider", "eventId", "step", "destination", "account", "from", "to",
            "user");

    /** The one entry with this id. */
    static ParkedFilter one(String id) {
        return new ParkedFilter(null, null, null, null, null, null, null, null, null, null, id);
    }

    /**
     * Reads a filter as an operator writes it.
     *
     * @param values by the names above; {@code from} and {@code to} in ISO 8601 or in milliseconds since 1970
     * @throws IllegalArgumentException naming the parameter and saying what to write instead
     */
    public static ParkedFilter of(Map<String, String> values) {
        return new ParkedFilter(values.get("queue"), values.get("reason"), values.get("provider"), values.get("eventId"), values.get("step"),
                values.get("destination"), values.get("account"), HistoryFilter.time("from", values.get("from")),
                HistoryFilter.time("to", values.get("to")), values.get("user"), null);
    }

    /** Whether a parked message is meant, as far as it does not depend on its queue. */
    boolean fits(ParkedQueues.Entry entry) throws JMSException {
        Message message = entry.message();
        return is(message, Headers.PROVIDER, provider)
                && (eventId == null || is(message, Headers.EVENT_ID, eventId) || is(message, Headers.EVENT_KEY, eventId))
                && is(message, Headers.STEP, step) && is(message, Headers.DESTINATION, destination) && is(message, Headers.ACCOUNT, account)
                && (reason == null || String.valueOf(message.getStringProperty(Headers.REASON)).startsWith(reason))
                && (from == null || entry.parkedAt() >= from) && (to == null || entry.parkedAt() < to)
                && (id == null || id.equalsIgnoreCase(entry.id()))
                && (user == null || EventUsers.has(entry.body(), user));
    }

    private static boolean is(Message message, String header, String value) throws JMSException {
        return value == null || value.equals(message.getStringProperty(header));
    }

    boolean covers(String name) {
        return queue == null || queue.equals(name);
    }

    /** The same, but only what was parked before now: what is parked again by its own replay is not replayed once more. */
    ParkedFilter before(long now) {
        return new ParkedFilter(queue, reason, provider, eventId, step, destination, account, from, to == null ? now : Math.min(to, now), user,
                id);
    }
}
