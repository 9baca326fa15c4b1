package io.subscriptionrelay.mapping;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.subscriptionrelay.commands.Commands;
import io.subscriptionrelay.event.StrictJson;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Runs every pair under {@code mappings/<provider>/examples/} through the shipped routes and mappings, as the command {@code test} does, and looks
 * whether the examples show all there is. Adding a pair needs no Java. {@link EveryEventArrivesTest} sends them through the HTTP port.
 */
class ExamplesTest {

    /** All that have examples, or the one of {@code -Dprovider=...}. */
    private static final List<String> PROVIDERS = providers();
    /** Those of which every example says what comes of it. */
    private static final List<String> DESTINATIONS = List.of("clevertap", "onesignal");
    private static final String WEBHOOK = ".webhook.json";

    private static List<String> providers() {
        try (Stream<Path> folders = Files.list(Path.of("mappings"))) {
            String only = System.getProperty("provider", "");
            List<String> found = folders.filter(folder -> Files.isDirectory(folder.resolve("examples")))
                    .map(folder -> folder.getFileName().toString()).filter(name -> only.isEmpty() || name.equals(only)).sorted().toList();
            if (found.isEmpty()) {
                throw new IllegalStateException("there is no mappings/" + (only.isEmpty() ? "<provider>" : only) + "/examples");
            }
            return found;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Stream<Arguments> examples() throws IOException {
        List<Arguments> examples = new ArrayList<>();
        for (String provider : PROVIDERS) {
            try (Stream<Path> files = Files.list(Path.of("mappings", provider, "examples"))) {
                files.map(file -> file.getFileName().toString()).filter(name -> name.endsWith(WEBHOOK)).sorted()
                        .forEach(name -> examples.add(Arguments.of(provider, name.substring(0, name.length() - WEBHOOK.length()))));
            }
        }
        return examples.stream();
    }

    static List<String> tested() {
        return PROVIDERS;
    }

    @ParameterizedTest
    @MethodSource("tested")
    void everyExampleBecomesWhatItSays(String provider) {
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        PrintStream print = new PrintStream(said, true, StandardCharsets.UTF_8);
        OptionalInt status = new Commands(null, Map.of("RELAY_HOME", "."), print, print).run("test", provider);
        assertThat(status).as(said.toString(StandardCharsets.UTF_8)).hasValue(0);
    }

    @Test
    void everyExampleSaysWhatComesOfItAtEachDestinationOrThatItGoesNowhere() throws IOException {
        for (Arguments example : examples().toList()) {
            JsonNode expected = expected((String) example.get()[0], (String) example.get()[1]);
            assertThat(expected.has("parked") || expected.has("skipped") || DESTINATIONS.stream().allMatch(expected::has))
                    .as("%s: %s", example.get()[0], example.get()[1]).isTrue();
        }
    }

    @Test
    void everySwitchableStepHasAnExampleForEachDestination() throws IOException {
        for (String provider : PROVIDERS) {
            Set<String> shown = new TreeSet<>();
            for (Arguments example : examples().filter(arguments -> arguments.get()[0].equals(provider)).toList()) {
                JsonNode expected = expected(provider, (String) example.get()[1]);
                for (String destination : DESTINATIONS) {
                    if (expected.path(destination).has("records") || expected.path(destination).has("skipped")) {
                        shown.add(destination + " " + expected.path("step").asText());
                    }
                }
            }
            Set<String> switches = new TreeSet<>();
            for (String destination : DESTINATIONS) {
                try {
                    SettingsFile.read(Path.of("mappings", provider, destination + ".yaml"),
                            Path.of("mappings", provider, destination + ".schema.json")).path("events").fieldNames()
                            .forEachRemaining(step -> switches.add(destination + " " + step));
                } catch (BrokenMappingException e) {
                    throw new AssertionError(e.problems().toString(), e);
                }
            }
            assertThat(shown).as(provider).containsAll(switches);
        }
    }

    @Test
    void everyExampleHasBothOfItsFiles() throws IOException {
        for (String provider : PROVIDERS) {
            try (Stream<Path> files = Files.list(Path.of("mappings", provider, "examples"))) {
                Map<String, Set<String>> kinds = new LinkedHashMap<>();
                files.map(file -> file.getFileName().toString()).forEach(file ->
                        kinds.computeIfAbsent(file.substring(0, file.indexOf('.')), x -> new TreeSet<>()).add(file.substring(file.indexOf('.'))));
                assertThat(kinds).allSatisfy((name, found) -> assertThat(found).as(name).containsExactlyInAnyOrder(WEBHOOK, ".expected.json"));
            }
        }
    }

    /** Numbers compare by value, however they are written; keys are in order, so that texts compare too. */
    static JsonNode comparable(JsonNode node) {
        if (node.isNumber()) {
            return StrictJson.mapper().getNodeFactory().textNode("number " + node.decimalValue().stripTrailingZeros().toPlainString());
        }
        if (node instanceof ObjectNode object) {
            ObjectNode copy = StrictJson.mapper().createObjectNode();
            object.properties().stream().sorted(Map.Entry.comparingByKey())
                    .forEach(entry -> copy.set(entry.getKey(), comparable(entry.getValue())));
            return copy;
        }
        if (node instanceof ArrayNode array) {
            ArrayNode copy = StrictJson.mapper().createArrayNode();
            array.forEach(element -> copy.add(comparable(element)));
            return copy;
        }
        return node;
    }

    private static JsonNode expected(String provider, String name) throws IOException {
        return StrictJson.mapper().readTree(file(provider, name + ".expected.json").toFile());
    }

    private static Path file(String provider, String name) {
        return Path.of("mappings", provider, "examples", name);
    }
}
