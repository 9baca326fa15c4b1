package io.subscriptionrelay.auditor;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What went in, what a destination saw, and what was reported of each event. Times are since the start. */
public final class Journal {

    /** What the destination's answer to a call says of a record in it. */
    public enum Fate {
        TAKEN,
        /** Refused, and the answer names it. */
        REFUSED,
        /** The call was refused, for a reason that may be this record. */
        REFUSED_AS_A_WHOLE,
        /** Its user is not known yet. */
        UNKNOWN,
        /** Nothing was done, because of a passing problem. */
        FAILED
    }

    /**
     * What the relays must respect.
     *
     * @param records the most in a call
     * @param inFlight the most calls of a relay at the same moment
     * @param perSecond the most calls of a relay that begin within a second; 0: any number
     * @param spacing from one update of a user to the next one
     * @param loneRefusals after so many refusals of a call with it alone a record may be parked
     */
    public record Limits(int records, int inFlight, int perSecond, Duration spacing, int loneRefusals) {
    }

    /**
     * An event that was answered with 200, with its one record for the destination.
     *
     * @param keys what it sets of its user's state; none: it is no state
     */
    public record Accepted(String id, String user, long eventTime, Set<String> keys, Duration at) {

        public boolean state() {
            return !keys.isEmpty();
        }
    }

    /** That a call sets a key of a user's state to the value of this event. */
    public record Value(String key, String id) {
    }

    /** A call as the destination saw it. */
    public static final class Call {
        public final String relay;
        public final Duration began;
        public final List<String> ids;
        /** Of states, in their order. */
        public final List<Value> values = new ArrayList<>();
        /** Whether the destination was away when it came. */
        public final boolean away;
        /** When the destination carried it out. */
        public Duration storedAt;
        public final Set<String> stored = new HashSet<>();
        public final Map<String, Fate> fates = new LinkedHashMap<>();
        /** When its answer, or the loss of it, reached the relay; null when there was no relay any more. */
        public Duration toldAt;
        /** Whether there was an answer. */
        public boolean answered;
        /** Until when the destination wanted to be left alone, or null. */
        public Duration retryAfter;

        public Call(String relay, Duration began, List<String> ids, boolean away) {
            this.relay = relay;
            this.began = began;
            this.ids = ids;
            this.away = away;
        }

        boolean told(String id) {
            return toldAt != null && answered && fates.get(id) == Fate.TAKEN;
        }

        boolean succeeded() {
            return toldAt != null && answered && fates.containsValue(Fate.TAKEN);
        }

        boolean inFlight(Duration at) {
            return began.compareTo(at) <= 0 && (toldAt == null || toldAt.compareTo(at) > 0);
        }

        @Override
        public String toString() {
            return relay + " calls at " + began + " with " + (ids.size() > 12 ? ids.size() + " records" : ids) + ", stored at " + storedAt + ' '
                    + (stored.size() > 12 ? stored.size() : stored) + ", told at " + toldAt + (answered ? "" : " (no answer)");
        }
    }

    /** What was reported of an event: delivered, skipped or parked, with a reason. */
    public record End(String id, String what, String reason, Duration at) {
    }

    /** What history was told of an event by a transaction, at its commit. */
    public record Told(String id, String what, Duration at) {
    }

    /** That the broker gives up a transaction, or a relay is gone: what it did without a commit is done again. */
    public record Interruption(String relay, Duration at) {
    }

    /** A time in which the destination answers nothing as it should. */
    public record Outage(Duration from, Duration until) {
    }

    public final Limits limits;
    public final List<Accepted> accepted = new ArrayList<>();
    public final List<Call> calls = new ArrayList<>();
    public final List<End> ends = new ArrayList<>();
    public final List<Told> history = new ArrayList<>();
    public final List<Interruption> interruptions = new ArrayList<>();
    public final List<Outage> outages = new ArrayList<>();
    /** Times in which something else than the destination is not well, or the destination is unsteady. */
    public final List<Outage> otherTrouble = new ArrayList<>();
    /** How often the wall clock was set forward. */
    public int clockJumps;

    public Journal(Limits limits) {
        this.limits = limits;
    }
}
