package io.subscriptionrelay.history;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.lucene.codecs.lucene912.Lucene912Codec;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.LongPoint;
import org.apache.lucene.index.CheckIndex;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.FilterMergePolicy;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.LogByteSizeMergePolicy;
import org.apache.lucene.index.MergePolicy;
import org.apache.lucene.index.MergeTrigger;
import org.apache.lucene.index.PointValues;
import org.apache.lucene.index.PostingsEnum;
import org.apache.lucene.index.SegmentInfos;
import org.apache.lucene.index.SerialMergeScheduler;
import org.apache.lucene.index.Term;
import org.apache.lucene.index.Terms;
import org.apache.lucene.index.TermsEnum;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.SearcherFactory;
import org.apache.lucene.search.SearcherManager;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.FSDirectory;
import org.apache.lucene.util.BytesRef;
import org.apache.lucene.util.IOUtils;

/**
 * The index of one span of time, which is at most a day: from its start, which is its folder's name, to the start of the next. What is read is
 * what is committed. Only the reading is thread-safe.
 */
final class HistorySpan implements AutoCloseable {

    static final long LONGEST = TimeUnit.DAYS.toMillis(1);
    private static final DateTimeFormatter NAME = DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH-mm-ss.SSS").withZone(ZoneOffset.UTC);
    private static final String UNFINISHED = ".new";
    private static final double BUFFER_MEGABYTES = 16;
    /** A merge holds up history for as long as it takes. */
    private static final double LARGEST_MERGE_MEGABYTES = 256;

    private final long start;
    private final Path folder;
    private final Directory directory;
    private final SearcherManager searchers;
    private IndexWriter writer;
    private long usedAt;
    private long newest;
    private long bytes;
    /** Whether a commit failed, of which a part may be there. */
    private boolean unsure;
    /** Whether the content of any event was forgotten. */
    private boolean forgotten;

    /** How a folder is read and written. */
    @FunctionalInterface
    interface Opener {
        Directory open(Path folder) throws IOException;
    }

    private HistorySpan(long start, Path folder, Directory directory) throws IOException {
        this.start = start;
        this.folder = folder;
        this.directory = directory;
        searchers = new SearcherManager(directory, new SearcherFactory() {
            @Override
            public IndexSearcher newSearcher(IndexReader reader, IndexReader previous) {
                IndexSearcher searcher = new IndexSearcher(reader);
                // stretches of time hardly come again
                searcher.setQueryCache(null);
                return searcher;
            }
        });
        newest = newestCommitted();
        forgotten = committed(HistoryDocuments.FORGOTTEN);
        bytes = size(folder);
    }

    /** The time that a folder is named by; null when it is no span's. */
    static Long start(String name) {
        try {
            return Instant.from(NAME.parse(name)).toEpochMilli();
        } catch (java.time.DateTimeException other) {
            return null;
        }
    }

    static HistorySpan open(Path folder, Opener opener) throws IOException {
        Directory directory = opener.open(folder);
        try {
            return new HistorySpan(start(folder.getFileName().toString()), folder, directory);
        } catch (IOException | RuntimeException e) {
            IOUtils.closeWhileHandlingException(directory);
            throw e;
        }
    }

    /** An empty one. A crash leaves it whole or not at all. */
    static HistorySpan create(Path parent, long start, Opener opener) throws IOException {
        String name = NAME.format(Instant.ofEpochMilli(start));
        Path unfinished = parent.resolve(name + UNFINISHED);
        IOUtils.rm(unfinished);
        try (Directory directory = opener.open(Files.createDirectories(unfinished))) {
            new IndexWriter(directory, settings()).close();
        }
        Path folder = Files.move(unfinished, parent.resolve(name), StandardCopyOption.ATOMIC_MOVE);
        IOUtils.fsync(parent, true);
        return open(folder, opener);
    }

    /**
     * Makes a span of what can be read of a damaged one: without those of its segments of which a byte is another one than was written.
     *
     * @param damaged its folder, which stays as it is
     * @param start as whose span it is made
     * @return how many documents it has; 0 when there is none
     */
    static int salvage(Path damaged, Path parent, long start) throws IOException {
        String name = NAME.format(Instant.ofEpochMilli(start));
        Path unfinished = parent.resolve(name + UNFINISHED);
        IOUtils.rm(unfinished);
        Files.createDirectories(unfinished);
        try (Stream<Path> files = Files.list(damaged)) {
            for (Path file : files.filter(one -> !one.getFileName().toString().equals(IndexWriter.WRITE_LOCK_NAME)).toList()) {
                IOUtils.fsync(Files.copy(file, unfinished.resolve(file.getFileName())), false);
            }
        }
        int documents = 0;
        try (Directory directory = FSDirectory.open(unfinished)) {
            try (CheckIndex check = new CheckIndex(directory)) {
                check.setThreadCount(1);
                CheckIndex.Status status = check.checkIndex();
                if (!status.missingSegments && !status.clean) {
                    check.exorciseIndex(status);
                }
            }
            try (IndexReader left = DirectoryReader.open(directory)) {
                documents = left.numDocs();
            }
        } catch (IOException | RuntimeException nothingLeft) {
            documents = 0;
        }
        if (documents == 0) {
            IOUtils.rm(unfinished);
        } else {
            IOUtils.fsync(unfinished, true);
            Files.move(unfinished, parent.resolve(name), StandardCopyOption.ATOMIC_MOVE);
            IOUtils.fsync(parent, true);
        }
        return documents;
    }

    static boolean unfinished(String name) {
        return name.endsWith(UNFINISHED);
    }

    private static IndexWriterConfig settings() {
        LogByteSizeMergePolicy neighbours = new LogByteSizeMergePolicy();
        neighbours.setMaxMergeMB(LARGEST_MERGE_MEGABYTES);
        neighbours.setMaxMergeMBForForcedMerge(Double.MAX_VALUE);
        return new IndexWriterConfig(null).setCodec(new Lucene912Codec(Lucene912Codec.Mode.BEST_COMPRESSION)).setMergePolicy(new MergeLater(neighbours))
                .setMergeScheduler(new SerialMergeScheduler()).setRAMBufferSizeMB(BUFFER_MEGABYTES);
    }

    /** Merges when it is asked to, not in the midst of a commit, which a merge that fails would make look failed. */
    private static final class MergeLater extends FilterMergePolicy {

        MergeLater(MergePolicy policy) {
            super(policy);
        }

        @Override
        public MergeSpecification findMerges(MergeTrigger trigger, SegmentInfos segments, MergeContext context) throws IOException {
            return trigger == MergeTrigger.EXPLICIT ? super.findMerges(trigger, segments, context) : null;
        }

        @Override
        public MergeSpecification findFullFlushMerges(MergeTrigger trigger, SegmentInfos segments, MergeContext context) {
            return null;
        }
    }

    long start() {
        return start;
    }

    /** Before which all of it came. */
    long end() {
        return end(start);
    }

    static long end(long start) {
        return Math.floorDiv(start, LONGEST) * LONGEST + LONGEST;
    }

    Path folder() {
        return folder;
    }

    long bytes() {
        return bytes;
    }

    /** When the newest event came of which anything was added. */
    long newest() {
        return newest;
    }

    void add(long receivedAt, Document document) throws IOException {
        newest = Math.max(newest, receivedAt);
        writer().addDocument(document);
    }

    /** Instead of all that is there of an event. */
    void replace(long event, List<Document> documents) throws IOException {
        writer().updateDocuments(new Term(HistoryDocuments.EVENT, HistoryDocuments.bytes(event)), documents);
    }

    private IndexWriter writer() throws IOException {
        if (writer == null) {
            writer = new IndexWriter(directory, settings());
        }
        return writer;
    }

    void prepareCommit() throws IOException {
        if (writer != null) {
            writer.prepareCommit();
        }
    }

    void commit() throws IOException {
        if (writer != null) {
            writer.commit();
        }
    }

    /** Shows what was committed. */
    void refresh() throws IOException {
        usedAt = System.nanoTime();
        searchers.maybeRefreshBlocking();
        forgotten = committed(HistoryDocuments.FORGOTTEN);
        bytes = size(folder);
        unsure = false;
    }

    void merge() throws IOException {
        if (writer != null) {
            writer.maybeMerge();
        }
    }

    /** Rewrites what has replaced documents in it, so that the disk has them no longer. */
    void expunge() throws IOException {
        writer().forceMergeDeletes(true);
        writer().commit();
        // with these the files are deleted that the former commit held
        writer().deleteUnusedFiles();
    }

    /** Back to the last commit. */
    void rollback() {
        IndexWriter failed = writer;
        writer = null;
        unsure = true;
        if (failed != null) {
            try {
                failed.rollback();
            } catch (IOException | RuntimeException e) {
                // it is closed all the same, and what it has not committed is not there for the next one
                IOUtils.closeWhileHandlingException(failed);
            }
        }
    }

    /** Gives back the memory and the lock of writing after a while in which nothing was added. */
    void rest(long nanos) throws IOException {
        if (writer != null && System.nanoTime() - usedAt > nanos) {
            IndexWriter idle = writer;
            writer = null;
            idle.close();
        }
    }

    boolean has(Term term) throws IOException {
        if (unsure) {
            refresh();
        }
        return committed(term);
    }

    private boolean committed(Term term) throws IOException {
        return read(searcher -> searcher.getIndexReader().docFreq(term) > 0);
    }

    /** The numbers of those of these events that are there, and perhaps of others. All are looked for at once, in the order of the index. */
    Set<Long> known(Collection<HistoryEvent> events) throws IOException {
        SortedSet<BytesRef> ids = new TreeSet<>();
        events.forEach(event -> ids.add(HistoryDocuments.bytes(EventKey.number(event.key()))));
        return read(searcher -> {
            Set<Long> known = new HashSet<>();
            for (LeafReaderContext leaf : searcher.getIndexReader().leaves()) {
                Terms terms = leaf.reader().terms(HistoryDocuments.ID);
                TermsEnum found = terms == null ? TermsEnum.EMPTY : terms.iterator();
                for (BytesRef id : ids) {
                    if (found.seekExact(id)) {
                        PostingsEnum documents = found.postings(null, PostingsEnum.NONE);
                        while (documents.nextDoc() != PostingsEnum.NO_MORE_DOCS) {
                            known.add(HistoryDocuments.number(searcher, leaf.docBase + documents.docID()));
                        }
                    }
                }
            }
            return known;
        });
    }

    /** Whether the content of this event was forgotten. */
    boolean forgot(long event) throws IOException {
        if (unsure) {
            refresh();
        }
        return forgotten && read(searcher -> searcher.count(new BooleanQuery.Builder()
                .add(new TermQuery(HistoryDocuments.FORGOTTEN), BooleanClause.Occur.FILTER)
                .add(new TermQuery(new Term(HistoryDocuments.EVENT, HistoryDocuments.bytes(event))), BooleanClause.Occur.FILTER).build()) > 0);
    }

    /** What is done with an index as it is at one time. */
    @FunctionalInterface
    interface Reading<T> {
        T of(IndexSearcher searcher) throws IOException;
    }

    /** @throws org.apache.lucene.store.AlreadyClosedException when the span was dropped meanwhile */
    <T> T read(Reading<T> reading) throws IOException {
        IndexSearcher searcher = searchers.acquire();
        try {
            return reading.of(searcher);
        } finally {
            searchers.release(searcher);
        }
    }

    /** Compares all files with their checksums. */
    void check() throws IOException {
        read(searcher -> {
            for (LeafReaderContext leaf : searcher.getIndexReader().leaves()) {
                leaf.reader().checkIntegrity();
            }
            return null;
        });
    }

    private long newestCommitted() throws IOException {
        return read(searcher -> {
            byte[] most = PointValues.getMaxPackedValue(searcher.getIndexReader(), HistoryDocuments.RECEIVED);
            return most == null ? Long.MIN_VALUE : LongPoint.decodeDimension(most, 0);
        });
    }

    /** How many bytes the files in a folder have. */
    static long size(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.mapToLong(file -> file.toFile().length()).sum();
        }
    }

    /** What was not committed is lost. */
    @Override
    public void close() {
        rollback();
        IOUtils.closeWhileHandlingException(searchers, directory);
    }
}
