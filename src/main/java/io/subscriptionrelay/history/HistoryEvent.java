package io.subscriptionrelay.history;

/**
 * A webhook that was answered with 200, as history keeps it.
 *
 * @param eventId the provider's id, or the key composed in its place, which names the user; {@link #key} is what it is found by
 * @param type as the provider names it; null when the webhook has none
 * @param receivedAt in milliseconds since 1970
 * @param webhook the bytes as they came; null where content is not asked for, or was forgotten
 * @param attributes what {@code event.jslt} read out of it, a JSON object; null where it failed, content is not asked for, or was forgotten
 */
public record HistoryEvent(String provider, String eventId, String type, long receivedAt, byte[] webhook, byte[] attributes) {

    /** What the event is found and shown by: its id, or a hash where the id may name the user. */
    public String key() {
        return EventKey.of(eventId);
    }
}
