package io.subscriptionrelay.order;

import io.subscriptionrelay.event.Checksum;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Of which event time the state is that a user has at a destination, key by key: a key is a tag, or a property of a profile. So each key ends with
 * the value that it would have if events had come in their order, whatever order they came in. Immutable.
 */
public final class StateTimes {

    /** Nothing is known of the user. */
    public static final StateTimes NONE = new StateTimes(Long.MIN_VALUE, Map.of(), 0);

    /** Of a user with more keys, the oldest count as set at the time of the newest of them. A row stays small so, whatever a mapping makes up. */
    private static final int MOST_KEYS = 200;

    private final long whole;
    private final Map<Integer, Long> keys;
    private final long revision;

    /**
     * @param whole up to this time any key counts as set
     * @param keys later times, by a checksum of the key: names may be long, and two of a user that have one sum cost no more than an old value
     */
    private StateTimes(long whole, Map<Integer, Long> keys, long revision) {
        this.whole = whole;
        this.keys = keys;
        this.revision = revision;
    }

    /**
     * As it was stored.
     *
     * @param newest the newest time, in milliseconds since 1970; later than all in the bytes if it was noted by a version that knows no keys
     * @param bytes from {@link #bytes}, or null
     */
    static StateTimes of(long newest, byte[] bytes, long revision) {
        Map<Integer, Long> keys = new HashMap<>();
        long whole = Long.MIN_VALUE;
        long found = Long.MIN_VALUE;
        ByteBuffer from = ByteBuffer.wrap(bytes == null ? new byte[0] : bytes);
        while (from.remaining() >= Long.BYTES + Short.BYTES) {
            long time = from.getLong();
            found = Math.max(found, time);
            int count = Short.toUnsignedInt(from.getShort());
            if (count == 0) {
                whole = time;
            }
            for (int i = 0; i < count && from.remaining() >= Integer.BYTES; i++) {
                keys.put(from.getInt(), time);
            }
        }
        return newest > found ? new StateTimes(newest, Map.of(), revision) : new StateTimes(whole, keys, revision);
    }

    /** Each time once, from the newest on, with the number of keys and their sums; no keys: all that are not named. */
    byte[] bytes() {
        Map<Long, List<Integer>> byTime = new TreeMap<>(Comparator.reverseOrder());
        byTime.putAll(keys.entrySet().stream().collect(Collectors.groupingBy(Map.Entry::getValue,
                Collectors.mapping(Map.Entry::getKey, Collectors.toList()))));
        boolean rest = whole != Long.MIN_VALUE;
        ByteBuffer to = ByteBuffer.allocate((byTime.size() + (rest ? 1 : 0)) * (Long.BYTES + Short.BYTES) + keys.size() * Integer.BYTES);
        byTime.forEach((time, sums) -> {
            to.putLong(time).putShort((short) sums.size());
            sums.forEach(to::putInt);
        });
        if (rest) {
            to.putLong(whole).putShort((short) 0);
        }
        return to.array();
    }

    /** The newest of the times, in milliseconds since 1970, or {@code Long.MIN_VALUE}. */
    public long newest() {
        return keys.values().stream().mapToLong(Long::longValue).reduce(whole, Math::max);
    }

    /** Grows with each state that is applied: of two of a user, the one with the higher number knows more. */
    public long revision() {
        return revision;
    }

    /** Whether any part of the state is of a later time. */
    public boolean newerThan(long time) {
        return newest() > time;
    }

    /** Whether this key is of a later time. */
    public boolean newerThan(long time, String key) {
        return keys.getOrDefault(sum(key), whole) > time;
    }

    /** This, after a state of this time was applied that is one as a whole. */
    public StateTimes applied(long time) {
        return of(Math.max(whole, time), keys, revision + 1);
    }

    /** This, after these keys were set by an event of this time. */
    public StateTimes applied(long time, Collection<String> set) {
        Map<Integer, Long> more = new HashMap<>(keys);
        set.forEach(key -> more.merge(sum(key), time, Math::max));
        return of(whole, more, revision + 1);
    }

    /** What the two know together. */
    public StateTimes and(StateTimes other) {
        if (other == NONE || other == this) {
            return this;
        }
        if (this == NONE) {
            return other;
        }
        Map<Integer, Long> all = new HashMap<>(keys);
        other.keys.forEach((key, time) -> all.merge(key, time, Math::max));
        return of(Math.max(whole, other.whole), all, Math.max(revision, other.revision));
    }

    private static StateTimes of(long whole, Map<Integer, Long> keys, long revision) {
        long from = whole;
        if (keys.size() > MOST_KEYS) {
            from = Math.max(whole, keys.values().stream().sorted(Comparator.reverseOrder()).skip(MOST_KEYS).findFirst().orElseThrow());
        }
        long least = from;
        Map<Integer, Long> later = new HashMap<>(keys);
        later.values().removeIf(time -> time <= least);
        return new StateTimes(least, later, revision);
    }

    private static int sum(String key) {
        byte[] bytes = key.getBytes(StandardCharsets.UTF_8);
        return Checksum.of(bytes, bytes.length);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof StateTimes times && whole == times.whole && revision == times.revision && keys.equals(times.keys);
    }

    @Override
    public int hashCode() {
        return keys.hashCode() * 31 + Long.hashCode(whole);
    }

    @Override
    public String toString() {
        return "up to " + whole + ", later " + keys + ", revision " + revision;
    }
}
