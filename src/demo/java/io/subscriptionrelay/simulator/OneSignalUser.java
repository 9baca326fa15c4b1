package io.subscriptionrelay.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** One user of one app: ids, tags and the few other properties that an update may set. */
final class OneSignalUser {

    final String onesignalId;
    private final long existsFrom;
    private final Map<String, String> aliases = new LinkedHashMap<>();
    private final List<String> subscriptions = new ArrayList<>();
    private final Map<String, String> tags = new LinkedHashMap<>();
    private final ObjectNode properties = Json.object();
    private final List<JsonNode> purchases = new ArrayList<>();
    private final Deque<Pending> pending = new ArrayDeque<>();
    private Map<String, String> visible = Map.of();

    private record Pending(long due, Map<String, String> tags) {
    }

    /** How full a user may be, and what is still allowed then. */
    record TagLimit(int limit, boolean updateWhenFull, boolean deleteWhenOver) {
    }

    OneSignalUser(String onesignalId, long existsFrom) {
        this.onesignalId = onesignalId;
        this.existsFrom = existsFrom;
    }

    boolean existsAt(long nanos) {
        return nanos - existsFrom >= 0;
    }

    synchronized void name(String label, String id) {
        if (label.equals(OneSignalRoute.SUBSCRIPTION_ID)) {
            subscriptions.add(id);
        } else if (!label.equals(OneSignalRoute.ONESIGNAL_ID)) {
            aliases.put(label, id);
        }
    }

    /**
     * OneSignal's entitlement rule: the tags a user has and the new ones of this request together may not exceed the
     * plan's limit, and a key deleted in the same request still counts, because the documents ask for a separate
     * request. An update that breaks the rule is refused as a whole.
     */
    synchronized boolean fits(Map<String, String> sent, TagLimit limit) {
        boolean onlyDeletes = sent.values().stream().allMatch(String::isEmpty);
        if (sent.isEmpty()) {
            return true;
        }
        if (tags.size() > limit.limit()) {
            return onlyDeletes && limit.deleteWhenOver();
        }
        if (tags.size() == limit.limit() && !limit.updateWhenFull()) {
            return onlyDeletes;
        }
        long added = sent.entrySet().stream()
                .filter(tag -> !tag.getValue().isEmpty() && !tags.containsKey(tag.getKey())).count();
        return tags.size() + added <= limit.limit();
    }

    /** {@link #fits} and {@link #apply} in one step. */
    synchronized boolean applyIfFits(Map<String, String> sent, TagLimit limit, long visibleFrom, boolean store) {
        boolean fits = fits(sent, limit);
        if (fits && store) {
            apply(sent, visibleFrom);
        }
        return fits;
    }

    private void apply(Map<String, String> sent, long visibleFrom) {
        sent.forEach((key, value) -> {
            if (value.isEmpty()) {
                tags.remove(key);
            } else {
                tags.put(key, value);
            }
        });
        pending.addLast(new Pending(visibleFrom, new LinkedHashMap<>(tags)));
        show(System.nanoTime());
    }

    private void show(long now) {
        while (!pending.isEmpty() && now - pending.peekFirst().due() >= 0) {
            visible = pending.removeFirst().tags();
        }
    }

    synchronized void set(JsonNode changed, JsonNode deltas) {
        changed.properties().stream().filter(property -> !property.getKey().equals("tags"))
                .forEach(property -> properties.set(property.getKey(), property.getValue()));
        deltas.path("purchases").forEach(purchases::add);
        for (String counter : List.of("session_time", "session_count")) {
            if (deltas.has(counter)) {
                properties.put(counter, properties.path(counter).asLong() + deltas.get(counter).asLong());
            }
        }
    }

    synchronized Map<String, String> tags() {
        return new LinkedHashMap<>(tags);
    }

    synchronized List<JsonNode> purchases() {
        return List.copyOf(purchases);
    }

    synchronized ObjectNode identity() {
        ObjectNode identity = Json.object();
        aliases.forEach(identity::put);
        return identity.put(OneSignalRoute.ONESIGNAL_ID, onesignalId);
    }

    synchronized ObjectNode view(long now) {
        show(now);
        ObjectNode view = Json.object();
        ObjectNode shown = view.putObject("properties");
        visible.forEach(shown.putObject("tags")::put);
        shown.setAll(properties);
        view.set("identity", identity());
        subscriptions.forEach(id -> view.withArray("/subscriptions").addObject().put("id", id));
        if (subscriptions.isEmpty()) {
            view.putArray("subscriptions");
        }
        return view;
    }

    /** All labels and ids that lead to this user. */
    synchronized List<Map.Entry<String, String>> names() {
        List<Map.Entry<String, String>> names = new ArrayList<>(aliases.entrySet());
        subscriptions.forEach(id -> names.add(Map.entry(OneSignalRoute.SUBSCRIPTION_ID, id)));
        names.add(Map.entry(OneSignalRoute.ONESIGNAL_ID, onesignalId));
        return names;
    }
}
