package io.subscriptionrelay.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.simulator.CleverTapSimulator.Flaw;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.regex.Pattern;

/**
 * What CleverTap finds wrong with a stored record only afterwards. The real service tells it on a dashboard page and
 * drops the property or the whole event; nothing of it ever shows in an answer. One instance belongs to one account.
 */
final class CleverTapErrorStream {

    private static final int MAX_EVENT_TYPES = 512;
    private static final int MAX_PROPERTIES_SEEN = 1000;
    private static final int MAX_KEY = 120;
    private static final int MAX_VALUE_BYTES = 512;
    private static final int MAX_ITEMS = 256;
    private static final String PROHIBITED = "%><!|&.:;$'\"\\";
    private static final Pattern DATE = Pattern.compile("\\$D_[0-9]{1,10}");

    /** First type seen of each property of each event; profiles count as one more event. */
    private final Map<String, Map<String, String>> seen = new ConcurrentHashMap<>();
    private final Map<String, Set<String>> knownSchema;

    CleverTapErrorStream(Map<String, Set<String>> knownSchema) {
        this.knownSchema = knownSchema;
    }

    void clear() {
        seen.clear();
    }

    /** Reports each flaw with the key of the property concerned, or an empty key when it is the event's name. */
    void inspect(JsonNode record, BiConsumer<Flaw, String> report) {
        String type = record.path("type").asText();
        if (type.equals("event")) {
            String name = record.path("evtName").asText();
            if (hasProhibited(name, false)) {
                report.accept(Flaw.PROHIBITED_CHARACTERS, "");
            }
            String normalised = CleverTapRules.normalised(name);
            Set<String> known = knownProperties(normalised, report);
            properties(record.path("evtData"), false, normalised, known, report);
        } else if (type.equals("profile")) {
            properties(record.path("profileData"), true, "", null, report);
        }
    }

    private Set<String> knownProperties(String event, BiConsumer<Flaw, String> report) {
        Set<String> known = knownSchema.get(event);
        if (known == null && !knownSchema.isEmpty()) {
            report.accept(Flaw.UNKNOWN_SCHEMA, "");
        }
        return known;
    }

    private void properties(JsonNode data, boolean profile, String event, Set<String> known,
                            BiConsumer<Flaw, String> report) {
        Map<String, String> types = types(event, report);
        for (Map.Entry<String, JsonNode> field : data.properties()) {
            String key = field.getKey();
            JsonNode value = field.getValue();
            if (hasProhibited(key, profile)) {
                report.accept(Flaw.PROHIBITED_CHARACTERS, key);
            }
            if (profile ? longer(key, MAX_KEY) : key.length() > MAX_KEY) {
                report.accept(Flaw.KEY_TOO_LONG, key);
            }
            if (known != null && !known.contains(key)) {
                report.accept(Flaw.UNKNOWN_SCHEMA, key);
            }
            value(key, value, types, report);
        }
    }

    private static void value(String key, JsonNode value, Map<String, String> types, BiConsumer<Flaw, String> report) {
        if (value.isNull()) {
            report.accept(Flaw.NULL_VALUE, key);
            return;
        }
        if (value.isTextual()) {
            if (longer(value.asText(), MAX_VALUE_BYTES)) {
                report.accept(Flaw.VALUE_TOO_LONG, key);
            }
            if (value.asText().startsWith("$D_") && !DATE.matcher(value.asText()).matches()) {
                report.accept(Flaw.MALFORMED_DATE, key);
            }
        }
        if (value.isArray() && value.size() > MAX_ITEMS) {
            report.accept(Flaw.TOO_MANY_ITEMS, key);
        }
        if (types != null && CleverTapRules.operator(value) == null) {
            String type = type(value);
            String first = types.size() < MAX_PROPERTIES_SEEN ? types.putIfAbsent(key, type) : types.get(key);
            if (first != null && !first.equals(type)) {
                report.accept(Flaw.TYPE_DRIFT, key);
            }
        }
    }

    private Map<String, String> types(String event, BiConsumer<Flaw, String> report) {
        Map<String, String> types = seen.get(event);
        if (types != null) {
            return types;
        }
        if (seen.size() > MAX_EVENT_TYPES) {
            report.accept(Flaw.TOO_MANY_EVENT_TYPES, "");
            return null;
        }
        return seen.computeIfAbsent(event, unused -> new ConcurrentHashMap<>());
    }

    private static String type(JsonNode value) {
        if (value.isTextual()) {
            return DATE.matcher(value.asText()).matches() ? "date" : "string";
        }
        return value.isNumber() ? "number" : value.isBoolean() ? "boolean" : "nested";
    }

    private static boolean hasProhibited(String name, boolean profile) {
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c < 128 && PROHIBITED.indexOf(c) >= 0 || profile && c == '#') {
                return true;
            }
        }
        return false;
    }

    /** In UTF-8, where a character takes at most three bytes for each of its chars. */
    private static boolean longer(String text, int bytes) {
        return text.length() * 3 > bytes && text.getBytes(StandardCharsets.UTF_8).length > bytes;
    }
}
