package io.subscriptionrelay.history;

import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.apache.lucene.document.Document;
import org.apache.lucene.index.CorruptIndexException;
import org.apache.lucene.index.IndexFormatTooNewException;
import org.apache.lucene.index.IndexFormatTooOldException;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.store.AlreadyClosedException;
import org.apache.lucene.util.IOUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * History of one relay, in a folder with an index for each span of time, named by its start. An event is in the span that was the newest to
 * start before it came, and what became of it as well. A span ends with its day (UTC), or when it is large. So the oldest go by deleting a
 * folder, and a damaged span takes no other with it: it is put aside as {@code <name>.damaged}, and what can be read of it takes its place.
 */
public final class LuceneHistory implements HistoryStore {

    private static final Logger LOG = LoggerFactory.getLogger(LuceneHistory.class);
    private static final String DAMAGED = ".damaged";
    private static final String DROPPED = ".dropped";
    /** So much of what history may take goes at once when it takes too much. */
    private static final int SPANS = 16;
    private static final long IDLE_NANOS = TimeUnit.MINUTES.toNanos(1);
    private static final int FORGET_AT_ONCE = 500;

    private final Path folder;
    private final long largestSpan;
    private final HistorySpan.Opener opener;
    private final ConcurrentNavigableMap<Long, HistorySpan> spans = new ConcurrentSkipListMap<>();
    private final Lock writing = new ReentrantLock();
    /** The span that was checked last; null when all of them were. */
    private Long checked;
    private long checkedAt;

    /**
     * Opens it, or makes an empty one.
     *
     * @param maxBytes how large it may become, see {@link #trim}
     * @throws UncheckedStoreException when the folder cannot be used
     */
    public LuceneHistory(Path folder, long maxBytes) {
        this(folder, maxBytes, HistoryDirectory::new);
    }

    LuceneHistory(Path folder, long maxBytes, HistorySpan.Opener opener) {
        this.folder = folder;
        this.opener = opener;
        largestSpan = maxBytes / SPANS;
        try {
            Files.createDirectories(folder);
            for (Path path : folders()) {
                open(path);
            }
        } catch (IOException e) {
            close();
            throw failed("opened", e);
        }
    }

    private void open(Path path) throws IOException {
        String name = path.getFileName().toString();
        if (HistorySpan.unfinished(name) || name.endsWith(DROPPED)) {
            IOUtils.rm(path);
        } else if (HistorySpan.start(name) != null) {
            try {
                HistorySpan span = HistorySpan.open(path, opener);
                spans.put(span.start(), span);
            } catch (IOException | RuntimeException e) {
                if (!isDamage(e)) {
                    throw e;
                }
                putAside(path, e);
            }
        }
    }

    private List<Path> folders() throws IOException {
        try (Stream<Path> paths = Files.list(folder)) {
            return paths.filter(Files::isDirectory).sorted().toList();
        }
    }

    @Override
    public void append(List<HistoryBatch> batches) {
        writing.lock();
        Set<HistorySpan> touched = new LinkedHashSet<>();
        try {
            Appending appending = new Appending(touched);
            for (HistoryBatch batch : batches) {
                appending.add(batch);
            }
            appending.addEvents();
            for (HistorySpan span : touched) {
                span.prepareCommit();
            }
            for (HistorySpan span : touched) {
                span.commit();
            }
            for (HistorySpan span : touched) {
                span.refresh();
            }
        } catch (IOException | RuntimeException e) {
            touched.forEach(HistorySpan::rollback);
            touched.forEach(span -> putAsideIfDamaged(span, e));
            throw failed("written", e);
        } finally {
            writing.unlock();
        }
        tidy(touched);
    }

    /** What was added is on disk by now, whatever becomes of this. */
    private void tidy(Collection<HistorySpan> touched) {
        writing.lock();
        try {
            for (HistorySpan span : spans.values()) {
                try {
                    if (touched.contains(span)) {
                        span.merge();
                    } else {
                        span.rest(IDLE_NANOS);
                    }
                } catch (IOException | RuntimeException e) {
                    span.rollback();
                    LOG.warn("History in {} could not be merged, which is tried again later: {}", span.folder(), e.getMessage());
                    putAsideIfDamaged(span, e);
                }
            }
        } finally {
            writing.unlock();
        }
    }

    /** One call of append, which may touch several spans. */
    private final class Appending {

        private final Set<HistorySpan> touched;
        private final Set<String> batches = new HashSet<>();
        private final Set<Long> numbers = new HashSet<>();
        private final Map<HistorySpan, List<HistoryEvent>> events = new LinkedHashMap<>();

        Appending(Set<HistorySpan> touched) {
            this.touched = touched;
        }

        /** Its events are not added before {@link #addEvents}. */
        void add(HistoryBatch batch) throws IOException {
            if (!batches.add(batch.id())) {
                return;
            }
            Map<HistorySpan, Boolean> known = new HashMap<>();
            for (HistoryEvent event : batch.events()) {
                HistorySpan span = span(event.receivedAt());
                if (!known(batch, span, known) && numbers.add(HistoryDocuments.number(event.provider(), event.key()))) {
                    events.computeIfAbsent(span, first -> new ArrayList<>()).add(event);
                }
            }
            for (HistoryOutcome outcome : batch.outcomes()) {
                HistorySpan span = span(outcome.receivedAt());
                if (!known(batch, span, known)) {
                    long event = HistoryDocuments.number(outcome.provider(), outcome.key());
                    add(span, outcome.receivedAt(), span.forgot(event) ? HistoryDocuments.forgotten(outcome, event) : HistoryDocuments.of(outcome));
                }
            }
        }

        /** Those that their span does not have. */
        void addEvents() throws IOException {
            for (Map.Entry<HistorySpan, List<HistoryEvent>> ofSpan : events.entrySet()) {
                Set<Long> known = ofSpan.getKey().known(ofSpan.getValue());
                for (HistoryEvent event : ofSpan.getValue()) {
                    if (!known.contains(HistoryDocuments.number(event.provider(), event.key()))) {
                        add(ofSpan.getKey(), event.receivedAt(), HistoryDocuments.of(event));
                    }
                }
            }
        }

        /** Whether the span has the batch from an earlier call; if not, it has it with this one. */
        private boolean known(HistoryBatch batch, HistorySpan span, Map<HistorySpan, Boolean> known) throws IOException {
            Boolean before = known.get(span);
            if (before == null) {
                before = span.has(HistoryDocuments.batch(batch.id()));
                known.put(span, before);
                if (!before) {
                    add(span, Long.MIN_VALUE, HistoryDocuments.of(batch.id()));
                }
            }
            return before;
        }

        private void add(HistorySpan span, long receivedAt, Document document) throws IOException {
            touched.add(span);
            span.add(receivedAt, document);
        }
    }

    /** To which an event belongs that came at this time. */
    private HistorySpan span(long receivedAt) throws IOException {
        Map.Entry<Long, HistorySpan> before = spans.floorEntry(receivedAt);
        HistorySpan span = before == null ? null : before.getValue();
        if (span == null || span.end() <= receivedAt) {
            return create(Math.floorDiv(receivedAt, HistorySpan.LONGEST) * HistorySpan.LONGEST);
        }
        // what came by then keeps its place
        return span.bytes() > largestSpan && span.newest() < receivedAt ? create(Math.max(span.newest(), span.start()) + 1) : span;
    }

    private HistorySpan create(long start) throws IOException {
        HistorySpan span = HistorySpan.create(folder, start, opener);
        spans.put(start, span);
        return span;
    }

    @Override
    public List<Found> newest(HistoryFilter filter, Cursor before, int limit, boolean content) {
        long to = Math.min(filter.to() == null ? Long.MAX_VALUE : filter.to() - 1, before == null ? Long.MAX_VALUE : before.receivedAt());
        return page(spans.headMap(to, true).descendingMap().values(), filter, before, false, limit, content);
    }

    @Override
    public List<Found> oldest(HistoryFilter filter, Cursor after, int limit) {
        long from = Math.max(filter.from() == null ? Long.MIN_VALUE : filter.from(), after == null ? Long.MIN_VALUE : after.receivedAt());
        Long first = spans.floorKey(from);
        return page(spans.tailMap(first == null ? from : first, true).values(), filter, after, true, limit, true);
    }

    private List<Found> page(Iterable<HistorySpan> inOrder, HistoryFilter filter, Cursor cursor, boolean oldestFirst, int limit, boolean content) {
        List<Found> found = new ArrayList<>();
        for (HistorySpan span : inOrder) {
            if (found.size() < limit && overlaps(span, filter)) {
                found.addAll(read(span, List.of(), searcher -> new HistorySearch(searcher, filter).page(cursor, oldestFirst, limit - found.size(),
                        content)));
            }
        }
        return List.copyOf(found);
    }

    @Override
    public long count(HistoryFilter filter) {
        long count = 0;
        for (HistorySpan span : spans.values()) {
            if (overlaps(span, filter)) {
                count += read(span, 0L, searcher -> new HistorySearch(searcher, filter).count());
            }
        }
        return count;
    }

    private static boolean overlaps(HistorySpan span, HistoryFilter filter) {
        return (filter.from() == null || filter.from() < span.end()) && (filter.to() == null || filter.to() > span.start());
    }

    /** A span that is dropped or put aside meanwhile has nothing. */
    private <T> T read(HistorySpan span, T nothing, HistorySpan.Reading<T> reading) {
        try {
            return span.read(reading);
        } catch (AlreadyClosedException dropped) {
            return nothing;
        } catch (IOException | RuntimeException e) {
            if (isSound(span, e)) {
                throw failed("read", e);
            }
            return nothing;
        }
    }

    /** Whether it fails for another reason than damage. Bits that have turned can look like anything, so its checksums are asked. */
    private boolean isSound(HistorySpan span, Exception failure) {
        writing.lock();
        try {
            if (spans.containsValue(span)) {
                span.check();
            }
            return spans.containsValue(span) && !putAsideIfDamaged(span, failure);
        } catch (IOException | RuntimeException damage) {
            return !putAsideIfDamaged(span, damage);
        } finally {
            writing.unlock();
        }
    }

    @Override
    public Forgotten forget(String user) {
        writing.lock();
        try {
            int events = 0;
            int records = 0;
            for (HistorySpan span : spans.values()) {
                Forgotten here = forget(span, user);
                events += here.events();
                records += here.records();
            }
            return new Forgotten(events, records);
        } finally {
            writing.unlock();
        }
    }

    private Forgotten forget(HistorySpan span, String user) {
        try {
            Forgotten forgotten = span.read(searcher -> {
                Query carrying = new BooleanQuery.Builder().add(HistorySearch.user(user), BooleanClause.Occur.SHOULD)
                        .add(new TermQuery(HistoryDocuments.TOO_LARGE), BooleanClause.Occur.SHOULD).build();
                HistorySearch search = new HistorySearch(searcher, HistoryFilter.ALL);
                List<ScoreDoc> documents = HistorySearch.all(searcher, carrying);
                int events = 0;
                int records = 0;
                for (int i = 0; i < documents.size(); i += FORGET_AT_ONCE) {
                    for (Found found : search.read(documents.subList(i, Math.min(documents.size(), i + FORGET_AT_ONCE)), true)) {
                        if (found.event().webhook() != null && EventUsers.has(found.event().webhook(), user)) {
                            replace(span, found, user);
                            events++;
                            records += (int) found.outcomes().stream().filter(outcome -> outcome.record() != null).count();
                        }
                    }
                }
                return new Forgotten(events, records);
            });
            if (forgotten.events() > 0) {
                span.expunge();
                span.refresh();
            }
            return forgotten;
        } catch (IOException | RuntimeException e) {
            span.rollback();
            throw failed("rewritten", e);
        }
    }

    private static void replace(HistorySpan span, Found found, String user) throws IOException {
        HistoryEvent event = found.event();
        long number = HistoryDocuments.number(event.provider(), event.key());
        List<Document> documents = new ArrayList<>();
        documents.add(HistoryDocuments.forgotten(event, EventKey.without(user, event.eventId())));
        found.outcomes().forEach(outcome -> documents.add(HistoryDocuments.forgotten(outcome, number)));
        span.replace(number, documents);
    }

    @Override
    public long trim(long time, long maxBytes) {
        writing.lock();
        try {
            long bytes = bytes();
            long tooMuch = 0;
            for (Path path : folders()) {
                String name = path.getFileName().toString();
                Long start = HistorySpan.start(name.replaceFirst("\\" + DAMAGED + ".*", ""));
                if (start == null) {
                    continue;
                }
                boolean old = HistorySpan.end(start) <= time;
                HistorySpan span = name.contains(DAMAGED) ? null : spans.get(start);
                // the newest is being written
                if (old || bytes > maxBytes && (span == null || span != spans.lastEntry().getValue())) {
                    bytes -= HistorySpan.size(path);
                    tooMuch += old || span == null ? 0 : read(span, 0L, searcher -> new HistorySearch(searcher, HistoryFilter.ALL).count());
                    drop(path, span);
                }
            }
            return tooMuch;
        } catch (IOException | RuntimeException e) {
            throw failed("trimmed", e);
        } finally {
            writing.unlock();
        }
    }

    private void drop(Path path, HistorySpan span) throws IOException {
        if (span != null) {
            spans.remove(span.start());
            span.close();
        }
        Path dropped = Files.move(path, folder.resolve(path.getFileName() + DROPPED), StandardCopyOption.ATOMIC_MOVE);
        IOUtils.rm(dropped);
    }

    /** A span with each call, and all of them anew when a day has passed. */
    @Override
    public void check() {
        writing.lock();
        try {
            if (checked == null && checkedAt != 0 && System.nanoTime() - checkedAt < TimeUnit.DAYS.toNanos(1)) {
                return;
            }
            Map.Entry<Long, HistorySpan> next = checked == null ? spans.firstEntry() : spans.higherEntry(checked);
            checked = next == null ? null : next.getKey();
            checkedAt = System.nanoTime();
            if (next != null) {
                try {
                    next.getValue().check();
                } catch (IOException | RuntimeException e) {
                    LOG.debug("The checksums of {} cannot be compared", next.getValue().folder(), e);
                    next.getValue().rollback();
                    putAsideIfDamaged(next.getValue(), e);
                }
            }
        } finally {
            writing.unlock();
        }
    }

    @Override
    public long bytes() {
        try {
            long bytes = 0;
            for (Path path : folders()) {
                bytes += HistorySpan.size(path);
            }
            return bytes;
        } catch (IOException e) {
            throw failed("measured", e);
        }
    }

    @Override
    public long begins() {
        List<Found> first = page(spans.values(), HistoryFilter.ALL, null, true, 1, false);
        return first.isEmpty() ? Long.MAX_VALUE : first.get(0).event().receivedAt();
    }

    /** What is left is whole, whether or not this is called. */
    @Override
    public void close() {
        writing.lock();
        try {
            spans.values().forEach(HistorySpan::close);
            spans.clear();
        } finally {
            writing.unlock();
        }
    }

    private boolean putAsideIfDamaged(HistorySpan span, Throwable e) {
        boolean damaged = isDamage(e) && spans.remove(span.start(), span);
        if (damaged) {
            span.close();
            putAside(span.folder(), e);
        }
        return damaged;
    }

    private static boolean isDamage(Throwable e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof CorruptIndexException || cause instanceof IndexFormatTooOldException || cause instanceof IndexFormatTooNewException
                    || cause instanceof EOFException || cause instanceof NoSuchFileException || cause instanceof FileNotFoundException) {
                return true;
            }
        }
        return false;
    }

    private void putAside(Path path, Throwable e) {
        try {
            Path aside = folder.resolve(path.getFileName() + DAMAGED);
            for (int i = 2; Files.exists(aside); i++) {
                aside = folder.resolve(path.getFileName() + DAMAGED + "-" + i);
            }
            Files.move(path, aside, StandardCopyOption.ATOMIC_MOVE);
            Long start = HistorySpan.start(path.getFileName().toString());
            int left = HistorySpan.salvage(aside, folder, start);
            if (left > 0) {
                spans.put(start, HistorySpan.open(path, opener));
            }
            LOG.warn("History in {} is damaged and was put aside as {}. {}. What was put aside cannot be forgotten; delete it when nobody needs it, or it"
                    + " goes with its age. {}", path, aside.getFileName(), left > 0
                            ? "What can be read of it, %,d events and outcomes, is still found; the others are not".formatted(left)
                            : "Nothing of it can be read: events that came in this span of time are no longer found or replayed, all others are",
                    e.getMessage());
        } catch (IOException moving) {
            throw failed("put aside", moving);
        }
    }

    private UncheckedStoreException failed(String what, Exception e) {
        return e instanceof UncheckedStoreException known ? known
                : new UncheckedStoreException("history in " + folder + " cannot be " + what + ": " + e.getMessage(), e);
    }
}
