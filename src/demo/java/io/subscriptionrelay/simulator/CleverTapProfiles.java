package io.subscriptionrelay.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntSupplier;

/** The user profiles of one account, merged key by key, found by any id that a record carried. */
final class CleverTapProfiles {

    private static final int MAX_VALUES = 100;

    private final IntSupplier limit;
    private final Map<String, ObjectNode> byId = new LinkedHashMap<>(16, 0.75f, true);

    CleverTapProfiles(IntSupplier limit) {
        this.limit = limit;
    }

    synchronized void store(JsonNode record) {
        ObjectNode profile = null;
        for (String field : CleverTapRules.ID_FIELDS) {
            String id = CleverTapRules.id(record, field);
            if (id != null && profile == null) {
                profile = byId.get(id);
            }
        }
        if (profile == null) {
            profile = Json.object();
        }
        for (String field : CleverTapRules.ID_FIELDS) {
            String id = CleverTapRules.id(record, field);
            if (id != null) {
                byId.putIfAbsent(id, profile);
            }
        }
        if (record.path("type").asText().equals("profile")) {
            merge(profile, record.path("profileData"));
        }
        Iterator<ObjectNode> eldest = byId.values().iterator();
        for (int tooMany = byId.size() - limit.getAsInt(); tooMany > 0; tooMany--) {
            eldest.next();
            eldest.remove();
        }
    }

    synchronized Optional<ObjectNode> find(String id) {
        return Optional.ofNullable(byId.get(id)).map(ObjectNode::deepCopy);
    }

    synchronized void clear() {
        byId.clear();
    }

    private static void merge(ObjectNode profile, JsonNode data) {
        for (Map.Entry<String, JsonNode> field : data.properties()) {
            String key = field.getKey();
            JsonNode value = field.getValue();
            String operator = CleverTapRules.operator(value);
            if (operator != null) {
                apply(profile, key, operator, value.get(operator));
            } else if (!value.isNull()) {
                profile.set(key, value);
            }
        }
        CleverTapRules.normalisePhone(profile);
    }

    private static void apply(ObjectNode profile, String key, String operator, JsonNode operand) {
        switch (operator) {
            case "$delete" -> profile.remove(key);
            case "$incr" -> profile.put(key, number(profile.path(key)).add(number(operand)));
            case "$decr" -> profile.put(key, number(profile.path(key)).subtract(number(operand)));
            case "$set" -> profile.set(key, values(Json.MAPPER.createArrayNode(), operand));
            case "$add" -> profile.set(key, values(list(profile.path(key)), operand));
            case "$remove" -> {
                ArrayNode rest = list(profile.path(key));
                list(operand).forEach(gone -> remove(rest, gone));
                profile.set(key, rest);
            }
            default -> throw new IllegalStateException(operator);
        }
    }

    private static BigDecimal number(JsonNode value) {
        return value.isNumber() ? value.decimalValue() : BigDecimal.ZERO;
    }

    private static ArrayNode list(JsonNode value) {
        ArrayNode list = Json.MAPPER.createArrayNode();
        return value.isArray() ? list.addAll((ArrayNode) value) : value.isMissingNode() ? list : list.add(value);
    }

    /** Each value once; beyond 100 the oldest go. */
    private static ArrayNode values(ArrayNode list, JsonNode added) {
        for (JsonNode value : list(added)) {
            remove(list, value);
            list.add(value);
        }
        while (list.size() > MAX_VALUES) {
            list.remove(0);
        }
        return list;
    }

    private static void remove(ArrayNode list, JsonNode value) {
        for (int i = list.size() - 1; i >= 0; i--) {
            if (list.get(i).equals(value)) {
                list.remove(i);
            }
        }
    }
}
