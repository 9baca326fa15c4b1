package io.subscriptionrelay.commands;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.event.StrictJson;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** Calls a command in this JVM. */
final class Call {

    private Call() {
    }

    /** How it ended. */
    record Ended(int status, String out, String err) {

        JsonNode json() {
            try {
                return StrictJson.mapper().readTree(out);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    static Ended run(Map<String, String> environment, String... arguments) {
        return run(null, environment, arguments);
    }

    static Ended run(Class<?> application, Map<String, String> environment, String... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int status = new Commands(application, environment, print(out), print(err)).run(arguments).orElseThrow();
        return new Ended(status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    private static PrintStream print(ByteArrayOutputStream bytes) {
        return new PrintStream(bytes, true, StandardCharsets.UTF_8);
    }
}
