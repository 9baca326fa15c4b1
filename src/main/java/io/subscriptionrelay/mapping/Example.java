package io.subscriptionrelay.mapping;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Map;

/**
 * What an example says, and what came of it.
 *
 * @param file the one that says it
 * @param expected as far as the example says anything
 * @param actual in the same words; where it is as expected, it is written as expected
 */
public record Example(Path file, JsonNode expected, JsonNode actual) {

    /** Whether it became what it says. */
    public boolean fits() {
        return same(expected, actual);
    }

    /** Whether two values are the same: numbers by their value, however they are written, and objects whatever the order of their keys is. */
    public static boolean same(JsonNode one, JsonNode other) {
        return comparable(one).equals(comparable(other));
    }

    /** What came of it, in the words that say the same in the example: so that a comparison of lines shows only what differs. */
    static JsonNode inItsWords(JsonNode expected, JsonNode actual) {
        if (same(expected, actual)) {
            return expected;
        }
        if (expected instanceof ObjectNode said && actual instanceof ObjectNode became) {
            ObjectNode written = JsonNodeFactory.instance.objectNode();
            said.fieldNames().forEachRemaining(key -> {
                if (became.has(key)) {
                    written.set(key, inItsWords(said.get(key), became.get(key)));
                }
            });
            became.fieldNames().forEachRemaining(key -> {
                if (!said.has(key)) {
                    written.set(key, became.get(key));
                }
            });
            return written;
        }
        if (expected instanceof ArrayNode said && actual instanceof ArrayNode became) {
            ArrayNode written = JsonNodeFactory.instance.arrayNode();
            for (int i = 0; i < became.size(); i++) {
                written.add(i < said.size() ? inItsWords(said.get(i), became.get(i)) : became.get(i));
            }
            return written;
        }
        return actual;
    }

    /** An example of which one and the other is known. */
    public static Example of(Path file, JsonNode expected, JsonNode actual) {
        return new Example(file, expected, inItsWords(expected, actual));
    }

    private static JsonNode comparable(JsonNode node) {
        if (node.isNumber()) {
            return JsonNodeFactory.instance.textNode("number " + node.decimalValue().stripTrailingZeros().toPlainString());
        }
        if (node instanceof ObjectNode object) {
            ObjectNode copy = JsonNodeFactory.instance.objectNode();
            for (Map.Entry<String, JsonNode> entry : object.properties()) {
                copy.set(entry.getKey(), comparable(entry.getValue()));
            }
            return copy;
        }
        if (node instanceof ArrayNode array) {
            ArrayNode copy = JsonNodeFactory.instance.arrayNode();
            array.forEach(element -> copy.add(comparable(element)));
            return copy;
        }
        return node;
    }
}
