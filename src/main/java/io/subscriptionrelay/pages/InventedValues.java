package io.subscriptionrelay.pages;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Puts invented values in the place of those that may be personal: ids, addresses, names, numbers of transactions, and what a team has written into
 * attributes of a user. The same value becomes the same one everywhere, of the same shape, so that a mapping reads them alike. Not thread-safe.
 */
final class InventedValues {

    private static final Pattern ADDRESS = Pattern.compile("(?<![^\\s@\"<>])[^\\s@\"<>]{1,64}+@[^\\s@\"<>]{1,255}+");
    private static final Pattern UUID = Pattern.compile("[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}");
    private static final Pattern LONG_HEX = Pattern.compile("[0-9a-fA-F]{24,}");
    private static final Pattern IP = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}|[0-9a-fA-F]{1,4}(:[0-9a-fA-F]{0,4}){3,7}");
    private static final Pattern PHONE = Pattern.compile("\\+[0-9][0-9 ()/-]{6,}");
    private static final Pattern DIGITS = Pattern.compile("\\d{8,}");
    private static final Pattern SPEAKS_OF_A_PERSON = Pattern.compile("user|alias|mail|phone|ip_?address|device|gaid|idfa|idfv|name$|first|last_?name|birth|gender|city"
            + "|transaction|order_?id|purchase_?token|receipt|customer|identity|external|subscriber_?id|transferred|contact|push_?token|_id$");
    /** These end in {@code _id} or {@code name} and say what was bought, not by whom. */
    private static final Pattern SPEAKS_OF_A_THING = Pattern.compile("product|plan|app_?id|offering|entitlement|event_?name|event_?type|paywall|placement|audience|bundle"
            + "|package|offer|presentation");
    private static final Pattern ATTRIBUTES = Pattern.compile("attribute|propert");

    private final Map<String, String> invented = new LinkedHashMap<>();

    /** The same without what may be personal. */
    JsonNode instead(JsonNode json) {
        return instead("", json, false);
    }

    private JsonNode instead(String key, JsonNode json, boolean ofUser) {
        String name = key.toLowerCase(Locale.ROOT);
        if (json.isObject()) {
            ObjectNode object = JsonNodeFactory.instance.objectNode();
            boolean inAttributes = ofUser || ATTRIBUTES.matcher(name).find();
            json.properties().forEach(entry -> object.set(entry.getKey(), instead(entry.getKey(), entry.getValue(), inAttributes)));
            return object;
        }
        if (json.isArray()) {
            ArrayNode array = JsonNodeFactory.instance.arrayNode();
            json.forEach(element -> array.add(instead(key, element, ofUser)));
            return array;
        }
        boolean person = ofUser && !name.endsWith("_at_ms") || SPEAKS_OF_A_PERSON.matcher(name).find() && !SPEAKS_OF_A_THING.matcher(name).find();
        if (json.isTextual()) {
            return TextNode.valueOf(text(json.textValue(), person));
        }
        return json.isIntegralNumber() && person && json.asText().length() > 3 ? LongNode.valueOf(Long.parseLong(digits(json.asText()))) : json;
    }

    private String text(String value, boolean person) {
        if (value.isBlank() || Set.of("true", "false").contains(value.toLowerCase(Locale.ROOT))) {
            return value;
        }
        if (ADDRESS.matcher(value).matches()) {
            return known(value, number -> "person" + number + "@example.com");
        }
        if (IP.matcher(value).matches()) {
            return known(value, number -> "192.0.2." + number % 256);
        }
        if (PHONE.matcher(value).matches()) {
            return known(value, number -> "+1555%07d".formatted(number));
        }
        String replaced = each(UUID, value, number -> "00000000-0000-4000-8000-%012d".formatted(number));
        replaced = each(ADDRESS, replaced, number -> "person" + number + "@example.com");
        replaced = each(LONG_HEX, replaced, number -> "%032x".formatted(number));
        if (!replaced.equals(value)) {
            return replaced;
        }
        if (person && DIGITS.matcher(value).matches()) {
            return digits(value);
        }
        return person ? known(value, number -> "value-" + number) : value;
    }

    private String digits(String value) {
        return known(value, number -> "1" + ("%0" + Math.max(1, Math.min(17, value.length() - 1)) + "d").formatted(number));
    }

    private String each(Pattern pattern, String value, IntFunction<String> instead) {
        return pattern.matcher(value).replaceAll(found -> Matcher.quoteReplacement(isInvented(found.group()) ? found.group() : known(found.group(), instead)));
    }

    private boolean isInvented(String value) {
        return invented.containsValue(value);
    }

    private String known(String value, IntFunction<String> instead) {
        String known = invented.get(value);
        if (known == null) {
            known = instead.apply(invented.size() + 1);
            invented.put(value, known);
        }
        return known;
    }
}
