package io.subscriptionrelay.broker;

import java.io.File;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ScheduledExecutorService;
import org.apache.activemq.artemis.api.core.SimpleString;
import org.apache.activemq.artemis.core.io.IOCriticalErrorListener;
import org.apache.activemq.artemis.core.io.SequentialFileFactory;
import org.apache.activemq.artemis.core.paging.impl.PagingStoreFactoryNIO;
import org.apache.activemq.artemis.core.persistence.StorageManager;
import org.apache.activemq.artemis.utils.ExecutorFactory;

/**
 * Pages in {@link DurableFiles}. The file that says which address a folder of pages is of is forced to disk before the first page: a broker that
 * finds it empty leaves all of the folder aside.
 */
final class DurablePages extends PagingStoreFactoryNIO {

    private static final int IN_FLIGHT = 1;

    DurablePages(StorageManager storage, File folder, long syncTimeout, ScheduledExecutorService scheduled, ExecutorFactory executors,
            boolean syncNonTransactional, IOCriticalErrorListener failures) {
        super(storage, folder, syncTimeout, scheduled, executors, syncNonTransactional, failures);
    }

    @Override
    public synchronized SequentialFileFactory newFileFactory(SimpleString address) throws Exception {
        SequentialFileFactory files = super.newFileFactory(address);
        Path folder = files.getDirectory().toPath();
        try (FileChannel name = FileChannel.open(folder.resolve(ADDRESS_FILE), StandardOpenOption.WRITE)) {
            name.force(true);
        }
        DurableFiles.force(folder);
        DurableFiles.force(folder.getParent());
        return files;
    }

    @Override
    protected SequentialFileFactory newFileFactory(String folder) {
        return new DurableFiles(new File(getDirectory(), folder), getCritialErrorListener(), IN_FLIGHT);
    }
}
