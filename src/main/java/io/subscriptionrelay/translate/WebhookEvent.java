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
 * @param part the place of the one record of that destination that it is replayed for; null for all
 * @param record the {@link RecordName} of that one; null for all, or when only its place is known
 * @param stateOnly whether only records that set a user's state are sent, which may come twice
 */
public record WebhookEvent(String provider, String id, Facts facts, JsonNode webhook, byte[] raw, long receivedAt, String only,
        Integer part, String record, boolean stateOnly) {

    /** What the provider's route and its mappings go by; not its content, which is personal. */
    @Override
    public String toString() {
        return provider + " event " + id;
    }
}
