package io.subscriptionrelay.mapping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Runs the examples of the destinations: the call that is made of records, and what its answer means for each of them. */
public class AnswerExamplesTest {

    private static final Path MAPPINGS = Path.of("mappings");
    private static final Path DESTINATIONS = MAPPINGS.resolve("destinations");
    private static final ObjectMapper JSON = new ObjectMapper();

    @TestFactory
    Stream<DynamicTest> examples() throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        for (Path folder : folders()) {
            examples(MAPPINGS, folder).forEach(tests::add);
        }
        return tests.stream();
    }

    /** A test for each example of a destination. */
    public static Stream<DynamicTest> examples(Path mappings, Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder.resolve("examples"))) {
            return files.sorted().map(file -> dynamicTest(folder.getFileName() + " " + file.getFileName(), () -> run(mappings, folder, file)))
                    .toList().stream();
        }
    }

    private static List<Path> folders() throws IOException {
        try (Stream<Path> folders = Files.list(DESTINATIONS)) {
            return folders.filter(Files::isDirectory).sorted().toList();
        }
    }

    @Test
    void everyKindOfCallHasAnExampleOfItsRequestAndOfEachVerdict() throws Exception {
        for (Path folder : folders()) {
            complete(folder);
        }
    }

    /** Fails when the examples of a destination leave out a kind of call or of outcome. */
    public static void complete(Path folder) throws Exception {
        List<String> requests = new ArrayList<>();
        List<String> verdicts = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder.resolve("examples"))) {
            for (Path file : files.toList()) {
                JsonNode example = JSON.readTree(file.toFile());
                if (example.has("request")) {
                    requests.add(example.get("call").asText());
                }
                example.get("expected").forEach(one -> verdicts.add(one.isTextual() ? one.asText() : one.fieldNames().next()));
                verdicts.add(example.get("expected").asText());
            }
        }
        JsonNode settings = SettingsFile.read(folder.resolve("destination.yaml"), folder.resolveSibling("destination.schema.json"));
        List<String> calls = new ArrayList<>();
        settings.get("calls").fieldNames().forEachRemaining(calls::add);
        assertThat(requests).as("%s: examples with `request`", folder).containsAll(calls);
        assertThat(verdicts).as("%s: what examples expect", folder).contains("taken", "park", "retry", "split");
    }

    private static void run(Path mappings, Path folder, Path file) throws Exception {
        Example example = DestinationExamples.run(Destination.load(mappings, folder), file);
        assertThat(example.actual()).isEqualTo(example.expected());
    }
}
