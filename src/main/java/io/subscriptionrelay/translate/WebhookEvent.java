package io.subscriptionrelay.translate;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.mapping.Facts;

/**
 * A stored webhook, read again to be translated.
 *
 * @param webhook its JSON; null when it cannot be read
 * @param raw the bytes as they came
 * @param receivedAt in milliseconds since 1970
 * @param only the one destination that it is replayed for; null for all
 * @param part the one record of that destination that it is replayed for; null for all
 */
public record WebhookEvent(String provider, String id, Facts facts, JsonNode webhook, byte[] raw, long receivedAt, String only,
        Integer part) {

    /** What the provider's route and its mappings go by; not its content, which is personal. */
    @Override
    public String toString() {
        return provider + " event " + id;
    }
}
