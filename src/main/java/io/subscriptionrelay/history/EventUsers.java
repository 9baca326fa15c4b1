package io.subscriptionrelay.history;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonStreamContext;
import com.fasterxml.jackson.core.JsonToken;
import io.subscriptionrelay.event.StrictJson;
import java.io.IOException;
import java.util.List;
import java.util.Locale;

/** Which users a webhook is about. */
final class EventUsers {

    /** Parts of the keys under which providers send ids of users. */
    private static final List<String> KEYS = List.of("user", "alias", "identity", "transferred_to", "transferred_from", "redeemed_by", "redeemed_from");

    private EventUsers() {
    }

    /**
     * Whether the webhook carries this id of a user: an app user id, an alias, an id of a destination, an e-mail address or whatever else, because
     * which of them a provider sends where is its own affair. So any text in it counts that is the same; of an e-mail address capital letters do
     * not. Numbers count where the key speaks of a user: others are prices and times.
     */
    static boolean has(byte[] webhook, String id) {
        try (JsonParser json = StrictJson.mapper().createParser(webhook)) {
            for (JsonToken token = json.nextToken(); token != null; token = json.nextToken()) {
                if (token == JsonToken.VALUE_STRING && same(id, json.getText())
                        || token == JsonToken.VALUE_NUMBER_INT && id.equals(json.getText()) && speaksOfUser(json)) {
                    return true;
                }
            }
            return false;
        } catch (IOException notJson) {
            return false;
        }
    }

    /** Whether a text is this id of a user. */
    static boolean same(String id, String text) {
        return id.indexOf('@') >= 0 ? id.equalsIgnoreCase(text) : id.equals(text);
    }

    /** Whether the value stands where an id of a user does. The key of what is in an array is the array's. */
    static boolean speaksOfUser(JsonParser json) {
        JsonStreamContext context = json.getParsingContext();
        while (context.inArray()) {
            context = context.getParent();
        }
        String key = context.getCurrentName();
        return key != null && KEYS.stream().anyMatch(key.toLowerCase(Locale.ROOT)::contains);
    }
}
