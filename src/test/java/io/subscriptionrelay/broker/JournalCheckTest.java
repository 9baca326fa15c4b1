package io.subscriptionrelay.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.activemq.artemis.core.journal.impl.JournalImpl;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Journal files as they are when the broker has filled them; {@link JournalDamageTest} damages real ones. */
class JournalCheckTest {

    private static final int FORMAT = 2;
    private static final int ID = 11;
    private static final int RECORDS = 20;
    /** With the count of compactions, which the format has. */
    private static final int DELETE_LENGTH = JournalImpl.SIZE_DELETE_RECORD + 1;

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 5, 10, 11, 17})
    void aShortRecordAtTheVeryEndOfAFileIsNoDamage(int left) throws IOException {
        int size = JournalImpl.SIZE_HEADER + RECORDS * DELETE_LENGTH + left;
        ByteBuffer file = ByteBuffer.allocate(size);
        file.putInt(FORMAT).putInt(0).putLong(ID);
        for (int i = 0; i < RECORDS; i++) {
            file.put(JournalImpl.DELETE_RECORD).putInt(ID).put((byte) 0).putLong(i).putInt(DELETE_LENGTH);
        }
        Path journal = Files.createDirectories(folder.resolve("broker/journal"));
        Files.write(journal.resolve("activemq-data-1.amq"), file.array());
        JournalCheck check = new JournalCheck(folder.resolve("broker"), size);
        check.remember();

        assertThat(check.problems()).isEmpty();
    }
}
