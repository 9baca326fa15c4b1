package io.subscriptionrelay.commands;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.config.StartRefusedException;
import io.subscriptionrelay.event.NotAJsonObjectException;
import io.subscriptionrelay.logs.Printable;
import io.subscriptionrelay.mapping.BrokenMappingsException;
import io.subscriptionrelay.mapping.Problem;
import io.subscriptionrelay.translate.BrokenRoutesException;
import io.subscriptionrelay.translate.Preview;
import io.subscriptionrelay.translate.Workbench;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code map PROVIDER WEBHOOK.json}: what the routes and mappings under {@code RELAY_HOME} make of a webhook. */
@Command(name = "map", description = {"Shows what a webhook becomes: its event attributes (facts), step, accounts and records.",
    "Needs no broker, no network and no account: every destination counts as set up."},
        footer = {"", "  java -jar subscription-relay.jar map revenuecat mappings/revenuecat/examples/renewal.webhook.json --to clevertap --watch"})
final class MapCommand implements Callable<Integer> {

    private static final long LOOK_EVERY = TimeUnit.MILLISECONDS.toNanos(200);

    @Mixin
    private Common common;

    @Parameters(paramLabel = "PROVIDER", description = "A folder under mappings/, like revenuecat.")
    private String provider;

    @Parameters(paramLabel = "WEBHOOK.json", description = "The body as the provider sends it.")
    private Path file;

    @Option(names = "--to", paramLabel = "DESTINATION", description = "Only what this destination would get.")
    private String destination;

    @Option(names = "--watch", description = "Shows it again each time the webhook, a mapping, a setting or a route is saved; Ctrl-C ends it.")
    private boolean watch;

    private final Terminal terminal;

    MapCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    /** Gives 0 when records are made or the event is left out, 1 when something is wrong with it, 2 when there is no such provider or file. */
    @Override
    public Integer call() throws Exception {
        Workbench workbench = null;
        try {
            // what was seen before anything was read of it: a save that ends while it is read is an edit that comes next
            Map<Path, String> seen = stamps();
            while (true) {
                int status;
                try {
                    if (workbench == null) {
                        workbench = Settings.workbench(terminal);
                    }
                    status = show(workbench);
                } catch (BrokenMappingsException e) {
                    terminal.problems(e.problems(), common);
                    status = Status.FOUND;
                } catch (BrokenSettingsException e) {
                    terminal.problems(List.of(e.problem()), common);
                    status = Status.FOUND;
                } catch (StartRefusedException e) {
                    terminal.err().println(e.getMessage() + " " + e.action());
                    status = Status.WRONG_USE;
                } catch (BrokenRoutesException e) {
                    terminal.err().println(e.getMessage());
                    status = Status.FOUND;
                }
                if (!watch) {
                    return status;
                }
                Map<Path, String> now = awaitEdit(seen);
                if (now == null) {
                    return status;
                }
                terminal.out().println();
                if (workbench != null && !reread(workbench, seen, now)) {
                    workbench.close();
                    workbench = null;
                }
                seen = now;
            }
        } finally {
            if (workbench != null) {
                workbench.close();
            }
        }
    }

    /** Whether the edits are taken in; otherwise everything has to be read anew. */
    private static boolean reread(Workbench workbench, Map<Path, String> before, Map<Path, String> now) {
        Set<Path> edited = new TreeSet<>(now.keySet());
        edited.addAll(before.keySet());
        edited.removeIf(path -> String.valueOf(before.get(path)).equals(String.valueOf(now.get(path))));
        if (edited.stream().anyMatch(path -> path.getFileName().toString().equals("application.yaml"))) {
            return false;
        }
        workbench.mapper().reload();
        if (edited.stream().anyMatch(path -> path.toString().endsWith(".camel.yaml"))) {
            try {
                workbench.readRoutes();
            } catch (BrokenRoutesException e) {
                return false;
            }
        }
        return true;
    }

    /** What is watched, as it is now. */
    private Map<Path, String> stamps() {
        Map<Path, String> stamps = new LinkedHashMap<>();
        List<Path> roots = List.of(file, terminal.home().resolve("application.yaml"), terminal.home().resolve("mappings"),
                terminal.home().resolve("routes/translate"));
        for (Path root : roots) {
            if (!Files.exists(root)) {
                continue;
            }
            try (var files = Files.find(root, 3, (path, attributes) -> path.equals(file)
                    || attributes.isRegularFile() && !path.getParent().endsWith("examples"))) {
                for (Path path : files.toList()) {
                    stamps.put(path, Files.getLastModifiedTime(path) + " " + Files.size(path));
                }
            } catch (IOException | java.io.UncheckedIOException e) {
                stamps.put(root, "being written");
            }
        }
        return stamps;
    }

    /** The stamps after an edit; null when this is interrupted. */
    private Map<Path, String> awaitEdit(Map<Path, String> seen) {
        while (!Thread.currentThread().isInterrupted()) {
            LockSupport.parkNanos(LOOK_EVERY);
            Map<Path, String> now = stamps();
            if (!now.equals(seen)) {
                return now;
            }
        }
        return null;
    }

    private int show(Workbench workbench) throws IOException {
        if (!workbench.mapper().problems().isEmpty()) {
            terminal.problems(workbench.mapper().problems(), common);
            return Status.FOUND;
        }
        if (!workbench.providers().contains(provider)) {
            terminal.err().println("There is no mappings/" + provider + "/event.jslt; known providers are " + String.join(", ", workbench.providers())
                    + ".");
            return Status.WRONG_USE;
        }
        List<String> destinations = workbench.mapper().destinations().stream().filter(name -> workbench.mapper().has(provider, name)).sorted().toList();
        if (destination != null && !destinations.contains(destination)) {
            terminal.err().println("There is no mappings/" + provider + "/" + destination + ".jslt; known destinations are "
                    + String.join(", ", destinations) + ".");
            return Status.WRONG_USE;
        }
        if (Files.isDirectory(file) || !Files.isReadable(file)) {
            terminal.err().println(file + " cannot be read; write the path of a file that holds the webhook's body.");
            return Status.WRONG_USE;
        }
        Preview preview;
        try {
            preview = workbench.preview(provider, Files.readAllBytes(file));
        } catch (NotAJsonObjectException e) {
            terminal.problems(List.of(notJson(e)), common);
            return Status.FOUND;
        }
        List<String> shown = destination == null ? destinations : List.of(destination);
        if (common.json()) {
            terminal.json(json(preview, shown));
        } else {
            text(preview, shown);
        }
        boolean wrong = preview.outcomes().stream().filter(outcome -> destination == null || outcome.get("destination") == null
                || destination.equals(outcome.get("destination"))).anyMatch(outcome ->
                outcome.containsKey("problem") || Set.of("parked", "nothing").contains(String.valueOf(outcome.get("outcome"))));
        return wrong ? Status.FOUND : Status.FINE;
    }

    private Problem notJson(NotAJsonObjectException e) {
        return new Problem(file, e.line(), e.column(), e.found()
                + "; write the JSON object that the provider sends: the relay would answer this with 400, unless the provider calls so when it is set up");
    }

    private Map<String, Object> json(Preview preview, List<String> shown) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("provider", provider);
        json.put("eventId", preview.facts().id());
        json.put("event", preview.event());
        json.put("facts", preview.facts().json());
        json.put("step", preview.step());
        json.put("outcomes", preview.outcomes().stream()
                .filter(outcome -> outcome.get("destination") == null || shown.contains(String.valueOf(outcome.get("destination")))).toList());
        return json;
    }

    private void text(Preview preview, List<String> shown) {
        heading(Printable.text(provider + " event " + preview.facts().id()));
        preview.facts().json().properties().forEach(fact -> terminal.out().println("  " + Printable.text(fact.getKey() + ": " + fact.getValue())));
        if (!preview.event()) {
            heading("no event");
            terminal.out().println("  the provider's call when it is set up: nothing is kept");
            return;
        }
        heading("step " + (preview.step() == null ? "none" : preview.step()));
        preview.outcomes().stream().filter(outcome -> outcome.get("destination") == null)
                .forEach(outcome -> terminal.out().println(reason(outcome)));
        for (String name : shown) {
            List<Map<String, Object>> outcomes = preview.at(name);
            String accounts = outcomes.stream().map(outcome -> outcome.get("account")).filter(account -> account != null).map(String::valueOf).distinct()
                    .collect(Collectors.joining(", "));
            if (outcomes.isEmpty()) {
                continue;
            }
            heading(name + (accounts.isEmpty() ? "" : " " + accounts));
            List<JsonNode> records = new ArrayList<>();
            for (Map<String, Object> outcome : outcomes) {
                if (outcome.get("record") instanceof JsonNode record) {
                    records.add(record);
                } else {
                    terminal.out().println(reason(outcome));
                }
                if (outcome.containsKey("problem")) {
                    terminal.err().println("mappings/" + provider + "/" + name + ".jslt: makes a record that " + name + " does not know: "
                            + outcome.get("problem"));
                }
            }
            if (!records.isEmpty()) {
                terminal.out().println(Terminal.pretty(records).indent(2).stripTrailing());
            }
        }
        terminal.out().flush();
    }

    private static String reason(Map<String, Object> outcome) {
        return Printable.text("  " + outcome.get("outcome") + ": " + outcome.get("reason"));
    }

    private void heading(String text) {
        terminal.out().println(Ansi.AUTO.string("@|bold " + text.replace("@|", "@ |") + "|@"));
    }
}
