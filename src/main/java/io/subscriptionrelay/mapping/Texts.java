package io.subscriptionrelay.mapping;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What stands in files: what is on disk, but for one that somebody is editing.
 *
 * @param edited the file that has another text; null: none
 */
record Texts(Path edited, String text) {

    static final Texts ON_DISK = new Texts(null, null);

    Texts {
        edited = edited == null ? null : edited.normalize();
    }

    String read(Path file) throws IOException {
        return isEdited(file) ? text : Files.readString(file);
    }

    boolean exists(Path file) {
        return isEdited(file) || Files.exists(file);
    }

    boolean isEdited(Path file) {
        return file.normalize().equals(edited);
    }
}
