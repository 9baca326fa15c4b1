package io.subscriptionrelay.broker;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.apache.activemq.artemis.api.core.ActiveMQExceptionType;
import org.apache.activemq.artemis.core.config.Configuration;
import org.apache.activemq.artemis.core.io.IOCallback;
import org.apache.activemq.artemis.core.io.IOCriticalErrorListener;
import org.apache.activemq.artemis.core.io.SequentialFile;
import org.apache.activemq.artemis.core.io.buffer.TimedBufferObserver;
import org.apache.activemq.artemis.core.io.nio.NIOSequentialFile;
import org.apache.activemq.artemis.core.io.nio.NIOSequentialFileFactory;
import org.apache.activemq.artemis.utils.critical.CriticalAnalyzer;

/**
 * Files of one folder of the broker.
 *
 * <p>Artemis reports a write that fails, upon which the broker stops, and goes on as if it had succeeded until it has stopped; a write of which the
 * disk takes a part is not even reported. Here both fail, and so does everything after them, because what is forced to disk later confirms what was
 * written before.
 */
final class DurableFiles extends NIOSequentialFileFactory {

    /** Windows opens no folder. */
    private static final boolean FOLDERS_CAN_BE_FORCED = File.separatorChar == '/';

    /** Of whatever is written without a buffer. */
    DurableFiles(File folder, IOCriticalErrorListener failures, int inFlight) {
        super(folder, false, failures, inFlight);
    }

    /** Of a message journal. */
    DurableFiles(File folder, Configuration settings, IOCriticalErrorListener failures, CriticalAnalyzer analyzer) {
        super(folder, true, settings.getJournalBufferSize_NIO(), settings.getJournalBufferTimeout_NIO(), settings.getJournalMaxIO_NIO(),
                settings.isLogJournalWriteRate(), failures, analyzer);
    }

    @Override
    public SequentialFile createSequentialFile(String name) {
        return new DurableFile(this, journalDir, name, maxIO);
    }

    /** Has the names in a folder survive a power cut. */
    static void force(Path folder) throws IOException {
        if (FOLDERS_CAN_BE_FORCED) {
            try (FileChannel names = FileChannel.open(folder, StandardOpenOption.READ)) {
                names.force(true);
            }
        }
    }

    /** Throws once any file of this broker could not be written. */
    static void failAfterFailure(IOCriticalErrorListener failures) throws IOException {
        if (failures != null && failures.isPreviouslyFailed()) {
            throw new IOException("the broker stops, because a file of it could not be written");
        }
    }

    private static final class DurableFile extends NIOSequentialFile {

        private final DurableFiles files;

        DurableFile(DurableFiles files, File folder, String name, int inFlight) {
            super(files, folder, name, inFlight);
            this.files = files;
        }

        @Override
        public synchronized void open() throws IOException {
            boolean made = !exists();
            super.open();
            if (made) {
                force(directory.toPath());
            }
        }

        /** The one of the superclass writes past {@link #writeDirect}. */
        @Override
        protected TimedBufferObserver createTimedBufferObserver() {
            return new LocalBufferObserver() { };
        }

        /** Without a callback the journal forces what was written afterwards, which {@link #sync} refuses then. */
        @Override
        public void writeDirect(ByteBuffer bytes, boolean sync, IOCallback callback) {
            try {
                writeDirect(bytes, sync);
            } catch (Exception e) {
                if (callback != null) {
                    callback.onError(ActiveMQExceptionType.IO_ERROR.getCode(), e.getMessage());
                }
                return;
            }
            if (callback != null) {
                callback.done();
            }
        }

        @Override
        public synchronized void writeDirect(ByteBuffer bytes, boolean sync) throws Exception {
            long end = end(bytes);
            super.writeDirect(bytes, sync);
            check(end);
        }

        @Override
        public synchronized void blockingWriteDirect(ByteBuffer bytes, boolean sync, boolean releaseBuffer) throws Exception {
            long end = end(bytes);
            super.blockingWriteDirect(bytes, sync, releaseBuffer);
            check(end);
        }

        /** Where the file will be once these are written. */
        private long end(ByteBuffer bytes) throws IOException {
            return isOpen() ? channel.position() + bytes.remaining() : 0;
        }

        private void check(long end) throws IOException {
            failAfterFailure(files.getCriticalErrorListener());
            // a disk on which some bytes are left takes these and says nothing
            if (channel.position() != end) {
                IOException failure = new IOException("%,d bytes at the end found no room in it".formatted(end - channel.position()));
                files.onIOError(failure, failure.getMessage(), this);
                throw failure;
            }
        }

        @Override
        public void sync() throws IOException {
            super.sync();
            failAfterFailure(files.getCriticalErrorListener());
        }

        @Override
        public SequentialFile cloneFile() {
            return new DurableFile(files, directory, getFileName(), maxIO);
        }
    }
}
