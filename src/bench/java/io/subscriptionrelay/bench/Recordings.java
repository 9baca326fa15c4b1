package io.subscriptionrelay.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where bench/profile wants recordings of the relay; without it there are none. */
final class Recordings {

    static final String NAME = "bench";
    private static final String FOLDER = System.getProperty("bench.recordings");
    private static int number;

    private Recordings() {
    }

    /** The file for the next start of the relay, or null. */
    static synchronized Path next(String what) {
        if (FOLDER == null) {
            return null;
        }
        try {
            return Files.createDirectories(Path.of(FOLDER)).resolve(what + "-" + ++number + ".jfr");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether the start itself is of interest; otherwise a recording begins when the relay is ready. */
    static boolean fromStart() {
        return Boolean.getBoolean("bench.recordings.start");
    }
}
