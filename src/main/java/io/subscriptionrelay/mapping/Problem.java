package io.subscriptionrelay.mapping;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import java.nio.file.Path;

/**
 * What is wrong with a file that a person edits.
 *
 * @param line from 1; 0 when the whole file is meant
 * @param column from 1; 0 when the whole line is meant
 */
public record Problem(Path file, int line, int column, String message) {

    /** A file that is not JSON. */
    public static Problem notJson(Path file, JsonProcessingException e) {
        JsonLocation place = e.getLocation();
        return new Problem(file, place == null ? 0 : place.getLineNr(), place == null ? 0 : place.getColumnNr(), "not valid JSON: " + e.getOriginalMessage());
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(file.toString());
        if (line > 0) {
            text.append(", line ").append(line);
            if (column > 0) {
                text.append(", column ").append(column);
            }
        }
        return text.append(": ").append(message).toString();
    }
}
