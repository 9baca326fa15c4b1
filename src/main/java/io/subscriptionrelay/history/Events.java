package io.subscriptionrelay.history;

import com.fasterxml.jackson.databind.util.RawValue;
import io.subscriptionrelay.event.StrictJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.springframework.jmx.export.annotation.ManagedAttribute;
import org.springframework.jmx.export.annotation.ManagedOperation;
import org.springframework.jmx.export.annotation.ManagedOperationParameter;
import org.springframework.jmx.export.annotation.ManagedResource;
import org.springframework.stereotype.Component;

/** Events and what became of them. The same as at {@code /actuator/events}, for JMX. Without content, answers name no user. */
@Component
@ManagedResource(objectName = "subscription-relay:type=Events", description = "What became of events")
public class Events {

    static final int LARGEST_PAGE = 100;
    private static final String BETWEEN = "~";

    private final HistoryStore store;
    private final HistoryFeed feed;
    private final HistoryKeeper keeper;
    private final ParkedQueues parked;
    private final Replays replays;

    Events(HistoryStore store, HistoryFeed feed, HistoryKeeper keeper, ParkedQueues parked, Replays replays) {
        this.store = store;
        this.feed = feed;
        this.keeper = keeper;
        this.parked = parked;
        this.replays = replays;
    }

    /** Whether anything is kept. */
    @ManagedAttribute(description = "Whether events and what became of them are kept")
    public boolean isOn() {
        return feed.on();
    }

    /** What became of the event. */
    @ManagedOperation(description = "What became of an event")
    @ManagedOperationParameter(name = "id", description = "The provider's event id")
    public Map<String, Object> event(String id) {
        return find(HistoryFilter.of(Map.of("id", id)), null, LARGEST_PAGE, false);
    }

    /** What became of the events of a user, the newest first. */
    @ManagedOperation(description = "What became of the events of a user")
    @ManagedOperationParameter(name = "user", description = "An id of the user that the events carry")
    @ManagedOperationParameter(name = "limit", description = "How many events at the most")
    public Map<String, Object> user(String user, int limit) {
        return find(HistoryFilter.of(Map.of("user", user)), null, limit, false);
    }

    /** The events that fit, the newest first. */
    @ManagedOperation(description = "What became of the events that fit; leave out what should not matter")
    @ManagedOperationParameter(name = "user", description = "An id of the user that the events carry")
    @ManagedOperationParameter(name = "provider", description = "The provider's name")
    @ManagedOperationParameter(name = "destination", description = "The destination's name")
    @ManagedOperationParameter(name = "outcome", description = "received, repeated, skipped, delivered, sent-back, parked, replayed or discarded")
    @ManagedOperationParameter(name = "from", description = "From this time on, like 2026-10-01T12:00:00Z")
    @ManagedOperationParameter(name = "to", description = "Before this time")
    @ManagedOperationParameter(name = "limit", description = "How many events at the most")
    public Map<String, Object> find(String user, String provider, String destination, String outcome, String from, String to, int limit) {
        Map<String, String> query = new TreeMap<>();
        query.put("user", user);
        query.put("provider", provider);
        query.put("destination", destination);
        query.put("outcome", outcome);
        query.put("from", from);
        query.put("to", to);
        return find(HistoryFilter.of(query), null, limit, false);
    }

    /**
     * The events that fit, the newest first, and up to when history is complete.
     *
     * @param next where an earlier page ended; null for the newest
     * @param content whether webhooks, records and answers are shown too
     * @throws IllegalArgumentException saying what to write instead
     * @throws UncheckedStoreException when history cannot be asked
     */
    public Map<String, Object> find(HistoryFilter filter, String next, int limit, boolean content) {
        Page page = page(filter, next, limit, content);
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("events", page.found().stream().map(event -> event(event, content)).toList());
        answer.put("completeUntil", page.completeUntil().toString());
        put(answer, "next", page.next());
        return answer;
    }

    /**
     * A page of events, the newest first.
     *
     * @param completeUntil up to when history is complete
     * @param next where the next page begins; null when this is the last
     */
    public record Page(List<HistoryStore.Found> found, Instant completeUntil, String next) {
    }

    /** As {@link #find(HistoryFilter, String, int, boolean)}. */
    public Page page(HistoryFilter filter, String next, int limit, boolean content) {
        int most = Math.max(0, Math.min(LARGEST_PAGE, limit));
        Instant until = keeper.completeUntil();
        List<HistoryStore.Found> found = most == 0 ? List.of() : store.newest(filter, cursor(next), most, content);
        HistoryEvent last = found.size() == most && most > 0 ? found.get(most - 1).event() : null;
        return new Page(found, until, last == null ? null : last.receivedAt() + BETWEEN + last.provider() + BETWEEN + last.key());
    }

    private static HistoryStore.Cursor cursor(String next) {
        if (next == null || next.isBlank()) {
            return null;
        }
        String[] parts = next.split(BETWEEN, 3);
        try {
            return new HistoryStore.Cursor(Long.parseLong(parts[0]), parts[1], parts[2]);
        } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
            throw new IllegalArgumentException("`next` is none that an answer has given; leave it out for the first page");
        }
    }

    /**
     * Removes what is personal of a user's events: what was sent and received, what replays hold of it, and parked events. That they came stays.
     *
     * @return how many {@code events} and {@code records} were emptied, how many {@code parked} ones discarded, and up to when that is complete
     */
    public Map<String, Object> forget(String user) {
        if (user == null || user.isBlank()) {
            throw new IllegalArgumentException("say which user is to be forgotten: write user=<an id that the events carry>");
        }
        Instant until = keeper.completeUntil();
        HistoryStore.Forgotten forgotten = store.forget(user.trim());
        replays.forget(user.trim());
        int discarded = parked.take(ParkedFilter.of(Map.of("user", user.trim())), ParkedQueues.Fate.DISCARDED);
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("events", forgotten.events());
        answer.put("records", forgotten.records());
        answer.put("parked", discarded);
        answer.put("completeUntil", until.toString());
        return answer;
    }

    private static Map<String, Object> event(HistoryStore.Found found, boolean content) {
        HistoryEvent event = found.event();
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("provider", event.provider());
        entry.put("eventId", event.key());
        put(entry, "type", event.type());
        entry.put("receivedAt", Instant.ofEpochMilli(event.receivedAt()).toString());
        List<Map<String, Object>> trace = new java.util.ArrayList<>();
        trace.add(received(event));
        found.outcomes().forEach(outcome -> trace.add(line(outcome, content)));
        entry.put("trace", trace);
        if (content) {
            put(entry, "webhook", json(event.webhook()));
            put(entry, "attributes", json(event.attributes()));
        }
        return entry;
    }

    private static Map<String, Object> received(HistoryEvent event) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("at", Instant.ofEpochMilli(event.receivedAt()).toString());
        line.put("outcome", EventOutcome.RECEIVED.text());
        return line;
    }

    private static Map<String, Object> line(HistoryOutcome outcome, boolean content) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("at", Instant.ofEpochMilli(outcome.at()).toString());
        line.put("outcome", outcome.what().text());
        put(line, "step", outcome.step());
        put(line, "destination", outcome.destination());
        put(line, "account", outcome.account());
        put(line, "part", outcome.part());
        put(line, "attempts", outcome.attempts());
        put(line, "reason", outcome.reason());
        put(line, "parkedId", outcome.parkedId());
        if (content) {
            put(line, "record", json(outcome.record()));
            if (outcome.answer() != null) {
                Map<String, Object> answer = new LinkedHashMap<>();
                answer.put("status", outcome.answer().status());
                answer.put("body", outcome.answer().body());
                line.put("answer", answer);
            }
        }
        return line;
    }

    /** As it is where it is JSON, so that no number changes; otherwise as text. */
    private static Object json(byte[] body) {
        if (body == null) {
            return null;
        }
        String text = new String(body, StandardCharsets.UTF_8);
        try {
            StrictJson.mapper().readTree(body);
            return new RawValue(text);
        } catch (IOException | NumberFormatException notJson) {
            return text;
        }
    }

    private static void put(Map<String, Object> line, String name, Object value) {
        if (value != null) {
            line.put(name, value);
        }
    }
}
