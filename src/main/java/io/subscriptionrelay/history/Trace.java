package io.subscriptionrelay.history;

import io.subscriptionrelay.order.AppliedState;

/**
 * One thing that happened to an event. What does not apply is null.
 *
 * @param at in milliseconds since 1970
 * @param eventId as {@link #eventKey} gives it
 * @param userKey a hash, see {@link #userKey}
 * @param part which of the event's records for the destination, from 0
 * @param attempts how often the record was tried until then
 * @param reason without personal data
 */
public record Trace(long at, EventOutcome what, String provider, String eventId, Long userKey, String step, String destination,
        String account, Integer part, Integer attempts, String reason, String parkedId) {

    /** A number takes so many hexadecimal digits of a hash. */
    private static final int KEY_DIGITS = 16;
    private static final int LONGEST_ID = 255;
    private static final int LONGEST_NAME = 64;
    private static final int LONGEST_STEP = 100;
    private static final int LONGEST_REASON = 500;

    public Trace {
        provider = cut(provider == null ? "unknown" : provider, LONGEST_NAME);
        eventId = eventKey(eventId);
        step = cut(step, LONGEST_STEP);
        destination = cut(destination, LONGEST_NAME);
        account = cut(account, LONGEST_NAME);
        reason = cut(reason, LONGEST_REASON);
    }

    /** What a user is found by: a hash, because ids are personal data. Null for none. */
    public static Long userKey(String user) {
        return user == null || user.isEmpty() ? null : Long.valueOf(number("user", user));
    }

    /** What an event is looked up by; what is found has to be compared with its id. */
    long eventNumber() {
        return eventNumber(eventId);
    }

    static long eventNumber(String eventId) {
        return number("event", eventId);
    }

    private static long number(String label, String id) {
        return Long.parseUnsignedLong(AppliedState.key(label, id), 0, KEY_DIGITS, 16);
    }

    /**
     * What an event is found by: its id. An id that the relay composed, a JSON list, names the user, and one with an @ may be
     * an address; of these only a hash is kept. The key of a key is the key itself.
     */
    public static String eventKey(String id) {
        if (id == null) {
            return "unknown";
        }
        return id.startsWith("[") || id.indexOf('@') >= 0 || id.length() > LONGEST_ID ? hashed(id) : cut(id, LONGEST_ID);
    }

    /** What an event is shown by when this user is forgotten: its key, or a hash where the key names the user. */
    static String keyWithout(String user, String id) {
        String key = eventKey(id);
        return key.contains(user) ? hashed(id) : key;
    }

    private static String hashed(String id) {
        return "key:" + AppliedState.key("event", id);
    }

    /** PostgreSQL stores no zero character. */
    private static String cut(String text, int longest) {
        if (text == null) {
            return null;
        }
        String whole = text.indexOf(0) < 0 ? text : text.replace("\0", "");
        return whole.length() <= longest ? whole : whole.substring(0, longest);
    }
}
