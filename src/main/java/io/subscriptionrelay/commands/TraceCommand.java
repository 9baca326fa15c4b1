package io.subscriptionrelay.commands;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code trace ID}: asks the relay that runs here what became of an event, and prints it line by line. */
@Command(name = "trace", description = {"Asks the running relay what became of an event, or of the events of a user, the newest first.",
    OperationsPort.WHERE}, footer = {"", "  java -jar subscription-relay.jar trace 9001982F-65F2-49F5-AF62-C1F8AE7ED3B0",
        "  java -jar subscription-relay.jar trace --user lena.42 --outcome parked"})
final class TraceCommand implements Callable<Integer> {

    private static final String ID = "id";

    @Mixin
    private Common common;

    @Parameters(arity = "0..1", paramLabel = "ID", description = "The event's id.")
    private String event;

    @Mixin
    private EventOptions events;

    @Option(names = "--limit", paramLabel = "N", description = "The most events that are shown.")
    private Integer limit;

    private final Terminal terminal;

    TraceCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    /** Gives 0 when something was found, 1 when not, 2 when the question is wrong or nobody answers. */
    @Override
    public Integer call() throws NotAnsweredException {
        Map<String, String> query = new LinkedHashMap<>(events.query());
        EventOptions.put(query, ID, event);
        EventOptions.put(query, "limit", limit);
        if (query.isEmpty()) {
            terminal.err().println("usage: trace ID, or trace --user ID; trace --help shows by what else events are found");
            return Status.WRONG_USE;
        }
        JsonNode found = new OperationsPort(terminal).ask("GET", "/events", query);
        if (common.json()) {
            terminal.json(found);
        } else {
            found.path("events").forEach(new EventLines(terminal.out())::print);
        }
        if (found.path("events").isEmpty()) {
            terminal.err().println("Nothing fits: no such event came within relay.history.keep, or history does not have it yet, which takes a second or two.");
            return Status.FOUND;
        }
        return Status.FINE;
    }
}
