package io.subscriptionrelay.commands;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Unmatched;

/**
 * {@code run}: says whether the relay can be started with these options. An argument that it does not know ends it: whoever means something else by it
 * must not start a relay with its real accounts.
 */
@Command(name = Commands.RUN, description = "Starts the relay, as no command does too; each option --name=value is a Spring property.",
        footer = {"", "On another port:", "  java -jar subscription-relay.jar run --server.port=9090"})
final class RunCommand implements Callable<Integer> {

    @Option(names = "--help", usageHelp = true, description = "Shows this.")
    private boolean help;

    @Unmatched
    private List<String> options = new ArrayList<>();

    private final Commands commands;
    private final Terminal terminal;

    RunCommand(Commands commands, Terminal terminal) {
        this.commands = commands;
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        Optional<String> unknown = options.stream().filter(argument -> !argument.matches("(?s)--[^=]+=.*")).findFirst();
        if (unknown.isPresent()) {
            terminal.err().println(commands.unknown(unknown.get()));
            return Status.WRONG_USE;
        }
        commands.start(options);
        return Status.FINE;
    }
}
