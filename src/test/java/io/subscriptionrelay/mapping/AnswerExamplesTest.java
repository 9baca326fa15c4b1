package io.subscriptionrelay.mapping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.subscriptionrelay.config.RelayProperties.Account;
import io.subscriptionrelay.mapping.Destination.Each;
import io.subscriptionrelay.mapping.Destination.Outcome;
import io.subscriptionrelay.mapping.Destination.Park;
import io.subscriptionrelay.mapping.Destination.Retry;
import io.subscriptionrelay.mapping.Destination.Split;
import io.subscriptionrelay.mapping.Destination.Taken;
import io.subscriptionrelay.mapping.Destination.Verdict;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Runs the examples of the destinations: the call that is made of records, and what its answer means for each of them. */
public class AnswerExamplesTest {

    private static final Path MAPPINGS = Path.of("mappings");
    private static final Path DESTINATIONS = MAPPINGS.resolve("destinations");
    private static final Account ACCOUNT = new Account("an-app", "a-secret", null, "http://destination.invalid");
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
        Destination destination = Destination.load(mappings, folder);
        JsonNode example = JSON.readTree(file.toFile());
        String kind = example.get("call").asText();
        ArrayNode records = (ArrayNode) example.get("records");
        for (JsonNode record : records) {
            assertThat(destination.describe(record).call()).as("record.jslt: call").isEqualTo(kind);
        }
        Destination.Kind limits = destination.kind(kind);
        List<JsonNode> single = new ArrayList<>();
        records.forEach(single::add);
        ArrayNode carried = limits.fold() == null ? records : JSON.createArrayNode().add(limits.fold().fold(single));
        Destination.Request request = limits.asTheyAre()
                ? destination.request(kind, ACCOUNT, single.stream().map(record -> record.toString().getBytes(StandardCharsets.UTF_8)).toList())
                : destination.request(kind, ACCOUNT, carried);
        if (example.has("request")) {
            ObjectNode made = JSON.createObjectNode();
            made.put("method", request.method()).put("path", request.path()).set("body", JSON.readTree(request.body()));
            assertThat(made).as("call.jslt").isEqualTo(example.get("request"));
        }
        Map<String, String> headers = new LinkedHashMap<>();
        example.path("headers").properties().forEach(header -> headers.put(header.getKey(), header.getValue().asText()));
        Optional<ArrayNode> read = limits.asTheyAre() || limits.fold() != null ? Optional.empty() : Optional.of(records);
        Verdict verdict = destination.verdict(kind, example.get("status").asInt(), headers, example.path("body"), read, records.size());
        assertThat(written(verdict)).as("answer.jslt").isEqualTo(example.get("expected"));
    }

    private static JsonNode written(Verdict verdict) {
        if (verdict instanceof Each each) {
            ArrayNode list = JSON.createArrayNode();
            each.outcomes().forEach(outcome -> list.add(written(outcome)));
            return list;
        }
        return JSON.getNodeFactory().textNode(verdict instanceof Split ? "split" : "again");
    }

    private static JsonNode written(Outcome outcome) {
        if (outcome instanceof Taken) {
            return JSON.getNodeFactory().textNode("taken");
        }
        if (outcome instanceof Park park) {
            return JSON.createObjectNode().put("park", park.reason());
        }
        Retry retry = (Retry) outcome;
        ObjectNode written = JSON.createObjectNode().put("retry", retry.reason());
        if (retry.atMost() != null) {
            written.put("for", retry.atMost().toHours() + "h");
        }
        if (retry.times() > 0) {
            written.put("times", retry.times());
        }
        return written;
    }
}
