package io.subscriptionrelay.delivery;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;

/** What a destination is known to refuse, so that it need not be asked. */
public interface DestinationRules {

    /** The kind of records of which nothing more is known. */
    String ANY_KIND = "record";

    /** The destination's name. */
    String destination();

    /**
     * The key of the user whose state this record sets, or empty when it sets none and so can never be stale. Records that set
     * state are applied in the order of their events, and not at all once a newer one was.
     */
    default Optional<String> stateKey(JsonNode record) {
        return Optional.empty();
    }

    /**
     * What kind of record this is, as it stays whatever the settings call things: a replay finds the record that was parked by it. No slash.
     */
    default String kind(JsonNode record) {
        return ANY_KIND;
    }

    /** The id of the user that this record is about, for the same purpose; empty when it is about none. */
    default String user(JsonNode record) {
        return "";
    }

    /** Why this record would be refused for good, or empty. Names no personal data. */
    Optional<String> refusal(JsonNode record);
}
