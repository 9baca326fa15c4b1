package io.subscriptionrelay.broker;

import java.util.concurrent.ScheduledExecutorService;
import org.apache.activemq.artemis.core.config.Configuration;
import org.apache.activemq.artemis.core.io.IOCriticalErrorListener;
import org.apache.activemq.artemis.core.io.SequentialFileFactory;
import org.apache.activemq.artemis.core.io.aio.AIOSequentialFileFactory;
import org.apache.activemq.artemis.core.paging.PagingStoreFactory;
import org.apache.activemq.artemis.core.persistence.StorageManager;
import org.apache.activemq.artemis.core.persistence.impl.journal.JournalRecordIds;
import org.apache.activemq.artemis.core.persistence.impl.journal.JournalStorageManager;
import org.apache.activemq.artemis.core.server.JournalType;
import org.apache.activemq.artemis.core.server.impl.ActiveMQServerImpl;
import org.apache.activemq.artemis.spi.core.security.ActiveMQJAASSecurityManager;
import org.apache.activemq.artemis.utils.ExecutorFactory;
import org.apache.activemq.artemis.utils.critical.CriticalAnalyzer;

/**
 * Artemis with files that hold what they confirm, see {@link DurableFiles}, {@link DurableJournal} and {@link DurablePages}. As it comes,
 * it confirms a message whose page could not be written, as when the disk is full, if forcing it to disk does not fail as well; and a power cut
 * can take away whole files of what it has confirmed.
 */
final class DurableServer extends ActiveMQServerImpl {

    private static final int BINDINGS_FILE_SIZE = 1024 * 1024;
    private static final int BINDINGS_FILES = 2;

    DurableServer(Configuration configuration) {
        super(configuration, new ActiveMQJAASSecurityManager());
    }

    @Override
    protected PagingStoreFactory getPagingStoreFactory() {
        Configuration settings = getConfiguration();
        return new DurablePages(getStorageManager(), settings.getPagingLocation(), settings.getPageSyncTimeout(), scheduledPool, pageExecutorFactory,
                settings.isJournalSyncNonTransactional(), ioCriticalErrorListener);
    }

    @Override
    protected StorageManager createStorageManager() {
        JournalStorageManager storage = new Storage(getConfiguration(), getCriticalAnalyzer(), getExecutorFactory(), scheduledPool, ioExecutorFactory,
                ioCriticalErrorListener);
        getCriticalAnalyzer().add(storage);
        return storage;
    }

    /** The journals, of files of ours. */
    private static final class Storage extends JournalStorageManager {

        Storage(Configuration settings, CriticalAnalyzer analyzer, ExecutorFactory executors, ScheduledExecutorService scheduled, ExecutorFactory io,
                IOCriticalErrorListener failures) {
            super(settings, analyzer, executors, scheduled, io, failures);
        }

        /** As it is there but for the files. It is called before anything here is set. */
        @Override
        protected void init(Configuration settings, IOCriticalErrorListener failures) {
            bindingsFF = new DurableFiles(settings.getBindingsLocation(), failures, settings.getJournalMaxIO_NIO());
            bindingsFF.setDatasync(settings.isJournalDatasync());
            bindingsJournal = new DurableJournal(settings, ioExecutorFactory, bindingsFF, failures, "activemq-bindings", "bindings",
                    BINDINGS_FILE_SIZE, BINDINGS_FILES, 1);
            originalBindingsJournal = bindingsJournal;
            journalFF = files(settings, failures);
            journalFF.setDatasync(settings.isJournalDatasync());
            messageJournal = new DurableJournal(settings, ioExecutorFactory, journalFF, failures, ACTIVEMQ_DATA, "amq",
                    fixJournalFileSize(settings.getJournalFileSize(), journalFF.getAlignment()), settings.getJournalMinFiles(), journalFF.getMaxIO());
            messageJournal.replaceableRecord(JournalRecordIds.UPDATE_DELIVERY_COUNT);
            messageJournal.replaceableRecord(JournalRecordIds.SET_SCHEDULED_DELIVERY_TIME);
            originalMessageJournal = messageJournal;
            largeMessagesDirectory = settings.getLargeMessagesDirectory();
            largeMessagesFactory = new DurableFiles(settings.getLargeMessagesLocation(), failures, 1);
        }

        private SequentialFileFactory files(Configuration settings, IOCriticalErrorListener failures) {
            return settings.getJournalType() == JournalType.ASYNCIO
                    ? new AIOSequentialFileFactory(settings.getJournalLocation(), settings.getJournalBufferSize_AIO(),
                            settings.getJournalBufferTimeout_AIO(), settings.getJournalMaxIO_AIO(), settings.isLogJournalWriteRate(), failures,
                            getCriticalAnalyzer())
                    : new DurableFiles(settings.getJournalLocation(), settings, failures, getCriticalAnalyzer());
        }
    }
}
