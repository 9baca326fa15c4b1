package io.subscriptionrelay.history;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** What can happen to an event. */
public enum EventOutcome {
    /** Its webhook was stored and answered with 200. */
    RECEIVED,
    /** Its webhook came again and was answered with 200, but not stored again. */
    REPEATED,
    /** Nothing is sent to a destination. */
    SKIPPED,
    /** A destination has taken a record of it. */
    DELIVERED,
    /** A record was refused for a passing reason, and comes back later. */
    SENT_BACK,
    /** A record is held back for a while, and skipped if it is superseded meanwhile. */
    HELD,
    /** It was set aside. */
    PARKED,
    /** It was taken from the parked ones and goes through today's mapping. */
    REPLAYED,
    /** It was taken from the parked ones for good. */
    DISCARDED;

    private static final Map<String, EventOutcome> BY_TEXT = Arrays.stream(values()).collect(Collectors.toMap(EventOutcome::text, Function.identity()));

    private final String text = name().toLowerCase(Locale.ROOT).replace('_', '-');

    /** As it is stored, in queries and in answers. */
    public String text() {
        return text;
    }

    /**
     * What has this text.
     *
     * @throws IllegalArgumentException when nothing has
     */
    static EventOutcome of(String text) {
        EventOutcome happening = BY_TEXT.get(text);
        if (happening == null) {
            throw new IllegalArgumentException("nothing that can happen to an event is called `" + text + "`");
        }
        return happening;
    }
}
