package io.subscriptionrelay.broker;

import io.subscriptionrelay.config.StartRefusedException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a second process out of the data directory. The broker would wait for the first one's journal too, but without a word,
 * without an end, and deaf to being stopped.
 */
final class DataFolderLock implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(DataFolderLock.class);
    private static final String FILE = "relay.lock";
    private static final long LOOK_AGAIN_MILLIS = 200;

    private final FileChannel file;

    private DataFolderLock(FileChannel file) {
        this.file = file;
    }

    /**
     * Takes the lock. A relay that is just being stopped is waited for.
     *
     * @throws StartRefusedException when another process still has it after this time
     */
    static DataFolderLock take(Path folder, Duration patience) throws IOException, InterruptedException {
        FileChannel file = FileChannel.open(folder.resolve(FILE), Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                OwnFiles.attributes(folder));
        long deadline = System.nanoTime() + patience.toNanos();
        boolean told = false;
        while (!locked(file)) {
            if (System.nanoTime() > deadline) {
                file.close();
                throw new StartRefusedException("the data directory " + folder + " is in use by another relay",
                        "Stop that one, or give this one its own RELAY_DATA_DIR.");
            }
            if (!told) {
                LOG.info("Waiting for another relay to leave the data directory {}", folder);
                told = true;
            }
            Thread.sleep(LOOK_AGAIN_MILLIS);
        }
        return new DataFolderLock(file);
    }

    private static boolean locked(FileChannel file) throws IOException {
        try {
            FileLock lock = file.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException inThisProcess) {
            return false;
        }
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
