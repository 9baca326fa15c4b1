package io.subscriptionrelay.parked;

import io.subscriptionrelay.delivery.Headers;
import io.subscriptionrelay.trace.EventFilter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which parked events are meant. A field that is null means any.
 *
 * @param reason the beginning of the reason
 * @param from parked at this time or later, in milliseconds since 1970
 * @param to parked before this time, in milliseconds since 1970
 */
public record ParkedFilter(String queue, String reason, String provider, String eventId, String step, String destination,
        String account, Long from, Long to) {

    /** Every parked event. */
    public static final ParkedFilter ANY = new ParkedFilter(null, null, null, null, null, null, null, null, null);

    /** The names of the query's parameters. */
    static final Set<String> NAMES = Set.of("queue", "reason", "provider", "eventId", "step", "destination", "account", "from", "to");

    /**
     * Reads a filter as an operator writes it.
     *
     * @param values by the names above; {@code from} and {@code to} in ISO 8601 or in milliseconds since 1970
     * @throws IllegalArgumentException naming the parameter and saying what to write instead
     */
    static ParkedFilter of(Map<String, String> values) {
        return new ParkedFilter(values.get("queue"), values.get("reason"), values.get("provider"), values.get("eventId"), values.get("step"),
                values.get("destination"), values.get("account"), EventFilter.time("from", values.get("from")),
                EventFilter.time("to", values.get("to")));
    }

    /** The JMS selector that says the same of the messages in a parked queue; null for any. */
    String selector() {
        List<String> conditions = new ArrayList<>();
        equal(conditions, Headers.PROVIDER, provider);
        if (eventId != null) {
            conditions.add("(" + Headers.EVENT_ID + " = '" + quoted(eventId) + "' OR " + Headers.EVENT_KEY + " = '" + quoted(eventId) + "')");
        }
        equal(conditions, Headers.STEP, step);
        equal(conditions, Headers.DESTINATION, destination);
        equal(conditions, Headers.ACCOUNT, account);
        if (reason != null) {
            conditions.add(Headers.REASON + " LIKE '" + quoted(reason.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_"))
                    + "%' ESCAPE '\\'");
        }
        if (from != null) {
            conditions.add(Headers.PARKED_AT + " >= " + from);
        }
        if (to != null) {
            conditions.add(Headers.PARKED_AT + " < " + to);
        }
        return conditions.isEmpty() ? null : String.join(" AND ", conditions);
    }

    boolean covers(String name) {
        return queue == null || queue.equals(name);
    }

    /** The same, but only what was parked before now: what is parked again by its own replay is not replayed once more. */
    ParkedFilter before(long now) {
        return new ParkedFilter(queue, reason, provider, eventId, step, destination, account, from, to == null ? now : Math.min(to, now));
    }

    private static void equal(List<String> conditions, String header, String value) {
        if (value != null) {
            conditions.add(header + " = '" + quoted(value) + "'");
        }
    }

    private static String quoted(String value) {
        return value.replace("'", "''");
    }
}
