package io.subscriptionrelay.mapping;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.testing.Home;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.FutureTask;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever an integration engineer writes into a mapping by mistake fails on the events that meet it, and on nothing else. */
class RandomEditsTest {

    private static final int EDITS = 1000;
    private static final int EVENTS = 100;
    /** What calls itself without end comes to its end sooner. */
    private static final int SMALL_STACK = 256 * 1024;
    private static final Pattern READS = Pattern.compile("\\$?[a-z]+\\.[a-z_]{2,}|(?<=[ (,])\\.[a-z_]{2,}");
    private static final String RECURSION = "def endless(x) endless([$x])\n";
    private static final String[] MISTAKES = {"(X)[-6 : ]", "(X)[1 : 100000]", "(X)[5]", "X + 1", "X * 2", "X / 0", "X - \"a\"", "number(X)",
        "round(X)", "parse-url(string(X))", "parse-url(X)", "endless(X)", "parse-time(X, \"nonsense\")", "format-time(X, \"x\")", "capture(string(X), \"(\")",
        "test(X, \"[\")", "split(string(X), \"*\")", "join(X, 1)", "size(X)", "[for (X) .a]", "{for (X) .key : .value}", "X.a.b.c", "flatten(X)",
        "from-json(X)", "to-json(X)", "contains(X, X)", "starts-with(X, 1)", "error(X)", "fallback(X)", "mod(X, 0)", "sum(X)", "uppercase(X)",
        "hash-int(X)", "sha256-hex(X)", "no-such-function(X)", "zip(X, X)", "X > 5", "if (X) X else"};

    @Test
    void stopNothing(@TempDir Path folder) throws Exception {
        Path root = Home.copyTo(folder).resolve("mappings");
        FutureTask<int[]> edits = new FutureTask<>(() -> edits(root));
        new Thread(null, edits, "random-edits", SMALL_STACK).start();
        int[] counts = edits.get();
        assertThat(counts[0]).as("edits that compiled").isGreaterThan(EDITS / 3);
        assertThat(counts[1]).as("events that a mapping failed on").isGreaterThan(EDITS);
        assertThat(counts[2]).as("events that came through").isGreaterThan(EDITS);
    }

    private static int[] edits(Path root) throws IOException {
        Random random = new Random(42);
        List<Path> files;
        try (Stream<Path> found = Files.walk(root, 2)) {
            files = found.filter(file -> file.toString().endsWith(".jslt")).sorted().toList();
        }
        Map<Path, List<JsonNode>> webhooks = new HashMap<>();
        int[] counts = new int[3];
        for (int i = 0; i < EDITS; i++) {
            Path file = files.get(random.nextInt(files.size()));
            String name = file.getFileName().toString().replace(".jslt", "");
            String shipped = Files.readString(file);
            Files.writeString(file, edited(shipped, random));
            try {
                Mapping mapping = Mapping.compile(root, file.getParent(), name);
                counts[0]++;
                apply(mapping, name, webhooks.computeIfAbsent(file.getParent(), RandomEditsTest::webhooks), random, counts);
            } catch (BrokenMappingException notInUse) {
                assertThat(notInUse.problems()).isNotEmpty();
            } finally {
                Files.writeString(file, shipped);
            }
        }
        return counts;
    }

    private static String edited(String mapping, Random random) {
        List<MatchResult> reads = READS.matcher(mapping).results().toList();
        if (reads.isEmpty()) {
            return mapping;
        }
        MatchResult read = reads.get(random.nextInt(reads.size()));
        String mistake = "(" + MISTAKES[random.nextInt(MISTAKES.length)].replace("X", read.group()) + ")";
        String edited = mapping.substring(0, read.start()) + mistake + mapping.substring(read.end());
        int imports = edited.lastIndexOf("\nimport ");
        int end = imports < 0 ? edited.startsWith("import ") ? edited.indexOf('\n') + 1 : 0 : edited.indexOf('\n', imports + 1) + 1;
        return edited.substring(0, end) + RECURSION + edited.substring(end);
    }

    private static void apply(Mapping mapping, String name, List<JsonNode> webhooks, Random random, int[] counts) {
        List<String> steps = new ArrayList<>();
        mapping.settings().path("events").fieldNames().forEachRemaining(steps::add);
        for (int i = 0; i < EVENTS; i++) {
            JsonNode webhook = webhooks.get(random.nextInt(webhooks.size()));
            Map<String, JsonNode> variables = new HashMap<>(Map.of("settings", mapping.settings()));
            if (!name.equals("event")) {
                variables.put("step", TextNode.valueOf(steps.get(random.nextInt(steps.size()))));
                variables.put("facts", StrictJson.mapper().createObjectNode().put("time", 1_790_812_800_000L).put("id", "12").put("user", "u"));
            }
            try {
                mapping.apply(variables, webhook);
                counts[2]++;
            } catch (MappingFailedException e) {
                assertThat(e.getMessage()).contains(mapping.name(), "the mapping failed on this event");
                counts[1]++;
            }
        }
    }

    private static List<JsonNode> webhooks(Path provider) {
        try (Stream<Path> examples = Files.list(provider.resolve("examples"))) {
            List<JsonNode> webhooks = new ArrayList<>();
            for (Path example : examples.filter(file -> file.toString().endsWith(".webhook.json")).sorted().toList()) {
                webhooks.add(StrictJson.mapper().readTree(example.toFile()));
            }
            return webhooks;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
