package io.subscriptionrelay.mapping;

import com.fasterxml.jackson.databind.JsonNode;
import com.networknt.schema.JsonNodePath;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.ValidationMessage;
import io.subscriptionrelay.logs.Causes;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What one record for a destination may hold, by {@code record.schema.json} in its folder. What it says of a record has the names of keys and the
 * kinds of values, and quotes no value, which may be personal.
 */
final class RecordSchema {

    private static final int LONGEST_KEY = 60;

    private final JsonSchema schema;

    private RecordSchema(JsonSchema schema) {
        this.schema = schema;
    }

    /**
     * Reads the schema; nothing when the file is not there.
     *
     * @throws BrokenMappingException when it cannot be used, with file and line
     */
    static Optional<RecordSchema> read(Path file) throws BrokenMappingException {
        return Files.exists(file) ? Optional.of(new RecordSchema(SettingsFile.schema(file))) : Optional.empty();
    }

    /** What does not fit: where it is, what was found there, and what to write instead. Empty when all fits. */
    List<String> problems(JsonNode record) {
        try {
            return schema.validate(record).stream().map(RecordSchema::sentence).map(Causes::line).distinct().toList();
        } catch (RuntimeException | StackOverflowError e) {
            // whatever a schema does wrong, the record goes on
            return List.of("record.schema.json fails on the record (" + e.getClass().getSimpleName() + ")");
        }
    }

    private static String sentence(ValidationMessage found) {
        JsonNode file = SettingsFile.file(found);
        JsonNodePath rule = found.getSchemaLocation().getFragment();
        JsonNodePath place = found.getInstanceLocation();
        int alternatives = alternatives(rule);
        JsonNode beside = SettingsFile.within(file, rule, alternatives < 0 ? rule.getNameCount() - 1 : alternatives);
        String expected = description(file, beside);
        if (alternatives >= 0) {
            return text(place, null) + " is " + kind(found.getInstanceNode()) + write(expected, "");
        }
        return switch (found.getType()) {
            case "required" -> text(place, found.getProperty()) + " is missing"
                    + write(description(file, beside.path("properties").path(found.getProperty())), "");
            case "additionalProperties" -> text(place, found.getProperty()) + " is unknown; known are: " + String.join(", ", names(beside));
            case "propertyNames" -> text(place, found.getProperty()) + " has a name that is not taken"
                    + write(description(file, beside.path("propertyNames")), "");
            default -> text(place, null) + " is " + kind(found.getInstanceNode()) + write(expected, "; it " + found.getError());
        };
    }

    /** Where the rule is one of several of which one has to hold; -1 when it is not. */
    private static int alternatives(JsonNodePath rule) {
        for (int i = 0; i < rule.getNameCount(); i++) {
            if ("anyOf".equals(rule.getElement(i))) {
                return i;
            }
        }
        return -1;
    }

    private static String description(JsonNode file, JsonNode rule) {
        String reference = rule.path("$ref").asText();
        return rule.has("description") || !reference.startsWith("#/") ? rule.path("description").asText()
                : file.at(reference.substring(1)).path("description").asText();
    }

    private static String write(String expected, String otherwise) {
        return expected.isEmpty() ? otherwise : "; write " + expected;
    }

    private static List<String> names(JsonNode rule) {
        List<String> names = new ArrayList<>();
        rule.path("properties").fieldNames().forEachRemaining(names::add);
        return names;
    }

    private static String text(JsonNodePath place, String key) {
        List<String> parts = new ArrayList<>();
        for (int i = 0; i < place.getNameCount(); i++) {
            parts.add(cut(String.valueOf(place.getElement(i))));
        }
        if (key != null) {
            parts.add(cut(key));
        }
        return parts.isEmpty() ? "the record" : '`' + String.join(".", parts) + '`';
    }

    private static String cut(String key) {
        return key.length() > LONGEST_KEY ? key.substring(0, LONGEST_KEY) + '…' : key;
    }

    private static String kind(JsonNode value) {
        return switch (value.getNodeType()) {
            case STRING -> value.textValue().isBlank() ? "a blank text" : "a text of " + of(value.textValue().length(), "character");
            case NUMBER -> value.isIntegralNumber() ? "a number of " + of(value.bigIntegerValue().abs().toString().length(), "digit")
                    : "a decimal number";
            case BOOLEAN -> "a flag";
            case ARRAY -> "a list";
            case OBJECT -> "an object of " + of(value.size(), "key");
            default -> "null";
        };
    }

    private static String of(int count, String what) {
        return count + " " + what + (count == 1 ? "" : "s");
    }
}
