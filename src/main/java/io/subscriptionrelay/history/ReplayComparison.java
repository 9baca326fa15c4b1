package io.subscriptionrelay.history;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.history.ReplayJob.Difference;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Compares what was delivered of an event with what today's mappings make of it, record by record. */
final class ReplayComparison {

    private final DryRun dryRun;

    ReplayComparison(DryRun dryRun) {
        this.dryRun = dryRun;
    }

    /** Adds what is found out about one event to the job's figures. Gives whether today anything of it would be sent. */
    boolean compare(HistoryStore.Found found, ReplayJob job) {
        HistoryEvent event = found.event();
        if (event.webhook() == null) {
            // forgotten
            job.skipped++;
            return false;
        }
        Map<String, Map<Integer, JsonNode>> was = delivered(found.outcomes(), job.destination);
        Map<String, Map<Integer, Map<String, Object>>> now = new TreeMap<>();
        for (Map<String, Object> result : dryRun.of(new DryRun.Replay(event.provider(), event.eventId(), event.receivedAt(), job.destination, null, null,
                event.webhook()))) {
            String destination = String.valueOf(result.get("destination"));
            if ("sent".equals(result.get("outcome"))) {
                boolean state = Boolean.TRUE.equals(result.get("state"));
                Integer part = (Integer) result.getOrDefault("part", 0);
                if (!state && was.getOrDefault(destination, Map.of()).containsKey(part)) {
                    job.countedTwice++;
                }
                if (state || job.again) {
                    now.computeIfAbsent(destination, key -> new TreeMap<>()).put(part, result);
                } else {
                    was.getOrDefault(destination, new TreeMap<>()).remove(part);
                }
            } else {
                all(was.remove(destination), result, event, destination, job);
            }
        }
        Set<String> refused = parked(found.outcomes());
        now.forEach((destination, parts) -> compare(event, destination, was.remove(destination), parts, refused.contains(destination), job));
        // of what is left today's mappings make nothing any more
        was.forEach((destination, parts) -> parts.forEach((part, record) -> {
            job.skipped++;
            add(job, new Difference(event.provider(), event.key(), destination, part, "is no longer made", List.of(), record, null));
        }));
        return !now.isEmpty();
    }

    /** The destinations for which something of it was parked. */
    private static Set<String> parked(List<HistoryOutcome> outcomes) {
        return outcomes.stream().filter(outcome -> outcome.what() == EventOutcome.PARKED && outcome.destination() != null).map(HistoryOutcome::destination)
                .collect(Collectors.toSet());
    }

    private static Map<String, Map<Integer, JsonNode>> delivered(List<HistoryOutcome> outcomes, String only) {
        Map<String, Map<Integer, JsonNode>> delivered = new TreeMap<>();
        for (HistoryOutcome outcome : outcomes) {
            if (outcome.what() == EventOutcome.DELIVERED && outcome.record() != null && (only == null || only.equals(outcome.destination()))) {
                try {
                    delivered.computeIfAbsent(outcome.destination(), key -> new TreeMap<>())
                            .put(outcome.part() == null ? 0 : outcome.part(), StrictJson.mapper().readTree(outcome.record()));
                } catch (IOException notJson) {
                    // nothing that could be compared
                }
            }
        }
        return delivered;
    }

    /** Today nothing is sent to the destination. */
    private static void all(Map<Integer, JsonNode> was, Map<String, Object> result, HistoryEvent event, String destination, ReplayJob job) {
        boolean parks = "parked".equals(result.get("outcome"));
        if (parks) {
            job.parked++;
        } else if (was == null) {
            job.same++;
            return;
        } else {
            job.skipped++;
        }
        add(job, new Difference(event.provider(), event.key(), destination, null, result.get("outcome") + ": " + result.get("reason"), List.of(), null, null));
    }

    private static void compare(HistoryEvent event, String destination, Map<Integer, JsonNode> was, Map<Integer, Map<String, Object>> now,
            boolean parked, ReplayJob job) {
        now.forEach((part, result) -> {
            JsonNode before = was == null ? null : was.remove(part);
            JsonNode record = (JsonNode) result.get("record");
            if (before == null) {
                job.added++;
                add(job, new Difference(event.provider(), event.key(), destination, part, parked ? "new, was parked" : "new", List.of(), null, record));
            } else {
                TreeSet<String> keys = new TreeSet<>();
                ObjectNode left = StrictJson.mapper().createObjectNode();
                ObjectNode right = StrictJson.mapper().createObjectNode();
                differ("", before, record, keys, left, right);
                if (keys.isEmpty()) {
                    job.same++;
                } else {
                    job.different++;
                    add(job, new Difference(event.provider(), event.key(), destination, part, "different", new ArrayList<>(keys), left, right));
                }
            }
        });
        if (was != null) {
            was.forEach((part, record) -> {
                job.skipped++;
                add(job, new Difference(event.provider(), event.key(), destination, part, "is no longer made", List.of(), record, null));
            });
        }
    }

    /** Collects where two values differ, and from both of them only that. */
    private static void differ(String path, JsonNode was, JsonNode now, Collection<String> keys, ObjectNode left, ObjectNode right) {
        TreeSet<String> names = new TreeSet<>();
        was.fieldNames().forEachRemaining(names::add);
        now.fieldNames().forEachRemaining(names::add);
        for (String name : names) {
            JsonNode before = was.get(name);
            JsonNode after = now.get(name);
            String key = path.isEmpty() ? name : path + '.' + name;
            if (before instanceof ObjectNode && after instanceof ObjectNode) {
                ObjectNode inLeft = StrictJson.mapper().createObjectNode();
                ObjectNode inRight = StrictJson.mapper().createObjectNode();
                differ(key, before, after, keys, inLeft, inRight);
                if (!inLeft.isEmpty()) {
                    left.set(name, inLeft);
                }
                if (!inRight.isEmpty()) {
                    right.set(name, inRight);
                }
            } else if (!same(before, after)) {
                keys.add(key);
                if (before != null) {
                    left.set(name, before);
                }
                if (after != null) {
                    right.set(name, after);
                }
            }
        }
    }

    /** A number is what it is worth: 9.9 and 9.90 are the same, also where one of them was read from a message and one was made. */
    private static boolean same(JsonNode before, JsonNode after) {
        if (before == null || after == null) {
            return before == after;
        }
        return before.equals((one, other) -> one.isNumber() && other.isNumber() ? one.decimalValue().compareTo(other.decimalValue())
                : one.equals(other) ? 0 : 1, after);
    }

    private static void add(ReplayJob job, Difference difference) {
        if (job.differences.size() < ReplayJob.DIFFERENCES) {
            job.differences.add(difference);
        }
    }
}
