package io.subscriptionrelay.history;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import org.h2.mvstore.Cursor;
import org.h2.mvstore.DataUtils;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.MVStoreException;
import org.h2.mvstore.WriteBuffer;
import org.h2.mvstore.type.BasicDataType;
import org.h2.mvstore.type.ByteArrayDataType;
import org.h2.mvstore.type.LongDataType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.QueryTimeoutException;

/**
 * Traces in a file of their own, for a relay whose state is embedded: in H2's storage engine without its SQL, whose tables took five times
 * as long to write, most of it for undo logs that traces do not need.
 * <p>
 * The file has segments. Each has the traces of some time, in the order of time, and an index with the keys of their events and
 * users. An index stays small so, which makes writing to it cheap, and the oldest traces are deleted by dropping a segment. Those in it that
 * are too old before all of them are, are no longer found.
 */
final class TraceFile implements TraceStore {

    private static final Logger LOG = LoggerFactory.getLogger(TraceFile.class);
    private static final String TRACES = "traces-";
    private static final String INDEX = "index-";
    private static final long LARGEST_SEGMENT = 100_000;
    /** A look for an event looks into each segment, so there may not be too many of them; but what is too old should go soon. */
    private static final long SEGMENTS = 200;
    private static final long SHORTEST_SEGMENT = TimeUnit.MINUTES.toMillis(30);
    private static final int CACHE_MEGABYTES = 4;
    /** Below it, chunks of the file are written again without what is no longer used, so much at a time. */
    private static final int LOWEST_FILL_PERCENT = 50;
    /** At the end, in milliseconds. */
    private static final int LONGEST_COMPACTION = 200;
    private static final int REWRITTEN = 16 * 1024 * 1024;
    /** A trace's place: its time in milliseconds, and its number within it. */
    private static final int NUMBER_BITS = 20;
    private static final long NUMBERS = (1L << NUMBER_BITS) - 1;

    private final Path file;
    private final long longestSegment;
    /** Whoever looks into segments or adds to them holds it shared; whoever changes which there are holds it alone. */
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
    private final NavigableMap<Long, Segment> segments = new TreeMap<>();
    private MVStore store;
    private long number;
    private volatile long hiddenBefore = Long.MIN_VALUE;

    private record Segment(long id, MVMap<Long, byte[]> traces, MVMap<long[], Boolean> index) {

        boolean isFull(long longest, long now) {
            return traces.sizeAsLong() >= LARGEST_SEGMENT || (!traces.isEmpty() && now - at(traces.firstKey()) >= longest);
        }

        void add(long place, Trace trace) {
            traces.put(place, TraceBytes.of(trace));
            index.put(new long[] {trace.eventNumber(), place}, Boolean.TRUE);
            if (trace.userKey() != null) {
                index.put(new long[] {trace.userKey(), place}, Boolean.TRUE);
            }
        }

        /** What has this key, by its places. */
        NavigableMap<Long, Trace> get(long key) {
            NavigableMap<Long, Trace> found = new TreeMap<>();
            Iterator<long[]> entries = index.keyIterator(new long[] {key, Long.MIN_VALUE});
            for (long[] entry = next(entries); entry != null && entry[0] == key; entry = next(entries)) {
                byte[] bytes = traces.get(entry[1]);
                if (bytes != null) {
                    found.put(entry[1], TraceBytes.trace(at(entry[1]), bytes));
                }
            }
            return found;
        }

        private static long[] next(Iterator<long[]> entries) {
            return entries.hasNext() ? entries.next() : null;
        }
    }

    /**
     * Opens it. One that cannot be read is put aside, because events do not depend on it.
     *
     * @param keep how long traces are kept, in milliseconds
     */
    TraceFile(Path file, long keep) {
        this.file = file;
        longestSegment = Math.max(SHORTEST_SEGMENT, keep / SEGMENTS);
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            open();
        } catch (IOException e) {
            throw new UncheckedIOException("the folder of " + file + " cannot be made", e);
        } catch (MVStoreException e) {
            if (e.getErrorCode() != DataUtils.ERROR_FILE_CORRUPT && e.getErrorCode() != DataUtils.ERROR_UNSUPPORTED_FORMAT) {
                throw e;
            }
            putAside(e);
            open();
        }
    }

    private void putAside(MVStoreException cause) {
        Path aside = file.resolveSibling(file.getFileName() + ".damaged");
        try {
            Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(file + " is damaged and cannot be put aside", e);
        }
        LOG.warn("What became of events until now is not known any more: {} is damaged and was put aside as {}: {}", file, aside,
                cause.getMessage());
    }

    private void open() {
        segments.clear();
        // not committed by itself, so that a batch is there as a whole or not at all
        store = new MVStore.Builder().fileName(file.toString()).autoCommitDisabled().cacheSize(CACHE_MEGABYTES).open();
        // what is no longer used stays for the 45 seconds of the store's retention, which is longer than any query
        store.setVersionsToKeep(0);
        for (String name : store.getMapNames()) {
            if (name.startsWith(TRACES)) {
                openSegment(Long.parseLong(name.substring(TRACES.length())));
            }
        }
        // those of a millisecond before a restart stay before those after it
        number = segments.isEmpty() || newest().traces().isEmpty() ? 0 : (newest().traces().lastKey() & NUMBERS) + 1;
    }

    private void openSegment(long id) {
        segments.put(id, new Segment(id,
                store.openMap(TRACES + id, new MVMap.Builder<Long, byte[]>().keyType(LongDataType.INSTANCE).valueType(ByteArrayDataType.INSTANCE)),
                store.openMap(INDEX + id, new MVMap.Builder<long[], Boolean>().keyType(new PairType()).valueType(new NothingType()))));
    }

    private Segment newest() {
        return segments.lastEntry().getValue();
    }

    /** Of a time that may be anything, because a person has asked for it. */
    private static long firstPlace(long time) {
        return Math.max(0, Math.min(time, Long.MAX_VALUE >> NUMBER_BITS)) << NUMBER_BITS;
    }

    private static long at(long place) {
        return place >> NUMBER_BITS;
    }

    @Override
    public synchronized void append(List<Trace> traces) {
        try {
            makeRoom(traces.get(0).at());
            shared(() -> {
                for (Trace trace : traces) {
                    newest().add(trace.at() << NUMBER_BITS | number++ & NUMBERS, trace);
                }
                return store.commit();
            });
        } catch (MVStoreException e) {
            throw failed(e);
        }
    }

    private void makeRoom(long now) {
        lock.writeLock().lock();
        try {
            reopen();
            if (segments.isEmpty()) {
                openSegment(0);
            } else if (newest().isFull(longestSegment, now)) {
                openSegment(newest().id() + 1);
            }
        } finally {
            lock.writeLock().unlock();
        }
    }

    /** It closes itself when it cannot write, as on a full disk. */
    private void reopen() {
        if (store.isClosed()) {
            open();
        }
    }

    /** Forgets what is not in the file, because whoever tries again appends it again. */
    private DataAccessResourceFailureException failed(MVStoreException e) {
        store.closeImmediately();
        return new DataAccessResourceFailureException(file + ": " + e.getMessage(), e);
    }

    @Override
    public synchronized int deleteBefore(long time, int portion) {
        hiddenBefore = Math.max(hiddenBefore, time);
        int deleted = 0;
        lock.writeLock().lock();
        try {
            reopen();
            for (Iterator<Segment> oldest = segments.values().iterator(); oldest.hasNext() && deleted < portion;) {
                Segment segment = oldest.next();
                if (!segment.traces().isEmpty() && at(segment.traces().lastKey()) >= time) {
                    break;
                }
                deleted += segment.traces().size();
                store.removeMap(segment.traces());
                store.removeMap(segment.index());
                oldest.remove();
            }
        } catch (MVStoreException e) {
            throw failed(e);
        } finally {
            lock.writeLock().unlock();
        }
        try {
            store.commit();
            store.compact(LOWEST_FILL_PERCENT, REWRITTEN);
        } catch (MVStoreException e) {
            throw failed(e);
        }
        return deleted;
    }

    @Override
    public void clear() {
        deleteBefore(Long.MAX_VALUE, Integer.MAX_VALUE);
        hiddenBefore = Long.MIN_VALUE;
    }

    @Override
    public List<Key> find(EventFilter filter, int limit) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LONGEST_QUERY_SECONDS);
        return query(() -> {
            Set<Key> keys = new LinkedHashSet<>();
            Long user = Trace.userKey(filter.user());
            for (Segment segment : segments.descendingMap().values()) {
                Iterator<Trace> traces = user == null ? newestFirst(segment, filter) : segment.get(user).descendingMap().values().iterator();
                while (traces.hasNext() && keys.size() < limit) {
                    if (System.nanoTime() - deadline > 0) {
                        throw new QueryTimeoutException("nothing was found in " + LONGEST_QUERY_SECONDS + " seconds");
                    }
                    Trace trace = traces.next();
                    if (trace.at() >= hiddenBefore && (user == null ? filter.fits(trace) : filter.isOf(trace, user))) {
                        keys.add(new Key(trace.provider(), trace.eventId()));
                    }
                }
            }
            return List.copyOf(keys);
        });
    }

    private static Iterator<Trace> newestFirst(Segment segment, EventFilter filter) {
        long last = filter.to() == null ? Long.MAX_VALUE : firstPlace(filter.to()) - 1;
        long first = filter.from() == null ? 0 : firstPlace(filter.from());
        Cursor<Long, byte[]> places = segment.traces().cursor(last, first, true);
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return places.hasNext();
            }

            @Override
            public Trace next() {
                return TraceBytes.trace(at(places.next()), places.getValue());
            }
        };
    }

    @Override
    public List<Trace> of(Collection<String> eventIds) {
        return query(() -> {
            NavigableMap<Long, Trace> found = new TreeMap<>();
            for (String id : eventIds) {
                for (Segment segment : segments.values()) {
                    segment.get(Trace.eventNumber(id)).forEach((place, trace) -> {
                        if (trace.at() >= hiddenBefore && id.equals(trace.eventId())) {
                            found.put(place, trace);
                        }
                    });
                }
            }
            return List.copyOf(found.values());
        });
    }

    private <T> T query(Supplier<T> query) {
        try {
            return shared(query);
        } catch (MVStoreException e) {
            throw new DataAccessResourceFailureException(file + ": " + e.getMessage(), e);
        }
    }

    private <T> T shared(Supplier<T> work) {
        lock.readLock().lock();
        try {
            return work.get();
        } finally {
            lock.readLock().unlock();
        }
    }

    @Override
    public void close() {
        lock.writeLock().lock();
        try {
            store.close(LONGEST_COMPACTION);
        } finally {
            lock.writeLock().unlock();
        }
    }

    /** A key and a place, in their order. */
    private static final class PairType extends BasicDataType<long[]> {

        private static final int MEMORY = 32;

        @Override
        public int compare(long[] one, long[] other) {
            return one[0] != other[0] ? Long.compare(one[0], other[0]) : Long.compare(one[1], other[1]);
        }

        @Override
        public int getMemory(long[] pair) {
            return MEMORY;
        }

        @Override
        public void write(WriteBuffer target, long[] pair) {
            target.putLong(pair[0]).putLong(pair[1]);
        }

        @Override
        public long[] read(ByteBuffer source) {
            return new long[] {source.getLong(), source.getLong()};
        }

        @Override
        public long[][] createStorage(int size) {
            return new long[size][];
        }
    }

    /** The value of a set. */
    private static final class NothingType extends BasicDataType<Boolean> {

        @Override
        public int getMemory(Boolean nothing) {
            return 0;
        }

        @Override
        public void write(WriteBuffer target, Boolean nothing) {
            // nothing
        }

        @Override
        public Boolean read(ByteBuffer source) {
            return Boolean.TRUE;
        }

        @Override
        public Boolean[] createStorage(int size) {
            return new Boolean[size];
        }
    }
}
