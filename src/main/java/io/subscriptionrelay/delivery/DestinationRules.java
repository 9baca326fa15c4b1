package io.subscriptionrelay.delivery;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;

/** What a destination is known to refuse, so that it need not be asked. */
public interface DestinationRules {

    /** The destination's name. */
    String destination();

    /** Why this record would be refused for good, or empty. Names no personal data. */
    Optional<String> refusal(JsonNode record);
}
