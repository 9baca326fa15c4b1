package io.subscriptionrelay.routes;

import io.subscriptionrelay.mapping.Spelling;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.camel.util.json.DeserializationException;
import org.apache.camel.util.json.JsonObject;
import org.apache.camel.util.json.Jsoner;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * The JSON schema of Camel's YAML DSL, applied to YAML nodes. A general validator takes more than a second to get going
 * with its 800 kB, reports every branch of an alternative that fails, and refuses placeholders where a number is expected. This
 * one knows only the keywords that this schema uses, follows the branch that comes furthest, and reads values as Camel does.
 */
final class DslSchema {

    private static final String RESOURCE = "/schema/camelYamlDsl.json";
    private static final String OPTIONAL_EXPRESSION = "Sort";

    private final JsonObject list;
    private final JsonObject definitions;

    /** Where a node stands: the nearest key above it, and how deep. */
    private record Place(String key, int depth) {

        Place under(String name) {
            return new Place(name, depth + 1);
        }

        Place item() {
            return new Place(key, depth + 1);
        }

        String named() {
            return key == null ? "this" : "`" + key + "`";
        }
    }

    private enum Kind {
        /** Something else is expected here altogether. */
        UNFIT,
        WRONG,
        MISSING
    }

    /** A finding about what stands under {@code owner}, shown at {@code at}. */
    private record Finding(Kind kind, int depth, Node owner, Node at, String message) {
    }

    private DslSchema(JsonObject list) {
        this.list = list;
        definitions = object(object(list.get("items")).get("definitions"));
    }

    /** Reads the schema that belongs to the Camel on the class path. */
    static DslSchema load() {
        try (InputStream stream = DslSchema.class.getResourceAsStream(RESOURCE)) {
            return new DslSchema((JsonObject) Jsoner.deserialize(new InputStreamReader(stream, StandardCharsets.UTF_8)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (DeserializationException e) {
            throw new IllegalStateException("camel-yaml-dsl has no readable " + RESOURCE, e);
        }
    }

    void check(Path file, Node root, Problems problems) {
        if (!(root instanceof SequenceNode)) {
            problems.add(file, root, "a route file is a list; start each entry with `- route:` or `- routeConfiguration:`");
            return;
        }
        for (Finding finding : decisive(check(list, root, new Place(null, 0)))) {
            problems.add(file, finding.at(), finding.message());
        }
    }

    /** A key that is missing is not news where another one is wrong. */
    private static List<Finding> decisive(List<Finding> findings) {
        Set<Node> wrong = findings.stream().filter(finding -> finding.kind() != Kind.MISSING).map(Finding::owner)
                .collect(Collectors.toSet());
        return findings.stream().filter(finding -> finding.kind() != Kind.MISSING || !wrong.contains(finding.owner())).toList();
    }

    private List<Finding> check(JsonObject schema, Node node, Place place) {
        List<Finding> found = new ArrayList<>();
        if (schema.get("type") instanceof String type && !Values.fits(type, schema, node)) {
            return List.of(new Finding(Kind.UNFIT, place.depth(), node, node,
                    place.named() + " must be " + Values.expected(type) + ", not " + Values.actual(node)));
        }
        if (schema.get("enum") instanceof Collection<?> choices && !Values.isOneOf(choices, node)) {
            return List.of(wrong(node, node, place, place.named() + " must be one of "
                    + choices.stream().map(String::valueOf).collect(Collectors.joining(", ")) + ", not " + Values.actual(node)));
        }
        if (schema.get("$ref") instanceof String reference) {
            found.addAll(check(object(definitions.get(reference.substring(reference.lastIndexOf('/') + 1))), node, place));
        }
        if (node instanceof MappingNode mapping) {
            found.addAll(keys(schema, mapping, place));
        }
        if (node instanceof SequenceNode sequence && schema.get("items") instanceof JsonObject items) {
            sequence.getValue().forEach(item -> found.addAll(check(items, item, place.item())));
        }
        if (schema.get("anyOf") instanceof Collection<?> branches) {
            found.addAll(alternatives(branches, node, place, Integer.MAX_VALUE));
        }
        if (schema.get("oneOf") instanceof Collection<?> branches) {
            found.addAll(alternatives(branches, node, place, 1));
        }
        if (schema.get("not") instanceof JsonObject forbidden && check(forbidden, node, place).isEmpty()) {
            found.add(missing(node, place, "keys that exclude each other"));
        }
        return found;
    }

    private List<Finding> keys(JsonObject schema, MappingNode node, Place place) {
        List<Finding> found = new ArrayList<>();
        JsonObject properties = object(schema.get("properties"));
        boolean closed = Boolean.FALSE.equals(schema.get("additionalProperties"));
        boolean single = schema.get("maxProperties") != null;
        NodeTuple first = null;
        for (NodeTuple entry : node.getValue()) {
            String key = Yaml.text(entry.getKeyNode());
            if (single && first != null) {
                String beside = Yaml.text(first.getKeyNode());
                found.add(wrong(first.getValueNode(), entry.getKeyNode(), place, "`" + key + "` stands beside `" + beside + "`; "
                        + (properties.containsKey(key) ? "start it with a `- ` of its own"
                        : "indent it further, so that it is part of `" + beside + "`")));
            } else if (isDescribedElsewhere(properties.get(key)) && Yaml.isEmpty(entry.getValueNode())) {
                found.add(wrong(entry.getValueNode(), entry.getValueNode(), place, "`" + key + "` has nothing under it; indent what belongs to it further"));
            } else if (properties.get(key) instanceof JsonObject property) {
                found.addAll(check(property, entry.getValueNode(), place.under(key)));
            } else if (closed) {
                found.add(wrong(node, entry.getKeyNode(), place, "unknown key `" + key + "`"
                        + (place.key() == null ? "" : " under `" + place.key() + "`") + Spelling.hint(key, known(properties))));
            }
            first = first == null ? entry : first;
        }
        for (Object required : collection(schema.get("required"))) {
            if (Yaml.get(node, required.toString()) == null) {
                found.add(missing(node, place, "no `" + required + "`"));
            }
        }
        if (lacksExpression(schema, properties, node)) {
            found.add(missing(node, place, "no `expression`"));
        }
        return found;
    }

    /** The schema allows what needs an expression to have none, and Camel then fails without a line number. */
    private static boolean lacksExpression(JsonObject schema, JsonObject properties, MappingNode node) {
        return isDescribedElsewhere(properties.get("expression")) && !OPTIONAL_EXPRESSION.equals(schema.get("title"))
                && node.getValue().stream().noneMatch(entry -> isDescribedElsewhere(properties.get(Yaml.text(entry.getKeyNode()))));
    }

    /** Keys that are described elsewhere, in the branches of {@code anyOf}, stand as {@code {}} among the properties. */
    private static boolean isDescribedElsewhere(Object property) {
        return property instanceof JsonObject object && object.isEmpty();
    }

    /** The names to choose from; the short forms of {@code expression} only if there is nothing else. */
    private static Collection<String> known(JsonObject properties) {
        Set<String> names = properties.keySet().stream().filter(name -> "expression".equals(name) || !isDescribedElsewhere(properties.get(name)))
                .collect(Collectors.toCollection(TreeSet::new));
        return names.isEmpty() ? new TreeSet<>(properties.keySet()) : names;
    }

    private List<Finding> alternatives(Collection<?> branches, Node node, Place place, int most) {
        List<List<Finding>> failures = new ArrayList<>();
        Set<String> keys = new TreeSet<>();
        Set<String> fitting = new LinkedHashSet<>();
        for (Object branch : branches) {
            List<String> required = collection(object(branch).get("required")).stream().map(String::valueOf).toList();
            List<Finding> findings = check(object(branch), node, place);
            if (findings.isEmpty()) {
                fitting.addAll(required);
            } else {
                failures.add(findings);
            }
            keys.addAll(required);
        }
        int fits = branches.size() - failures.size();
        if (fits > most) {
            return List.of(wrong(node, node, place, place.named() + " has " + String.join(" and ", fitting) + "; keep one of them"));
        }
        return fits > 0 ? List.of() : meant(failures, keys, node, place);
    }

    /** The findings of the branch that was meant: the one that fits the furthest down. */
    private static List<Finding> meant(List<List<Finding>> failures, Set<String> keys, Node node, Place place) {
        List<Finding> meant = failures.stream().max(Comparator
                .<List<Finding>>comparingInt(findings -> findings.stream().mapToInt(Finding::depth).min().orElse(0))
                .thenComparing(findings -> findings.stream().noneMatch(finding -> finding.kind() == Kind.UNFIT))
                .thenComparing(findings -> findings.stream().anyMatch(finding -> finding.kind() == Kind.WRONG))
                .thenComparing(findings -> -findings.size())).orElseThrow();
        boolean none = meant.stream().allMatch(finding -> finding.kind() == Kind.MISSING && finding.owner() == node);
        if (!none || keys.size() < 2) {
            return meant;
        }
        // each branch asks for another key, and none of the keys is there
        return List.of(Yaml.entries(node).stream().findFirst().map(NodeTuple::getKeyNode)
                .map(key -> wrong(node, key, place, "unknown key `" + Yaml.text(key) + "` under " + place.named()
                        + Spelling.hint(Yaml.text(key), keys)))
                .orElseGet(() -> missing(node, place, "nothing in it; write for example `simple:` under it")));
    }

    private static Finding missing(Node node, Place place, String what) {
        return new Finding(Kind.MISSING, place.depth(), node, node, place.named() + " has " + what);
    }

    private static Finding wrong(Node owner, Node at, Place place, String message) {
        return new Finding(Kind.WRONG, place.depth(), owner, at, message);
    }

    private static JsonObject object(Object value) {
        return value instanceof JsonObject object ? object : new JsonObject();
    }

    private static Collection<?> collection(Object value) {
        return value instanceof Collection<?> collection ? collection : List.of();
    }
}
