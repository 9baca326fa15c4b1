package io.subscriptionrelay.history;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.subscriptionrelay.event.StrictJson;
import java.io.IOException;
import java.util.Locale;

/** Which users a webhook is about. */
final class EventUsers {

    private static final String USER = "user";

    private EventUsers() {
    }

    /**
     * Whether the webhook carries this id of a user: an app user id, an alias, an id of a destination, an e-mail address or whatever else, because
     * which of them a provider sends where is its own affair. So any text in it counts that is the same; of an e-mail address capital letters do
     * not. Numbers count where the key speaks of a user: others are prices and times.
     */
    static boolean has(byte[] webhook, String id) {
        boolean address = id.indexOf('@') >= 0;
        try (JsonParser json = StrictJson.mapper().createParser(webhook)) {
            for (JsonToken token = json.nextToken(); token != null; token = json.nextToken()) {
                if (token == JsonToken.VALUE_STRING && (address ? id.equalsIgnoreCase(json.getText()) : id.equals(json.getText()))
                        || token == JsonToken.VALUE_NUMBER_INT && id.equals(json.getText()) && speaksOfUser(json.currentName())) {
                    return true;
                }
            }
            return false;
        } catch (IOException notJson) {
            return false;
        }
    }

    static boolean speaksOfUser(String key) {
        return key != null && key.toLowerCase(Locale.ROOT).contains(USER);
    }
}
