package io.subscriptionrelay.demo;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.subscriptionrelay.broker.EmbeddedBroker;
import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.history.ParkedEvents;
import io.subscriptionrelay.mapping.Accounts;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.activemq.artemis.core.postoffice.Binding;
import org.apache.activemq.artemis.core.server.ActiveMQServer;
import org.apache.activemq.artemis.core.server.Queue;
import org.springframework.context.annotation.Profile;
import org.springframework.stereotype.Component;

/** Sees from the relay's own counters and queues what has become of the webhooks that were posted last. */
@Component
@Profile("demo")
class Progress {

    private static final String DELIVERED = "relay.records.delivered";
    private static final String SKIPPED = "relay.events.skipped";
    private static final String PARKED = "relay.events.parked";
    private static final String REPEATED = "relay.webhooks.repeated";
    private static final String DESTINATION = "destination";
    private static final String NONE = "none";
    private static final int MOST_PARKED = 100;

    private final MeterRegistry metrics;
    private final EmbeddedBroker broker;
    private final ParkedEvents parked;
    private final List<String> destinations;

    Progress(MeterRegistry metrics, EmbeddedBroker broker, ParkedEvents parked, RelayProperties properties, Accounts accounts) {
        this.metrics = metrics;
        this.broker = broker;
        this.parked = parked;
        this.destinations = properties.destinations().keySet().stream().filter(accounts::on).toList();
    }

    /** What has been counted, and what is parked, at one moment. */
    record Mark(Map<String, Double> settled, Map<Skip, Double> skipped, Map<String, Parked> parked, double repeated) {
    }

    private record Skip(String destination, String reason) {
    }

    /** A parked event, as the list of parked events has it; the destination is null if it could not be understood at all. */
    record Parked(String id, String destination, String reason) {
    }

    Mark mark() {
        Map<String, Double> settled = new HashMap<>();
        Stream.of(DELIVERED, SKIPPED, PARKED).flatMap(name -> metrics.find(name).counters().stream())
                .forEach(counter -> settled.merge(counter.getId().getTag(DESTINATION), counter.count(), Double::sum));
        Map<Skip, Double> skipped = new LinkedHashMap<>();
        for (Counter counter : metrics.find(SKIPPED).counters()) {
            skipped.merge(new Skip(counter.getId().getTag(DESTINATION), counter.getId().getTag("reason")), counter.count(), Double::sum);
        }
        return new Mark(settled, skipped, parkedNow(), metrics.find(REPEATED).counters().stream().mapToDouble(Counter::count).sum());
    }

    private Map<String, Parked> parkedNow() {
        Map<String, Parked> entries = new LinkedHashMap<>();
        for (Object listed : (List<?>) parked.list(0, MOST_PARKED).get("entries")) {
            Map<?, ?> entry = (Map<?, ?>) listed;
            entries.put((String) entry.get("id"),
                    new Parked((String) entry.get("id"), (String) entry.get(DESTINATION), (String) entry.get("reason")));
        }
        return entries;
    }

    /** Whether a webhook that was posted after this mark is settled for every destination. */
    boolean settledSince(Mark before) {
        Mark now = mark();
        return waiting() == 0 && (now.repeated() > before.repeated() || more(before.settled(), now.settled(), NONE)
                || destinations.stream().allMatch(destination -> more(before.settled(), now.settled(), destination)));
    }

    private static <K> boolean more(Map<K, Double> before, Map<K, Double> now, K key) {
        return now.getOrDefault(key, 0.0) > before.getOrDefault(key, 0.0);
    }

    /** How many messages are on their way; those that are parked have arrived. */
    long waiting() {
        ActiveMQServer server = broker.server().orElseThrow();
        return server.getPostOffice().getAllBindings().map(Binding::getUniqueName).map(server::locateQueue)
                .filter(queue -> queue != null && !queue.getName().toString().startsWith("parked.")).mapToLong(Queue::getMessageCount).sum();
    }

    /** What was not kept, skipped or parked since this mark, and why. */
    List<String> notDeliveredSince(Mark before) {
        Mark now = mark();
        Map<String, Set<String>> destinationsByReason = new LinkedHashMap<>();
        now.skipped().keySet().stream().filter(skip -> more(before.skipped(), now.skipped(), skip)).forEach(skip ->
                destinationsByReason.computeIfAbsent("skipped%s: " + skip.reason(), reason -> new LinkedHashSet<>()).add(skip.destination()));
        now.parked().values().stream().filter(entry -> !before.parked().containsKey(entry.id())).forEach(entry ->
                destinationsByReason.computeIfAbsent("parked%s: " + entry.reason(), reason -> new LinkedHashSet<>()).add(entry.destination()));
        List<String> lines = new ArrayList<>();
        if (now.repeated() > before.repeated()) {
            lines.add("a repeat, not kept again");
        }
        destinationsByReason.forEach((reason, names) -> lines.add(reason.replace("%s", where(names))));
        return lines;
    }

    private String where(Set<String> names) {
        return names.contains(null) || names.contains(NONE) || names.containsAll(destinations) ? "" : " for " + String.join(", ", names.stream().map(Progress::name).toList());
    }

    private static String name(String destination) {
        return destination.equals("clevertap") ? "CleverTap" : destination.equals("onesignal") ? "OneSignal" : destination;
    }
}
