package io.subscriptionrelay.trace;

import java.util.Locale;

/** What can happen to an event. */
public enum Happening {
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
    /** It was set aside. */
    PARKED,
    /** It was taken from the parked ones and goes through today's mapping. */
    REPLAYED,
    /** It was taken from the parked ones for good. */
    DISCARDED;

    /** As it stands in the database, in queries and in answers. */
    public String text() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
