package io.subscriptionrelay.commands;

import io.subscriptionrelay.mapping.BrokenMappingException;
import io.subscriptionrelay.mapping.SettingsSchemas;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code schemas}: writes the schema of each settings file under {@code RELAY_HOME} beside it, as the file is now. */
@Command(name = "schemas", description = "Writes the schemas of the settings in mappings/ anew.",
        footer = {"", "After a new key or comment in mappings/revenuecat/clevertap.yaml:", "  java -jar subscription-relay.jar schemas"})
final class SchemasCommand implements Callable<Integer> {

    @Mixin
    private Common common;

    private final Terminal terminal;

    SchemasCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    /** Gives 0 when every schema is as its settings are now, 2 when a file cannot be read or written; then none is written. */
    @Override
    public Integer call() {
        Path mappings = terminal.home().resolve("mappings").normalize();
        try {
            List<Path> written = SettingsSchemas.write(mappings);
            if (common.json()) {
                terminal.json(Map.of("written", written.stream().map(Path::toString).toList()));
                return Status.FINE;
            }
            written.forEach(file -> terminal.out().println(file + " is written"));
            if (written.isEmpty()) {
                terminal.out().println("Nothing is written, because all schemas in " + mappings + " are as their settings are");
            }
            return Status.FINE;
        } catch (BrokenMappingException e) {
            terminal.problems(e.problems(), common);
        } catch (IOException | UncheckedIOException e) {
            terminal.err().println(mappings + " cannot be read or written (" + e + "). Set RELAY_HOME to the folder that holds routes/ and mappings/.");
        }
        return Status.WRONG_USE;
    }
}
