package io.subscriptionrelay.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.OffsetDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Collection;
import java.util.Currency;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What Braze checks in one object of users/track. The first check that fails decides. The texts about a missing user, the
 * quantity and the email are those the real service sends; all others were never recorded and are guesses in the same
 * form. Where Braze's documents only say what a value has to be, another one is refused.
 */
final class BrazeRules {

    static final String ATTRIBUTES = "attributes";
    static final String EVENTS = "events";
    static final String PURCHASES = "purchases";
    /** In the order in which Braze processes them. */
    static final List<String> LISTS = List.of(ATTRIBUTES, EVENTS, PURCHASES);

    private static final int LONGEST = 255;
    private static final int MOST_OF_A_PRODUCT = 100;
    private static final int LARGEST_NESTED = 50 * 1024;
    private static final Set<String> OF_ALL = Set.of("external_id", "user_alias", "braze_id", "email", "phone",
            "_update_existing_only");
    private static final Set<String> OF_EVENTS = Set.of("app_id", "name", "time", "properties");
    private static final Set<String> OF_PURCHASES = Set.of("app_id", "product_id", "currency", "price", "quantity", "time",
            "properties");
    private static final Set<String> SUBSCRIPTIONS = Set.of("opted_in", "subscribed", "unsubscribed");
    private static final Set<String> GENDERS = Set.of("M", "F", "O", "N", "P");
    private static final Pattern EMAIL = Pattern.compile("[^@\\s]+@[^@\\s.]+(\\.[^@\\s.]+)+");
    private static final Pattern DAY = Pattern.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}");
    private static final DateTimeFormatter BRAZE_TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss:SSSZ");
    private static final Set<String> CURRENCIES = Currency.getAvailableCurrencies().stream().map(Currency::getCurrencyCode)
            .collect(Collectors.toSet());

    private final Set<String> blocked = ConcurrentHashMap.newKeySet();

    void block(Collection<String> externalIds) {
        blocked.addAll(externalIds);
    }

    /** Why an object of this list is refused; null when it is fine. */
    String check(String list, JsonNode object) {
        if (!object.isObject()) {
            return "The value provided is not an object";
        }
        String problem = user(object);
        if (problem != null) {
            return problem;
        }
        return switch (list) {
            case EVENTS -> event(object);
            case PURCHASES -> purchase(object);
            default -> attributes(object);
        };
    }

    private String user(JsonNode object) {
        JsonNode alias = object.path("user_alias");
        if (!alias.isMissingNode() && (!text(alias.path("alias_name")) || !text(alias.path("alias_label")))) {
            return "'user_alias' must have an 'alias_name' and an 'alias_label'";
        }
        boolean named = false;
        for (String name : List.of("external_id", "braze_id", "email", "phone")) {
            JsonNode id = object.path(name);
            if (!id.isMissingNode() && !id.isTextual()) {
                return "'" + name + "' must be a string";
            }
            named |= text(id);
        }
        if (!named && alias.isMissingNode()) {
            return "'external_id', 'braze_id', 'user_alias', 'email' or 'phone' is required";
        }
        if (blocked.contains(object.path("external_id").asText())) {
            return "provided external_id is blacklisted and disallowed";
        }
        JsonNode updateOnly = object.path("_update_existing_only");
        if (!updateOnly.isMissingNode() && !updateOnly.isBoolean()) {
            return "'_update_existing_only' is not valid";
        }
        JsonNode email = object.path("email");
        return email.isMissingNode() || EMAIL.matcher(email.asText()).matches() ? null
                : "The value provided for the 'email' field is not a valid email.";
    }

    private static String event(JsonNode event) {
        String stray = stray(event, OF_EVENTS);
        if (stray != null) {
            return stray;
        }
        JsonNode name = event.path("name");
        if (!text(name)) {
            return "'name' is required";
        }
        if (!name(name.asText())) {
            return "'name' is not valid";
        }
        if (name.asText().startsWith("ecommerce.")) {
            return "The property '#/' did not contain a required property of the event '" + name.asText() + "'";
        }
        return timeAndProperties(event);
    }

    private static String purchase(JsonNode purchase) {
        String stray = stray(purchase, OF_PURCHASES);
        if (stray != null) {
            return stray;
        }
        JsonNode product = purchase.path("product_id");
        if (!text(product)) {
            return "'product_id' is required";
        }
        if (product.asText().length() > LONGEST) {
            return "'product_id' is not valid";
        }
        if (!text(purchase.path("currency")) || !CURRENCIES.contains(purchase.get("currency").asText())) {
            return "'currency' is not valid";
        }
        if (!purchase.path("price").isNumber()) {
            return "'price' is not valid";
        }
        JsonNode quantity = purchase.path("quantity");
        if (!quantity.isMissingNode() && (!quantity.isIntegralNumber() || quantity.decimalValue().signum() <= 0
                || quantity.decimalValue().compareTo(BigDecimal.valueOf(MOST_OF_A_PRODUCT)) > 0)) {
            return "'quantity' is not valid";
        }
        return timeAndProperties(purchase);
    }

    private static String timeAndProperties(JsonNode object) {
        JsonNode time = object.path("time");
        if (!text(time)) {
            return "'time' is required";
        }
        if (!time(time.asText())) {
            return "'time' is not valid";
        }
        JsonNode properties = object.path("properties");
        if (properties.isMissingNode()) {
            return null;
        }
        if (!properties.isObject()) {
            return "'properties' is not valid";
        }
        boolean nested = false;
        for (Map.Entry<String, JsonNode> property : properties.properties()) {
            JsonNode value = property.getValue();
            nested |= value.isContainerNode();
            if (!name(property.getKey())) {
                return "The name of a property is not valid";
            }
            boolean fine = value.isArray() ? all(value, item -> fine(item) && !(item.isTextual() && time(item.asText())))
                    : value.isObject() || fine(value);
            if (!fine) {
                return "The property '" + property.getKey() + "' is not valid";
            }
        }
        return nested && Json.compact(properties).getBytes(StandardCharsets.UTF_8).length > LARGEST_NESTED
                ? "'properties' is too large" : null;
    }

    private static String attributes(JsonNode attributes) {
        for (Map.Entry<String, JsonNode> attribute : attributes.properties()) {
            String key = attribute.getKey();
            JsonNode value = attribute.getValue();
            if (OF_ALL.contains(key)) {
                continue;
            }
            if (!name(key)) {
                return "The name of an attribute is not valid";
            }
            boolean fine = switch (key) {
                case "email_subscribe", "push_subscribe" -> value.isNull() || SUBSCRIPTIONS.contains(value.asText());
                case "gender" -> value.isNull() || GENDERS.contains(value.asText());
                case "dob" -> value.isNull() || DAY.matcher(value.asText()).matches();
                case "country", "language", "first_name", "last_name", "home_city", "time_zone" ->
                        value.isNull() || value.isTextual();
                default -> value.isValueNode() || value.isObject() && !holdsNull(value)
                        || value.isArray() && all(value, item -> item.isObject() ? !holdsNull(item) : fine(item));
            };
            if (!fine) {
                return "The value provided for the '" + key + "' field is not valid.";
            }
        }
        return null;
    }

    /** Braze documents the keys of an object and says nothing of others: a misspelled one would go unnoticed. */
    private static String stray(JsonNode object, Set<String> own) {
        for (Map.Entry<String, JsonNode> field : object.properties()) {
            if (!own.contains(field.getKey()) && !OF_ALL.contains(field.getKey())) {
                return "'" + field.getKey() + "' is not known";
            }
        }
        return null;
    }

    private static boolean holdsNull(JsonNode value) {
        return value.isNull() || value.isContainerNode() && !all(value, item -> !holdsNull(item));
    }

    private static boolean all(JsonNode container, Predicate<JsonNode> condition) {
        for (JsonNode element : container) {
            if (!condition.test(element)) {
                return false;
            }
        }
        return true;
    }

    /** Null is no type of a property. */
    private static boolean fine(JsonNode value) {
        return value.isNumber() || value.isBoolean() || value.isTextual() && value.asText().length() <= LONGEST;
    }

    private static boolean name(String name) {
        return !name.isBlank() && name.length() <= LONGEST && !name.startsWith("$");
    }

    private static boolean text(JsonNode value) {
        return value.isTextual() && !value.asText().isBlank();
    }

    /** ISO 8601 with an offset, or Braze's own form of it. */
    private static boolean time(String text) {
        try {
            OffsetDateTime.parse(text);
            return true;
        } catch (DateTimeParseException notIso) {
            try {
                OffsetDateTime.parse(text, BRAZE_TIME);
                return true;
            } catch (DateTimeParseException neither) {
                return false;
            }
        }
    }
}
