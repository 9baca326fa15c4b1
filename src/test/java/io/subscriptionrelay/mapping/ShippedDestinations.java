package io.subscriptionrelay.mapping;

import java.nio.file.Path;

/** The destinations that the relay comes with, for tests without an application. */
public final class ShippedDestinations {

    private static final Path MAPPINGS = Path.of("mappings");

    private ShippedDestinations() {
    }

    public static Destination load(String name) {
        try {
            return Destination.load(MAPPINGS, MAPPINGS.resolve("destinations").resolve(name));
        } catch (BrokenMappingException e) {
            throw new AssertionError(e.problems().toString(), e);
        }
    }
}
