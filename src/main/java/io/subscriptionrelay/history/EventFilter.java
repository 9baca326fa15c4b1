package io.subscriptionrelay.history;

import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * Which events are meant: those of a user of which something that fits is known. A field that is null means any.
 *
 * @param user the id as the provider sends it
 * @param outcome the text of a {@link EventOutcome}
 * @param from in milliseconds since 1970
 * @param to before this time, in milliseconds since 1970
 */
public record EventFilter(String user, String provider, String destination, String outcome, Long from, Long to) {

    /**
     * Reads a filter as an operator writes it.
     *
     * @param from ISO 8601, or milliseconds since 1970
     * @throws IllegalArgumentException saying what to write instead
     */
    static EventFilter of(String user, String provider, String destination, String outcome, String from, String to) {
        if (!blank(outcome) && Arrays.stream(EventOutcome.values()).noneMatch(known -> known.text().equals(outcome))) {
            throw new IllegalArgumentException("there is no outcome `" + outcome + "`; write one of "
                    + Arrays.stream(EventOutcome.values()).map(EventOutcome::text).collect(Collectors.joining(", ")));
        }
        return new EventFilter(given(user), given(provider), given(destination), given(outcome), time("from", from), time("to", to));
    }

    /**
     * Reads a time as an operator writes it: ISO 8601, or milliseconds since 1970.
     *
     * @param name of the parameter, for the message
     * @return in milliseconds since 1970; null for nothing
     * @throws IllegalArgumentException saying what to write instead
     */
    public static Long time(String name, String text) {
        if (blank(text)) {
            return null;
        }
        try {
            return text.chars().allMatch(c -> c >= '0' && c <= '9') ? Long.valueOf(text) : Long.valueOf(Instant.parse(text).toEpochMilli());
        } catch (DateTimeParseException | ArithmeticException | NumberFormatException e) {
            throw new IllegalArgumentException("`" + name
                    + "` is no time; write it like 2026-10-01T12:00:00Z, or in milliseconds since 1970");
        }
    }

    private static String given(String text) {
        return blank(text) ? null : text;
    }

    private static boolean blank(String text) {
        return text == null || text.isBlank();
    }

    /** Whether it is one of the user's that are looked through; which of their events fit is told by all traces of each. */
    boolean isOf(Trace trace, long userKey) {
        return trace.userKey() != null && trace.userKey() == userKey && (provider == null || provider.equals(trace.provider()));
    }

    boolean fits(Trace trace) {
        return (provider == null || provider.equals(trace.provider()))
                && (destination == null || destination.equals(trace.destination()))
                && (outcome == null || outcome.equals(trace.what().text()))
                && (from == null || trace.at() >= from) && (to == null || trace.at() < to);
    }
}
