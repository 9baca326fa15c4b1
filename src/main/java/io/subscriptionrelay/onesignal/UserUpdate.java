package io.subscriptionrelay.onesignal;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.subscriptionrelay.delivery.RecordMessage;
import io.subscriptionrelay.delivery.UserLanes;
import io.subscriptionrelay.webhook.StrictJson;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** What a batch has for one user, in the order of the events, and the call for it that is under way. */
final class UserUpdate {

    /** OneSignal, update user: at most 100 property updates a request. */
    private static final int MOST_TAGS = 100;

    /** How a call ended. */
    enum Outcome {
        /** OneSignal has taken it. */
        ACCEPTED,
        /** OneSignal does not know the user, yet. */
        NO_SUCH_USER,
        /** OneSignal refuses it for good. */
        REFUSED,
        /** Server errors for this one, while others succeed. */
        FAILED_IN_COMPANY,
        /** It was not made, because the relay stops. */
        GIVEN_UP
    }

    /** A record of this user. */
    record Member(RecordMessage message, JsonNode tags, long time, boolean alone) {
    }

    private final String key;
    private final String by;
    private final String id;
    private final List<Member> waiting = new ArrayList<>();
    private List<Member> current = List.of();
    private UserLanes.Pass pass;
    private Outcome outcome;
    private int repeats;
    private String reason;

    UserUpdate(String key, String by, String id) {
        this.key = key;
        this.by = by;
        this.id = id;
    }

    void add(RecordMessage message, JsonNode tags, long time, boolean alone) {
        waiting.add(new Member(message, tags, time, alone));
        waiting.sort(Comparator.comparingLong(Member::time));
    }

    String key() {
        return key;
    }

    String by() {
        return by;
    }

    String id() {
        return id;
    }

    UserLanes.Pass pass() {
        return pass;
    }

    void pass(UserLanes.Pass pass) {
        this.pass = pass;
    }

    /** Takes out what is older than this; equal times stay. */
    List<Member> takeOlderThan(long time) {
        List<Member> older = waiting.stream().filter(member -> member.time() < time).toList();
        waiting.removeAll(older);
        return older;
    }

    boolean isEmpty() {
        return waiting.isEmpty();
    }

    /** Takes out all that is left. */
    List<Member> takeRest() {
        List<Member> rest = List.copyOf(waiting);
        waiting.clear();
        return rest;
    }

    /** Folds the next events into one set of tags, of each tag the newest value: as many as fit into a call. */
    ObjectNode fold() {
        ObjectNode tags = StrictJson.mapper().createObjectNode();
        List<Member> folded = new ArrayList<>();
        while (!waiting.isEmpty()) {
            Member next = waiting.get(0);
            if (!folded.isEmpty() && (next.alone() || folded.get(0).alone() || size(tags, next.tags()) > MOST_TAGS)) {
                break;
            }
            next.tags().properties().forEach(tag -> tags.set(tag.getKey(), tag.getValue()));
            folded.add(waiting.remove(0));
        }
        current = folded;
        outcome = null;
        reason = null;
        return tags;
    }

    private static int size(ObjectNode tags, JsonNode more) {
        int size = tags.size();
        for (Map.Entry<String, JsonNode> tag : more.properties()) {
            size += tags.has(tag.getKey()) ? 0 : 1;
        }
        return size;
    }

    /** The members of the call under way. */
    List<Member> current() {
        return current;
    }

    void ended(Outcome how, String why) {
        outcome = how;
        reason = why;
    }

    /** How often the call under way was repeated until it was answered. */
    void repeats(int count) {
        repeats = count;
    }

    int repeats() {
        return repeats;
    }

    Outcome outcome() {
        return outcome;
    }

    String reason() {
        return reason;
    }
}
