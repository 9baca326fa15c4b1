package io.subscriptionrelay.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * What CleverTap checks in one record while the client waits. The first check that fails decides, as in every recorded
 * answer. Texts of the codes 509, 513–520, 523 and 525 are those the real service sends; the others were never recorded
 * and are guesses in the same form.
 */
final class CleverTapRules {

    static final List<String> ID_FIELDS = List.of("identity", "FBID", "GPID", "objectId");

    private static final Pattern OBJECT_ID = Pattern.compile("[_-]?[A-Za-z0-9_-]{24,}");
    private static final Pattern EMAIL = Pattern.compile("[^@\\s]+@[^@\\s.]+(\\.[^@\\s.]+)+");
    private static final Pattern PHONE = Pattern.compile("\\+[1-9][0-9]{6,14}");
    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,3}(\\.[0-9]+)?");
    private static final BigInteger LARGEST_TS = BigInteger.valueOf(9_999_999_999L);
    private static final Set<String> OPERATORS = Set.of("$add", "$remove", "$set", "$incr", "$decr", "$delete");
    private static final Set<String> TOKEN_TYPES = Set.of("chrome", "fcm", "gcm", "apns", "wns", "mpns");
    private static final int NESTED_DEPTH = 3;
    private static final int NESTED_ROOT_KEYS = 5;
    private static final int NESTED_BYTES = 128 * 1024;

    /**
     * The documented names, the names the mobile SDKs refuse, the dashboard's system events, and one seen refused
     * live.
     */
    private static final List<String> RESTRICTED = List.of(
            "Notification Sent", "Notification Viewed", "Notification Clicked", "Notification Delivered",
            "Notification Replied", "UTM Visited", "App Launched", "App Uninstalled", "App Version Changed", "Stayed",
            "Reply Sent", "Experiment Rendered", "Reachable By", "Identity Reset", "Identity Set", "Identity Error",
            "wzrk_d", "Notification Bounced", "Geocluster Entered", "Geocluster Exited",
            "SCOutgoing", "SCIncoming", "SCEnd", "SCCampaignOptOut", "DCOutgoing", "DCIncoming", "DCEnd",
            "Web Page Viewed",
            "App Installed", "Web Session Started", "Notification Failed", "Push Impressions", "State Transitioned",
            "Session Concluded", "Channel Subscribed", "Channel Unsubscribed", "App Upgraded", "Partner Sync",
            "Push Unregistered");
    private static final List<String> RESTRICTED_PREFIXES = List.of(
            "wzrk_", "abtest", "abexperiment", "ctcoupon", "ctpoints", "ctpartnervoucher");

    private final Set<String> restricted = ConcurrentHashMap.newKeySet();
    private final Set<String> discarded = ConcurrentHashMap.newKeySet();
    volatile int maxProperties = 100;
    volatile boolean nested;
    volatile Duration pastWindow;
    volatile Duration futureWindow;

    CleverTapRules() {
        restrict(RESTRICTED);
    }

    /** Why a record was not stored. */
    record Refusal(int code, String error) {
    }

    /** CleverTap takes event names as equal that differ only by case or spaces. */
    static String normalised(String name) {
        return name.replace(" ", "").toLowerCase(Locale.ROOT);
    }

    void restrict(Collection<String> names) {
        names.forEach(name -> restricted.add(normalised(name)));
    }

    void discard(Collection<String> names) {
        names.forEach(name -> discarded.add(normalised(name)));
    }

    /** Null when the record is fine. */
    Refusal check(JsonNode record, int position) {
        String type = record.path("type").asText("");
        return switch (type) {
            case "event" -> first(identity(record, position), ts(record, position), event(record, position));
            case "profile" -> first(identity(record, position), ts(record, position), profile(record, position));
            case "token" -> token(record, position);
            default -> refusal(524, "Record type is incorrect. ErrorCode: 524 - type must be event, profile or token. ",
                    position);
        };
    }

    private static Refusal first(Refusal... refusals) {
        for (Refusal refusal : refusals) {
            if (refusal != null) {
                return refusal;
            }
        }
        return null;
    }

    private static Refusal refusal(int code, String error, int position) {
        return new Refusal(code, error + "Skipped record number : " + position);
    }

    private static Refusal identity(JsonNode record, int position) {
        if (ID_FIELDS.stream().noneMatch(field -> id(record, field) != null)) {
            return refusal(523, "'identity' or 'fbId' or 'gpId' or 'objectId' is necessary under 120 chars to identify "
                    + "the user. ", position);
        }
        return validObjectId(record) ? null
                : refusal(526, "objectId is incorrect. ErrorCode: 526 - objectId is not valid. ", position);
    }

    private static boolean validObjectId(JsonNode record) {
        String objectId = record.path("objectId").asText("");
        return objectId.isBlank() || OBJECT_ID.matcher(objectId).matches();
    }

    /** An id that identifies somebody: text or number, not blank, under 120 characters; otherwise null. */
    static String id(JsonNode record, String field) {
        JsonNode id = record.get(field);
        if (id == null || !id.isTextual() && !id.isNumber()) {
            return null;
        }
        String text = id.asText();
        return text.isBlank() || text.length() >= 120 ? null : text;
    }

    private Refusal ts(JsonNode record, int position) {
        JsonNode ts = record.get("ts");
        if (ts == null) {
            return null;
        }
        if (!ts.isIntegralNumber() || ts.bigIntegerValue().signum() <= 0
                || ts.bigIntegerValue().compareTo(LARGEST_TS) > 0) {
            return refusal(525, "Timestamp should be present in the Unix Epoch format. ", position);
        }
        Instant at = Instant.ofEpochSecond(ts.longValue());
        Instant now = Instant.now();
        if (pastWindow != null && at.isBefore(now.minus(pastWindow))
                || futureWindow != null && at.isAfter(now.plus(futureWindow))) {
            return refusal(527, "Timestamp is incorrect. ErrorCode: 527 - Timestamp is outside the allowed ingestion "
                    + "window. ", position);
        }
        return null;
    }

    private Refusal event(JsonNode record, int position) {
        JsonNode name = record.path("evtName");
        if (!name.isTextual() || name.asText().isBlank()) {
            return refusal(509, "Event Name is incorrect. ErrorCode: 509 - Event name is mandatory. ", position);
        }
        String normalised = normalised(name.asText());
        if (restricted.contains(normalised) || RESTRICTED_PREFIXES.stream().anyMatch(normalised::startsWith)) {
            return refusal(513, "Event Name is incorrect. ErrorCode: 513 - Trying to raise a restricted system event. ",
                    position);
        }
        if (discarded.contains(normalised)) {
            return refusal(528, "Discarded event. ErrorCode: 528 - Trying to raise a discarded event. ", position);
        }
        JsonNode data = record.path("evtData");
        if (!data.isObject() || !flatEnough(data, normalised.equals("charged"))) {
            return refusal(512, "Event structure is incorrect. ErrorCode: 512 - Event data is not valid. ", position);
        }
        if (data.size() > maxProperties) {
            return refusal(522, "Event structure is incorrect. ErrorCode: 522 - More than " + maxProperties
                    + " event properties. ", position);
        }
        return null;
    }

    private boolean flatEnough(JsonNode data, boolean charged) {
        int containers = 0;
        for (Map.Entry<String, JsonNode> field : data.properties()) {
            JsonNode value = field.getValue();
            if (charged && field.getKey().equals("Items")) {
                if (!arrayOfFlatObjects(value)) {
                    return false;
                }
            } else if (value.isContainerNode()) {
                containers++;
                if (!nested || depth(value) >= NESTED_DEPTH) {
                    return false;
                }
            }
        }
        return containers == 0 || containers <= NESTED_ROOT_KEYS
                && Json.compact(data).getBytes(StandardCharsets.UTF_8).length <= NESTED_BYTES;
    }

    private static boolean arrayOfFlatObjects(JsonNode items) {
        return items.isArray() && all(items, item -> item.isObject() && all(item, JsonNode::isValueNode));
    }

    private static boolean all(JsonNode container, Predicate<JsonNode> condition) {
        for (JsonNode element : container) {
            if (!condition.test(element)) {
                return false;
            }
        }
        return true;
    }

    private static int depth(JsonNode value) {
        int deepest = 0;
        for (JsonNode element : value) {
            deepest = Math.max(deepest, depth(element));
        }
        return value.isContainerNode() ? deepest + 1 : 0;
    }

    /** The order of the checks is that of the recordings: Gender and Email come before Phone, the rest after it. */
    private Refusal profile(JsonNode record, int position) {
        JsonNode data = record.path("profileData");
        if (!data.isObject() || !operatorsOnly(data)) {
            return refusal(512, "Profile structure is incorrect. ErrorCode: 512 - Profile data is not valid. ", position);
        }
        return first(
                system(data, "Gender", 514, "Gender needs to be M/F.", oneOf("M", "F"), position),
                system(data, "Email", 515, "Email is not valid.", text(EMAIL), position),
                system(data, "Phone", 516, "Phone number is not valid.", text(PHONE), position),
                system(data, "Employed", 517, "Employed needs to be Y/N.", oneOf("Y", "N"), position),
                system(data, "Education", 518, "Education needs to be School/College/Graduate..",
                        oneOf("School", "College", "Graduate"), position),
                system(data, "Married", 519, "Married needs to be Y/N.", oneOf("Y", "N"), position),
                system(data, "Age", 520, "Age is invalid.", value -> NUMBER.matcher(value.asText("")).matches(),
                        position));
    }

    private boolean operatorsOnly(JsonNode data) {
        for (Map.Entry<String, JsonNode> field : data.properties()) {
            JsonNode value = field.getValue();
            boolean legal = value.isValueNode() || nested || operator(value) != null
                    || value.isObject() && field.getKey().startsWith("category-");
            if (!legal) {
                return false;
            }
        }
        return true;
    }

    /** The operator of a profile value such as <code>{"$incr": 2}</code>, or null for a plain value. */
    static String operator(JsonNode value) {
        if (!value.isObject() || value.size() != 1) {
            return null;
        }
        String name = value.fieldNames().next();
        return OPERATORS.contains(name) ? name : null;
    }

    private static Refusal system(JsonNode data, String key, int code, String problem, Predicate<JsonNode> valid,
                                  int position) {
        JsonNode value = data.get(key);
        if (value == null || value.isNull() || "$delete".equals(operator(value)) || valid.test(value)) {
            return null;
        }
        return refusal(code, "Profile data is incorrect. " + problem, position);
    }

    private static Predicate<JsonNode> oneOf(String... values) {
        Set<String> allowed = Set.of(values);
        return value -> value.isTextual() && allowed.contains(value.asText());
    }

    private static Predicate<JsonNode> text(Pattern pattern) {
        return value -> value.isTextual() && pattern.matcher(value.asText()).matches();
    }

    private static Refusal token(JsonNode record, int position) {
        if (ID_FIELDS.stream().noneMatch(field -> id(record, field) != null)) {
            return identity(record, position);
        }
        JsonNode data = record.path("tokenData");
        String type = data.path("type").asText("");
        int code = !validObjectId(record) ? 530
                : data.path("id").asText("").isBlank() ? 532
                : type.isBlank() ? 533
                : TOKEN_TYPES.contains(type) ? 0 : 534;
        return code == 0 ? null
                : refusal(code, "Token data is incorrect. ErrorCode: " + code + " - Token is not valid. ", position);
    }

    /**
     * How a refused record comes back. CleverTap has by then normalised the phone number and the inner identity, unless
     * an earlier check failed; that is why an echo must not be used to find the record again.
     */
    static JsonNode echo(JsonNode record, int code) {
        JsonNode data = record.path("profileData");
        if (code < 517 || code > 520 || !data.isObject()) {
            return record;
        }
        ObjectNode echo = record.deepCopy();
        ObjectNode copy = (ObjectNode) echo.get("profileData");
        normalisePhone(copy);
        if (copy.path("identity").isNumber()) {
            copy.put("identity", copy.get("identity").asText());
        }
        return echo;
    }

    /** CleverTap keeps phone numbers as numbers. */
    static void normalisePhone(ObjectNode profile) {
        JsonNode phone = profile.path("Phone");
        if (phone.isTextual() && PHONE.matcher(phone.asText()).matches()) {
            profile.put("Phone", Long.parseLong(phone.asText().substring(1)));
        }
    }
}
