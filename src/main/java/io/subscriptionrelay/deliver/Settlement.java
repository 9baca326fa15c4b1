package io.subscriptionrelay.deliver;

import io.subscriptionrelay.event.RecordMessage;
import io.subscriptionrelay.history.HistoryOutcome.Said;
import io.subscriptionrelay.mapping.Destination.Retry;

/** What becomes of each record of a batch. Each of them is settled once. */
interface Settlement {

    /**
     * The destination has it.
     *
     * @param failures how often its call failed before
     */
    void delivered(RecordMessage record, int failures, Said answer);

    /** Nothing is sent, because the destination already has a newer state of its user. */
    void stale(RecordMessage record);

    /** It is refused for a passing reason, and comes back later, each time after a longer while; or it is parked, if that was so for too long. */
    void retry(RecordMessage record, Retry why, Said answer);

    /**
     * Its call fails while others succeed. It comes back later, in a call of its own; or it is parked, if that was so for a day.
     *
     * @param answer what the destination answers it with
     */
    void isolate(RecordMessage record, String answer);

    /**
     * It is refused for good.
     *
     * @param answer the destination's, or null when it was not sent
     */
    void park(RecordMessage record, String reason, Said answer);

    /** It was not tried, and goes back as it came. */
    void putBack(RecordMessage record);

    /** Another relay is delivering to its user; it was not tried, and comes back in a moment. */
    void leaveToOther(RecordMessage record);
}
