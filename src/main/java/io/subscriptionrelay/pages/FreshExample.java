package io.subscriptionrelay.pages;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.subscriptionrelay.mapping.Facts;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import java.util.UUID;

/**
 * An example's webhook as if it happened now: with an id of its own, all its times moved by as much as its own time is, and another user. Which values
 * these are is told by what {@code event.jslt} reads, so that it holds for any provider.
 */
final class FreshExample {

    /** What is farther from the event than this is no time that belongs to it, but some other number. */
    private static final long NEAR = Duration.ofDays(3 * 366).toMillis();
    private static final long SECOND = 1000;
    private static final String USER_ID = "user_id";

    private final String oldId;
    private final String oldUser;
    private final Long oldTime;
    private final String id = UUID.randomUUID().toString();
    private final String user;
    private final long moved;

    /**
     * @param facts of the example
     * @param user who takes the place of the example's
     */
    FreshExample(Facts facts, String user, Instant now) {
        oldId = facts.id();
        oldUser = facts.json().path("users").path(0).asText(facts.json().path("user").asText(""));
        oldTime = facts.time();
        this.user = user;
        moved = oldTime == null ? 0 : now.toEpochMilli() / SECOND * SECOND - oldTime / SECOND * SECOND;
    }

    JsonNode of(JsonNode example) {
        return of("", example);
    }

    private JsonNode of(String key, JsonNode json) {
        if (json.isObject()) {
            ObjectNode object = JsonNodeFactory.instance.objectNode();
            json.properties().forEach(entry -> object.set(entry.getKey(), of(entry.getKey(), entry.getValue())));
            return object;
        }
        if (json.isArray()) {
            ArrayNode array = JsonNodeFactory.instance.arrayNode();
            json.forEach(element -> array.add(of(key, element)));
            return array;
        }
        if (json.isTextual()) {
            return TextNode.valueOf(text(key, json.textValue()));
        }
        return json.isIntegralNumber() && json.canConvertToLong() ? number(json.longValue()) : json;
    }

    private String text(String key, String value) {
        if (value.isBlank()) {
            return value;
        }
        if (value.equals(oldId)) {
            return id;
        }
        if (value.equals(oldUser) || key.toLowerCase(Locale.ROOT).endsWith(USER_ID)) {
            return user;
        }
        try {
            Instant time = Instant.parse(value);
            return near(time.toEpochMilli()) ? time.plusMillis(moved).toString() : value;
        } catch (DateTimeParseException noTime) {
            return value;
        }
    }

    private LongNode number(long value) {
        return LongNode.valueOf(near(value) ? value + moved : Math.abs(value) < Long.MAX_VALUE / SECOND && near(value * SECOND) ? value + moved / SECOND : value);
    }

    private boolean near(long millis) {
        return oldTime != null && Math.abs(millis - oldTime) < NEAR;
    }
}
