package io.subscriptionrelay.history;

import io.subscriptionrelay.order.AppliedState;

/**
 * What an event is found and shown by. An id that the relay composed, a JSON list, names the user, and one with an @ may be an address; of these
 * only a hash is shown.
 */
public final class EventKey {

    /** A number takes so many hexadecimal digits of a hash. */
    private static final int DIGITS = 16;
    private static final int LONGEST_ID = 255;

    private EventKey() {
    }

    /** The key of an event with this id. The key of a key is the key itself. */
    public static String of(String id) {
        if (id == null) {
            return "unknown";
        }
        return id.startsWith("[") || id.indexOf('@') >= 0 || id.length() > LONGEST_ID ? hashed(id) : withoutZeros(id);
    }

    /** What an event is shown by when this user is forgotten: its key, or a hash where the key names the user. */
    static String without(String user, String id) {
        String key = of(id);
        return key.contains(user) ? hashed(id) : key;
    }

    /** A number that stands for a key in an index. */
    static long number(String key) {
        return Long.parseUnsignedLong(AppliedState.key("event", key), 0, DIGITS, 16);
    }

    private static String hashed(String id) {
        return "key:" + AppliedState.key("event", id);
    }

    /** PostgreSQL stores no zero character. */
    private static String withoutZeros(String id) {
        return id.indexOf(0) < 0 ? id : id.replace("\0", "");
    }
}
