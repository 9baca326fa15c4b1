package io.subscriptionrelay.broker;

import org.apache.activemq.artemis.core.config.Configuration;
import org.apache.activemq.artemis.core.io.IOCriticalErrorListener;
import org.apache.activemq.artemis.core.io.SequentialFileFactory;
import org.apache.activemq.artemis.core.journal.impl.JournalFile;
import org.apache.activemq.artemis.core.journal.impl.JournalImpl;
import org.apache.activemq.artemis.utils.ExecutorFactory;

/**
 * A journal whose files survive a power cut under the names they have.
 *
 * <p>Artemis makes a file under another name and renames it, and forces only what is written into it: after a power cut it may have the other
 * name again, and the next start deletes it. It also takes a file again as soon as its records are copied to another one: after a power cut
 * the note that the copies are to take the place of the file may still be there, and the next start deletes the file with all that was written
 * into it since. Both is over once the folder is forced.
 */
final class DurableJournal extends JournalImpl {

    private final SequentialFileFactory files;
    private final IOCriticalErrorListener failures;

    /** The arguments are those of {@link JournalImpl}. */
    DurableJournal(Configuration settings, ExecutorFactory executors, SequentialFileFactory files, IOCriticalErrorListener failures, String prefix,
            String extension, int fileSize, int minFiles, int inFlight) {
        super(executors, fileSize, minFiles, settings.getJournalPoolFiles(), settings.getJournalCompactMinFiles(),
                settings.getJournalCompactPercentage(), settings.getJournalFileOpenTimeout(), files, prefix, extension, inFlight, 0, failures,
                settings.getJournalMaxAtticFiles());
        this.files = files;
        this.failures = failures;
    }

    /** The first file is there before the broker runs, see {@link EmbeddedBroker}. */
    @Override
    protected void moveNextFile(boolean scheduleReclaim, boolean blockOnClose) throws Exception {
        super.moveNextFile(scheduleReclaim, blockOnClose);
        DurableFiles.force(files.getDirectory().toPath());
    }

    @Override
    protected JournalFile switchFileIfNecessary(int size) throws Exception {
        DurableFiles.failAfterFailure(failures);
        return super.switchFileIfNecessary(size);
    }
}
