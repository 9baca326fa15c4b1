package io.subscriptionrelay.mapping;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * {@code java -jar subscription-relay.jar schemas}: writes the schema of each settings file under {@code RELAY_HOME} beside it, as the file is now.
 */
public final class SchemasCommand {

    /** The first argument. */
    public static final String NAME = "schemas";

    private final Path mappings;
    private final PrintStream out;
    private final PrintStream err;

    public SchemasCommand(Map<String, String> environment, PrintStream out, PrintStream err) {
        mappings = Path.of(environment.getOrDefault("RELAY_HOME", ".")).resolve("mappings").normalize();
        this.out = out;
        this.err = err;
    }

    /** Gives the exit status: 0 when every schema is as its settings are now, 2 when a file cannot be read or written; then none is written. */
    public int run(String[] arguments) {
        if (arguments.length > 1) {
            err.println("usage: schemas    writes the schema of each settings file in RELAY_HOME/mappings beside it");
            return 2;
        }
        try {
            Map<Path, String> stale = new TreeMap<>();
            for (Map.Entry<Path, String> schema : schemas(mappings).entrySet()) {
                if (!Files.exists(schema.getKey()) || !Files.readString(schema.getKey()).equals(schema.getValue())) {
                    stale.put(schema.getKey(), schema.getValue());
                }
            }
            for (Map.Entry<Path, String> schema : stale.entrySet()) {
                Files.writeString(schema.getKey(), schema.getValue());
                out.println(schema.getKey() + " is written");
            }
            if (stale.isEmpty()) {
                out.println("Nothing is written, because all schemas in " + mappings + " are as their settings are");
            }
            return 0;
        } catch (BrokenMappingException e) {
            e.problems().forEach(err::println);
        } catch (IOException | UncheckedIOException e) {
            err.println(mappings + " cannot be read or written (" + e + "). Set RELAY_HOME to the folder that holds routes/ and mappings/.");
        }
        return 2;
    }

    /** The schemas of all settings, by the files that they belong into. */
    static Map<Path, String> schemas(Path mappings) throws IOException, BrokenMappingException {
        Map<Path, String> schemas = new TreeMap<>();
        try (Stream<Path> files = Files.walk(mappings, 2)) {
            for (Path file : files.filter(file -> file.toString().endsWith(".yaml")).sorted().toList()) {
                String name = file.getFileName().toString().replace(".yaml", ".schema.json");
                schemas.put(file.resolveSibling(name), SettingsSchema.of(file));
            }
        }
        return schemas;
    }
}
