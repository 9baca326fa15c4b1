package io.subscriptionrelay.history;

import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Which events are meant. What is null means any. {@code step}, {@code outcome}, {@code destination} and {@code account} have to be true of
 * one and the same outcome; {@code received} is an outcome of every event.
 *
 * @param id the event's, or its key
 * @param user an id of the user that stands anywhere in the webhook: app user id, alias, id at a destination, e-mail address
 * @param outcome the text of an {@link EventOutcome}
 * @param from in milliseconds since 1970, when the event came
 * @param to before this time, in milliseconds since 1970
 * @param q words that all stand somewhere in the webhook, the last letters of each left out with {@code *}
 */
public record HistoryFilter(String id, String user, String provider, String type, String step, String outcome, String destination,
        String account, Long from, Long to, String q) {

    /** The names of the filters, as in {@code /actuator/events?…}. */
    public static final Set<String> NAMES = Set.of("id", "user", "provider", "type", "step", "outcome", "destination", "account", "from", "to", "q");

    /** All events. */
    public static final HistoryFilter ALL = of(Map.of());

    /**
     * Reads filters as an operator writes them; what is missing or blank means any, other names are left alone. Times are in ISO 8601 or
     * milliseconds since 1970.
     *
     * @throws IllegalArgumentException saying what to write instead
     */
    public static HistoryFilter of(Map<String, String> query) {
        String outcome = given(query, "outcome");
        if (outcome != null && Arrays.stream(EventOutcome.values()).noneMatch(known -> known.text().equals(outcome))) {
            throw new IllegalArgumentException("there is no outcome `" + outcome + "`; write one of "
                    + Arrays.stream(EventOutcome.values()).map(EventOutcome::text).collect(Collectors.joining(", ")));
        }
        return new HistoryFilter(given(query, "id"), given(query, "user"), given(query, "provider"), given(query, "type"), given(query, "step"),
                outcome, given(query, "destination"), given(query, "account"), time("from", query.get("from")),
                time("to", query.get("to")), given(query, "q"));
    }

    /**
     * Reads a time as an operator writes it: ISO 8601, or milliseconds since 1970.
     *
     * @param name of the parameter, for the message
     * @return in milliseconds since 1970; null for nothing
     * @throws IllegalArgumentException saying what to write instead
     */
    public static Long time(String name, String text) {
        if (text == null || text.isBlank()) {
            return null;
        }
        try {
            return text.chars().allMatch(c -> c >= '0' && c <= '9') ? Long.valueOf(text) : Long.valueOf(Instant.parse(text).toEpochMilli());
        } catch (DateTimeParseException | ArithmeticException | NumberFormatException e) {
            throw new IllegalArgumentException("`" + name
                    + "` is no time; write it like 2026-10-01T12:00:00Z, or in milliseconds since 1970");
        }
    }

    private static String given(Map<String, String> query, String name) {
        String text = query.get(name);
        return text == null || text.isBlank() ? null : text.trim();
    }

    /** Whether anything is asked of outcomes that not every event has. */
    boolean asksOutcomes() {
        return step != null || destination != null || account != null || outcome != null && !outcome.equals(EventOutcome.RECEIVED.text());
    }

    /** Whether it is one of the outcomes that are asked for. */
    boolean fits(HistoryOutcome what) {
        return (step == null || step.equals(what.step())) && (destination == null || destination.equals(what.destination()))
                && (account == null || account.equals(what.account())) && (outcome == null || outcome.equals(what.what().text()));
    }
}
