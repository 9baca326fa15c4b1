package io.subscriptionrelay.history;

/**
 * One thing that happened to an event after it was received. What does not apply is null.
 *
 * @param at in milliseconds since 1970
 * @param eventId as in {@link HistoryEvent}
 * @param receivedAt when the event's webhook came, in milliseconds since 1970; it says which span of time this is kept in, with the event
 * @param part which of the event's records for the destination, from 0
 * @param attempts how often the record was tried until then
 * @param reason without personal data
 * @param record the record as it was sent, in JSON, without secrets
 * @param answer what the destination said to the call that the record was in
 */
public record HistoryOutcome(long at, EventOutcome what, String provider, String eventId, long receivedAt, String step, String destination,
        String account, Integer part, Integer attempts, String reason, String parkedId, byte[] record, Said answer) {

    /**
     * A destination's answer.
     *
     * @param status of HTTP
     * @param body its first 2 kB
     */
    public record Said(int status, String body) {
    }

    /** As {@link HistoryEvent#key}. */
    public String key() {
        return EventKey.of(eventId);
    }
}
