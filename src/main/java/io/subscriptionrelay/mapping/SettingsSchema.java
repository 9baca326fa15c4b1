package io.subscriptionrelay.mapping;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.subscriptionrelay.event.StrictJson;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.yaml.snakeyaml.comments.CommentLine;
import org.yaml.snakeyaml.comments.CommentType;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.Tag;

/**
 * The JSON schema of a settings file, made from the file itself: its keys, their values as defaults, and its comments, as "Comments in the
 * settings" of {@code mappings/README.md} says. What holds for every file of its kind is added here: where names stand, and the keys that
 * have a meaning for the relay.
 */
final class SettingsSchema {

    private static final Pattern CHOICES = Pattern.compile("(?i)(^|\\s)one of: (.+?)\\.?$");
    private static final Pattern REMOVED = Pattern.compile("Removed: (\\S+)\\. Write (.+)");
    private static final String EXAMPLE = "  ";
    /** Sections of which `off` sends none. */
    private static final List<String> MAY_BE_OFF = List.of(Mapping.USER_PROPERTIES, "attributes");
    private static final String FOR_EDITORS = " yaml-language-server:";

    private final Path file;
    /** Which kinds of names the destination has rules for, such as {@code tag-name}. */
    private final JsonNode names;
    private final String namesFile;

    private SettingsSchema(Path file) throws BrokenMappingException {
        this.file = file;
        namesFile = file.getFileName().toString().replace(".yaml", "-names.schema.json");
        Path folder = file.toAbsolutePath().getParent().getParent();
        names = Files.exists(folder.resolve(namesFile)) ? SettingsFile.json(folder.resolve(namesFile)).path("$defs") : object();
    }

    /**
     * The text of the schema.
     *
     * @param file {@code mappings/<provider>/<destination>.yaml}; the rules for names are read from {@code <destination>-names.schema.json}
     *         in the folder above it
     * @throws BrokenMappingException when one of them cannot be read
     */
    static String of(Path file) throws BrokenMappingException {
        return text(new SettingsSchema(file).schema(), "") + "\n";
    }

    private ObjectNode schema() throws BrokenMappingException {
        ObjectNode values = SettingsFile.values(file);
        ObjectNode schema = object().put("$schema", "https://json-schema.org/draft/2020-12/schema")
                .put("$comment", "Made from " + file.getFileName() + " by `java -jar subscription-relay.jar schemas`. Edit that file instead.");
        ObjectNode properties = object();
        ObjectNode ofPlatform = object();
        Node tree = SettingsFile.tree(file, true);
        List<String> paragraphs = new ArrayList<>();
        for (NodeTuple option : options(tree)) {
            List<String> above = paragraphs(option.getKeyNode().getBlockComments());
            if (properties.isEmpty() && above.size() > 1) {
                schema.put("description", above.get(0));
            }
            paragraphs.addAll(above);
            String key = key(option);
            properties.set(key, option(option, values.get(key)));
            if (!key.equals(Mapping.PLATFORMS)) {
                ofPlatform.set(key, object().put("$ref", "#/properties/" + key));
            }
        }
        if (tree != null) {
            paragraphs.addAll(paragraphs(tree.getEndComments()));
        }
        paragraphs.stream().map(REMOVED::matcher).filter(Matcher::matches).forEach(removed -> properties.set(removed.group(1),
                object().put("description", removed.group(2)).put("deprecated", true).set("not", object())));
        if (properties.has(Mapping.PLATFORMS)) {
            schema.set("$defs", object().set("platform", closed().set("properties", ofPlatform)));
        }
        return schema.setAll((ObjectNode) closed().set("properties", properties));
    }

    /** An option at the left margin: what describes it stands above it or beside it. */
    private ObjectNode option(NodeTuple option, JsonNode value) throws BrokenMappingException {
        List<String> paragraphs = paragraphs(option.getKeyNode().getBlockComments());
        String above = paragraphs.get(paragraphs.size() - 1);
        ObjectNode schema = described((above + " " + beside(option)).trim());
        if (!value.isObject()) {
            return typed(schema, value);
        }
        if (schema.has("enum")) {
            JsonNode choices = schema.remove("enum");
            return schema.put("type", "object").<ObjectNode>set("additionalProperties", object().set("enum", choices)).set("default", object());
        }
        if (key(option).equals(Mapping.HOLD)) {
            return hold(schema);
        }
        if (value.isEmpty()) {
            return schema.put("type", "object").set("default", object());
        }
        schema.setAll(closed());
        if (MAY_BE_OFF.contains(key(option))) {
            schema.putArray("type").add("object").add("boolean");
        }
        ObjectNode properties = schema.putObject("properties");
        for (NodeTuple entry : options(option.getValueNode())) {
            properties.set(key(entry), key(option).equals(Mapping.PLATFORMS) ? described(beside(entry)).put("$ref", "#/$defs/platform")
                    : entry(entry, value.get(key(entry)), key(option), schema.path("description").asText()));
        }
        return schema;
    }

    /** For each step how long it is held back. */
    private ObjectNode hold(ObjectNode schema) throws BrokenMappingException {
        ObjectNode time = object().put("type", "string").put("pattern", Mapping.HOLD_TIME.pattern()).put("description", "a time like 30m or 2h");
        schema.put("type", "object").<ObjectNode>set("additionalProperties", time).set("default", object());
        JsonNode events = SettingsFile.values(file).path(Mapping.EVENTS);
        if (events.isObject()) {
            ArrayNode steps = schema.putObject("propertyNames").putArray("enum");
            events.fieldNames().forEachRemaining(steps::add);
        }
        return schema;
    }

    /** What stands within an option: described by the comment beside it, because the one above it is the heading of a group. */
    private ObjectNode entry(NodeTuple entry, JsonNode value, String section, String description) throws BrokenMappingException {
        ObjectNode schema = described(beside(entry));
        if (!value.isObject()) {
            return nameOrTyped(schema, value, section);
        }
        ObjectNode properties = object();
        for (NodeTuple part : options(entry.getValueNode())) {
            String beside = beside(part);
            ObjectNode described = described(beside.isEmpty() ? description : beside);
            properties.set(key(part), key(part).equals("name") ? nameOrTyped(described, value.get("name"), section)
                    : typed(described, value.get(key(part))));
        }
        return schema.setAll((ObjectNode) closed().set("properties", properties));
    }

    /** A name, where the destination has rules for those: {@code tags} hold what its {@code tag-name} allows. */
    private ObjectNode nameOrTyped(ObjectNode schema, JsonNode value, String section) {
        String kind = (section.endsWith("ies") ? section.substring(0, section.length() - 3) + "y"
                : section.endsWith("s") ? section.substring(0, section.length() - 1) : section) + "-name";
        return names.has(kind) ? schema.put("$ref", "../" + namesFile + "#/$defs/" + kind).set("default", value) : typed(schema, value);
    }

    private static ObjectNode typed(ObjectNode schema, JsonNode value) {
        if (!schema.has("enum") && !value.isNull()) {
            schema.put("type", value.isIntegralNumber() ? "integer" : value.getNodeType().name().toLowerCase(Locale.ROOT));
        }
        return schema.set("default", value);
    }

    /** With the values that a comment ends in. */
    private ObjectNode described(String comment) throws BrokenMappingException {
        ObjectNode schema = object();
        Matcher choices = CHOICES.matcher(comment);
        boolean found = choices.find();
        String description = found ? comment.substring(0, choices.start()).trim() : comment;
        if (!description.isEmpty()) {
            schema.put("description", description);
        }
        if (found) {
            try {
                // as YAML, so that `off` is what it is in the settings
                schema.set("enum", StrictJson.mapper().valueToTree(SettingsFile.load("[" + choices.group(2) + "]")));
            } catch (YAMLException e) {
                throw new BrokenMappingException(new Problem(file, 0, 0, "the comment `one of: " + choices.group(2)
                        + "` has no values; write them with commas, as in `one of: gross, net`"));
            }
        }
        return schema;
    }

    private static ObjectNode closed() {
        return object().put("type", "object").put("additionalProperties", false);
    }

    private static ObjectNode object() {
        return StrictJson.mapper().createObjectNode();
    }

    private List<NodeTuple> options(Node tree) throws BrokenMappingException {
        List<NodeTuple> options = tree instanceof MappingNode mapping ? mapping.getValue() : List.of();
        for (NodeTuple option : options) {
            if (!Tag.STR.equals(option.getKeyNode().getTag())) {
                Mark mark = option.getKeyNode().getStartMark();
                throw new BrokenMappingException(new Problem(file, mark.getLine() + 1, mark.getColumn() + 1,
                        "a key is a text; YAML reads this one as something else, so write it in quotes"));
            }
        }
        return options;
    }

    private static String key(NodeTuple option) {
        return ((ScalarNode) option.getKeyNode()).getValue();
    }

    private static String beside(NodeTuple option) {
        List<CommentLine> lines = new ArrayList<>();
        Optional.ofNullable(option.getKeyNode().getInLineComments()).ifPresent(lines::addAll);
        Optional.ofNullable(option.getValueNode().getInLineComments()).ifPresent(lines::addAll);
        return joined(lines);
    }

    /** Comments as blank lines part them. The last one is that of the option below, and empty when a blank line is between. */
    private static List<String> paragraphs(List<CommentLine> comments) {
        List<String> paragraphs = new ArrayList<>();
        List<CommentLine> lines = new ArrayList<>();
        for (CommentLine line : Optional.ofNullable(comments).orElse(List.of())) {
            if (line.getCommentType() != CommentType.BLANK_LINE) {
                lines.add(line);
            } else if (!lines.isEmpty()) {
                paragraphs.add(joined(lines));
                lines.clear();
            }
        }
        paragraphs.add(joined(lines));
        return paragraphs;
    }

    /** The text of some lines; indented ones are an example. */
    private static String joined(List<CommentLine> lines) {
        return lines.stream().map(CommentLine::getValue).filter(line -> !line.startsWith(EXAMPLE) && !line.startsWith(FOR_EDITORS))
                .map(String::trim).collect(Collectors.joining(" ")).trim();
    }

    /** With a line for each option, so that a change of one is a change of one line. */
    private static String text(JsonNode node, String indent) {
        if (!node.isObject() || node.isEmpty()) {
            return node.toString();
        }
        boolean lines = indent.isEmpty() || node.has("properties") || node.properties().stream().map(Map.Entry::getValue)
                .allMatch(JsonNode::isObject);
        String inner = indent + "  ";
        return node.properties().stream()
                .map(field -> (lines ? inner : "") + TextNode.valueOf(field.getKey()) + ": " + text(field.getValue(), inner))
                .collect(Collectors.joining(lines ? ",\n" : ", ", lines ? "{\n" : "{ ", lines ? "\n" + indent + "}" : " }"));
    }
}
