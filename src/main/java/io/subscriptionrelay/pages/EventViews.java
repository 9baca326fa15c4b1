package io.subscriptionrelay.pages;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.event.StrictJson;
import java.io.IOException;
import java.util.Map;

/** Texts of JSON, and what a dry run says, for templates. */
final class EventViews {

    private EventViews() {
    }

    /** What would become of an event at a destination. */
    public record Result(String outcome, String destination, String account, String step, Integer part, String reason, String record, String problem) {
    }

    static Result result(Object of) {
        Map<?, ?> result = (Map<?, ?>) of;
        return new Result(text(result, "outcome"), text(result, "destination"), text(result, "account"), text(result, "step"), (Integer) result.get("part"),
                text(result, "reason"), EventView.pretty((JsonNode) result.get("record"), null), text(result, "problem"));
    }

    private static String text(Map<?, ?> values, String name) {
        Object value = values.get(name);
        return value == null ? null : value.toString();
    }

    /** Indented; as it is when it is not JSON. */
    static String pretty(String text) {
        try {
            return EventView.pretty(StrictJson.mapper().readTree(text), text);
        } catch (IOException | NumberFormatException e) {
            return text;
        }
    }
}
