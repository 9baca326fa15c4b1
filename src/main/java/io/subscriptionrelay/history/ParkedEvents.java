package io.subscriptionrelay.history;

import io.subscriptionrelay.event.Headers;
import io.subscriptionrelay.history.ParkedQueues.Fate;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.springframework.jmx.export.annotation.ManagedAttribute;
import org.springframework.jmx.export.annotation.ManagedOperation;
import org.springframework.jmx.export.annotation.ManagedOperationParameter;
import org.springframework.jmx.export.annotation.ManagedResource;
import org.springframework.stereotype.Component;

/**
 * The parked events: look at them, replay them from the raw webhook through today's mapping, discard them. The same as at
 * {@code /actuator/parked}, for JMX.
 */
@Component
@ManagedResource(objectName = "subscription-relay:type=Parked", description = "Events that were set aside, with their reason")
public class ParkedEvents {

    private final ParkedQueues queues;
    private final DryRun dryRun;
    private final Clock clock;

    ParkedEvents(ParkedQueues queues, DryRun dryRun, Clock clock) {
        this.queues = queues;
        this.dryRun = dryRun;
        this.clock = clock;
    }

    /** How many events are parked. */
    @ManagedAttribute(description = "How many events are parked")
    public int getTotal() {
        return (int) list(ParkedFilter.ANY, 0, 0).get("total");
    }

    /** The parked events from this position on, as {@code total} and {@code entries}; no personal data. */
    @ManagedOperation(description = "Lists the parked events")
    @ManagedOperationParameter(name = "offset", description = "How many to leave out")
    @ManagedOperationParameter(name = "limit", description = "How many to list at the most")
    public Map<String, Object> list(int offset, int limit) {
        return list(ParkedFilter.ANY, offset, limit);
    }

    /** One parked event with its raw webhook. */
    @ManagedOperation(description = "Shows one parked event with its raw webhook")
    @ManagedOperationParameter(name = "id", description = "The entry's id in the list")
    public Map<String, Object> show(String id) {
        return find(id).orElseThrow(() -> noneWith(id));
    }

    /** Replays one. */
    @ManagedOperation(description = "Replays one parked event through today's mapping")
    @ManagedOperationParameter(name = "id", description = "The entry's id in the list")
    public boolean replay(String id) {
        if (queues.take(ParkedFilter.one(id), Fate.REPLAYED) > 0) {
            return true;
        }
        if (find(id).isPresent()) {
            throw new IllegalArgumentException("this event stays parked, because its provider is configured no longer; set relay.providers for it,"
                    + " or discard it");
        }
        return false;
    }

    /** Replays all. */
    @ManagedOperation(description = "Replays all parked events through today's mappings")
    public int replayAll() {
        return replay(ParkedFilter.ANY);
    }

    /** Replays those that fit. */
    @ManagedOperation(description = "Replays the parked events that fit through today's mappings; leave empty what should not matter")
    @ManagedOperationParameter(name = "reason", description = "The beginning of the reason")
    @ManagedOperationParameter(name = "provider", description = "The provider's name")
    @ManagedOperationParameter(name = "destination", description = "The destination's name")
    @ManagedOperationParameter(name = "account", description = "The account's name")
    @ManagedOperationParameter(name = "from", description = "Parked from this time on, like 2026-10-01T12:00:00Z")
    @ManagedOperationParameter(name = "to", description = "Parked before this time")
    public int replayWhere(String reason, String provider, String destination, String account, String from, String to) {
        return replay(filter(reason, provider, destination, account, from, to, null));
    }

    /** What a replay of one would send, without sending it. */
    @ManagedOperation(description = "Shows what a replay of one parked event would send, without sending it")
    @ManagedOperationParameter(name = "id", description = "The entry's id in the list")
    public Map<String, Object> dryRun(String id) {
        return dryRunOf(id).orElseThrow(() -> noneWith(id));
    }

    /** What a replay of those that fit would send, without sending it. */
    @ManagedOperation(description = "Shows what a replay of the parked events that fit would send, without sending it; a page of them")
    @ManagedOperationParameter(name = "reason", description = "The beginning of the reason")
    @ManagedOperationParameter(name = "provider", description = "The provider's name")
    @ManagedOperationParameter(name = "destination", description = "The destination's name")
    @ManagedOperationParameter(name = "account", description = "The account's name")
    @ManagedOperationParameter(name = "from", description = "Parked from this time on, like 2026-10-01T12:00:00Z")
    @ManagedOperationParameter(name = "to", description = "Parked before this time")
    @ManagedOperationParameter(name = "offset", description = "How many to leave out")
    @ManagedOperationParameter(name = "limit", description = "How many to show at the most")
    public Map<String, Object> dryRunWhere(String reason, String provider, String destination, String account, String from, String to,
            int offset, int limit) {
        return dryRun(filter(reason, provider, destination, account, from, to, null), offset, limit);
    }

    /** The reasons, the most frequent first. */
    @ManagedOperation(description = "Counts the parked events by reason")
    public Map<String, Object> reasons() {
        return reasons(ParkedFilter.ANY);
    }

    private static ParkedFilter filter(String reason, String provider, String destination, String account, String from, String to,
            String user) {
        Map<String, String> values = new TreeMap<>();
        put(values, "reason", reason);
        put(values, "provider", provider);
        put(values, "destination", destination);
        put(values, "account", account);
        put(values, "from", from);
        put(values, "to", to);
        put(values, "user", user);
        return ParkedFilter.of(values);
    }

    private static void put(Map<String, String> values, String name, String value) {
        if (value != null && !value.isBlank()) {
            values.put(name, value);
        }
    }

    private static IllegalArgumentException noneWith(String id) {
        return new IllegalArgumentException("no parked event has the id " + id);
    }

    /** Discards one. */
    @ManagedOperation(description = "Discards one parked event for good")
    @ManagedOperationParameter(name = "id", description = "The entry's id in the list")
    public boolean discard(String id) {
        return queues.take(ParkedFilter.one(id), Fate.DISCARDED) > 0;
    }

    /** Discards those that fit. */
    @ManagedOperation(description = "Discards the parked events that fit for good; leave empty what should not matter, but not all")
    @ManagedOperationParameter(name = "reason", description = "The beginning of the reason")
    @ManagedOperationParameter(name = "provider", description = "The provider's name")
    @ManagedOperationParameter(name = "destination", description = "The destination's name")
    @ManagedOperationParameter(name = "account", description = "The account's name")
    @ManagedOperationParameter(name = "from", description = "Parked from this time on, like 2026-10-01T12:00:00Z")
    @ManagedOperationParameter(name = "to", description = "Parked before this time")
    @ManagedOperationParameter(name = "user", description = "An id of a user that the event carries")
    public int discardWhere(String reason, String provider, String destination, String account, String from, String to, String user) {
        return discard(filter(reason, provider, destination, account, from, to, user));
    }

    /**
     * Discards those that the filter means, of what is parked now.
     *
     * @throws IllegalArgumentException when it means all
     */
    public int discard(ParkedFilter filter) {
        if (filter.equals(ParkedFilter.ANY)) {
            throw new IllegalArgumentException("say which parked events are to be discarded: write at least one of "
                    + String.join(", ", new TreeSet<>(ParkedFilter.NAMES)));
        }
        return queues.take(filter.before(clock.millis() + 1), Fate.DISCARDED);
    }

    /** Replays those that the filter means, of what is parked now. */
    public int replay(ParkedFilter filter) {
        return queues.take(filter.before(clock.millis() + 1), Fate.REPLAYED);
    }

    /** Those that the filter means: how many in all, and a page of them. */
    public Map<String, Object> list(ParkedFilter filter, int offset, int limit) {
        List<Map<String, Object>> entries = new ArrayList<>();
        int[] total = new int[1];
        queues.browse(filter, parked -> {
            if (total[0]++ >= offset && entries.size() < limit) {
                entries.add(entry(parked));
            }
            return true;
        });
        Map<String, Object> list = new LinkedHashMap<>();
        list.put("total", total[0]);
        list.put("entries", entries);
        return list;
    }

    /** Why those that the filter means were parked: a group for each reason and place, the largest first. */
    public Map<String, Object> reasons(ParkedFilter filter) {
        ReasonGroups groups = new ReasonGroups();
        queues.browse(filter, entry -> groups.add(entry.message()));
        return groups.answer();
    }

    /** One parked event with its raw webhook, or empty. */
    public Optional<Map<String, Object>> find(String id) {
        List<Map<String, Object>> found = new ArrayList<>();
        queues.browse(ParkedFilter.one(id), parked -> {
            Map<String, Object> entry = entry(parked);
            entry.put("event", new String(parked.body(), StandardCharsets.UTF_8));
            found.add(entry);
            return false;
        });
        return found.stream().findFirst();
    }

    /** What a replay of one would make of it, or empty. */
    public Optional<Map<String, Object>> dryRunOf(String id) {
        List<Map<String, Object>> found = new ArrayList<>();
        queues.browse(ParkedFilter.one(id), parked -> {
            found.add(withResults(parked));
            return false;
        });
        return found.stream().findFirst();
    }

    /** What a replay would make of those that the filter means: how many there are in all, and the results of a page of them. */
    Map<String, Object> dryRun(ParkedFilter filter, int offset, int limit) {
        List<Map<String, Object>> entries = new ArrayList<>();
        Map<String, Integer> summary = new TreeMap<>();
        int[] total = new int[1];
        queues.browse(filter, parked -> {
            if (total[0]++ >= offset && entries.size() < limit) {
                Map<String, Object> entry = withResults(parked);
                ((List<?>) entry.get("results")).forEach(result ->
                        summary.merge(String.valueOf(((Map<?, ?>) result).get("outcome")), 1, Integer::sum));
                entries.add(entry);
            }
            return true;
        });
        Map<String, Object> list = new LinkedHashMap<>();
        list.put("dryRun", true);
        list.put("total", total[0]);
        list.put("outcomes", summary);
        list.put("entries", entries);
        return list;
    }

    private Map<String, Object> withResults(ParkedQueues.Entry parked) throws JMSException {
        Message message = parked.message();
        Map<String, Object> entry = entry(parked);
        entry.put("results", dryRun.of(new DryRun.Replay(message.getStringProperty(Headers.PROVIDER),
                message.getStringProperty(Headers.EVENT_ID),
                message.propertyExists(Headers.RECEIVED_AT) ? message.getLongProperty(Headers.RECEIVED_AT) : 0,
                message.getStringProperty(Headers.DESTINATION),
                message.propertyExists(Headers.PART) ? message.getIntProperty(Headers.PART) : null,
                message.getStringProperty(Headers.RECORD), parked.body())));
        return entry;
    }

    private static Map<String, Object> entry(ParkedQueues.Entry parked) throws JMSException {
        Message message = parked.message();
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("id", parked.id());
        entry.put("queue", parked.queue());
        for (String header : List.of(Headers.REASON, Headers.PROVIDER, Headers.EVENT_ID, Headers.STEP, Headers.DESTINATION, Headers.ACCOUNT)) {
            String text = message.getStringProperty(header);
            entry.put(header, header.equals(Headers.EVENT_ID) && text != null ? EventKey.of(text) : text);
        }
        entry.put("parkedAt", Instant.ofEpochMilli(parked.parkedAt()).toString());
        return entry;
    }
}
