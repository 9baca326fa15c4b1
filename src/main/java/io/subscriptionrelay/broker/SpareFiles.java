package io.subscriptionrelay.broker;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.function.LongSupplier;
import org.apache.activemq.artemis.core.journal.impl.JournalFile;
import org.apache.activemq.artemis.core.journal.impl.JournalFilesRepository;
import org.apache.activemq.artemis.core.journal.impl.JournalImpl;

/**
 * The files of the journal in which nothing is needed any more. The broker keeps each of them to write into it again, with all events that were in
 * it. Here those that were not written to for a minute are overwritten, and if there are too many of them, deleted. Not thread-safe.
 */
final class SpareFiles {

    /** Enough for a burst; each has 10 MB. */
    static final int MOST = 10;
    static final Duration UNUSED = Duration.ofMinutes(1);
    /** So that nobody waits for the disk; of those that are overwritten it is one at a time. */
    private static final int DELETED_AT_ONCE = 10;
    private static final int BLOCK = 1 << 20;

    private final LongSupplier nanos;
    /** Files are other objects each time that they become spare. */
    private Map<JournalFile, Seen> spare = new IdentityHashMap<>();

    SpareFiles(LongSupplier nanos) {
        this.nanos = nanos;
    }

    /** Since when a file is spare, and whether it was overwritten since. */
    private record Seen(long since, boolean overwritten) {
    }

    /** Told of a file before it is deleted. */
    interface Farewell {
        void to(Path file) throws IOException;
    }

    /**
     * Overwrites and deletes what has been spare for long enough, a few files at a time.
     *
     * @param files of a journal that runs
     * @throws Exception when a file cannot be written or deleted; it is used no more then
     */
    void tidy(JournalFilesRepository files, Farewell farewell) throws Exception {
        long now = nanos.getAsLong();
        Map<JournalFile, Seen> found = new IdentityHashMap<>();
        for (JournalFile file : files.getFreeFiles()) {
            found.put(file, spare.getOrDefault(file, new Seen(now, false)));
        }
        spare = found;
        for (int deleted = 0; deleted < DELETED_AT_ONCE && files.getFreeFilesCount() > MOST; deleted++) {
            JournalFile file = take(files, now);
            if (file == null) {
                return;
            }
            farewell.to(path(file));
            file.getFile().delete();
        }
        if (spare.values().stream().anyMatch(file -> !file.overwritten())) {
            JournalFile file = take(files, now);
            if (file != null) {
                overwrite(path(file));
                putBack(files, file);
            }
        }
    }

    /** The one that has been spare for longest, if it has been for long enough; nobody else uses it then. */
    private JournalFile take(JournalFilesRepository files, long now) {
        Iterator<JournalFile> oldest = files.getFreeFiles().iterator();
        Seen seen = oldest.hasNext() ? spare.get(oldest.next()) : null;
        if (seen == null || now - seen.since() < UNUSED.toNanos()) {
            return null;
        }
        try {
            return files.getFreeFile();
        } catch (NoSuchElementException takenByTheJournal) {
            return null;
        }
    }

    /** At the end, where it waits for longest. */
    private void putBack(JournalFilesRepository files, JournalFile file) throws Exception {
        String name = file.getFile().getFileName();
        files.addFreeFile(file, false, false);
        spare.remove(file);
        for (JournalFile again : files.getFreeFiles()) {
            if (again.getFile().getFileName().equals(name)) {
                spare.put(again, new Seen(nanos.getAsLong(), true));
            }
        }
    }

    private static Path path(JournalFile file) {
        return file.getFile().getJavaFile().toPath();
    }

    /** But for its header, without which a kill at this moment would leave a file that refuses the next start. */
    private static void overwrite(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            ByteBuffer zeros = ByteBuffer.allocateDirect(BLOCK);
            for (long at = JournalImpl.SIZE_HEADER, size = channel.size(); at < size; at += zeros.limit()) {
                zeros.clear().limit((int) Math.min(BLOCK, size - at));
                channel.write(zeros, at);
            }
            channel.force(false);
        }
    }
}
