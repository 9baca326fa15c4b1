package io.subscriptionrelay.logs;

import java.time.Clock;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * For lines that one cause can repeat without end: of each kind the first is written, then one a minute, which tells how many were left out.
 * Thread-safe.
 */
public final class LineAMinute {

    private static final Duration QUIET = Duration.ofMinutes(1);
    /** A kind may be what somebody sends, so each could be another; further ones are one kind together. */
    private static final int MOST = 100;
    private static final String FURTHER = "";

    private final Clock clock;
    /** In the order in which they were written last. */
    private final Map<String, Told> kinds = new LinkedHashMap<>();

    private record Told(long at, int leftOut) {
    }

    public LineAMinute(Clock clock) {
        this.clock = clock;
    }

    /** How many lines of this kind were left out since the last one, if one is to be written now; -1 if this one is left out too. */
    public synchronized int leftOut(String kind) {
        long now = clock.millis();
        String known = kinds.containsKey(kind) || makeRoom(now) ? kind : FURTHER;
        Told told = kinds.get(known);
        if (told != null && now - told.at() < QUIET.toMillis()) {
            kinds.replace(known, new Told(told.at(), told.leftOut() + 1));
            return -1;
        }
        kinds.remove(known);
        kinds.put(known, new Told(now, 0));
        return told == null ? 0 : told.leftOut();
    }

    /** Forgets kinds that are due; what was left out of them is told with the further ones. */
    private boolean makeRoom(long now) {
        int leftOut = 0;
        for (Iterator<Map.Entry<String, Told>> oldest = kinds.entrySet().iterator(); kinds.size() >= MOST && oldest.hasNext();) {
            Map.Entry<String, Told> kind = oldest.next();
            if (!kind.getKey().equals(FURTHER) && now - kind.getValue().at() >= QUIET.toMillis()) {
                leftOut += kind.getValue().leftOut();
                oldest.remove();
            }
        }
        if (leftOut > 0) {
            Told further = kinds.getOrDefault(FURTHER, new Told(now - QUIET.toMillis(), 0));
            kinds.put(FURTHER, new Told(further.at(), further.leftOut() + leftOut));
        }
        return kinds.size() < MOST;
    }
}
