package io.subscriptionrelay.commands;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code events}: searches the events of the running relay. */
@Command(name = "events", description = {"Searches the events that the running relay knows, the newest first.", OperationsPort.WHERE},
        footer = {"", "  java -jar subscription-relay.jar events --provider revenuecat --outcome parked --from 2026-10-01T00:00:00Z"})
final class EventsCommand implements Callable<Integer> {

    @Mixin
    private Common common;

    @Mixin
    private EventOptions events;

    @Option(names = "--limit", paramLabel = "N", description = "The most events that are shown.")
    private Integer limit;

    @Option(names = "--content", description = "With the webhooks, and with records and answers of each destination.")
    private boolean content;

    private final Terminal terminal;

    EventsCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    /** Gives 0 when something was found, 1 when not, 2 when the question is wrong or nobody answers. */
    @Override
    public Integer call() throws NotAnsweredException {
        Map<String, String> query = new LinkedHashMap<>(events.query());
        EventOptions.put(query, "limit", limit);
        if (content) {
            query.put("content", "true");
        }
        JsonNode found = new OperationsPort(terminal).ask("GET", "/events", query);
        if (common.json()) {
            terminal.json(found);
        } else {
            for (JsonNode event : found.path("events")) {
                new EventLines(terminal.out()).print(event);
                if (content) {
                    content(event);
                }
            }
        }
        if (found.path("events").isEmpty()) {
            terminal.err().println("Nothing fits: no such event is known.");
            return Status.FOUND;
        }
        if (found.hasNonNull("next")) {
            terminal.err().println("There are more; say a higher --limit, or ask for another time with --from and --to.");
        }
        return Status.FINE;
    }

    private void content(JsonNode event) {
        part("webhook", event.path("webhook"));
        for (JsonNode line : event.path("trace")) {
            String destination = line.path("destination").asText();
            part("record for " + destination, line.path("record"));
            part("answer of " + destination, line.path("answer"));
        }
    }

    private void part(String name, JsonNode value) {
        if (!value.isMissingNode() && !value.isNull()) {
            terminal.out().println("  " + name);
            terminal.out().println(Terminal.pretty(value).indent(4).stripTrailing());
        }
    }
}
