package io.subscriptionrelay.commands;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.logs.Printable;
import io.subscriptionrelay.mapping.Diff;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code replay}: has the running relay send events of its history to a destination again, as today's mappings make them. */
@Command(name = "replay", description = {"Has the running relay send events of its history to a destination again, as today's mappings make them.",
    "Tags and profiles only, unless --events again. Its own commands list, show and cancel.", OperationsPort.WHERE},
        footer = {"", "What would differ, and then do it:",
            "  java -jar subscription-relay.jar replay --from 2026-10-01T00:00:00Z --destination onesignal --dry-run --follow",
            "  java -jar subscription-relay.jar replay --from 2026-10-01T00:00:00Z --destination onesignal --follow"})
final class ReplayCommand implements Callable<Integer> {

    private static final String PATH = "/replays";
    private static final String STATE = "state";
    private static final String RUNNING = "running";
    private static final long ASK_EVERY = TimeUnit.MILLISECONDS.toNanos(500);

    @Mixin
    private Common common;

    @Mixin
    private EventOptions events;

    @Option(names = "--dry-run", description = "Only compares what was sent with what would be sent today.")
    private boolean dryRun;

    @Option(names = "--events", paramLabel = "again", description = "`again` sends events, too, which then count twice.")
    private String again;

    @Option(names = "--rate", paramLabel = "N", description = "How many events a second (200).")
    private Integer rate;

    @Option(names = "--limit", paramLabel = "N", description = "How many events at the most, the oldest first.")
    private Long limit;

    @Option(names = "--follow", description = "Waits until it is done; Ctrl-C ends the waiting, not the replay.")
    private boolean follow;

    private final Terminal terminal;

    ReplayCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    /** Gives 0 when the replay runs or is done, 1 when it found differences, failed or was cancelled, 2 when the relay does not want it. */
    @Override
    public Integer call() throws NotAnsweredException {
        if (events.destination() == null) {
            terminal.err().println("replay: to which destination? Write --destination, and filters like --from that say which events.");
            return Status.WRONG_USE;
        }
        if (again != null && !again.equals("again")) {
            terminal.err().println("replay: --events takes only `again`, which sends events, too; leave it out for tags and profiles alone.");
            return Status.WRONG_USE;
        }
        Map<String, String> query = new LinkedHashMap<>(events.query());
        if (dryRun) {
            query.put("dry-run", "true");
        }
        EventOptions.put(query, "events", again);
        EventOptions.put(query, "rate", rate);
        EventOptions.put(query, "limit", limit);
        OperationsPort relay = new OperationsPort(terminal);
        JsonNode replay = relay.ask("POST", PATH, query);
        while (follow && replay.path(STATE).asText().equals(RUNNING) && !Thread.currentThread().isInterrupted()) {
            terminal.err().print("\r" + replay.path("done").asLong() + " of " + replay.path("total").asLong() + " events");
            terminal.err().flush();
            LockSupport.parkNanos(ASK_EVERY);
            replay = relay.ask("GET", PATH + "/" + OperationsPort.encoded(replay.path("id").asText()), Map.of());
        }
        if (follow) {
            terminal.err().println();
        }
        return shown(terminal, common, replay);
    }

    private static int shown(Terminal terminal, Common common, JsonNode replay) {
        if (common.json()) {
            terminal.json(replay);
        } else {
            terminal.out().println(line(replay));
            for (JsonNode difference : replay.path("differences")) {
                terminal.out().println(Printable.text("--- " + difference.path("provider").asText() + " event " + difference.path("eventId").asText()
                        + ", as it was sent to " + difference.path("destination").asText()));
                terminal.out().println("+++ as it would be sent now");
                Diff.of(lines(difference.path("was")), lines(difference.path("now"))).forEach(terminal.out()::println);
            }
        }
        String state = replay.path(STATE).asText();
        return state.equals("failed") || state.equals("cancelled") || replay.path("dryRun").asBoolean()
                && replay.path("different").asLong() + replay.path("new").asLong() + replay.path("skipped").asLong() > 0 ? Status.FOUND : Status.FINE;
    }

    private static List<String> lines(JsonNode value) {
        return value.isMissingNode() || value.isNull() ? List.of() : Terminal.pretty(value).lines().toList();
    }

    private static String line(JsonNode replay) {
        StringBuilder line = new StringBuilder(replay.path("id").asText()).append("  ").append(replay.path("at").asText()).append("  ")
                .append(replay.path(STATE).asText()).append(replay.path("dryRun").asBoolean() ? " (dry run)" : "").append(", ")
                .append(replay.path("done").asLong()).append(" of ").append(replay.path("total").asLong()).append(" events");
        for (String count : new String[] {"sent", "same", "different", "new", "skipped", "parked"}) {
            if (replay.path(count).asLong() > 0) {
                line.append(", ").append(replay.path(count).asLong()).append(' ').append(count);
            }
        }
        if (replay.path("wouldSend").asLong() > 0) {
            line.append(", ").append(replay.path("wouldSend").asLong()).append(" would be sent");
        }
        if (replay.hasNonNull("by")) {
            line.append(", by ").append(replay.path("by").asText());
        }
        return Printable.text(line.toString());
    }

    @Command(name = "list", description = "Lists the replays, done and running.", footer = {"", "  java -jar subscription-relay.jar replay list"})
    static final class ListCommand implements Callable<Integer> {

        @Mixin
        private Common common;

        private final Terminal terminal;

        ListCommand(Terminal terminal) {
            this.terminal = terminal;
        }

        @Override
        public Integer call() throws NotAnsweredException {
            JsonNode found = new OperationsPort(terminal).ask("GET", PATH, Map.of());
            if (common.json()) {
                terminal.json(found);
            } else if (found.path("replays").isEmpty()) {
                terminal.out().println("There was no replay yet");
            } else {
                found.path("replays").forEach(replay -> terminal.out().println(line(replay)));
            }
            return Status.FINE;
        }
    }

    /** One replay: asked about, or cancelled. */
    private abstract static class OneCommand implements Callable<Integer> {

        @Mixin
        private Common common;

        @Parameters(paramLabel = "ID", description = "The id that the list has.")
        private String id;

        private final Terminal terminal;
        private final String method;

        OneCommand(Terminal terminal, String method) {
            this.terminal = terminal;
            this.method = method;
        }

        @Override
        public Integer call() throws NotAnsweredException {
            JsonNode answer = new OperationsPort(terminal).ask(method, PATH + "/" + OperationsPort.encoded(id), Map.of());
            int status = shown(terminal, common, answer);
            return method.equals("GET") ? status : Status.FINE;
        }
    }

    @Command(name = "show", description = "Shows how far one is, and the first differences.",
            footer = {"", "  java -jar subscription-relay.jar replay show 2f2a1dc4"})
    static final class ShowCommand extends OneCommand {

        ShowCommand(Terminal terminal) {
            super(terminal, "GET");
        }
    }

    @Command(name = "cancel", description = "Ends one; what it has sent stays sent.",
            footer = {"", "  java -jar subscription-relay.jar replay cancel 2f2a1dc4"})
    static final class CancelCommand extends OneCommand {

        CancelCommand(Terminal terminal) {
            super(terminal, "DELETE");
        }
    }
}
