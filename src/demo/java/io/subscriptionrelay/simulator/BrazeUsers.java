package io.subscriptionrelay.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** The users of a workspace: their attributes and what they have spent. */
final class BrazeUsers {

    private static final int LONGEST_LIST = 25;
    private static final Set<String> ADDRESS = Set.of("external_id", "user_alias", "braze_id", "_update_existing_only");

    private final Map<String, ObjectNode> attributes = new HashMap<>();
    private final Map<String, Map<String, BigDecimal>> spent = new HashMap<>();
    private final Set<String> known = new HashSet<>();

    /** What users are told apart by: {@code external_id}, or {@code label:name} of an alias, or whatever else there is. */
    static String key(JsonNode object) {
        JsonNode alias = object.path("user_alias");
        return object.path("external_id").isTextual() ? object.get("external_id").asText()
                : alias.isObject() ? alias.path("alias_label").asText() + ":" + alias.path("alias_name").asText()
                : object.path("braze_id").asText(object.path("email").asText(object.path("phone").asText()));
    }

    synchronized void know(String key) {
        known.add(key);
        attributes.computeIfAbsent(key, unused -> Json.object());
    }

    /** Whether something is stored: not for an unknown user when only known ones are to be updated. */
    synchronized boolean store(String list, JsonNode object) {
        String key = key(object);
        boolean ofAttributes = list.equals(BrazeRules.ATTRIBUTES);
        // with an alias it is the default for attributes, and always so for events and purchases
        boolean updateOnly = object.has("user_alias") && !object.has("external_id")
                ? !ofAttributes || object.path("_update_existing_only").asBoolean(true)
                : object.path("_update_existing_only").asBoolean(false);
        if (updateOnly && !known.contains(key)) {
            return false;
        }
        know(key);
        if (ofAttributes) {
            merge(attributes.get(key), object);
        } else if (list.equals(BrazeRules.PURCHASES)) {
            BigDecimal price = object.get("price").decimalValue().multiply(BigDecimal.valueOf(object.path("quantity").asInt(1)));
            spent.computeIfAbsent(key, unused -> new TreeMap<>()).merge(object.get("currency").asText(), price, BigDecimal::add);
        }
        return true;
    }

    private static void merge(ObjectNode user, JsonNode object) {
        for (Map.Entry<String, JsonNode> attribute : object.properties()) {
            JsonNode value = attribute.getValue();
            if (ADDRESS.contains(attribute.getKey())) {
                continue;
            }
            if (value.isNull()) {
                user.remove(attribute.getKey());
            } else if (value instanceof ArrayNode list && list.size() > LONGEST_LIST) {
                ArrayNode cut = user.putArray(attribute.getKey());
                for (int i = 0; i < LONGEST_LIST; i++) {
                    cut.add(list.get(i));
                }
            } else {
                user.set(attribute.getKey(), value);
            }
        }
    }

    synchronized Optional<ObjectNode> find(String key) {
        return Optional.ofNullable(attributes.get(key)).map(ObjectNode::deepCopy);
    }

    synchronized Map<String, BigDecimal> spentBy(String key) {
        return new TreeMap<>(spent.getOrDefault(key, Map.of()));
    }

    synchronized void clear() {
        attributes.clear();
        spent.clear();
        known.clear();
    }
}
