package io.subscriptionrelay.history;

import java.util.List;

/**
 * Where events are kept for some weeks with their content and what became of them. Thread-safe. What goes wrong with its disk or database is
 * an {@link UncheckedStoreException}: nothing of the call has happened, and it may be made again.
 */
public interface HistoryStore extends AutoCloseable {

    /**
     * A place between two events in the order of their coming: after {@code receivedAt}, and among those of one millisecond after the key.
     * Events that come or are dropped meanwhile move nothing.
     */
    record Cursor(long receivedAt, String provider, String key) {
    }

    /** An event with all that became of it, in the order in which it happened; the content only where it was asked for. */
    record Found(HistoryEvent event, List<HistoryOutcome> outcomes) {
    }

    /** What was forgotten of a user: of so many events the content, so many records. */
    record Forgotten(int events, int records) {
    }

    /**
     * Keeps all of these batches or none, and returns when they are on disk. A batch whose id is known is left out, and so is an event that is
     * known already, while its outcomes are added.
     */
    void append(List<HistoryBatch> batches);

    /**
     * The events that fit, the newest first.
     *
     * @param before only those that came before this place; null for the newest
     * @param content whether bodies, records and answers are wanted too
     */
    List<Found> newest(HistoryFilter filter, Cursor before, int limit, boolean content);

    /**
     * The events that fit, the oldest first and with content, as a replay takes them.
     *
     * @param after only those that came after this place; null for the oldest
     */
    List<Found> oldest(HistoryFilter filter, Cursor after, int limit);

    /** How many events fit. */
    long count(HistoryFilter filter);

    /**
     * Removes what is personal of all events that carry this id of a user: bodies, attributes, records, answers, and what they are found by.
     * That they came, and what became of them, stays; what becomes of them later is kept without content too. The disk no longer has it when this
     * returns.
     */
    Forgotten forget(String user);

    /**
     * Drops the oldest events, at least those that came before this time, and those that take more than this many bytes; whole spans of time.
     *
     * @param time in milliseconds since 1970
     * @return how many were dropped because of the size, not the time
     */
    long trim(long time, long maxBytes);

    /** Compares a part of what is on disk with its checksums; what is damaged is put aside and told. A database sees to that itself. */
    default void check() {
    }

    /** How many bytes it takes. */
    long bytes();

    /** When the oldest event came that is kept, in milliseconds since 1970; {@link Long#MAX_VALUE} when none is. */
    long begins();

    @Override
    void close();
}
