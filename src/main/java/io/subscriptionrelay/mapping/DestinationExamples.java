package io.subscriptionrelay.mapping;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.subscriptionrelay.config.RelayProperties.Account;
import io.subscriptionrelay.event.StrictJson;
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
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The examples of a destination, {@code mappings/destinations/<name>/examples/}: the call that is made of records, and what its answer means for each. */
public final class DestinationExamples {

    private static final Account ACCOUNT = new Account("an-app", "a-secret", null, "http://destination.invalid");
    private static final ObjectMapper JSON = StrictJson.mapper();
    private static final String CALL = "call";
    private static final String RECORDS = "records";
    private static final String REQUEST = "request";
    private static final String EXPECTED = "expected";

    private DestinationExamples() {
    }

    /**
     * The files of all examples of a destination, in their order; none when it has none.
     *
     * @param folder of the destination
     */
    public static List<Path> of(Path folder) throws IOException {
        Path examples = folder.resolve("examples");
        if (!Files.isDirectory(examples)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(examples)) {
            return files.filter(file -> file.toString().endsWith(".json")).sorted().toList();
        }
    }

    /**
     * What is wrong with the files of all examples of destinations, before any of them runs.
     *
     * @param destinations the folder {@code mappings/destinations/}
     */
    public static List<Problem> problems(Path destinations) throws IOException {
        List<Problem> problems = new ArrayList<>();
        try (Stream<Path> folders = Files.list(destinations)) {
            for (Path folder : folders.filter(Files::isDirectory).sorted().toList()) {
                for (Path file : of(folder)) {
                    try {
                        read(file);
                    } catch (JsonProcessingException e) {
                        problems.add(Problem.notJson(file, e));
                    } catch (IllegalArgumentException e) {
                        problems.add(new Problem(file, 0, 0, e.getMessage()));
                    }
                }
            }
        } catch (NoSuchFileException none) {
            return List.of();
        }
        return problems;
    }

    private static JsonNode read(Path file) throws IOException {
        JsonNode example = JSON.readTree(file.toFile());
        if (!example.path(CALL).isTextual() || !example.path(RECORDS).isArray() || !example.has(EXPECTED)) {
            throw new IllegalArgumentException("an example of a destination has `call`, `records`, `status` and `expected`");
        }
        return example;
    }

    /**
     * Runs all examples of a destination.
     *
     * @param folder of the destination
     */
    public static List<ExampleRun> runAll(Destination destination, Path folder) throws IOException {
        return of(folder).stream().map(file -> ExampleRun.of(file, () -> run(destination, file))).toList();
    }

    /**
     * Runs an example of a destination.
     *
     * @throws IOException when it cannot be read
     * @throws MappingFailedException when a mapping of the destination fails on it
     * @throws IllegalArgumentException when it names a kind of call that there is none of, or says nothing about one
     */
    public static Example run(Destination destination, Path file) throws IOException, MappingFailedException {
        JsonNode example = read(file);
        ArrayNode records = (ArrayNode) example.get(RECORDS);
        String kind = example.get(CALL).asText();
        ObjectNode expected = JSON.createObjectNode();
        ObjectNode actual = JSON.createObjectNode();
        ArrayNode kinds = JSON.createArrayNode();
        ArrayNode said = JSON.createArrayNode();
        List<JsonNode> single = new ArrayList<>();
        for (JsonNode record : records) {
            kinds.add(destination.describe(record).call());
            said.add(kind);
            single.add(record);
        }
        expected.set("calls of record.jslt", said);
        actual.set("calls of record.jslt", kinds);
        Destination.Kind limits = destination.kind(kind);
        if (example.has(REQUEST)) {
            ArrayNode carried = limits.fold() == null ? records : JSON.createArrayNode().add(limits.fold().fold(single));
            Destination.Request request = limits.asTheyAre()
                    ? destination.request(kind, ACCOUNT, single.stream().map(record -> record.toString().getBytes(StandardCharsets.UTF_8)).toList())
                    : destination.request(kind, ACCOUNT, carried);
            ObjectNode made = JSON.createObjectNode();
            made.put("method", request.method()).put("path", request.path()).set("body", JSON.readTree(request.body()));
            expected.set(REQUEST, example.get(REQUEST));
            actual.set(REQUEST, made);
        }
        Map<String, String> headers = new LinkedHashMap<>();
        example.path("headers").properties().forEach(header -> headers.put(header.getKey(), header.getValue().asText()));
        Optional<ArrayNode> read = limits.asTheyAre() || limits.fold() != null ? Optional.empty() : Optional.of(records);
        Verdict verdict = destination.verdict(kind, example.path("status").asInt(), headers, example.path("body"), read, records.size());
        expected.set(EXPECTED, example.get(EXPECTED));
        actual.set(EXPECTED, written(verdict));
        return Example.of(file, expected, actual);
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
