package io.subscriptionrelay.mapping;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The schemas that stand beside the settings of the mappings, and are made from them. */
public final class SettingsSchemas {

    private SettingsSchemas() {
    }

    /**
     * Writes each schema that is not as its settings are now.
     *
     * @param mappings the folder {@code mappings/}
     * @return the files that were written, or none of them when one of the settings cannot be read
     * @throws BrokenMappingException when settings cannot be read, with file and line
     */
    public static List<Path> write(Path mappings) throws IOException, BrokenMappingException {
        Map<Path, String> stale = new TreeMap<>();
        for (Map.Entry<Path, String> schema : of(mappings).entrySet()) {
            if (!Files.exists(schema.getKey()) || !Files.readString(schema.getKey()).equals(schema.getValue())) {
                stale.put(schema.getKey(), schema.getValue());
            }
        }
        for (Map.Entry<Path, String> schema : stale.entrySet()) {
            Files.writeString(schema.getKey(), schema.getValue());
        }
        return List.copyOf(stale.keySet());
    }

    /** The schemas of all settings, by the files that they belong into. */
    static Map<Path, String> of(Path mappings) throws IOException, BrokenMappingException {
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
