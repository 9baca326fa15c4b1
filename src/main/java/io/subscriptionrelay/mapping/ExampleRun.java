package io.subscriptionrelay.mapping;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.subscriptionrelay.event.PrettyJson;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * What came of running an example.
 *
 * @param file the one that says what is expected
 * @param example null when it could not be run
 * @param problems why it could not
 */
public record ExampleRun(Path file, Example example, List<Problem> problems) {

    /** Runs an example. */
    @FunctionalInterface
    public interface Work {
        Example run() throws IOException, BrokenMappingException, MappingFailedException;
    }

    /** Runs an example. What keeps it from that is a problem of it. */
    public static ExampleRun of(Path file, Work work) {
        try {
            return new ExampleRun(file, work.run(), List.of());
        } catch (BrokenMappingException e) {
            return new ExampleRun(file, null, e.problems());
        } catch (JsonProcessingException e) {
            return failed(file, e.getLocation() == null ? 0 : e.getLocation().getLineNr(), e.getLocation() == null ? 0 : e.getLocation().getColumnNr(),
                    "not valid JSON: " + e.getOriginalMessage());
        } catch (IOException e) {
            return failed(file, 0, 0, "cannot be read; an example is a <name>.webhook.json with a <name>.expected.json beside it");
        } catch (MappingFailedException | IllegalArgumentException | IllegalStateException e) {
            return failed(file, 0, 0, e.getMessage());
        }
    }

    private static ExampleRun failed(Path file, int line, int column, String message) {
        return new ExampleRun(file, null, List.of(new Problem(file, line, column, message)));
    }

    /** Whether it became what it says. */
    public boolean fits() {
        return example != null && example.fits();
    }

    /** What differs, line by line. */
    public List<String> diff() {
        return example == null ? List.of() : Diff.of(PrettyJson.of(example.expected()).lines().toList(), PrettyJson.of(example.actual()).lines().toList());
    }
}
