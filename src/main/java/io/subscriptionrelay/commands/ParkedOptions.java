package io.subscriptionrelay.commands;

import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Option;

/** Which parked events are meant: the filters of {@code /actuator/parked}. */
final class ParkedOptions {

    @Option(names = "--queue", description = "Where it was parked from.")
    private String queue;

    @Option(names = "--reason", description = "How the reason begins.")
    private String reason;

    @Option(names = "--provider", description = "Who sent it.")
    private String provider;

    @Option(names = "--event-id", paramLabel = "ID", description = "The event's id.")
    private String eventId;

    @Option(names = "--step", description = "What the route took it for.")
    private String step;

    @Option(names = "--destination", description = "Where it should have gone.")
    private String destination;

    @Option(names = "--account", description = "Where at the destination.")
    private String account;

    @Option(names = "--from", paramLabel = "TIME", description = "Parked then or later, like 2026-10-01T12:00:00Z.")
    private String from;

    @Option(names = "--to", paramLabel = "TIME", description = "Parked before then.")
    private String to;

    @Option(names = "--user", description = "An id of the user that the webhook carries.")
    private String user;

    /** What was given, by the names of the query. */
    Map<String, String> query() {
        Map<String, String> query = new LinkedHashMap<>();
        EventOptions.put(query, "queue", queue);
        EventOptions.put(query, "reason", reason);
        EventOptions.put(query, "provider", provider);
        EventOptions.put(query, "eventId", eventId);
        EventOptions.put(query, "step", step);
        EventOptions.put(query, "destination", destination);
        EventOptions.put(query, "account", account);
        EventOptions.put(query, "from", from);
        EventOptions.put(query, "to", to);
        EventOptions.put(query, "user", user);
        return query;
    }
}
