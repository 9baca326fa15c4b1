package io.subscriptionrelay.pages;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.history.EventOutcome;
import io.subscriptionrelay.history.HistoryEvent;
import io.subscriptionrelay.history.HistoryOutcome;
import io.subscriptionrelay.history.HistoryStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.springframework.web.util.UriUtils;

/** An event as pages show it. */
public final class EventView {

    private static final String WAITS = "waits";
    private static final long SECOND = 1000;

    private final HistoryEvent event;
    private final List<HistoryOutcome> outcomes;
    private final JsonNode attributes;
    private final Map<String, Long> waiting;

    EventView(HistoryStore.Found found) {
        this(found, Map.of());
    }

    /**
     * An event that may still wait for destinations.
     *
     * @param waiting by destination since when what it has to get waits, in milliseconds since 1970
     */
    EventView(HistoryStore.Found found, Map<String, Long> waiting) {
        event = found.event();
        outcomes = found.outcomes();
        attributes = json(event.attributes());
        this.waiting = waiting;
    }

    /**
     * What became of it at a destination, in a sign, a word and a sentence.
     *
     * @param attention whether somebody should look
     */
    public record Mark(String destination, String sign, String word, String reason, boolean attention) {

        static Mark waiting(String destination, String reason) {
            return new Mark(destination, "◷", WAITS, reason, false);
        }

        /** Whether nothing has become of it yet. */
        public boolean waits() {
            return word.equals(WAITS);
        }
    }

    /**
     * One thing that happened.
     *
     * @param parkedId where it can be looked at; null when it was not parked, or is not any more
     * @param record pretty, or null
     * @param answer of the destination, or null
     * @param id of its place on the page
     */
    public record Step(String at, String after, Mark mark, String account, String step, Integer part, Integer attempts, String parkedId, String record,
            Integer status, String answer, String id) {
    }

    public String provider() {
        return event.provider();
    }

    public String key() {
        return event.key();
    }

    public String type() {
        return event.type() == null ? "no type" : event.type();
    }

    public String receivedAt() {
        return Instant.ofEpochMilli(event.receivedAt()).toString();
    }

    /** The user, as far as content is there. */
    public String user() {
        return attributes.path("user").asText("");
    }

    public String address() {
        return address(event.provider(), event.key());
    }

    static String address(String provider, String key) {
        return "/events/" + UriUtils.encodePathSegment(provider, StandardCharsets.UTF_8) + "?id=" + UriUtils.encode(key, StandardCharsets.UTF_8);
    }

    public String webhook() {
        return pretty(event.webhook());
    }

    public String attributes() {
        return pretty(event.attributes());
    }

    /** For each destination what became of it last, or that it waits. */
    public List<Mark> marks() {
        Map<String, Mark> marks = new TreeMap<>();
        for (HistoryOutcome outcome : outcomes) {
            if (outcome.what() != EventOutcome.REPEATED && outcome.what() != EventOutcome.REPLAYED) {
                marks.put(outcome.destination() == null ? "" : outcome.destination(), mark(outcome));
            }
        }
        if (!marks.containsKey("")) {
            waiting.forEach((destination, since) -> {
                if (event.receivedAt() >= since) {
                    marks.putIfAbsent(destination, Mark.waiting(destination, "in its queue"));
                }
            });
        }
        return marks.isEmpty() ? List.of(Mark.waiting("", "in a queue, or no destination is on")) : new ArrayList<>(marks.values());
    }

    /** Whether more is about to happen: nothing has yet, or it was replayed just now. */
    public boolean settling() {
        return outcomes.isEmpty() || outcomes.get(outcomes.size() - 1).what() == EventOutcome.REPLAYED;
    }

    /** All that happened, in its order. */
    public List<Step> steps() {
        List<Step> steps = new ArrayList<>();
        Set<String> ended = outcomes.stream().filter(outcome -> outcome.what() == EventOutcome.REPLAYED || outcome.what() == EventOutcome.DISCARDED)
                .map(HistoryOutcome::parkedId).collect(Collectors.toSet());
        for (HistoryOutcome outcome : outcomes) {
            boolean stays = outcome.what() == EventOutcome.PARKED && !ended.contains(outcome.parkedId());
            steps.add(new Step(Instant.ofEpochMilli(outcome.at()).toString(), after(outcome.at() - event.receivedAt()), mark(outcome), outcome.account(),
                    outcome.step(), outcome.part(), outcome.attempts(), stays ? outcome.parkedId() : null, pretty(outcome.record()),
                    outcome.answer() == null ? null : outcome.answer().status(), outcome.answer() == null ? null : answer(outcome.answer().body()),
                    "step-" + steps.size()));
        }
        return steps;
    }

    private static String after(long millis) {
        return millis < 0 ? "" : millis < 10 * SECOND ? "+" + millis / SECOND + "." + millis % SECOND / 100 + " s" : "+" + new Words().span(millis / SECOND);
    }

    private static Mark mark(HistoryOutcome outcome) {
        String destination = outcome.destination() == null ? "" : outcome.destination();
        return switch (outcome.what()) {
            case DELIVERED -> new Mark(destination, "✓", "delivered", Objects.requireNonNullElse(outcome.reason(), ""), false);
            case SKIPPED -> new Mark(destination, "–", "skipped", outcome.reason(), false);
            case PARKED -> new Mark(destination, "▣", "parked", outcome.reason(), true);
            case SENT_BACK -> new Mark(destination, "↻", "tried again later", outcome.reason(), false);
            case HELD -> new Mark(destination, "◷", "held", outcome.reason(), false);
            case REPLAYED -> new Mark(destination, "↺", "replayed", wasParked(outcome), false);
            case DISCARDED -> new Mark(destination, "✕", "discarded", wasParked(outcome), false);
            case REPEATED -> new Mark(destination, "=", "came again", "which changes nothing", false);
            case RECEIVED -> new Mark(destination, "●", "received", "", false);
        };
    }

    private static String wasParked(HistoryOutcome outcome) {
        return outcome.parkedId() == null ? outcome.reason() : "it had been parked: " + outcome.reason();
    }

    private static String answer(String body) {
        String pretty = body == null || body.isEmpty() ? null : pretty(body.getBytes(StandardCharsets.UTF_8));
        return pretty == null ? "no body" : pretty;
    }

    private static JsonNode json(byte[] body) {
        try {
            return body == null ? StrictJson.mapper().missingNode() : StrictJson.mapper().readTree(body);
        } catch (IOException | NumberFormatException e) {
            return StrictJson.mapper().missingNode();
        }
    }

    /** Indented; as it came when it is not JSON. */
    private static String pretty(byte[] body) {
        return body == null ? null : pretty(json(body), new String(body, StandardCharsets.UTF_8));
    }

    static String pretty(JsonNode json, String otherwise) {
        try {
            return json == null || json.isMissingNode() ? otherwise : StrictJson.mapper().writerWithDefaultPrettyPrinter().writeValueAsString(json);
        } catch (JsonProcessingException e) {
            return otherwise;
        }
    }
}
