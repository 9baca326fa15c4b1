package io.subscriptionrelay.commands;

import io.subscriptionrelay.config.StartRefusedException;
import io.subscriptionrelay.mapping.BrokenMappingsException;
import io.subscriptionrelay.mapping.DestinationExamples;
import io.subscriptionrelay.mapping.ExampleRun;
import io.subscriptionrelay.translate.BrokenRoutesException;
import io.subscriptionrelay.translate.Workbench;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code test [PROVIDER]}: runs the examples under {@code RELAY_HOME}. */
@Command(name = "test", description = {"Runs the examples in mappings/, and shows what differs from what they say.",
    "Needs no broker, no network and no account."}, footer = {"", "  java -jar subscription-relay.jar test revenuecat"})
final class TestCommand implements Callable<Integer> {

    @Mixin
    private Common common;

    @Parameters(arity = "0..1", paramLabel = "PROVIDER", description = "Only the examples of this folder under mappings/, or of this destination.")
    private String only;

    private final Terminal terminal;
    private final List<Map<String, Object>> differing = new ArrayList<>();
    private int run;

    TestCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    /** Gives 0 when every example becomes what it says, 1 when one does not, 2 when there is none. */
    @Override
    public Integer call() throws IOException {
        try (Workbench workbench = Settings.workbench(terminal)) {
            Set<String> known = new TreeSet<>(workbench.providers());
            known.addAll(workbench.mapper().destinations());
            if (only != null && !known.contains(only)) {
                terminal.err().println("There is neither a provider nor a destination " + only + " in mappings/; known are "
                        + String.join(", ", known) + ".");
                return Status.WRONG_USE;
            }
            for (String provider : workbench.providers()) {
                if (only == null || only.equals(provider)) {
                    workbench.examples(provider).forEach(this::look);
                }
            }
            for (String destination : new TreeSet<>(workbench.mapper().destinations())) {
                if (only == null || only.equals(destination)) {
                    DestinationExamples.runAll(workbench.mapper().destination(destination),
                            workbench.mapper().folder().resolve("destinations").resolve(destination)).forEach(this::look);
                }
            }
        } catch (BrokenMappingsException e) {
            terminal.problems(e.problems(), common);
            return Status.FOUND;
        } catch (BrokenSettingsException e) {
            terminal.problems(List.of(e.problem()), common);
            return Status.FOUND;
        } catch (StartRefusedException e) {
            terminal.err().println(e.getMessage() + " " + e.action());
            return Status.WRONG_USE;
        } catch (BrokenRoutesException e) {
            terminal.err().println(e.getMessage());
            return Status.FOUND;
        }
        return end();
    }

    private int end() {
        if (run == 0) {
            terminal.err().println("There is no example" + (only == null ? "" : " of " + only) + " in " + terminal.home().resolve("mappings")
                    + "; docs/authoring.md shows how to write one.");
            return Status.WRONG_USE;
        }
        if (common.json()) {
            terminal.json(Map.of("run", run, "differ", differing));
        } else {
            terminal.out().println(differing.isEmpty() ? run + (run == 1 ? " example becomes what it says" : " examples become what they say")
                    : differing.size() + " of " + run + (differing.size() == 1 ? " examples becomes something else" : " examples become something else"));
        }
        return differing.isEmpty() ? Status.FINE : Status.FOUND;
    }

    private void look(ExampleRun example) {
        run++;
        if (example.example() == null) {
            example.problems().forEach(terminal::problem);
            differing.add(Map.of("file", example.file().normalize().toString(), "problems", example.problems().stream().map(Terminal::located).toList()));
        } else if (!example.fits()) {
            differs(example);
        }
    }

    private void differs(ExampleRun example) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("file", example.file().normalize().toString());
        entry.put("expected", example.example().expected());
        entry.put("actual", example.example().actual());
        differing.add(entry);
        if (!common.json()) {
            terminal.out().println("--- " + example.file().normalize());
            terminal.out().println("+++ what comes of it now");
            example.diff().forEach(line -> terminal.out().println(coloured(line)));
            terminal.out().println();
        }
    }

    private static String coloured(String line) {
        String colour = line.startsWith("-") ? "31" : line.startsWith("+") ? "32" : line.startsWith("@@") ? "36" : "";
        return colour.isEmpty() || !Ansi.AUTO.enabled() ? line : "\u001b[" + colour + "m" + line + "\u001b[0m";
    }
}
