package io.subscriptionrelay.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.RelayProcess;
import io.subscriptionrelay.testing.Simulators;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.activemq.artemis.core.config.impl.ConfigurationImpl;
import org.apache.activemq.artemis.core.io.nio.NIOSequentialFileFactory;
import org.apache.activemq.artemis.core.journal.impl.AbstractJournalUpdateTask;
import org.apache.activemq.artemis.core.journal.impl.JournalFileImpl;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.util.FileSystemUtils;

/** What a relay says that finds its stored events damaged. Each test damages a copy of what a killed relay left behind. */
class JournalDamageTest {

    private static final int EVENTS = 300;

    @TempDir
    static Path original;
    private static Simulators simulators;

    @TempDir
    Path folder;

    @BeforeAll
    static void storeSomeEvents() {
        simulators = new Simulators();
        simulators.cleverTap.stop();
        try (RelayProcess relay = new RelayProcess(original, simulators).start()) {
            for (int n = 0; n < EVENTS; n++) {
                assertThat(relay.revenueCat(Events.renewal("J-" + n, "damage-user-" + n, Events.BASE + n))).isEqualTo(200);
            }
            Path inventory = original.resolve("data/broker.files");
            await().atMost(Duration.ofSeconds(20)).until(() -> Files.readString(inventory).contains("journal/"));
        }
    }

    @AfterAll
    static void close() {
        simulators.close();
    }

    @BeforeEach
    void copy() throws IOException {
        FileSystemUtils.copyRecursively(original, folder);
    }

    @Test
    void whatAKillLeavesBehindIsNotDamage() throws IOException {
        assertThat(problems()).isEmpty();
    }

    @Test
    void aTruncatedJournalFileIsNamed() throws IOException {
        truncate(journalFile(), 5_000);
        assertThat(problems()).singleElement().asString().matches("journal/activemq-data-\\d+\\.amq is 5,000 bytes long instead of 10,485,760");
    }

    @Test
    void aJournalFileOfNoBytesIsNamedThoughTheBrokerWouldDeleteIt() throws IOException {
        truncate(journalFile(), 0);
        assertThat(problems()).singleElement().asString().contains("is 0 bytes long");
    }

    @Test
    void aMissingJournalFileIsNamed() throws IOException {
        Files.delete(journalFile());
        assertThat(problems()).singleElement().asString().contains("is missing");
    }

    @Test
    void aFileThatTheBrokerDeletesAtItsStartAfterACompactionIsNotMissed() throws Exception {
        Path compacted = journalFile();
        NIOSequentialFileFactory files = new NIOSequentialFileFactory(compacted.getParent().toFile(), 1);
        AbstractJournalUpdateTask.writeControlFile(files, List.of(new JournalFileImpl(files.createSequentialFile(compacted.getFileName().toString()), 1, 2)),
                List.of(), List.of());
        check().forgetCompacted();
        Files.delete(compacted);
        assertThat(problems()).isEmpty();
    }

    @Test
    void aSpareFileThatACompactionHasTakenIsNotMissedNorOnceTheBrokerHasDeletedIt() throws IOException {
        Path taken = Files.move(journalFile(), journalFile().resolveSibling(journalFile().getFileName() + ".cmp"));
        assertThat(problems()).isEmpty();
        check().forgetCompacted();
        Files.delete(taken);
        assertThat(problems()).isEmpty();
    }

    @Test
    void aLostBrokerFolderIsNamedThoughTheBrokerWouldStartEmpty() throws IOException {
        FileSystemUtils.deleteRecursively(folder.resolve("data/broker"));
        assertThat(problems()).hasSizeGreaterThan(2).allSatisfy(problem -> assertThat(problem).contains("is missing"));
    }

    @Test
    void lostQueueNamesAreNamedThoughTheBrokerWouldThrowAwayTheirEvents() throws IOException {
        try (Stream<Path> bindings = Files.list(folder.resolve("data/broker/bindings"))) {
            Files.delete(bindings.sorted().findFirst().orElseThrow());
        }
        assertThat(problems()).singleElement().asString().startsWith("bindings/").contains("is missing");
    }

    @Test
    void overwrittenBytesInTheMiddleAreNamedThoughTheBrokerWouldSkipThem() throws IOException {
        overwrite(journalFile(), 20_000, 3_000);
        assertThat(problems()).singleElement().asString().matches("journal/.* cannot be read from byte [\\d,]+ on, though records follow");
    }

    @Test
    void anOverwrittenBeginningIsNamed() throws IOException {
        overwrite(journalFile(), 0, 16);
        assertThat(problems()).singleElement().asString().contains("does not begin like a journal file");
    }

    @Test
    void aRelayRefusesToStartOnItAndGoesOnWithTheRestWhenTold() throws IOException {
        overwrite(journalFile(), 20_000, 3_000);
        try (RelayProcess relay = new RelayProcess(folder, simulators)) {
            assertThatThrownBy(relay::start).hasMessageContaining("are damaged").hasMessageContaining("cannot be read from byte")
                    .hasMessageContaining("--relay.broker.accept-damage=true").hasMessageNotContaining("\tat ");
            relay.set("relay.broker.accept-damage", "true").start();
            simulators.cleverTap.start();
            // what lay in the 3,000 bytes is gone, everything else arrives
            await().atMost(Duration.ofSeconds(60)).until(() -> arrived() >= EVENTS - 10);
            assertThat(relay.log()).contains("Going on with what can be read of the stored events");
            relay.terminate();
            // history writes and deletes files for as long as it runs
            try (Stream<Path> copies = Files.find(folder.resolve("data"), 3, (file, is) -> file.toString().contains("broker-damaged-")
                    && file.toString().endsWith(".amq"))) {
                assertThat(copies).isNotEmpty();
            }
            relay.set("relay.broker.accept-damage", "false").start();
        }
    }

    private static long arrived() {
        return simulators.cleverTap.stored().stream().map(record -> record.data().path("event_id").asText())
                .filter(id -> id.startsWith("J-")).distinct().count();
    }

    private List<String> problems() throws IOException {
        return check().problems();
    }

    private JournalCheck check() {
        return new JournalCheck(folder.resolve("data/broker"), new ConfigurationImpl().getJournalFileSize());
    }

    /** The one that holds the events. */
    private Path journalFile() throws IOException {
        try (Stream<Path> files = Files.list(folder.resolve("data/broker/journal"))) {
            return files.filter(file -> file.toString().endsWith(".amq")).filter(JournalDamageTest::holdsEvents).findFirst().orElseThrow();
        }
    }

    private static boolean holdsEvents(Path file) {
        try {
            byte[] bytes = Files.readAllBytes(file);
            return IntStream.range(40_000, 60_000).anyMatch(at -> bytes[at] != 0);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static void truncate(Path file, long length) throws IOException {
        try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
            open.setLength(length);
        }
    }

    private static void overwrite(Path file, long position, int length) throws IOException {
        try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
            open.seek(position);
            byte[] other = new byte[length];
            java.util.Arrays.fill(other, (byte) 7);
            open.write(other);
        }
    }
}
