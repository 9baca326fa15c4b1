package io.subscriptionrelay.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.activemq.artemis.core.io.nio.NIOSequentialFileFactory;
import org.apache.activemq.artemis.core.journal.PreparedTransactionInfo;
import org.apache.activemq.artemis.core.journal.RecordInfo;
import org.apache.activemq.artemis.core.journal.impl.JournalImpl;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On a journal as the broker has it, but with smaller files. */
class SpareFilesTest {

    private static final int FILE = 128 * 1024;
    private static final String ADDRESS = "jane.doe@mail.example";
    private static final int RECORDS = 1000;

    @TempDir
    Path folder;
    private long now = 1;

    @Test
    void filesThatAreSpareForAMinuteAreOverwrittenAndFewAndTheJournalGoesOn() throws Exception {
        Path journals = Files.createDirectories(folder.resolve("broker/journal"));
        JournalCheck check = new JournalCheck(folder.resolve("broker"), FILE);
        SpareFiles spare = new SpareFiles(() -> now);
        JournalImpl journal = journal(journals);
        journal.start();
        journal.load(new ArrayList<RecordInfo>(), new ArrayList<PreparedTransactionInfo>(), null);
        byte[] record = (ADDRESS + "x".repeat(2000)).getBytes(StandardCharsets.UTF_8);
        journal.appendAddRecord(RECORDS, (byte) 1, "what is kept".getBytes(StandardCharsets.UTF_8), true);
        journal.forceMoveNextFile();
        for (int id = 0; id < RECORDS; id++) {
            journal.appendAddRecord(id, (byte) 1, record, false);
        }
        for (int id = 0; id < RECORDS; id++) {
            journal.appendDeleteRecord(id, true);
        }
        journal.forceMoveNextFile();
        await().atMost(Duration.ofSeconds(20)).until(() -> {
            journal.checkReclaimStatus();
            return journal.getFreeFilesCount() > SpareFiles.MOST;
        });
        check.remember();
        int all = journal.getFreeFilesCount();
        assertThat(holding(journals)).isGreaterThanOrEqualTo(all - 1);

        spare.tidy(journal.getFilesRepository(), check::forget);
        now += SpareFiles.UNUSED.toNanos() - 1;
        spare.tidy(journal.getFilesRepository(), check::forget);
        assertThat(journal.getFreeFilesCount()).as("what the journal may need at once stays").isEqualTo(all);
        now++;
        for (int look = 0; look < 30; look++) {
            spare.tidy(journal.getFilesRepository(), check::forget);
            assertThat(check.problems()).as("as a kill would leave it").isEmpty();
        }
        assertThat(journal.getFreeFilesCount()).isEqualTo(SpareFiles.MOST);
        assertThat(holding(journals)).as("files in which the address still stands").isLessThanOrEqualTo(1);

        for (int id = 2 * RECORDS; id < 2 * RECORDS + 500; id++) {
            journal.appendAddRecord(id, (byte) 1, record, false);
        }
        journal.appendAddRecord(4 * RECORDS, (byte) 1, record, true);
        journal.stop();
        JournalImpl again = journal(journals);
        again.start();
        List<RecordInfo> records = new ArrayList<>();
        again.load(records, new ArrayList<PreparedTransactionInfo>(), null);
        again.stop();
        assertThat(records).hasSize(502);
        assertThat(check.problems()).isEmpty();
    }

    private static JournalImpl journal(Path journals) {
        return new JournalImpl(FILE, 2, Integer.MAX_VALUE, 10, 30, new NIOSequentialFileFactory(journals.toFile(), 1), "activemq-data", "amq", 1);
    }

    private static int holding(Path journals) throws IOException {
        int holding = 0;
        try (Stream<Path> files = Files.list(journals)) {
            for (Path file : files.toList()) {
                holding += Files.readString(file, StandardCharsets.ISO_8859_1).contains(ADDRESS) ? 1 : 0;
            }
        }
        return holding;
    }
}
