package io.subscriptionrelay.translate;

import io.subscriptionrelay.logs.Causes;
import java.nio.file.Path;

/** Camel cannot run the routes of a folder. */
public class BrokenRoutesException extends Exception {

    BrokenRoutesException(Path folder, Exception cause) {
        super(folder + ": cannot be run: " + Causes.of(cause) + "; `check` says where", cause);
    }
}
