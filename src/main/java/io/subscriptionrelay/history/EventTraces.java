package io.subscriptionrelay.history;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.springframework.jmx.export.annotation.ManagedAttribute;
import org.springframework.jmx.export.annotation.ManagedOperation;
import org.springframework.jmx.export.annotation.ManagedOperationParameter;
import org.springframework.jmx.export.annotation.ManagedResource;
import org.springframework.stereotype.Component;

/** What became of events. The same as at {@code /actuator/events}, for JMX. Answers name no user. */
@Component
@ManagedResource(objectName = "subscription-relay:type=Events", description = "What became of events")
public class EventTraces {

    static final int LARGEST_PAGE = 100;
    /** Among so many events of a user those are looked for that fit a filter. */
    private static final int EVENTS_OF_A_USER = 1000;

    private final TraceStore store;
    private final Traces traces;

    EventTraces(TraceStore store, Traces traces) {
        this.store = store;
        this.traces = traces;
    }

    /** Whether anything is traced. */
    @ManagedAttribute(description = "Whether anything is traced")
    public boolean isOn() {
        return traces.on();
    }

    /** What became of the event. */
    @ManagedOperation(description = "What became of an event")
    @ManagedOperationParameter(name = "id", description = "The provider's event id")
    public Map<String, Object> event(String id) {
        return event(id, null);
    }

    /** What became of the events of a user, the newest first. */
    @ManagedOperation(description = "What became of the events of a user")
    @ManagedOperationParameter(name = "user", description = "The user's id as the provider sends it")
    @ManagedOperationParameter(name = "limit", description = "How many events at the most")
    public Map<String, Object> user(String user, int limit) {
        return find(EventFilter.of(user, null, null, null, null, null), limit);
    }

    /** The events that fit, the newest first. */
    @ManagedOperation(description = "What became of the events that fit; leave out what should not matter")
    @ManagedOperationParameter(name = "user", description = "The user's id as the provider sends it")
    @ManagedOperationParameter(name = "provider", description = "The provider's name")
    @ManagedOperationParameter(name = "destination", description = "The destination's name")
    @ManagedOperationParameter(name = "outcome", description = "received, repeated, skipped, delivered, sent-back, parked, replayed or discarded")
    @ManagedOperationParameter(name = "from", description = "From this time on, like 2026-10-01T12:00:00Z")
    @ManagedOperationParameter(name = "to", description = "Before this time")
    @ManagedOperationParameter(name = "limit", description = "How many events at the most")
    public Map<String, Object> find(String user, String provider, String destination, String outcome, String from, String to, int limit) {
        return find(EventFilter.of(user, provider, destination, outcome, from, to), limit);
    }

    /**
     * What became of the event.
     *
     * @param provider null for any
     * @return {@code events}, empty when nothing is known
     */
    Map<String, Object> event(String id, String provider) {
        return answer(timelines(store.of(List.of(Trace.eventKey(id)))).entrySet().stream()
                .filter(entry -> provider == null || provider.equals(entry.getKey().provider())).toList());
    }

    Map<String, Object> find(EventFilter filter, int limit) {
        int most = Math.max(0, Math.min(LARGEST_PAGE, limit));
        List<Map.Entry<TraceStore.Key, List<Trace>>> found = new ArrayList<>();
        List<TraceStore.Key> keys = store.find(filter, filter.user() == null ? most : EVENTS_OF_A_USER);
        for (int from = 0; from < keys.size() && found.size() < most; from += LARGEST_PAGE) {
            List<TraceStore.Key> part = keys.subList(from, Math.min(keys.size(), from + LARGEST_PAGE));
            Map<TraceStore.Key, List<Trace>> timelines = timelines(store.of(part.stream().map(TraceStore.Key::eventId).distinct().toList()));
            for (TraceStore.Key key : part) {
                List<Trace> timeline = timelines.get(key);
                if (timeline != null && found.size() < most && timeline.stream().anyMatch(filter::fits)) {
                    found.add(Map.entry(key, timeline));
                }
            }
        }
        return answer(found);
    }

    private static Map<TraceStore.Key, List<Trace>> timelines(List<Trace> traces) {
        Map<TraceStore.Key, List<Trace>> timelines = new LinkedHashMap<>();
        for (Trace trace : traces) {
            timelines.computeIfAbsent(new TraceStore.Key(trace.provider(), trace.eventId()), key -> new ArrayList<>()).add(trace);
        }
        return timelines;
    }

    private static Map<String, Object> answer(List<Map.Entry<TraceStore.Key, List<Trace>>> events) {
        return Map.of("events", events.stream().map(event -> {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("provider", event.getKey().provider());
            entry.put("eventId", event.getKey().eventId());
            entry.put("trace", event.getValue().stream().map(EventTraces::line).toList());
            return entry;
        }).toList());
    }

    private static Map<String, Object> line(Trace trace) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("at", Instant.ofEpochMilli(trace.at()).toString());
        line.put("outcome", trace.what().text());
        put(line, "step", trace.step());
        put(line, "destination", trace.destination());
        put(line, "account", trace.account());
        put(line, "part", trace.part());
        put(line, "attempts", trace.attempts());
        put(line, "reason", trace.reason());
        put(line, "parkedId", trace.parkedId());
        return line;
    }

    private static void put(Map<String, Object> line, String name, Object value) {
        if (value != null) {
            line.put(name, value);
        }
    }
}
