package io.subscriptionrelay.history;

import java.util.List;
import java.util.Map;

/** Finds out what today's routes and mappings would make of a parked event, without sending, counting or moving anything. */
public interface DryRun {

    /**
     * A parked event, as it would be replayed.
     *
     * @param webhook the bytes as they came
     * @param receivedAt in milliseconds since 1970
     * @param destination the one that it is replayed for; null for all
     * @param part the place of the one record of that destination that it is replayed for; null for all
     * @param record the name of that one; null for all, or when only its place is known
     */
    record Replay(String provider, String eventId, long receivedAt, String destination, Integer part, String record, byte[] webhook) {
    }

    /**
     * What would become of it, destination by destination: {@code outcome} is {@code sent} with the {@code record}, and with the {@code problem}
     * if its destination knows no such record; {@code skipped} or {@code parked} with the {@code reason}; or {@code nothing}. Never fails.
     */
    List<Map<String, Object>> of(Replay replay);
}
