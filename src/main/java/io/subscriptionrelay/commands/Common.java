package io.subscriptionrelay.commands;

import picocli.CommandLine.Option;

/** What every command understands. */
final class Common {

    enum Format {
        TEXT,
        JSON
    }

    @Option(names = "--help", usageHelp = true, description = "Shows this.")
    private boolean help;

    @Option(names = {"-o", "--output"}, paramLabel = "text|json", description = "How the answer is written: text (the default) or json.")
    private Format format = Format.TEXT;

    boolean json() {
        return format == Format.JSON;
    }
}
