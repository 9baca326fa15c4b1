package io.subscriptionrelay.broker;

import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;

/** Files that are the relay's user's alone from the first moment on. */
final class OwnFiles {

    private static final FileAttribute<?>[] NONE = {};
    private static final FileAttribute<?>[] OWNERS = {PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))};

    private OwnFiles() {
    }

    /** What such a file is made with, as far as its file system knows of users. */
    static FileAttribute<?>[] attributes(Path file) {
        return file.getFileSystem().supportedFileAttributeViews().contains("posix") ? OWNERS : NONE;
    }
}
