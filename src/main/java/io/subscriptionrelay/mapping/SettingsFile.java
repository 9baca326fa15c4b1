package io.subscriptionrelay.mapping;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.networknt.schema.JsonNodePath;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaId;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.logs.Causes;
import java.io.IOException;
import java.io.StringReader;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;

/**
 * Reads the settings of a mapping: YAML, checked against the JSON schema beside it, completed with the schema's defaults.
 * {@code on}, {@code off}, {@code yes} and {@code no} are booleans, as in YAML 1.1.
 */
final class SettingsFile {

    /** Without a cache, because a schema may refer to another file, which is edited too. */
    private static final JsonSchemaFactory SCHEMAS = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012,
            factory -> factory.enableSchemaCache(false));
    /** What every schema is held against. */
    private static final JsonSchema OF_SCHEMAS = SCHEMAS.getSchema(SchemaLocation.of(SchemaId.V202012));
    /** What a name may not be, which the schema describes by what to write instead. */
    private static final Set<String> NAME_RULES = Set.of("pattern", "maxLength", "not");
    private static final int LONGEST_QUOTE = 60;
    /** Collections that stand in place of collections multiply: in 50 of them, as many as in a file, a page of text becomes more than memory holds. */
    private static final int MOST_ALIASES_OF_AN_EDIT = 10;

    private SettingsFile() {
    }

    /**
     * The settings, or an empty object when neither file is there.
     *
     * @throws BrokenMappingException with every problem found and its line
     */
    static JsonNode read(Path file, Path schemaFile) throws BrokenMappingException {
        return read(file, schemaFile, MissingNode.getInstance());
    }

    /**
     * The settings with others over them, key by key.
     *
     * @throws BrokenMappingException with every problem found and its line
     */
    static JsonNode read(Path file, Path schemaFile, JsonNode overrides) throws BrokenMappingException {
        return read(Texts.ON_DISK, file, schemaFile, overrides);
    }

    /** The same of another text than the one on disk. The schema is the one on disk. */
    static JsonNode read(Texts texts, Path file, Path schemaFile, JsonNode overrides) throws BrokenMappingException {
        ObjectNode settings = values(texts, file);
        merge(settings, overrides);
        if (Files.exists(schemaFile)) {
            JsonNode schema = json(schemaFile);
            check(file, settings, tree(texts, file, false), compiled(schemaFile, schema));
            complete(settings, schema);
        }
        return settings;
    }

    private static void merge(ObjectNode settings, JsonNode overrides) {
        overrides.properties().forEach(entry -> {
            if (entry.getValue().isObject() && settings.get(entry.getKey()) instanceof ObjectNode inner) {
                merge(inner, entry.getValue());
            } else {
                settings.set(entry.getKey(), entry.getValue());
            }
        });
    }

    /** What the file says, unchecked; nothing when it is not there. */
    static ObjectNode values(Path file) throws BrokenMappingException {
        return values(Texts.ON_DISK, file);
    }

    private static ObjectNode values(Texts texts, Path file) throws BrokenMappingException {
        Object loaded = texts.exists(file) ? parsed(texts, file, text -> load(text, options(texts.isEdited(file)))) : null;
        if (loaded instanceof Map<?, ?> map) {
            return StrictJson.mapper().valueToTree(map);
        }
        if (loaded != null) {
            throw new BrokenMappingException(new Problem(file, 1, 1, "settings are written as `key: value` lines"));
        }
        return StrictJson.mapper().createObjectNode();
    }

    /** Where the file says it; null when it is empty or not there. */
    static Node tree(Path file, boolean comments) throws BrokenMappingException {
        return tree(Texts.ON_DISK, file, comments);
    }

    private static Node tree(Texts texts, Path file, boolean comments) throws BrokenMappingException {
        return texts.exists(file) ? parsed(texts, file, text -> new Yaml(options(texts.isEdited(file)).setProcessComments(comments))
                .compose(new StringReader(text))) : null;
    }

    static Object load(String text) {
        return load(text, options(false));
    }

    private static Object load(String text, LoaderOptions options) {
        return new Yaml(new SafeConstructor(options)).load(text);
    }

    private static LoaderOptions options(boolean edited) {
        LoaderOptions options = new LoaderOptions();
        options.setAllowDuplicateKeys(false);
        if (edited) {
            options.setMaxAliasesForCollections(MOST_ALIASES_OF_AN_EDIT);
        }
        return options;
    }

    private static <T> T parsed(Texts texts, Path file, Function<String, T> parser) throws BrokenMappingException {
        String text = text(texts, file);
        try {
            return parser.apply(text);
        } catch (MarkedYAMLException e) {
            Mark mark = e.getProblemMark();
            throw new BrokenMappingException(new Problem(file, mark == null ? 0 : mark.getLine() + 1,
                    mark == null ? 0 : mark.getColumn() + 1, "not valid YAML: " + e.getProblem()));
        } catch (YAMLException e) {
            throw new BrokenMappingException(new Problem(file, 0, 0, "not valid YAML: " + e.getMessage()));
        }
    }

    /**
     * A schema of which every reference leads somewhere: one that leads nowhere would otherwise be met with the first value that it is held against.
     *
     * @throws BrokenMappingException when it cannot be used, with file and line
     */
    static JsonSchema schema(Path file) throws BrokenMappingException {
        JsonNode schema = json(file);
        Map<JsonNodePath, Problem> problems = new LinkedHashMap<>();
        for (ValidationMessage found : OF_SCHEMAS.validate(schema)) {
            // one for each place: where one of two forms may stand, a third one is neither
            problems.putIfAbsent(found.getInstanceLocation(), problem(file, treeOfJson(file), found,
                    "cannot be used as a schema: " + advice(found, OF_SCHEMAS)));
        }
        if (!problems.isEmpty()) {
            throw new BrokenMappingException(List.copyOf(problems.values()));
        }
        return compiled(file, schema);
    }

    private static JsonSchema compiled(Path file, JsonNode schema) throws BrokenMappingException {
        for (String pattern : schema.findValuesAsText("pattern")) {
            if (!isPattern(pattern)) {
                throw new BrokenMappingException(new Problem(file, line(file, pattern), 0, "`pattern` " + pattern
                        + " is no regular expression; mend its brackets and backslashes"));
            }
        }
        try {
            JsonSchema compiled = SCHEMAS.getSchema(file.toAbsolutePath().toUri(), schema);
            compiled.initializeValidators();
            return compiled;
        } catch (RuntimeException e) {
            for (String reference : schema.findValuesAsText("$ref")) {
                if (leadsNowhere(file, schema, reference)) {
                    throw new BrokenMappingException(new Problem(file, line(file, reference), 0, "`$ref` " + reference + " leads nowhere; "
                            + (reference.startsWith("#") ? "define it in this file, or mend its name" : "there is no such file, so mend its name")));
                }
            }
            throw new BrokenMappingException(new Problem(file, 0, 0, "cannot be used as a schema: " + Causes.of(e)));
        }
    }

    private static boolean leadsNowhere(Path file, JsonNode schema, String reference) {
        int fragment = reference.indexOf('#');
        return reference.startsWith("#/") ? schema.at(reference.substring(1)).isMissingNode()
                : fragment > 0 && !reference.contains(":") && !Files.exists(file.resolveSibling(reference.substring(0, fragment)));
    }

    private static boolean isPattern(String text) {
        try {
            return Pattern.compile(text) != null;
        } catch (PatternSyntaxException e) {
            return false;
        }
    }

    /** Where a text stands for the first time; 0 when it does not. */
    private static int line(Path file, String text) throws BrokenMappingException {
        String[] lines = text(Texts.ON_DISK, file).split("\n", -1);
        for (int i = 0; i < lines.length; i++) {
            if (lines[i].contains(TextNode.valueOf(text).toString())) {
                return i + 1;
            }
        }
        return 0;
    }

    private static void check(Path file, JsonNode settings, Node tree, JsonSchema schema) throws BrokenMappingException {
        List<Problem> problems = new ArrayList<>();
        for (ValidationMessage found : schema.validate(settings)) {
            problems.add(problem(file, tree, found, advice(found, schema)));
        }
        if (!problems.isEmpty()) {
            throw new BrokenMappingException(problems);
        }
    }

    private static Problem problem(Path file, Node tree, ValidationMessage found, String message) {
        Mark mark = mark(tree, found);
        return new Problem(file, mark == null ? 0 : mark.getLine() + 1, mark == null ? 0 : mark.getColumn() + 1, message);
    }

    /** JSON is YAML too, but for tabs between its parts: then there is no place to name. */
    private static Node treeOfJson(Path file) {
        try {
            return tree(file, false);
        } catch (BrokenMappingException e) {
            return null;
        }
    }

    /** What is wrong, and what may be written in this place. */
    private static String advice(ValidationMessage found, JsonSchema schema) {
        String place = found.getInstanceLocation().toString().replaceFirst("^\\$\\.?", "");
        if ("additionalProperties".equals(found.getType())) {
            JsonNode parent = at(schema.getSchemaNode(), found.getInstanceLocation());
            List<String> known = new ArrayList<>();
            parent.path("properties").properties().stream().filter(key -> !key.getValue().path("deprecated").asBoolean())
                    .forEach(key -> known.add(key.getKey()));
            return "unknown key `" + found.getProperty() + "`" + (place.isEmpty() ? "" : " under `" + place + "`")
                    + "; known are: " + String.join(", ", known);
        }
        String write = NAME_RULES.contains(found.getType()) ? description(found) : "";
        if (!write.isEmpty()) {
            String value = found.getInstanceNode().toString();
            return "`" + place + "` is " + (value.length() > LONGEST_QUOTE ? value.substring(0, LONGEST_QUOTE) + "…" : value)
                    + "; write " + write;
        }
        JsonNode here = at(schema.getSchemaNode(), found.getInstanceLocation());
        String hint = here.path("enum").isArray() ? "; write one of: " + here.get("enum") : "";
        return "`" + place + "` " + found.getMessage().replaceFirst("^\\$[^:]*: ", "") + hint;
    }

    /** The description beside the rule that was broken, wherever the schema has that rule from; empty without one. */
    private static String description(ValidationMessage found) {
        JsonNodePath rule = found.getSchemaLocation().getFragment();
        return within(file(found), rule, rule.getNameCount() - 1).path("description").asText();
    }

    /** The schema file that has the rule which was broken; a missing node when it cannot be read any more. */
    static JsonNode file(ValidationMessage found) {
        try {
            return StrictJson.mapper().readTree(URI.create(found.getSchemaLocation().getAbsoluteIri().toString()).toURL());
        } catch (IOException | IllegalArgumentException unreadable) {
            return MissingNode.getInstance();
        }
    }

    /** What the first steps of a path lead to. */
    static JsonNode within(JsonNode file, JsonNodePath path, int steps) {
        JsonNode here = file;
        for (int i = 0; i < steps; i++) {
            here = path.getElement(i) instanceof Integer index ? here.path(index) : here.path(path.getName(i));
        }
        return here;
    }

    private static JsonNode at(JsonNode schema, JsonNodePath path) {
        JsonNode here = schema;
        for (int i = 0; i < path.getNameCount(); i++) {
            JsonNode child = here.path("properties").path(String.valueOf(path.getElement(i)));
            here = child.isMissingNode() ? here.path("additionalProperties") : child;
            if (here.path("$ref").asText().startsWith("#/")) {
                here = schema.at(here.get("$ref").asText().substring(1));
            }
        }
        return here;
    }

    private static Mark mark(Node tree, ValidationMessage found) {
        Node node = tree;
        JsonNodePath path = found.getInstanceLocation();
        for (int i = 0; i < path.getNameCount() && node != null; i++) {
            Node child = child(node, String.valueOf(path.getElement(i)), false);
            node = child == null ? node : child;
        }
        if (node != null && found.getProperty() != null) {
            Node key = child(node, found.getProperty(), true);
            node = key == null ? node : key;
        }
        return node == null ? null : node.getStartMark();
    }

    private static Node child(Node node, String name, boolean key) {
        if (node instanceof MappingNode mapping) {
            for (NodeTuple tuple : mapping.getValue()) {
                if (tuple.getKeyNode() instanceof ScalarNode scalar && scalar.getValue().equals(name)) {
                    return key ? scalar : tuple.getValueNode();
                }
            }
        } else if (node instanceof SequenceNode sequence && name.chars().allMatch(Character::isDigit)
                && Integer.parseInt(name) < sequence.getValue().size()) {
            return sequence.getValue().get(Integer.parseInt(name));
        }
        return null;
    }

    /** Fills in the defaults of the schema, so that a mapping need not know them. */
    private static void complete(ObjectNode settings, JsonNode schema) {
        for (Map.Entry<String, JsonNode> property : schema.path("properties").properties()) {
            JsonNode described = property.getValue();
            if (!settings.has(property.getKey()) && described.has("default")) {
                settings.set(property.getKey(), described.get("default").deepCopy());
            } else if (!settings.has(property.getKey()) && described.has("properties")) {
                settings.set(property.getKey(), StrictJson.mapper().createObjectNode());
            }
            if (settings.get(property.getKey()) instanceof ObjectNode object) {
                complete(object, described);
            }
        }
    }

    static JsonNode json(Path file) throws BrokenMappingException {
        try {
            return StrictJson.mapper().readTree(file.toFile());
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw new BrokenMappingException(new Problem(file, e.getLocation() == null ? 0 : e.getLocation().getLineNr(), 0,
                    "not valid JSON: " + e.getOriginalMessage()));
        } catch (IOException e) {
            throw new BrokenMappingException(new Problem(file, 0, 0, "cannot be read: " + e.getClass().getSimpleName()));
        }
    }

    private static String text(Texts texts, Path file) throws BrokenMappingException {
        try {
            return texts.read(file);
        } catch (IOException e) {
            throw new BrokenMappingException(new Problem(file, 0, 0, "cannot be read as UTF-8: " + e.getClass().getSimpleName()));
        }
    }
}
