package io.subscriptionrelay.history;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.IndexableField;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.TermsEnum;
import org.apache.lucene.store.ChecksumIndexInput;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.FSDirectory;
import org.apache.lucene.store.FilterDirectory;
import org.apache.lucene.store.FilterIndexOutput;
import org.apache.lucene.store.IOContext;
import org.apache.lucene.store.IndexOutput;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** History in a folder. */
@ExtendWith(OutputCaptureExtension.class)
class LuceneHistoryTest extends HistoryStoreContract {

    private static final long LARGE = 10_000_000_000L;

    @TempDir
    Path folder;
    /** The disk fails with this operation from now on; never when negative. */
    private final AtomicInteger operationsLeft = new AtomicInteger(-1);

    @Override
    HistoryStore open() {
        return new LuceneHistory(folder, LARGE, this::directory);
    }

    private Directory directory(Path path) throws IOException {
        return new FailingDirectory(new HistoryDirectory(path), operationsLeft);
    }

    @Test
    void eachDayHasAFolderAndEachEventIsWithItsDay() {
        keep(event("a", NOON, "{}"), event("c", NOON + 2 * DAY, "{}"));
        keep(event("b", NOON + DAY, "{}"), event("d", NOON + DAY / 2, "{}"), event("e", NOON - 40 * DAY, "{}"));
        assertThat(spans()).containsExactly("2026-08-22T00-00-00.000", "2026-10-01T00-00-00.000", "2026-10-02T00-00-00.000",
                "2026-10-03T00-00-00.000");
        assertThat(ids(store.newest(HistoryFilter.ALL, null, 10, false))).containsExactly("c", "b", "d", "a", "e");
    }

    @Test
    void aSpanThatIsLargeIsFollowedByAnotherAndWhatBelongsToItStillComesToIt() {
        store.close();
        store = new LuceneHistory(folder, 16 * 100_000, this::directory);
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < 400; i++) {
            StringBuilder text = new StringBuilder();
            random.longs(100).forEach(n -> text.append(Long.toHexString(n)));
            keep(event("e" + i, NOON + i / 2, "{\"text\":\"" + text + "\"}"));
            if (i % 50 == 0) {
                store.append(List.of(batch(outcome("e" + i / 2, NOON + i / 4, 1, EventOutcome.DELIVERED, "onesignal"))));
            }
        }
        assertThat(spans()).hasSizeGreaterThan(3).hasSizeLessThan(16);
        assertThat(store.count(HistoryFilter.ALL)).isEqualTo(400);
        assertThat(found("outcome", "delivered")).hasSize(8);
        assertThat(store.trim(0, 0)).isPositive();
        assertThat(spans()).hasSize(1);
    }

    /** Two spans are written, and each operation on their files fails once. */
    @Test
    void aDiskThatFailsAtAnyOperationLeavesAllOrNothingAndTheNextTryMakesItWhole() {
        keep(event("before", NOON, "{}"), event("before-2", NOON + DAY, "{}"));
        boolean failed = true;
        for (int n = 0; failed; n++) {
            HistoryBatch batch = new HistoryBatch("b" + n, List.of(event("a" + n, NOON + 1, "{}"), event("b" + n, NOON + DAY + 1, "{}")),
                    List.of(outcome("a" + n, NOON + 1, 1, EventOutcome.DELIVERED, "onesignal"),
                            outcome("b" + n, NOON + DAY + 1, 1, EventOutcome.DELIVERED, "onesignal")));
            operationsLeft.set(n);
            try {
                store.append(List.of(batch));
                failed = false;
            } catch (UncheckedStoreException e) {
                assertThat(e.getMessage()).contains(folder.toString()).contains("no space left, says the test");
                operationsLeft.set(-1);
                assertThat(store.newest(filter("id", "a" + n), null, 1, false)).as("operation %s", n).isEmpty();
                assertThat(store.newest(filter("id", "b" + n), null, 1, false)).as("operation %s", n).isEmpty();
            }
            operationsLeft.set(-1);
            store.append(List.of(batch));
            assertThat(store.newest(filter("id", "a" + n), null, 10, false)).as("operation %s", n).hasSize(1)
                    .allMatch(one -> one.outcomes().size() == 1);
            assertThat(store.newest(filter("id", "b" + n), null, 10, false)).as("operation %s", n).hasSize(1)
                    .allMatch(one -> one.outcomes().size() == 1);
            assertThat(n).isLessThan(300);
        }
        long all = store.count(HistoryFilter.ALL);
        assertThat(all).isGreaterThan(20);
        store.close();
        store = open();
        assertThat(store.count(HistoryFilter.ALL)).isEqualTo(all);
    }

    @Test
    void aDamagedSpanIsPutAsideWithAWarningAndTheRestGoesOn(CapturedOutput output) throws IOException {
        keep(event("a", NOON, "{}"), event("b", NOON + DAY, "{}"), event("c", NOON + 2 * DAY, "{}"));
        store.close();
        for (String name : List.of("2026-10-01T00-00-00.000", "2026-10-02T00-00-00.000")) {
            try (Stream<Path> files = Files.list(folder.resolve(name))) {
                for (Path file : files.filter(one -> one.toString().endsWith(name.contains("10-01") ? ".cfs" : ".si")).toList()) {
                    Files.delete(file);
                }
            }
        }
        store = open();
        assertThat(ids(store.newest(HistoryFilter.ALL, null, 10, false))).containsExactly("c");
        assertThat(output).contains("WARN").contains(folder.resolve("2026-10-01T00-00-00.000") + " is damaged and was put aside as");
        keep(event("d", NOON + 1, "{}"));
        assertThat(ids(store.newest(HistoryFilter.ALL, null, 10, false))).containsExactly("c", "d");
        assertThat(spans()).containsExactly("2026-10-01T00-00-00.000", "2026-10-01T00-00-00.000.damaged", "2026-10-02T00-00-00.000.damaged",
                "2026-10-03T00-00-00.000");
        // it goes with its age, because it has personal data
        store.trim(NOON + DAY, Long.MAX_VALUE);
        assertThat(spans()).containsExactly("2026-10-02T00-00-00.000.damaged", "2026-10-03T00-00-00.000");
    }

    @Test
    void aSpanWhoseBitsHaveTurnedIsPutAsideWhenItIsRead() throws IOException {
        SplittableRandom random = new SplittableRandom(3);
        for (int round = 0; round < 15; round++) {
            keep(event("a" + round, NOON, "{\"note\":\"text of the first\"}"));
            keep(event("b" + round, NOON + DAY, "{\"note\":\"text of the second\"}"));
            store.close();
            List<Path> files;
            try (Stream<Path> all = Files.list(folder.resolve("2026-10-01T00-00-00.000"))) {
                files = all.filter(file -> file.toFile().length() > 0).sorted().toList();
            }
            Path file = files.get(random.nextInt(files.size()));
            byte[] bytes = Files.readAllBytes(file);
            bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
            Files.write(file, bytes);
            store = open();
            assertThat(ids(store.newest(HistoryFilter.ALL, null, 100, true))).contains("b" + round);
            // whatever it is, history goes on after at most one failure
            try {
                keep(event("c" + round, NOON + 1, "{}"));
            } catch (UncheckedStoreException damaged) {
                keep(event("c" + round, NOON + 1, "{}"));
            }
            assertThat(ids(store.newest(HistoryFilter.ALL, null, 100, false))).contains("c" + round, "b" + round);
            store.trim(NOON + 10 * DAY, Long.MAX_VALUE);
        }
    }

    /** Whatever file it is in, and though nobody reads it: the content that comes is the content that was kept, or is told to be gone. */
    @Test
    void damageThatNobodyHasReadIsNamedAndWhatLiesInOtherSegmentsStays(CapturedOutput output) throws IOException {
        Map<String, UnaryOperator<byte[]>> damages = Map.of("a bit", bytes -> {
            bytes[bytes.length / 2] ^= 4;
            return bytes;
        }, "a block", bytes -> {
            Arrays.fill(bytes, bytes.length / 4, bytes.length / 4 + Math.min(4096, bytes.length / 2), (byte) 0);
            return bytes;
        }, "the end", bytes -> Arrays.copyOf(bytes, bytes.length / 2));
        for (Map.Entry<String, UnaryOperator<byte[]>> damage : damages.entrySet()) {
            keep(event("a", NOON, "{\"note\":\"of the first\"}"));
            keep(event("b", NOON + 1, "{\"note\":\"of the second\"}"));
            store.close();
            Path file = largest(folder.resolve("2026-10-01T00-00-00.000"));
            Files.write(file, damage.getValue().apply(Files.readAllBytes(file)));
            int said = output.getOut().length();
            store = open();
            store.check();
            assertThat(found()).as(damage.getKey()).hasSize(1).isSubsetOf("a", "b");
            assertThat(output.getOut().substring(said)).as(damage.getKey()).contains("is damaged and was put aside as 2026-10-01T00-00-00.000.damaged")
                    .contains(file.getFileName().toString());
            // history goes on, and what is left is found after a restart too
            keep(event("c", NOON + 2, "{}"));
            store.close();
            store = open();
            store.check();
            assertThat(found()).as(damage.getKey()).hasSize(2).contains("c");
            store.trim(NOON + 10 * DAY, Long.MAX_VALUE);
        }
    }

    private static Path largest(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(".cfs")).max(Comparator.comparing(file -> file.toFile().length())).orElseThrow();
        }
    }

    @Test
    void whatACrashLeftUnfinishedIsCleanedUp() throws IOException {
        keep(event("a", NOON, "{}"));
        store.close();
        Files.createDirectories(folder.resolve("2026-10-05T00-00-00.000.new").resolve("x"));
        Files.createDirectories(folder.resolve("2026-09-05T00-00-00.000.dropped"));
        Files.createDirectories(folder.resolve("somebody's"));
        store = open();
        assertThat(spans()).containsExactly("2026-10-01T00-00-00.000", "somebody's");
        assertThat(found()).containsExactly("a");
    }

    @Test
    void noFileHasAnythingOfAUserWhoWasForgotten() throws IOException {
        String user = "f0rg3tme-7b1d9c44e2a8";
        for (int i = 0; i < 40; i++) {
            keep(event(i % 4 == 0 ? "[\"" + user + "\"," + i + "]" : i % 4 == 1 ? user + "-" + i : "e" + i, NOON + i * 1000,
                    i % 4 == 3 ? "{\"app_user_id\":\"somebody\"}" : "{\"app_user_id\":\"" + user + "\",\"note\":\"secretword" + i + "\"}"));
            HistoryOutcome sent = outcome(i % 4 == 0 ? "[\"" + user + "\"," + i + "]" : i % 4 == 1 ? user + "-" + i : "e" + i, NOON + i * 1000, 1,
                    EventOutcome.DELIVERED, "onesignal");
            store.append(List.of(batch(sent)));
        }
        assertThat(traces(user)).isNotEmpty();
        assertThat(traces("secretword")).isNotEmpty();
        long before = store.count(filter("outcome", "delivered"));
        assertThat(store.forget(user)).isEqualTo(new HistoryStore.Forgotten(30, 30));
        assertThat(traces(user)).isEmpty();
        assertThat(traces("secretword")).isEmpty();
        assertThat(store.count(filter("outcome", "delivered"))).isEqualTo(before).isEqualTo(40);
        assertThat(found("user", "somebody")).hasSize(10);
        store.close();
        store = open();
        assertThat(traces(user)).isEmpty();
        assertThat(store.count(HistoryFilter.ALL)).isEqualTo(40);
    }

    /** Where a text stands: in the raw files, in a stored field or in a term, deleted documents included. */
    private Collection<String> traces(String text) throws IOException {
        List<String> found = new ArrayList<>();
        List<Path> files;
        try (Stream<Path> all = Files.walk(folder)) {
            files = all.filter(Files::isRegularFile).toList();
        }
        for (Path file : files) {
            if (new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).contains(text)) {
                found.add(file.toString());
            }
        }
        for (String span : spans()) {
            try (Directory directory = FSDirectory.open(folder.resolve(span)); IndexReader reader = DirectoryReader.open(directory)) {
                for (int i = 0; i < reader.maxDoc(); i++) {
                    for (IndexableField field : reader.storedFields().document(i)) {
                        String value = field.binaryValue() == null ? field.stringValue() : field.binaryValue().utf8ToString();
                        if (value != null && value.contains(text)) {
                            found.add(span + " " + field.name());
                        }
                    }
                }
                for (LeafReaderContext leaf : reader.leaves()) {
                    TermsEnum terms = leaf.reader().terms("term") == null ? TermsEnum.EMPTY : leaf.reader().terms("term").iterator();
                    while (terms.next() != null) {
                        if (new String(terms.term().bytes, terms.term().offset, terms.term().length, StandardCharsets.UTF_8).contains(text)) {
                            found.add(span + " term");
                        }
                    }
                }
            }
        }
        return found;
    }

    private List<String> spans() {
        try (Stream<Path> paths = Files.list(folder)) {
            return paths.map(path -> path.getFileName().toString()).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Fails with each operation that writes, once so many are done. */
    private static final class FailingDirectory extends FilterDirectory {

        private final AtomicInteger left;

        FailingDirectory(Directory directory, AtomicInteger left) {
            super(directory);
            this.left = left;
        }

        private void operation() throws IOException {
            if (left.get() >= 0 && left.getAndUpdate(n -> Math.max(0, n - 1)) == 0) {
                throw new IOException("no space left, says the test");
            }
        }

        @Override
        public IndexOutput createOutput(String name, IOContext context) throws IOException {
            operation();
            IndexOutput output = super.createOutput(name, context);
            return new FilterIndexOutput("failing", name, output) {
                @Override
                public void close() throws IOException {
                    super.close();
                    operation();
                }
            };
        }

        @Override
        public ChecksumIndexInput openChecksumInput(String name, IOContext context) throws IOException {
            return in.openChecksumInput(name, context);
        }

        @Override
        public void sync(Collection<String> names) throws IOException {
            // no power is cut here, and a disk takes its time
            operation();
        }

        @Override
        public void syncMetaData() throws IOException {
            operation();
        }

        @Override
        public void rename(String from, String to) throws IOException {
            operation();
            super.rename(from, to);
        }
    }
}
