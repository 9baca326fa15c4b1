package io.subscriptionrelay.history;

import java.io.IOException;
import java.nio.file.Path;
import org.apache.lucene.store.BufferedChecksumIndexInput;
import org.apache.lucene.store.ChecksumIndexInput;
import org.apache.lucene.store.FSDirectory;
import org.apache.lucene.store.FilterDirectory;
import org.apache.lucene.store.IOContext;
import org.apache.lucene.store.NIOFSDirectory;
import org.apache.lucene.util.IOUtils;

/**
 * The files of an index, mapped into memory except for the small ones that are read once with each commit: before Java 19 a mapping that ends
 * has the thread give way to all others.
 */
final class HistoryDirectory extends FilterDirectory {

    private final NIOFSDirectory plain;

    HistoryDirectory(Path folder) throws IOException {
        super(FSDirectory.open(folder));
        plain = new NIOFSDirectory(folder);
    }

    @Override
    public ChecksumIndexInput openChecksumInput(String name, IOContext context) throws IOException {
        return new BufferedChecksumIndexInput(plain.openInput(name, context));
    }

    @Override
    public void close() throws IOException {
        IOUtils.close(plain, in);
    }
}
