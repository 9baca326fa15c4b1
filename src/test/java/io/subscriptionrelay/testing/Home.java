package io.subscriptionrelay.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** A copy of the shipped routes and mappings that a test may edit. */
public final class Home {

    private Home() {
    }

    /** Copies the shipped files below the folder. */
    public static Path copyTo(Path folder) {
        for (String part : new String[] {"routes", "mappings"}) {
            try (Stream<Path> files = Files.walk(Path.of(part))) {
                for (Path file : files.toList()) {
                    Path target = folder.resolve(file.toString());
                    if (Files.isDirectory(file)) {
                        Files.createDirectories(target);
                    } else {
                        Files.copy(file, target);
                    }
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return folder;
    }
}
