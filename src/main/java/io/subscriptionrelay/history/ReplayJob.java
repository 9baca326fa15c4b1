package io.subscriptionrelay.history;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A replay of events from history, or a comparison of what was sent with what today's mappings make: what was asked for, and how far it is. As it
 * is kept in the state database, and shown. Used by one thread at a time.
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
@JsonIgnoreProperties(ignoreUnknown = true) // another relay on the database may be a newer one
public final class ReplayJob {

    static final String RUNNING = "running";
    static final String DONE = "done";
    static final String CANCELLED = "cancelled";
    static final String FAILED = "failed";
    /** The first so many differences are shown. */
    static final int DIFFERENCES = 20;

    public String id;
    public String state = RUNNING;
    public boolean dryRun;
    public long total;
    public long done;
    public long same;
    public long different;
    /** Records that today's mappings make and that were not delivered before. */
    public long added;
    public long skipped;
    public long parked;
    /** Of those that are compared, records that a destination counts each time it gets them: {@code events=again} would count them twice. */
    public long countedTwice;
    /** Events that were sent through today's mappings. */
    public long sent;
    /** Events of a comparison that would be: today's mappings make something of them that may be sent. */
    public long wouldSend;
    public List<Difference> differences = new ArrayList<>();
    public String by;
    /** In milliseconds since 1970. */
    public long at;
    /** When it ended, in milliseconds since 1970; 0 while it runs. */
    public long endedAt;
    /** Why it failed. */
    public String problem;
    /** As they were written. */
    public Map<String, String> filters = Map.of();
    public String destination;
    /** Events that came later are none of its. */
    public long to;
    public boolean again;
    public double rate;
    /** How many events at the most, the oldest first; 0 for all. */
    public long limit;
    /** Where it is: the last event that it has dealt with. */
    public long afterReceivedAt;
    public String afterProvider;
    public String afterKey;

    /** One record that differs: the keys at which it does, and what stood and stands there; null where there was or is none. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Difference(String provider, String eventId, String destination, Integer part, String becomes, List<String> keys, JsonNode was, JsonNode now) {

        /** What stays when this user is forgotten. */
        Difference without(String user) {
            return new Difference(provider, EventKey.without(user, eventId), destination, part, becomes, keys, null, null);
        }
    }

    /** Whether it goes on. */
    public boolean running() {
        return state.equals(RUNNING);
    }

    void end(String as, long now) {
        state = as;
        endedAt = now;
    }

    /** Takes over how many were dealt with, and how. */
    void count(ReplayJob other) {
        done = other.done;
        same = other.same;
        different = other.different;
        added = other.added;
        skipped = other.skipped;
        parked = other.parked;
        countedTwice = other.countedTwice;
        sent = other.sent;
        wouldSend = other.wouldSend;
    }

    /** How many events it may deal with. */
    long most() {
        return limit > 0 ? limit : Long.MAX_VALUE;
    }

    HistoryStore.Cursor after() {
        return afterProvider == null ? null : new HistoryStore.Cursor(afterReceivedAt, afterProvider, afterKey);
    }

    void isAt(HistoryEvent event) {
        afterReceivedAt = event.receivedAt();
        afterProvider = event.provider();
        afterKey = event.key();
        done++;
    }

    /** Which events it is about. */
    HistoryFilter filter() {
        HistoryFilter asked = HistoryFilter.of(filters);
        boolean ofOutcome = asked.outcome() != null || asked.step() != null || asked.account() != null;
        return new HistoryFilter(asked.id(), asked.user(), asked.provider(), asked.type(), asked.step(), asked.outcome(),
                ofOutcome ? destination : null, asked.account(), asked.from(), asked.to() == null ? to : Math.min(to, asked.to()), asked.q());
    }
}
