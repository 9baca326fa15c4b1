package io.subscriptionrelay.order;

import io.subscriptionrelay.event.Checksum;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * Of which event time the state is that a user has at a destination, key by key: a key is a tag, or a property of a profile. So each key ends with
 * the value that it would have if events had come in their order, whatever order they came in. Immutable.
 */
public final class StateTimes {

    /** Nothing is known of the user. */
    public static final StateTimes NONE = new StateTimes(Long.MIN_VALUE, List.of(), 0);

    /** Of a user with more keys, the oldest count as set at the time of the newest of them. A row stays small so, whatever a mapping makes up. */
    private static final int MOST_KEYS = 200;

    /** Up to this time any key counts as set. */
    private final long whole;
    private final List<SetAt> later;
    private final long revision;

    /**
     * Keys of one time, by a checksum of each: names may be long. Where two of a user have one sum, an older
     * value of the one is left out for a newer one of the other.
     *
     * @param time in milliseconds since 1970
     */
    private record SetAt(long time, int[] sums) {
    }

    /** @param later later than the whole, the newest first, each key in one of them */
    private StateTimes(long whole, List<SetAt> later, long revision) {
        this.whole = whole;
        this.later = later;
        this.revision = revision;
    }

    private static StateTimes of(long whole, Map<Integer, Long> keys, long revision) {
        long from = whole;
        if (keys.size() > MOST_KEYS) {
            from = Math.max(whole, keys.values().stream().sorted(Comparator.reverseOrder()).skip(MOST_KEYS).findFirst().orElseThrow());
        }
        Map<Long, IntStream.Builder> byTime = new TreeMap<>(Comparator.reverseOrder());
        for (Map.Entry<Integer, Long> key : keys.entrySet()) {
            if (key.getValue() > from) {
                byTime.computeIfAbsent(key.getValue(), any -> IntStream.builder()).add(key.getKey());
            }
        }
        return new StateTimes(from, byTime.entrySet().stream().map(set -> new SetAt(set.getKey(), set.getValue().build().sorted().toArray())).toList(), revision);
    }

    private Map<Integer, Long> keys() {
        Map<Integer, Long> keys = new HashMap<>();
        later.forEach(set -> Arrays.stream(set.sums).forEach(sum -> keys.put(sum, set.time)));
        return keys;
    }

    /**
     * As it was stored.
     *
     * @param newest the newest time, in milliseconds since 1970; later than all in the bytes if it was noted by a version that knows no keys
     * @param bytes from {@link #bytes}, or null
     */
    static StateTimes of(long newest, byte[] bytes, long revision) {
        List<SetAt> later = new ArrayList<>();
        long whole = Long.MIN_VALUE;
        ByteBuffer from = ByteBuffer.wrap(bytes == null ? new byte[0] : bytes);
        while (from.hasRemaining()) {
            SetAt set = new SetAt(from.getLong(), new int[Short.toUnsignedInt(from.getShort())]);
            from.asIntBuffer().get(set.sums);
            from.position(from.position() + set.sums.length * Integer.BYTES);
            if (set.sums.length == 0) {
                whole = set.time;
            } else {
                later.add(set);
            }
        }
        StateTimes known = new StateTimes(whole, List.copyOf(later), revision);
        return newest > known.newest() ? new StateTimes(newest, List.of(), revision) : known;
    }

    /** Each time, from the newest on, with the number of its keys and their sums; no keys: all that are not named. */
    byte[] bytes() {
        List<SetAt> all = new ArrayList<>(later);
        if (whole != Long.MIN_VALUE) {
            all.add(new SetAt(whole, new int[0]));
        }
        ByteBuffer to = ByteBuffer.allocate(all.stream().mapToInt(set -> Long.BYTES + Short.BYTES + set.sums.length * Integer.BYTES).sum());
        for (SetAt set : all) {
            to.putLong(set.time).putShort((short) set.sums.length);
            Arrays.stream(set.sums).forEach(to::putInt);
        }
        return to.array();
    }

    /** The newest of the times, in milliseconds since 1970, or {@code Long.MIN_VALUE}. */
    public long newest() {
        return later.isEmpty() ? whole : later.get(0).time;
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
        int sum = sum(key);
        return later.stream().filter(set -> Arrays.stream(set.sums).anyMatch(one -> one == sum)).mapToLong(SetAt::time).findFirst().orElse(whole) > time;
    }

    /** This, after a state of this time was applied that is one as a whole. */
    public StateTimes applied(long time) {
        return of(Math.max(whole, time), keys(), revision + 1);
    }

    /** This, after these keys were set by an event of this time. */
    public StateTimes applied(long time, Collection<String> set) {
        if (set.size() > MOST_KEYS) {
            return applied(time);
        }
        if (time > newest()) {
            return appliedNewest(time, set.stream().mapToInt(StateTimes::sum).sorted().distinct().toArray());
        }
        Map<Integer, Long> keys = keys();
        set.forEach(key -> keys.merge(sum(key), time, Math::max));
        return of(whole, keys, revision + 1);
    }

    /** As mostly: the event is the newest of all, and sets what those before it have set, or most of it. */
    private StateTimes appliedNewest(long time, int[] set) {
        List<SetAt> now = new ArrayList<>(later.size() + 1);
        int count = set.length;
        if (count > 0) {
            now.add(new SetAt(time, set));
        }
        for (SetAt before : later) {
            int[] left = Arrays.stream(before.sums).filter(sum -> Arrays.binarySearch(set, sum) < 0).toArray();
            count += left.length;
            if (count > MOST_KEYS) {
                return new StateTimes(before.time, List.copyOf(now), revision + 1);
            }
            if (left.length > 0) {
                now.add(new SetAt(before.time, left));
            }
        }
        return new StateTimes(whole, List.copyOf(now), revision + 1);
    }

    /** What the two know together. */
    public StateTimes and(StateTimes other) {
        if (other == NONE || other == this) {
            return this;
        }
        if (this == NONE) {
            return other;
        }
        if (whole == other.whole && sameKeys(other)) {
            return revision < other.revision ? other : this;
        }
        Map<Integer, Long> all = keys();
        other.keys().forEach((key, time) -> all.merge(key, time, Math::max));
        return of(Math.max(whole, other.whole), all, Math.max(revision, other.revision));
    }

    private boolean sameKeys(StateTimes other) {
        if (later.size() != other.later.size()) {
            return false;
        }
        for (int i = 0; i < later.size(); i++) {
            if (later.get(i).time != other.later.get(i).time || !Arrays.equals(later.get(i).sums, other.later.get(i).sums)) {
                return false;
            }
        }
        return true;
    }

    private static int sum(String key) {
        byte[] bytes = key.getBytes(StandardCharsets.UTF_8);
        return Checksum.of(bytes, bytes.length);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof StateTimes times && whole == times.whole && revision == times.revision && sameKeys(times);
    }

    @Override
    public int hashCode() {
        return keys().hashCode() * 31 + Long.hashCode(whole);
    }

    @Override
    public String toString() {
        return "up to " + whole + ", later " + keys() + ", revision " + revision;
    }
}
