package io.subscriptionrelay.commands;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.logs.Printable;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code parked}: lists, shows, replays and discards the parked events of the running relay. */
@Command(name = "parked", description = {"Lists the parked events of the running relay; its own commands show, replay and discard them.",
    OperationsPort.WHERE}, footer = {"", "  java -jar subscription-relay.jar parked --destination clevertap",
        "  java -jar subscription-relay.jar parked replay --all --reason 'the event has no time'"})
final class ParkedCommand implements Callable<Integer> {

    private static final String PATH = "/parked";
    private static final String GET = "GET";

    @Mixin
    private Common common;

    @Mixin
    private ParkedOptions options;

    @Option(names = "--limit", paramLabel = "N", description = "The most entries that are shown.")
    private Integer limit;

    private final Terminal terminal;

    ParkedCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws NotAnsweredException {
        return list(terminal, common, options, limit);
    }

    private static int list(Terminal terminal, Common common, ParkedOptions options, Integer limit) throws NotAnsweredException {
        Map<String, String> query = new LinkedHashMap<>(options.query());
        EventOptions.put(query, "limit", limit);
        JsonNode found = new OperationsPort(terminal).ask(GET, PATH, query);
        if (common.json()) {
            terminal.json(found);
            return Status.FINE;
        }
        for (JsonNode entry : found.path("entries")) {
            terminal.out().println(Printable.text(entry.path("id").asText() + "  " + entry.path("parkedAt").asText() + "  "
                    + entry.path("provider").asText() + " event " + entry.path("eventId").asText()
                    + (entry.path("destination").isTextual() ? " for " + entry.path("destination").asText() : "")
                    + (entry.path("account").isTextual() ? " " + entry.path("account").asText() : "") + ": " + entry.path("reason").asText()));
        }
        terminal.out().println(found.path("total").asText("0") + " parked" + (found.path("total").asInt() > found.path("entries").size()
                ? ", " + found.path("entries").size() + " shown" : ""));
        return Status.FINE;
    }

    private static int done(Terminal terminal, Common common, JsonNode answer) {
        if (common.json()) {
            terminal.json(answer);
        } else {
            answer.properties().forEach(entry -> terminal.out().println(Printable.text(entry.getKey() + ": " + entry.getValue().asText())));
        }
        return Status.FINE;
    }

    @Command(name = "list", description = "Lists them.", footer = {"", "  java -jar subscription-relay.jar parked list --provider revenuecat"})
    static final class ListCommand implements Callable<Integer> {

        @Mixin
        private Common common;

        @Mixin
        private ParkedOptions options;

        @Option(names = "--limit", paramLabel = "N", description = "The most entries that are shown.")
        private Integer limit;

        private final Terminal terminal;

        ListCommand(Terminal terminal) {
            this.terminal = terminal;
        }

        @Override
        public Integer call() throws NotAnsweredException {
            return list(terminal, common, options, limit);
        }
    }

    @Command(name = "show", description = "Shows one with its webhook.",
            footer = {"", "  java -jar subscription-relay.jar parked show 2f2a1dc4-463e-4333-8a1b-000000000001"})
    static final class ShowCommand implements Callable<Integer> {

        @Mixin
        private Common common;

        @Parameters(paramLabel = "ID", description = "The id that the list has.")
        private String id;

        private final Terminal terminal;

        ShowCommand(Terminal terminal) {
            this.terminal = terminal;
        }

        @Override
        public Integer call() throws NotAnsweredException {
            terminal.json(new OperationsPort(terminal).ask(GET, PATH + "/" + OperationsPort.encoded(id), Map.of()));
            return Status.FINE;
        }
    }

    @Command(name = "replay", description = "Sends one, or all that fit the filters, through today's routes and mappings again.",
            footer = {"", "  java -jar subscription-relay.jar parked replay --all --destination onesignal"})
    static final class ReplayParkedCommand implements Callable<Integer> {

        @Mixin
        private Common common;

        @Parameters(arity = "0..1", paramLabel = "ID", description = "The id that the list has.")
        private String id;

        @Option(names = "--all", description = "All that fit the filters, or simply all.")
        private boolean all;

        @Option(names = "--dry-run", description = "Only shows what would become of them.")
        private boolean dryRun;

        @Mixin
        private ParkedOptions options;

        private final Terminal terminal;

        ReplayParkedCommand(Terminal terminal) {
            this.terminal = terminal;
        }

        @Override
        public Integer call() throws NotAnsweredException {
            if (all == (id != null) || id != null && !options.query().isEmpty()) {
                terminal.err().println("parked replay: which? Write the id of one, or --all with filters.");
                return Status.WRONG_USE;
            }
            Map<String, String> query = new LinkedHashMap<>(options.query());
            if (dryRun) {
                query.put("dry-run", "true");
            }
            JsonNode answer = new OperationsPort(terminal).ask("POST", all ? PATH : PATH + "/" + OperationsPort.encoded(id), query);
            if (dryRun) {
                terminal.json(answer);
                return Status.FINE;
            }
            return done(terminal, common, answer);
        }
    }

    @Command(name = "discard", description = "Throws one away, for good.",
            footer = {"", "  java -jar subscription-relay.jar parked discard 2f2a1dc4-463e-4333-8a1b-000000000001"})
    static final class DiscardCommand implements Callable<Integer> {

        @Mixin
        private Common common;

        @Parameters(paramLabel = "ID", description = "The id that the list has.")
        private String id;

        private final Terminal terminal;

        DiscardCommand(Terminal terminal) {
            this.terminal = terminal;
        }

        @Override
        public Integer call() throws NotAnsweredException {
            return done(terminal, common, new OperationsPort(terminal).ask("DELETE", PATH + "/" + OperationsPort.encoded(id), Map.of()));
        }
    }
}
