package io.subscriptionrelay.history;

import io.subscriptionrelay.event.Headers;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** Counts parked events by reason and place. Not thread-safe. */
final class ReasonGroups {

    /** Reasons quote what destinations say, so each could be different. */
    private static final int MOST = 1000;
    private static final Place OTHERS = new Place("further reasons", null, null, null, null);

    private final Map<Place, Group> groups = new HashMap<>();
    private int total;

    private record Place(String reason, String provider, String step, String destination, String account) {
    }

    private static final class Group {
        private int count;
        private long first = Long.MAX_VALUE;
        private long last = Long.MIN_VALUE;
    }

    boolean add(Message message) throws JMSException {
        total++;
        Place place = new Place(message.getStringProperty(Headers.REASON), message.getStringProperty(Headers.PROVIDER),
                message.getStringProperty(Headers.STEP), message.getStringProperty(Headers.DESTINATION),
                message.getStringProperty(Headers.ACCOUNT));
        Group group = groups.computeIfAbsent(groups.containsKey(place) || groups.size() < MOST ? place : OTHERS, key -> new Group());
        group.count++;
        if (message.propertyExists(Headers.PARKED_AT)) {
            long at = message.getLongProperty(Headers.PARKED_AT);
            group.first = Math.min(group.first, at);
            group.last = Math.max(group.last, at);
        }
        return true;
    }

    Map<String, Object> answer() {
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("total", total);
        answer.put("reasons", groups.entrySet().stream()
                .sorted(Comparator.comparing((Map.Entry<Place, Group> entry) -> -entry.getValue().count)
                        .thenComparing(entry -> String.valueOf(entry.getKey())))
                .map(entry -> line(entry.getKey(), entry.getValue())).toList());
        return answer;
    }

    private static Map<String, Object> line(Place place, Group group) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("count", group.count);
        line.put(Headers.REASON, place.reason());
        line.put(Headers.PROVIDER, place.provider());
        line.put(Headers.STEP, place.step());
        line.put(Headers.DESTINATION, place.destination());
        line.put(Headers.ACCOUNT, place.account());
        line.put("firstParkedAt", group.first == Long.MAX_VALUE ? null : Instant.ofEpochMilli(group.first).toString());
        line.put("lastParkedAt", group.last == Long.MIN_VALUE ? null : Instant.ofEpochMilli(group.last).toString());
        return line;
    }
}
