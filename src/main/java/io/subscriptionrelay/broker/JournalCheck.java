package io.subscriptionrelay.broker;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.activemq.artemis.core.io.nio.NIOSequentialFileFactory;
import org.apache.activemq.artemis.core.journal.impl.AbstractJournalUpdateTask;
import org.apache.activemq.artemis.core.journal.impl.JournalCompactor;
import org.apache.activemq.artemis.core.journal.impl.JournalImpl;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether the files of the embedded broker are all there and whole. The broker itself starts with whatever it can read: it
 * deletes a file that is too short, skips records that are broken, and does not miss a file that is gone. Hence an inventory
 * beside its folder, and a reading of each journal file and page before the broker reads it.
 *
 * <p>What cannot be seen: the journal has no checksums, so changed bytes inside a record go unnoticed here; and the last record
 * of the last file may always be incomplete, because that is what a crash leaves behind.
 */
final class JournalCheck {

    private static final Logger LOG = LoggerFactory.getLogger(JournalCheck.class);
    private static final String INVENTORY = "broker.files";
    private static final String ACCEPTED = "accepted: ";
    private static final List<String> JOURNALS = List.of("bindings", "journal");
    /** Of the name of a file that a compaction has taken. */
    private static final String COMPACTING = ".cmp";
    private static final int OLDEST_FORMAT = 1;
    private static final int NEWEST_FORMAT = 2;
    private static final Long BINDINGS_FILE_SIZE = 1024L * 1024;
    /** Libaio writes in blocks, so that up to one block between two records may be empty. */
    private static final int LARGEST_BLOCK = 4096;

    private final Path folder;
    private final Path inventory;
    private final Long journalFileSize;
    private final Set<String> accepted = new TreeSet<>();

    /**
     * @param folder where the broker keeps everything
     * @param journalFileSize bytes of each file of the message journal
     */
    JournalCheck(Path folder, int journalFileSize) {
        this.folder = folder;
        this.inventory = folder.resolveSibling(INVENTORY);
        this.journalFileSize = (long) journalFileSize;
    }

    /** Whether a broker was ever started here. */
    boolean startedBefore() {
        return Files.exists(inventory);
    }

    /**
     * Reads all of it, which costs about what the broker's own reading costs.
     *
     * @return what is wrong and was not accepted, a clause each; empty when the journal is whole
     * @throws IOException when the folder cannot be read at all
     */
    List<String> problems() throws IOException {
        Map<String, Long> present = files();
        List<String> problems = new ArrayList<>();
        lines(inventory).stream().filter(line -> line.startsWith(ACCEPTED))
                .map(line -> line.substring(ACCEPTED.length())).forEach(accepted::add);
        Map<String, Long> remembered = remembered();
        remembered.keySet().stream().filter(name -> !present.containsKey(name) && !name.endsWith(".page") && !aside(name))
                .forEach(name -> problems.add(name + " is missing"));
        for (Map.Entry<String, Long> file : present.entrySet()) {
            String problem = problem(file.getKey(), file.getValue(), remembered.get(file.getKey()));
            if (problem != null) {
                problems.add(file.getKey() + " " + problem);
            }
        }
        problems.removeAll(accepted);
        return problems;
    }

    /** What is wrong with a file that is there, or null. */
    private String problem(String name, Long size, Long before) throws IOException {
        Long fixed = fixedSize(name);
        Long expected = before == null || before.equals(size) ? fixed : before;
        if (expected != null && !expected.equals(size)) {
            return "is %,d bytes long instead of %,d".formatted(size, expected);
        }
        return fixed == null ? unreadablePage(name) : unreadable(folder.resolve(name));
    }

    /**
     * A crash can leave a part of a record at the end of an address's last page. It is cut off, because the broker would write over it, and kept in a
     * file of its own: a bit that has turned in the last record looks the same.
     */
    private String unreadablePage(String name) throws IOException {
        Path file = folder.resolve(name);
        byte[] bytes = Files.readAllBytes(file);
        PageCheck page = new PageCheck(bytes);
        List<String> found = new ArrayList<>();
        page.gaps().forEach(gap -> found.add("cannot be read from byte %,d to %,d, though records follow".formatted(gap.from(), gap.to())));
        if (page.end() < bytes.length && !isLastPage(name)) {
            found.add("cannot be read from byte %,d on, though pages follow".formatted(page.end()));
        } else if (page.end() < bytes.length && found.isEmpty()) {
            Path kept = folder.resolveSibling(folder.getFileName() + "-cut-off-" + name.replace('/', '-'));
            replace(kept, Arrays.copyOfRange(bytes, page.end(), bytes.length));
            LOG.warn("{} ends with a part of a record, from byte {} of {} on, as a crash leaves it before anything is confirmed; it is cut off and kept"
                    + " in {}", file, page.end(), bytes.length, kept);
            try (FileChannel cut = FileChannel.open(file, StandardOpenOption.WRITE)) {
                cut.truncate(page.end());
                cut.force(true);
            }
        }
        return found.isEmpty() ? null : String.join(" and ", found);
    }

    private boolean isLastPage(String name) throws IOException {
        String next = new TreeMap<>(files()).higherKey(name);
        return next == null || !next.endsWith(".page") || !folderOf(next).equals(folderOf(name));
    }

    /**
     * Notes which files there are. Journal files are used again, or {@linkplain #forget forgotten} before they are deleted, and a page that is not
     * the last of its address never changes; so an inventory that is some seconds old accuses nobody wrongly.
     *
     * @throws IOException when it cannot be written; the one before stays
     */
    void remember() throws IOException {
        Map<String, Long> present = files();
        List<String> lines = new ArrayList<>(accepted.stream().map(problem -> ACCEPTED + problem).toList());
        String lastPage = null;
        for (Map.Entry<String, Long> file : present.entrySet()) {
            if (fixedSize(file.getKey()) != null) {
                lines.add(file.getValue() + " " + file.getKey());
            } else if (file.getKey().endsWith(".page")) {
                // names are numbers of equal length, so this is the order in which they were written
                if (lastPage != null && folderOf(lastPage).equals(folderOf(file.getKey()))) {
                    lines.add(present.get(lastPage) + " " + lastPage);
                }
                lastPage = file.getKey();
            }
        }
        if (!lines.equals(lines(inventory))) {
            write(lines);
        }
    }

    /**
     * Notes that a file goes, before it does: a file that is missed refuses the next start.
     *
     * @throws IOException when that cannot be written; the file must stay then
     */
    void forget(Path file) throws IOException {
        String ending = " " + folder.toAbsolutePath().relativize(file.toAbsolutePath()).toString().replace('\\', '/');
        write(lines(inventory).stream().filter(line -> !line.endsWith(ending)).toList());
    }

    /** Whether a compaction has taken the file, in which nothing was needed any more, to write to it under another name. */
    private boolean aside(String name) {
        return Files.exists(folder.resolve(name + COMPACTING));
    }

    /**
     * Forgets what the broker deletes as it starts when it was killed in a compaction: the files that this was writing to, or once that was done, those
     * whose records are in the new ones. To be called before each start, because the next one may come before the broker can be asked what it has.
     *
     * @throws IOException when that cannot be read or noted; the broker must not start then
     */
    void forgetCompacted() throws IOException {
        Set<String> going = remembered().keySet().stream().filter(this::aside).collect(Collectors.toCollection(TreeSet::new));
        for (String part : JOURNALS) {
            Path journal = folder.resolve(part);
            if (Files.exists(journal.resolve(AbstractJournalUpdateTask.FILE_COMPACT_CONTROL))) {
                List<String> compacted = new ArrayList<>();
                try {
                    JournalCompactor.readControlFile(new NIOSequentialFileFactory(journal.toFile(), 1), compacted, new ArrayList<>(), new ArrayList<>());
                } catch (IOException e) {
                    throw e;
                } catch (Exception e) {
                    throw new IOException(AbstractJournalUpdateTask.FILE_COMPACT_CONTROL + " in " + journal + " cannot be read: " + e.getMessage(), e);
                }
                compacted.forEach(name -> going.add(part + "/" + name));
            }
        }
        List<String> before = lines(inventory);
        List<String> after = before.stream().filter(line -> !going.contains(line.substring(line.indexOf(' ') + 1))).toList();
        if (after.size() < before.size()) {
            write(after);
        }
    }

    private void write(List<String> lines) throws IOException {
        replace(inventory, lines.stream().map(line -> line + "\n").collect(Collectors.joining()).getBytes(StandardCharsets.UTF_8));
    }

    private static void replace(Path file, byte[] content) throws IOException {
        Path next = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(next);
        try (FileChannel written = FileChannel.open(next, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), OwnFiles.attributes(next))) {
            ByteBuffer left = ByteBuffer.wrap(content);
            while (left.hasRemaining()) {
                written.write(left);
            }
            written.force(true);
        }
        Files.move(next, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        // after a power cut the name could stand for the content before, though files that it tells of are gone
        DurableFiles.force(file.toAbsolutePath().getParent());
    }

    /**
     * Puts copies of all files aside, for whoever looks into the damage later, and takes what the broker would stumble over out of
     * its way.
     *
     * @param problems what is not to be reported again; a damaged file stays in use until all of its events are delivered
     * @return where the copies are
     */
    Path accept(List<String> problems, String name) throws IOException {
        accepted.addAll(problems);
        Path aside = folder.resolveSibling(name);
        for (String file : files().keySet()) {
            Path copy = aside.resolve(file);
            Files.createDirectories(copy.getParent());
            if (fixedSize(file) != null && header(folder.resolve(file)) == null) {
                Files.move(folder.resolve(file), copy);
            } else {
                Files.copy(folder.resolve(file), copy);
                mend(folder.resolve(file));
            }
        }
        Files.deleteIfExists(inventory);
        remember();
        return aside;
    }

    /** What follows the damage in a page would be left aside. */
    private void mend(Path file) throws IOException {
        if (fixedSize(folder.relativize(file).toString().replace('\\', '/')) == null) {
            PageCheck page = new PageCheck(Files.readAllBytes(file));
            if (!page.gaps().isEmpty() || page.end() < Files.size(file)) {
                replace(file, page.mended());
            }
        }
    }

    private Map<String, Long> files() throws IOException {
        Map<String, Long> files = new TreeMap<>();
        if (!Files.isDirectory(folder)) {
            return files;
        }
        try (Stream<Path> found = Files.walk(folder, 3)) {
            for (Path file : (Iterable<Path>) found::iterator) {
                String name = folder.relativize(file).toString().replace('\\', '/');
                if (fixedSize(name) != null || name.startsWith("paging/") && name.endsWith(".page")) {
                    try {
                        files.put(name, Files.size(file));
                    } catch (NoSuchFileException consumedMeanwhile) {
                        // a page that has just been delivered to its end
                    }
                }
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        return files;
    }

    /** Of a journal's file; null for any other. */
    private Long fixedSize(String name) {
        return name.startsWith("journal/") && name.endsWith(".amq") ? journalFileSize
                : name.startsWith("bindings/") && name.endsWith(".bindings") ? BINDINGS_FILE_SIZE : null;
    }

    private static String folderOf(String name) {
        return name.substring(0, name.lastIndexOf('/'));
    }

    private Map<String, Long> remembered() throws IOException {
        Map<String, Long> sizes = new TreeMap<>();
        for (String line : lines(inventory)) {
            int space = line.indexOf(' ');
            if (!line.startsWith(ACCEPTED)) {
                sizes.put(line.substring(space + 1), Long.valueOf(line.substring(0, space)));
            }
        }
        return sizes;
    }

    private static List<String> lines(Path file) throws IOException {
        return Files.exists(file) ? Files.readAllLines(file) : List.of();
    }

    private record Header(int format, long id) {
    }

    /** Null when the first bytes of a journal file are none. */
    private static Header header(Path file) throws IOException {
        if (Files.size(file) < JournalImpl.SIZE_HEADER) {
            return null;
        }
        try (DataInputStream in = new DataInputStream(Files.newInputStream(file))) {
            int format = in.readInt();
            in.readInt();
            long id = in.readLong();
            return format >= OLDEST_FORMAT && format <= NEWEST_FORMAT ? new Header(format, id) : null;
        }
    }

    /** What is wrong with a journal file of the right size, or null. */
    private static String unreadable(Path file) throws IOException {
        Header header = header(file);
        if (header == null) {
            return "does not begin like a journal file";
        }
        Records records = new Records(Files.readAllBytes(file), (int) header.id(), header.format() > OLDEST_FORMAT);
        int unbroken = records.end();
        return records.anyFrom(unbroken) ? "cannot be read from byte %,d on, though records follow".formatted(unbroken) : null;
    }

    /**
     * The records of a file, one after the other. Artemis' own reader looks for the next readable one wherever it may be, and does
     * not tell what it left out.
     */
    private static final class Records {

        private final ByteBuffer file;
        private final int id;
        private final int compactCount;

        Records(byte[] file, int id, boolean compactCounts) {
            this.file = ByteBuffer.wrap(file);
            this.id = id;
            this.compactCount = compactCounts ? 1 : 0;
        }

        /** Where the last record ends that follows the first without a gap. */
        int end() {
            int end = JournalImpl.SIZE_HEADER;
            for (int next = next(end); next > 0; next = next(end)) {
                end = next;
            }
            return end;
        }

        /** Whether there is a record at this position or anywhere behind it. Most of a file that is in use is empty. */
        boolean anyFrom(int position) {
            for (int at = position; at < file.limit(); at++) {
                if (at + Long.BYTES <= file.limit() && file.getLong(at) == 0) {
                    at += Long.BYTES - 1;
                } else if (recordEnd(at) > 0) {
                    return true;
                }
            }
            return false;
        }

        /** The end of the record at this position, or behind the empty rest of its block; 0 if there is none. */
        private int next(int position) {
            int end = recordEnd(position);
            for (int at = position; end == 0 && at < file.limit() && at < position + LARGEST_BLOCK && file.get(at) == 0; at++) {
                end = recordEnd(at + 1);
            }
            return end;
        }

        private int recordEnd(int at) {
            int body = at + 5 + compactCount;
            if (body > file.limit() || file.getInt(at + 1) != id) {
                return 0;
            }
            long length = compactCount + switch (file.get(at)) {
                case JournalImpl.ADD_RECORD, JournalImpl.UPDATE_RECORD, JournalImpl.EVENT_RECORD ->
                    JournalImpl.SIZE_ADD_RECORD + sizeAt(body + 8);
                case JournalImpl.ADD_RECORD_TX, JournalImpl.UPDATE_RECORD_TX ->
                    JournalImpl.SIZE_ADD_RECORD_TX + sizeAt(body + 16);
                case JournalImpl.DELETE_RECORD_TX -> JournalImpl.SIZE_DELETE_RECORD_TX + sizeAt(body + 16);
                case JournalImpl.PREPARE_RECORD -> JournalImpl.SIZE_PREPARE_RECORD + sizeAt(body + 12);
                case JournalImpl.DELETE_RECORD -> JournalImpl.SIZE_DELETE_RECORD;
                case JournalImpl.COMMIT_RECORD -> JournalImpl.SIZE_COMMIT_RECORD;
                case JournalImpl.ROLLBACK_RECORD -> JournalImpl.SIZE_ROLLBACK_RECORD;
                default -> -1;
            };
            boolean whole = length > 4 && at + length <= file.limit() && file.getInt((int) (at + length) - 4) == length;
            return whole ? (int) (at + length) : 0;
        }

        /** What a record says of its size; more than any file has where the file is at its end. */
        private long sizeAt(int at) {
            return at + 4 <= file.limit() ? file.getInt(at) : Integer.MAX_VALUE;
        }
    }
}
