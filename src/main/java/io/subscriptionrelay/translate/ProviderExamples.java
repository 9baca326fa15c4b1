package io.subscriptionrelay.translate;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.event.NotAJsonObjectException;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.history.Outcomes;
import io.subscriptionrelay.mapping.Attempt;
import io.subscriptionrelay.mapping.BrokenMappingException;
import io.subscriptionrelay.mapping.Example;
import io.subscriptionrelay.mapping.ExampleRun;
import io.subscriptionrelay.mapping.Mapper;
import io.subscriptionrelay.mapping.Problem;
import io.subscriptionrelay.mapping.Spelling;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.springframework.stereotype.Component;

/**
 * The examples of a provider, {@code mappings/<provider>/examples/}: {@code <name>.webhook.json}, and what {@code <name>.expected.json} says of it. They
 * go through the provider's route and mappings. What an example does not mention is not looked at; of one that parks as a whole, nothing may come
 * anywhere else.
 */
@Component
public class ProviderExamples {

    /** How the file of a webhook ends. */
    public static final String WEBHOOK = ".webhook.json";
    /** How the file ends that says what becomes of it. */
    public static final String EXPECTED = ".expected.json";

    private static final ObjectMapper JSON = StrictJson.mapper();
    private static final String SETTINGS = "settings";
    private static final String FACTS = "facts";
    private static final String STEP = "step";
    private static final String SKIPPED = "skipped";
    private static final String PARKED = "parked";
    private static final String ACCOUNT = "account";
    private static final String RECORDS = "records";
    private static final String REASON = "reason";
    /** The keys of an example that are no destinations. */
    private static final Set<String> OWN = Set.of("description", SETTINGS, FACTS, STEP, SKIPPED, PARKED);

    private final RelayProperties properties;
    private final Mapper mapper;
    private final WebhookPreview preview;

    ProviderExamples(RelayProperties properties, Mapper mapper, WebhookPreview preview) {
        this.properties = properties;
        this.mapper = mapper;
        this.preview = preview;
    }

    /** The webhooks of all examples of a provider, in their order; none when it has none. */
    public List<Path> of(String provider) throws IOException {
        Path folder = properties.homeFolder().resolve("mappings").resolve(provider).resolve("examples");
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(WEBHOOK)).sorted().toList();
        }
    }

    /**
     * For each step of a provider the webhook of one example, the plainest: one that holds with the settings as they are, is named after its step if
     * there is one, and has the shortest name.
     */
    public SortedMap<String, Path> steps(String provider) throws IOException {
        SortedMap<String, Path> steps = new TreeMap<>();
        for (Path webhook : of(provider)) {
            JsonNode said = said(webhook);
            String step = said.path(STEP).asText("");
            if (!step.isEmpty() && !said.has(SETTINGS)) {
                steps.merge(step, webhook, (one, other) -> rank(step, other) < rank(step, one) ? other : one);
            }
        }
        return steps;
    }

    /** Nothing, where the file is missing or no JSON: that is told by who checks the examples. */
    private static JsonNode said(Path webhook) throws IOException {
        try {
            return Files.exists(expected(webhook)) ? JSON.readTree(expected(webhook).toFile()) : JSON.missingNode();
        } catch (JsonProcessingException e) {
            return JSON.missingNode();
        }
    }

    private static int rank(String step, Path webhook) {
        String name = webhook.getFileName().toString();
        return name.equals(step.replace('_', '-') + WEBHOOK) ? 0 : name.length();
    }

    /**
     * What is wrong with the files of all examples, before any of them runs.
     *
     * @param mappings the folder {@code mappings/}
     * @param destinations that an example may name
     */
    public static List<Problem> problems(Path mappings, Set<String> destinations) throws IOException {
        List<Problem> problems = new ArrayList<>();
        try (Stream<Path> files = Files.walk(mappings, 3)) {
            for (Path file : files.filter(Files::isRegularFile).filter(file -> file.getParent().endsWith("examples")).filter(file -> !file.startsWith(mappings.resolve("destinations")))
                    .sorted().toList()) {
                String name = file.getFileName().toString();
                if (name.endsWith(WEBHOOK) && !Files.exists(expected(file))) {
                    problems.add(new Problem(file, 0, 0, "there is no " + expected(file).getFileName() + " beside it; write what comes of this webhook"));
                } else if (name.endsWith(EXPECTED)) {
                    look(file, destinations, problems);
                } else if (!name.endsWith(WEBHOOK)) {
                    problems.add(new Problem(file, 0, 0, "is not read; name it <name>" + WEBHOOK + " or <name>" + EXPECTED));
                }
            }
        }
        return problems;
    }

    private static void look(Path file, Set<String> destinations, List<Problem> problems) throws IOException {
        String name = file.getFileName().toString();
        Path webhook = file.resolveSibling(name.substring(0, name.length() - EXPECTED.length()) + WEBHOOK);
        if (!Files.exists(webhook)) {
            problems.add(new Problem(file, 0, 0, "there is no " + webhook.getFileName() + " beside it; put the webhook there"));
        }
        try {
            JSON.readTree(file.toFile()).fieldNames().forEachRemaining(key -> {
                if (!OWN.contains(key) && !destinations.contains(key)) {
                    problems.add(new Problem(file, 0, 0, "there is no destination `" + key + "`" + Spelling.hint(key, destinations)));
                }
            });
        } catch (JsonProcessingException e) {
            problems.add(Problem.notJson(file, e));
        }
    }

    /** Where the example of a webhook says what becomes of it. */
    public static Path expected(Path webhook) {
        String name = webhook.getFileName().toString();
        return webhook.resolveSibling(name.substring(0, name.length() - WEBHOOK.length()) + EXPECTED);
    }

    /** Runs all examples of a provider. */
    public List<ExampleRun> runAll(String provider) throws IOException {
        return of(provider).stream().map(webhook -> ExampleRun.of(expected(webhook), () -> run(provider, webhook))).toList();
    }

    /**
     * Runs an example.
     *
     * @throws IOException when a file of it is missing or cannot be read
     * @throws BrokenMappingException when its settings are none that the mapping has
     */
    public Example run(String provider, Path webhook) throws IOException, BrokenMappingException {
        JsonNode said = JSON.readTree(expected(webhook).toFile());
        try (Attempt.Running settings = mapper.withSettings(provider, said.path(SETTINGS)).begin()) {
            ObjectNode expected = JSON.createObjectNode();
            said.properties().stream().filter(entry -> !Set.of("description", SETTINGS).contains(entry.getKey()))
                    .forEach(entry -> expected.set(entry.getKey(), entry.getValue()));
            return Example.of(expected(webhook), expected, actual(provider, Files.readAllBytes(webhook), expected));
        }
    }

    private ObjectNode actual(String provider, byte[] body, ObjectNode expected) {
        ObjectNode actual = JSON.createObjectNode();
        Preview made;
        try {
            made = preview.of(provider, body);
        } catch (NotAJsonObjectException e) {
            RelayProperties.Provider settings = properties.providers().get(provider);
            boolean activation = settings != null && settings.activationCalls();
            return activation ? actual.put(SKIPPED, Outcomes.TEST_EVENT) : actual.put("refused", e.getMessage());
        }
        if (expected.has(FACTS)) {
            ObjectNode facts = actual.putObject(FACTS);
            expected.get(FACTS).fieldNames().forEachRemaining(fact -> {
                if (made.facts().json().has(fact)) {
                    facts.set(fact, made.facts().json().get(fact));
                }
            });
        }
        if (!made.event()) {
            return actual.put(SKIPPED, Outcomes.TEST_EVENT);
        }
        if (expected.has(STEP)) {
            String step = made.step();
            // an event that is left out before it has a step may say which one it would have
            actual.put(STEP, step == null ? expected.get(STEP).asText() : step);
        }
        made.outcomes().stream().filter(outcome -> outcome.get("destination") == null).forEach(outcome ->
                actual.put("parked".equals(outcome.get("outcome")) ? PARKED : "nothing", reason(outcome, expected.path(PARKED))));
        Iterator<String> destinations = expected.has(PARKED) ? mapper.destinations().iterator() : expected.fieldNames();
        destinations.forEachRemaining(destination -> {
            List<Map<String, Object>> outcomes = made.at(destination);
            if (!OWN.contains(destination) && !(outcomes.isEmpty() && !expected.has(destination))) {
                actual.set(destination, at(outcomes, expected.path(destination)));
            }
        });
        return actual;
    }

    private static ObjectNode at(List<Map<String, Object>> outcomes, JsonNode expected) {
        ObjectNode actual = JSON.createObjectNode();
        ArrayNode records = JSON.createArrayNode();
        for (Map<String, Object> outcome : outcomes) {
            switch (String.valueOf(outcome.get("outcome"))) {
                case "sent" -> {
                    actual.put(ACCOUNT, String.valueOf(outcome.get(ACCOUNT)));
                    records.add((JsonNode) outcome.get("record"));
                    if (outcome.containsKey("problem")) {
                        actual.withArray("not in record.schema.json").add(String.valueOf(outcome.get("problem")));
                    }
                }
                case "skipped" -> actual.put(SKIPPED, String.valueOf(outcome.get(REASON)));
                case "parked" -> actual.put(PARKED, reason(outcome, expected.path(PARKED)));
                default -> actual.put("nothing", String.valueOf(outcome.get(REASON)));
            }
        }
        if (!records.isEmpty() || expected.has(RECORDS)) {
            actual.set(RECORDS, records);
        }
        return actual;
    }

    /** The example says how it begins. */
    private static String reason(Map<String, Object> outcome, JsonNode expected) {
        String reason = String.valueOf(outcome.get(REASON));
        return expected.isTextual() && reason.startsWith(expected.textValue()) ? expected.textValue() : reason;
    }
}
