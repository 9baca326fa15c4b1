package io.subscriptionrelay.auditor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.simulator.CleverTapSimulator.StoredRecord;
import io.subscriptionrelay.simulator.OneSignalSimulator.Update;
import io.subscriptionrelay.testing.RelayHistory;
import io.subscriptionrelay.testing.RelayHistory.Entry;
import io.subscriptionrelay.testing.RelayHistory.Line;
import io.subscriptionrelay.testing.RelayProcess;
import io.subscriptionrelay.testing.Simulators;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;

/**
 * Compares what history says with what was sent to a relay and what both destinations have, once all has settled: each webhook that got 200 is there
 * once with all of its characters, and each of its records has one end.
 */
public final class HistoryAudit {

    private static final Set<String> ENDS = Set.of("delivered", "skipped", "parked");
    private static final Set<String> DESTINATIONS = Set.of("clevertap", "onesignal");
    private static final Duration CATCHING_UP = Duration.ofMinutes(2);
    private static final String NEWEST = "last_event_at";

    /** By the webhook: whose id it is. */
    private final Map<String, String> ids = new HashMap<>();
    private final List<String> found = new ArrayList<>();
    private final boolean afterCrashes;

    private HistoryAudit(Map<String, String> accepted, boolean afterCrashes) {
        this.afterCrashes = afterCrashes;
        accepted.forEach((id, webhook) -> ids.put(webhook, id));
        assertThat(ids).as("each webhook is another one").hasSameSizeAs(accepted);
    }

    /**
     * Waits until history knows all of what has happened, which agrees with what the destinations have.
     *
     * @param accepted the webhooks that got 200, by a name that a breach is told with
     * @return how many outcomes history has of them
     */
    public static long awaitAgreement(RelayProcess relay, Map<String, String> accepted, Simulators simulators) {
        return awaitAgreement(relay, accepted, simulators, false);
    }

    /**
     * The same of a relay that was killed. What a destination took in a call that was not committed is made again, unless a newer event of its user was
     * delivered and committed meanwhile: then history has it as skipped, although the destination has had it.
     */
    public static long awaitAgreementAfterCrashes(RelayProcess relay, Map<String, String> accepted, Simulators simulators) {
        return awaitAgreement(relay, accepted, simulators, true);
    }

    private static long awaitAgreement(RelayProcess relay, Map<String, String> accepted, Simulators simulators, boolean afterCrashes) {
        List<Entry> history = new ArrayList<>();
        await().atMost(CATCHING_UP).pollInterval(Duration.ofSeconds(1)).untilAsserted(() -> {
            awaitAllUntil(relay, Instant.now());
            long ends = ends(relay);
            history.clear();
            history.addAll(RelayHistory.read(relay));
            assertThat(audit(accepted, history, simulators.cleverTap.stored(), simulators.oneSignal.updates(), afterCrashes)).isEmpty();
            // what comes twice may come late
            awaitAllUntil(relay, Instant.now());
            assertThat(ends(relay)).as("records that have ended meanwhile").isEqualTo(ends);
        });
        return history.stream().flatMap(entry -> entry.trace().stream()).filter(line -> ENDS.contains(line.outcome())).count();
    }

    /** How many records the relay counts as ended since its start. */
    private static long ends(RelayProcess relay) {
        return relay.gauge("relay_records_delivered_total") + relay.gauge("relay_events_skipped_total") + relay.gauge("relay_events_parked_total");
    }

    /** Before it is read, which takes seconds of a core for 10,000 events. */
    private static void awaitAllUntil(RelayProcess relay, Instant time) {
        await().atMost(CATCHING_UP).until(() -> RelayHistory.completeUntil(relay).isAfter(time));
    }

    /** Every difference, in words, with the name of the webhook. */
    public static List<String> audit(Map<String, String> accepted, List<Entry> history, Collection<StoredRecord> cleverTap, Collection<Update> oneSignal,
            boolean afterCrashes) {
        HistoryAudit audit = new HistoryAudit(accepted, afterCrashes);
        audit.eachWebhookOnce(history);
        history.forEach(audit::eachRecordEndsOnce);
        audit.cleverTapHas(history, cleverTap);
        audit.oneSignalHas(history, oneSignal);
        return audit.found;
    }

    private String name(Entry entry) {
        return ids.getOrDefault(entry.webhook(), entry.provider() + " " + entry.eventId());
    }

    private void eachWebhookOnce(List<Entry> history) {
        Map<String, Integer> times = new TreeMap<>();
        for (Entry entry : history) {
            if (ids.containsKey(entry.webhook())) {
                times.merge(ids.get(entry.webhook()), 1, Integer::sum);
            } else {
                found.add(name(entry) + " is in history with a webhook that nobody has sent: " + entry.webhook());
            }
        }
        ids.values().stream().sorted().filter(id -> times.getOrDefault(id, 0) != 1)
                .forEach(id -> found.add(id + " is in history " + times.getOrDefault(id, 0) + " times"));
    }

    private void eachRecordEndsOnce(Entry entry) {
        Map<String, List<Line>> ends = entry.trace().stream().filter(line -> ENDS.contains(line.outcome()) && line.destination() != null)
                .collect(Collectors.groupingBy(Line::destination));
        for (String destination : DESTINATIONS) {
            List<Line> here = ends.getOrDefault(destination, List.of());
            if (here.isEmpty()) {
                found.add(name(entry) + " has no outcome for " + destination + ": " + entry.trace());
            }
            // what is skipped before there is a record of it has no part
            Map<String, Long> byPart = here.stream().collect(Collectors.groupingBy(line -> line.account() + " " + line.part(), Collectors.counting()));
            boolean whole = here.size() > 1 && here.stream().anyMatch(line -> line.part() == null);
            if (whole || byPart.values().stream().anyMatch(count -> count > 1)) {
                found.add(name(entry) + " has more than one outcome for a record for " + destination + ": " + here);
            }
        }
    }

    private static void delivered(List<Entry> history, String destination, BiConsumer<Line, Entry> each) {
        history.forEach(entry -> entry.trace().stream().filter(line -> line.outcome().equals("delivered") && destination.equals(line.destination()))
                .forEach(line -> each.accept(line, entry)));
    }

    private void cleverTapHas(List<Entry> history, Collection<StoredRecord> cleverTap) {
        Map<JsonNode, Integer> stored = new LinkedHashMap<>();
        cleverTap.forEach(record -> stored.merge(read(record.json()), 1, Integer::sum));
        Map<JsonNode, String> told = new HashMap<>();
        delivered(history, "clevertap", (line, entry) -> {
            String before = told.put(read(line.record()), name(entry));
            if (before != null && !before.equals(name(entry))) {
                found.add(name(entry) + " and " + before + " are both delivered with the record " + line.record());
            }
            if (!stored.containsKey(read(line.record()))) {
                found.add(name(entry) + " is delivered in history, and CleverTap does not have " + line.record());
            }
        });
        stored.forEach((record, times) -> {
            if (!told.containsKey(record) && !(afterCrashes && superseded(record, told.keySet(), history))) {
                found.add("CleverTap has " + times + " times what history does not know as delivered: " + record + ", of whose user it knows "
                        + of(record.path("identity").asText(), history));
            }
        });
    }

    /** Whether this is a state that history has as skipped, of a webhook of this user and second, and a newer one of its user as delivered. */
    private static boolean superseded(JsonNode record, Set<JsonNode> delivered, List<Entry> history) {
        JsonNode user = record.path("identity");
        boolean newer = delivered.stream().anyMatch(one -> one.path("type").equals(record.path("type")) && one.path("identity").equals(user)
                && one.path("ts").asLong() > record.path("ts").asLong());
        return newer && record.path("type").asText().equals("profile") && history.stream()
                .anyMatch(entry -> entry.webhook().contains("\"" + user.asText() + "\"") && entry.webhook().contains(record.path("ts").asText())
                        && entry.trace().stream()
                        .anyMatch(line -> line.outcome().equals("skipped") && "clevertap".equals(line.destination()) && line.part() != null));
    }

    /** What history knows of the events of a user for CleverTap. */
    private List<String> of(String user, List<Entry> history) {
        return history.stream().filter(entry -> entry.webhook().contains("\"" + user + "\"")).map(entry -> name(entry) + " "
                + entry.trace().stream().filter(line -> "clevertap".equals(line.destination())).toList()).toList();
    }

    /** An update may be of several records of a user. It has the tags of all, as the newest of them sets them. */
    private void oneSignalHas(List<Entry> history, Collection<Update> oneSignal) {
        Map<String, List<Update>> applied = oneSignal.stream().filter(Update::applied).collect(Collectors.groupingBy(Update::id));
        Map<String, List<Map<String, String>>> told = new HashMap<>();
        delivered(history, "onesignal", (line, entry) -> {
            String user = line.record().path("id").asText();
            Map<String, String> tags = tags(line.record());
            told.computeIfAbsent(user, unused -> new ArrayList<>()).add(tags);
            if (applied.getOrDefault(user, List.of()).stream().noneMatch(update -> update.tags().keySet().containsAll(tags.keySet())
                    && time(update.tags()) >= time(tags))) {
                found.add(name(entry) + " is delivered in history, and OneSignal does not have " + line.record());
            }
        });
        applied.forEach((user, updates) -> updates.stream().map(Update::tags).distinct()
                .filter(tags -> told.getOrDefault(user, List.of()).stream().noneMatch(known -> tags.entrySet().containsAll(known.entrySet())))
                .forEach(tags -> found.add("OneSignal has what history does not know as delivered: " + user + " " + tags)));
    }

    private static Map<String, String> tags(JsonNode record) {
        Map<String, String> tags = new TreeMap<>();
        record.path("tags").properties().forEach(tag -> tags.put(tag.getKey(), tag.getValue().isNull() ? "" : tag.getValue().asText()));
        return tags;
    }

    /** Of those that have one. */
    private static long time(Map<String, String> tags) {
        return Long.parseLong(tags.getOrDefault(NEWEST, "0"));
    }

    /** As the same reader reads both. */
    private static JsonNode read(JsonNode json) {
        try {
            return StrictJson.mapper().readTree(json.toString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
