package io.subscriptionrelay.history;

import java.util.Collection;
import java.util.List;

/**
 * Where traces are kept for some days. What goes wrong with it is a {@link org.springframework.dao.DataAccessException}.
 */
interface TraceStore extends AutoCloseable {

    /** A filter that means hardly any trace has all of them read; it may not take the store away for long. */
    int LONGEST_QUERY_SECONDS = 10;

    /** Which event is meant: an id is only unique together with its provider. */
    record Key(String provider, String eventId) {
    }

    /** Keeps all of these or none. */
    void append(List<Trace> traces);

    /**
     * Deletes the oldest, about a portion of them at most.
     *
     * @param time in milliseconds since 1970
     * @return how many were deleted
     */
    int deleteBefore(long time, int portion);

    /** Deletes all. */
    void clear();

    /** The events of which something is known that fits, those with the newest such news first. */
    List<Key> find(EventFilter filter, int limit);

    /** All that is known of events with one of these ids, in the order in which it happened. */
    List<Trace> of(Collection<String> eventIds);

    @Override
    void close();
}
