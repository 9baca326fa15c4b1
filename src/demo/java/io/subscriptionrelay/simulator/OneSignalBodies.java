package io.subscriptionrelay.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.simulator.OneSignalSimulator.TypePolicy;
import io.subscriptionrelay.simulator.OneSignalSimulator.ViolationRule;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.OffsetDateTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** What OneSignal's documents say of request bodies. */
final class OneSignalBodies {

    private static final Pattern UUID = Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");
    private static final int MAX_EVENT_NAME = 128;
    private static final int MAX_EVENT_BYTES = 2024;

    private static final Set<String> RESERVED_TAGS = Set.of("message", "notification", "subscription", "user", "template",
            "app", "org", "dynamic_content", "data_feed", "journey", "custom_data");
    private static final Set<String> BODY_FIELDS = Set.of("properties", "deltas", "refresh_device_metadata");
    private static final Set<String> EVENT_FIELDS = Set.of("name", "external_id", "onesignal_id", "timestamp",
            "idempotency_key", "properties");
    private static final Map<String, Predicate<JsonNode>> PROPERTIES = Map.of(
            "tags", JsonNode::isObject,
            "language", value -> value.asText().matches("[a-z]{2}"),
            "country", value -> value.asText().matches("[A-Z]{2}"),
            "timezone_id", JsonNode::isTextual,
            "lat", value -> value.isNumber() && Math.abs(value.asDouble()) <= 90,
            "long", value -> value.isNumber() && Math.abs(value.asDouble()) <= 180,
            "first_active", JsonNode::isInt,
            "last_active", JsonNode::isInt,
            "test_user_name", JsonNode::isTextual);

    private OneSignalBodies() {
    }

    /** The request as a whole is refused with 400. */
    static final class Refused extends Exception {

        private static final long serialVersionUID = 1L;

        Refused(String message) {
            super(message, null, false, false);
        }
    }

    static boolean isUuid(String text) {
        return UUID.matcher(text).matches();
    }

    /** {@code properties} of an update or of a new user; an empty object if there are none. */
    static JsonNode properties(JsonNode body, BiConsumer<ViolationRule, String> violation) throws Refused {
        JsonNode properties = objectOrAbsent(body, "properties");
        properties.properties().forEach(property -> {
            Predicate<JsonNode> valid = PROPERTIES.get(property.getKey());
            if (valid == null) {
                violation.accept(ViolationRule.UNKNOWN_FIELD, "properties." + property.getKey());
            } else if (!valid.test(property.getValue())) {
                violation.accept(ViolationRule.VALUE_OUT_OF_RANGE, "properties." + property.getKey());
            }
        });
        return properties;
    }

    /** Only these fields of an update have an effect; others are taken and ignored. */
    static void updateFields(JsonNode body, BiConsumer<ViolationRule, String> violation) {
        body.fieldNames().forEachRemaining(name -> {
            if (!BODY_FIELDS.contains(name)) {
                violation.accept(ViolationRule.UNKNOWN_FIELD, name);
            }
        });
        if (body.path("properties").isEmpty() && body.path("deltas").isEmpty()) {
            violation.accept(ViolationRule.EMPTY_UPDATE, "");
        }
    }

    static JsonNode objectOrAbsent(JsonNode body, String name) throws Refused {
        JsonNode value = body.path(name);
        if (!value.isMissingNode() && !value.isObject()) {
            throw new Refused(name + " must be an object");
        }
        return value;
    }

    /** Purchases and session counters are added up; an amount is text and a count a number, unlike elsewhere. */
    static JsonNode deltas(JsonNode body) throws Refused {
        JsonNode deltas = objectOrAbsent(body, "deltas");
        for (String counter : List.of("session_time", "session_count")) {
            if (deltas.has(counter) && !deltas.get(counter).isIntegralNumber()) {
                throw new Refused("deltas." + counter + " must be an integer");
            }
        }
        JsonNode purchases = deltas.path("purchases");
        if (!purchases.isMissingNode() && !purchases.isArray()) {
            throw new Refused("deltas.purchases must be an array");
        }
        for (JsonNode purchase : purchases) {
            if (!purchase.path("amount").isTextual() || !purchase.path("count").isIntegralNumber()) {
                throw new Refused("deltas.purchases: amount must be a string and count an integer");
            }
        }
        return deltas;
    }

    /** The tags as OneSignal stores them: text, where an empty text deletes. */
    static Map<String, String> tags(JsonNode tags, boolean legacy, TypePolicy policy,
                                    BiConsumer<ViolationRule, String> violation) throws Refused {
        boolean strict = policy == TypePolicy.STRICT && !legacy;
        Map<String, String> stored = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> tag : tags.properties()) {
            String key = tag.getKey();
            JsonNode value = tag.getValue();
            if (RESERVED_TAGS.contains(key)) {
                violation.accept(ViolationRule.RESERVED_TAG, key);
            }
            if (value.isContainerNode()) {
                if (policy == TypePolicy.STRICT) {
                    throw new Refused("Tag " + key + " must be a string, not an "
                            + (value.isArray() ? "array" : "object"));
                }
                violation.accept(ViolationRule.NESTED_TAG_DROPPED, key);
                continue;
            }
            if (value.isNull()) {
                if (strict) {
                    violation.accept(ViolationRule.NULL_TAG, key);
                }
            } else if (!value.isTextual() && strict) {
                violation.accept(ViolationRule.NON_STRING_TAG, key);
            }
            stored.put(key, text(value));
        }
        return stored;
    }

    /** How a tag value looks in the log, whatever it is. */
    static String text(JsonNode value) {
        return value.isNull() ? "" : value.isContainerNode() ? Json.compact(value) : value.asText();
    }

    /** Refuses the whole request of custom events if one of them breaks a rule of its form. */
    static void customEvent(JsonNode event, BiConsumer<ViolationRule, String> violation) throws Refused {
        if (!event.isObject()) {
            throw new Refused("event must be an object");
        }
        String name = event.path("name").asText("");
        boolean named = event.path("name").isTextual() && !name.isBlank() && name.length() <= MAX_EVENT_NAME;
        boolean addressed = !event.path("external_id").asText("").isEmpty()
                || !event.path("onesignal_id").asText("").isEmpty();
        boolean keyed = !event.has("idempotency_key") || isUuid(event.get("idempotency_key").asText(""));
        boolean timed = !event.has("timestamp") || isTime(event.get("timestamp").asText(""));
        boolean fits = Json.compact(event).getBytes(StandardCharsets.UTF_8).length <= MAX_EVENT_BYTES;
        objectOrAbsent(event, "properties");
        if (!named || !addressed || !keyed || !timed || !fits) {
            throw new Refused("event is not valid");
        }
        event.fieldNames().forEachRemaining(field -> {
            if (!EVENT_FIELDS.contains(field)) {
                violation.accept(ViolationRule.UNKNOWN_FIELD, "events." + field);
            }
        });
    }

    private static boolean isTime(String text) {
        try {
            OffsetDateTime.parse(text);
            return true;
        } catch (DateTimeException e) {
            return false;
        }
    }
}
