package io.subscriptionrelay.routes;

import java.util.Collection;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.apache.camel.util.json.JsonObject;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** Single values as Camel reads them: quotes make no difference, and a placeholder may stand for anything. */
final class Values {

    private Values() {
    }

    /** Whether a node can be read as this type of JSON schema. */
    static boolean fits(String type, JsonObject schema, Node node) {
        return switch (type) {
            case "object" -> node instanceof MappingNode;
            // Camel splits a text at its commas where texts are listed
            case "array" -> node instanceof SequenceNode || (node instanceof ScalarNode && !Yaml.isEmpty(node)
                    && schema.get("items") instanceof JsonObject items && "string".equals(items.get("type")));
            case "boolean" -> node instanceof ScalarNode scalar && (hasPlaceholder(scalar.getValue())
                    || "true".equalsIgnoreCase(scalar.getValue()) || "false".equalsIgnoreCase(scalar.getValue()));
            case "number" -> node instanceof ScalarNode scalar && (hasPlaceholder(scalar.getValue()) || isNumber(scalar.getValue()));
            default -> node instanceof ScalarNode;
        };
    }

    /** Whether it is one of the choices, written in any case, with or without dashes. */
    static boolean isOneOf(Collection<?> choices, Node node) {
        String text = Yaml.text(node);
        return text != null && (hasPlaceholder(text) || choices.stream().map(String::valueOf).anyMatch(choice -> choice.equalsIgnoreCase(text)
                || choice.equalsIgnoreCase(text.replace("-", "")) || choice.equalsIgnoreCase(text.replace("-", "_"))));
    }

    /** Whether the value is only known once properties are put in, or when a message comes. */
    static boolean hasPlaceholder(String text) {
        return text.contains("{{") || text.contains("${");
    }

    /** The text with something in place of each placeholder. They may stand in each other, so it goes from the inside out. */
    static String fillIn(String text, Pattern placeholder, UnaryOperator<String> value) {
        String filled = placeholder.matcher(text).replaceAll(match -> value.apply(match.group()));
        return filled.equals(text) ? text : fillIn(filled, placeholder, value);
    }

    static String expected(String type) {
        return switch (type) {
            case "object" -> "`key: value` lines";
            case "array" -> "a list of `- ` items";
            case "boolean" -> "true or false";
            case "number" -> "a number";
            default -> "a text";
        };
    }

    static String actual(Node node) {
        return node instanceof MappingNode ? "`key: value` lines" : node instanceof SequenceNode ? "a list"
                : Yaml.isEmpty(node) ? "empty" : "`" + Yaml.text(node) + "`";
    }

    private static boolean isNumber(String text) {
        try {
            Double.parseDouble(text);
            return true;
        } catch (NumberFormatException e) {
            return false;
        }
    }
}
