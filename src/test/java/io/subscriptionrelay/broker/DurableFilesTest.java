package io.subscriptionrelay.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.activemq.artemis.core.io.IOCriticalErrorListener;
import org.apache.activemq.artemis.core.io.SequentialFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DurableFilesTest {

    private static final Path FULL = Path.of("/dev/full");

    @TempDir
    Path folder;

    private final Failures failures = new Failures();

    @Test
    void aWriteThatFindsNoRoomFails() throws Exception {
        assumeTrue(Files.exists(FULL), "a device that is always full (/dev/full) is missing here");
        SequentialFile full = files(FULL.getParent()).createSequentialFile(FULL.getFileName().toString());
        full.open();
        assertThatThrownBy(() -> full.writeDirect(bytes(), false)).isInstanceOf(IOException.class);
        assertThat(failures.isPreviouslyFailed()).isTrue();
    }

    @Test
    void onceAFileFailedNoneIsForcedAnyMore() throws Exception {
        SequentialFile file = files(folder).createSequentialFile("1.page");
        file.open();
        file.writeDirect(bytes(), false);
        assertThatCode(file::sync).doesNotThrowAnyException();

        failures.onIOException(new IOException(), "another file", null);
        assertThatThrownBy(file::sync).isInstanceOf(IOException.class).hasMessageContaining("the broker stops");
        assertThatThrownBy(() -> file.writeDirect(bytes(), false)).isInstanceOf(IOException.class);
        file.close();
    }

    private DurableFiles files(Path in) {
        return new DurableFiles(in.toFile(), failures, 1);
    }

    private static ByteBuffer bytes() {
        return ByteBuffer.wrap("an event".getBytes(StandardCharsets.UTF_8));
    }

    /** As the broker remembers a failure, from which on it stops. */
    private static final class Failures implements IOCriticalErrorListener {

        private boolean failed;

        @Override
        public boolean isPreviouslyFailed() {
            return failed;
        }

        @Override
        public void onIOException(Throwable cause, String message, String file) {
            failed = true;
        }
    }
}
