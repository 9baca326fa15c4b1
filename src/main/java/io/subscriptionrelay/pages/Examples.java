package io.subscriptionrelay.pages;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.history.DryRun;
import io.subscriptionrelay.history.HistoryEvent;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** Makes of an event the two files of an example, as they stand in {@code mappings/<provider>/examples}: without what is personal in it. */
class Examples {

    private final DryRun dryRun;

    Examples(DryRun dryRun) {
        this.dryRun = dryRun;
    }

    /** {@code NAME.webhook.json}. */
    String webhook(HistoryEvent event) {
        return webhookJson(event).toPrettyString() + '\n';
    }

    private static JsonNode webhookJson(HistoryEvent event) {
        try {
            return new InventedValues().instead(StrictJson.mapper().readTree(event.webhook()));
        } catch (IOException e) {
            throw new NothingHereException("the webhook of this event is no JSON that could be an example");
        }
    }

    /** {@code NAME.expected.json}: what today's mappings make of it, to be read and put right by whoever keeps it. */
    String expected(HistoryEvent event) {
        byte[] webhook = webhookJson(event).toString().getBytes(StandardCharsets.UTF_8);
        ObjectNode expected = StrictJson.mapper().createObjectNode();
        expected.put("description", "");
        for (Map<String, Object> result : dryRun.of(new DryRun.Replay(event.provider(), "example", event.receivedAt(), null, null, null, webhook))) {
            add(expected, result);
        }
        return expected.toPrettyString() + '\n';
    }

    private static void add(ObjectNode expected, Map<String, Object> result) {
        if (result.get("step") != null) {
            expected.put("step", result.get("step").toString());
        }
        String outcome = String.valueOf(result.get("outcome"));
        Object destination = result.get("destination");
        if (destination == null) {
            if (List.of("skipped", "parked").contains(outcome)) {
                expected.put(outcome, String.valueOf(result.get("reason")));
            }
            return;
        }
        ObjectNode of = expected.withObjectProperty(destination.toString());
        if (outcome.equals("sent")) {
            of.put("account", String.valueOf(result.get("account")));
            ((ArrayNode) of.withArrayProperty("records")).add((JsonNode) result.get("record"));
        } else {
            of.put(outcome, String.valueOf(result.get("reason")));
        }
    }
}
