package io.subscriptionrelay.commands;

import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Option;

/** Which events are meant: the filters of {@code /actuator/events} and {@code /actuator/replays}. */
final class EventOptions {

    @Option(names = "--id", description = "The event's id.")
    private String id;

    @Option(names = "--user", description = "Any id of the user that the event carries, an e-mail address too.")
    private String user;

    @Option(names = "--provider", description = "Who sent it.")
    private String provider;

    @Option(names = "--type", description = "The provider's event type.")
    private String type;

    @Option(names = "--step", description = "What the route took it for.")
    private String step;

    @Option(names = "--outcome", description = "received, delivered, skipped, parked …")
    private String outcome;

    @Option(names = "--destination", description = "Where it goes to.")
    private String destination;

    @Option(names = "--account", description = "Where at the destination.")
    private String account;

    @Option(names = "--from", paramLabel = "TIME", description = "Came then or later, like 2026-10-01T12:00:00Z.")
    private String from;

    @Option(names = "--to", paramLabel = "TIME", description = "Came before then.")
    private String to;

    @Option(names = "--q", paramLabel = "WORDS", description = "Words that stand in the webhook.")
    private String words;

    String destination() {
        return destination;
    }

    /** What was given, by the names of the query. */
    Map<String, String> query() {
        Map<String, String> query = new LinkedHashMap<>();
        put(query, "id", id);
        put(query, "user", user);
        put(query, "provider", provider);
        put(query, "type", type);
        put(query, "step", step);
        put(query, "outcome", outcome);
        put(query, "destination", destination);
        put(query, "account", account);
        put(query, "from", from);
        put(query, "to", to);
        put(query, "q", words);
        return query;
    }

    static void put(Map<String, String> query, String name, Object value) {
        if (value != null) {
            query.put(name, value.toString());
        }
    }
}
