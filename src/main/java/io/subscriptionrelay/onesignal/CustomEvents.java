package io.subscriptionrelay.onesignal;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.subscriptionrelay.delivery.Answer;
import io.subscriptionrelay.delivery.RecordMessage;
import io.subscriptionrelay.delivery.Settlement;
import io.subscriptionrelay.webhook.StrictJson;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The custom events of a batch, and the calls that are still to be made for them. OneSignal takes them together, refuses a
 * request as a whole with 400, and hides the refusal of single ones inside a 202. Their idempotency keys make a repeated
 * call harmless.
 */
final class CustomEvents {

    /** The key of such a record in a mapping's output. */
    static final String KEY = "custom_event";
    /** OneSignal, create custom events: at most 2024 bytes an event. */
    private static final int LARGEST = 2024;
    /** So that a request stays far below OneSignal's 1 MB. */
    private static final int MOST = 400;

    /** An event and the record that it came as. */
    private record Entry(RecordMessage record, JsonNode event) {
    }

    private final List<Entry> added = new ArrayList<>();
    private final Deque<List<Entry>> calls = new ArrayDeque<>();
    private List<Entry> current = List.of();

    /** Why OneSignal would refuse this record, or empty. */
    static Optional<String> refusal(JsonNode record) {
        try {
            int size = StrictJson.mapper().writeValueAsBytes(record.get(KEY)).length;
            return size <= LARGEST ? Optional.empty()
                    : Optional.of("the custom event has " + size + " bytes; OneSignal takes " + LARGEST);
        } catch (JsonProcessingException e) {
            return Optional.of("the custom event cannot be written as JSON");
        }
    }

    void add(RecordMessage record, JsonNode event) {
        added.add(new Entry(record, event));
    }

    boolean isUnfinished() {
        for (int from = 0; from < added.size(); from += MOST) {
            calls.add(List.copyOf(added.subList(from, Math.min(added.size(), from + MOST))));
        }
        added.clear();
        return !calls.isEmpty();
    }

    /** Takes up the next call and gives its body. */
    ObjectNode next() {
        current = calls.remove();
        ObjectNode body = StrictJson.mapper().createObjectNode();
        ArrayNode events = body.putArray("events");
        current.forEach(entry -> events.add(entry.event()));
        return body;
    }

    List<?> current() {
        return current;
    }

    /** Settles the events of the call under way, or halves it. */
    void settle(Answer answer, Settlement settlement) {
        if (answer.status() == OneSignal.GIVEN_UP) {
            current.forEach(entry -> settlement.putBack(entry.record()));
        } else if (answer.success()) {
            accepted(answer, settlement);
        } else if (current.size() > 1) {
            int middle = current.size() / 2;
            calls.addFirst(current.subList(middle, current.size()));
            calls.addFirst(current.subList(0, middle));
        } else if (answer.status() == OneSignal.FAILED_IN_COMPANY) {
            settlement.sendBack(current.get(0).record());
        } else {
            settlement.park(current.get(0).record(), "OneSignal custom event, " + answer.status() + ": " + OneSignal.text(answer.json()));
        }
    }

    private void accepted(Answer answer, Settlement settlement) {
        Map<String, JsonNode> errors = new HashMap<>();
        for (JsonNode error : answer.json().path("errors")) {
            errors.put(error.path("event_user_id").asText(""), error.path("error"));
            errors.put(error.path("event_id").asText(""), error.path("error"));
        }
        for (Entry entry : current) {
            JsonNode error = error(errors, entry.event());
            if (error == null) {
                settlement.delivered(entry.record(), answer.repeats());
            } else {
                String reason = "OneSignal custom event: " + Answer.line(error.path("code").asText("refused"));
                if (error.path("code").asText("").equals("not found")) {
                    settlement.sendBackFor(OneSignal.UNKNOWN_USER, entry.record(), reason);
                } else {
                    settlement.park(entry.record(), reason);
                }
            }
        }
    }

    private static JsonNode error(Map<String, JsonNode> errors, JsonNode event) {
        for (String key : List.of("idempotency_key", "external_id", "onesignal_id")) {
            if (event.path(key).isTextual() && errors.containsKey(event.get(key).textValue())) {
                return errors.get(event.get(key).textValue());
            }
        }
        return null;
    }
}
