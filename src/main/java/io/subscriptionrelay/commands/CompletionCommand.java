package io.subscriptionrelay.commands;

import java.util.Map;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code completion}: the script that has a shell complete the commands and their options. */
@Command(name = "completion", description = "Writes the script that has bash or zsh complete commands and options.",
        footer = {"", "In ~/.bashrc or ~/.zshrc:", "  alias subscription-relay='java -jar /opt/relay/subscription-relay.jar'",
            "  source <(subscription-relay completion)"})
final class CompletionCommand implements Callable<Integer> {

    @Mixin
    private Common common;

    @Spec
    private CommandSpec spec;

    private final Terminal terminal;

    CompletionCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        String script = AutoComplete.bash(Commands.NAME, spec.parent().commandLine());
        if (common.json()) {
            terminal.json(Map.of("script", script));
        } else {
            terminal.out().print(script);
            terminal.out().flush();
        }
        return Status.FINE;
    }
}
