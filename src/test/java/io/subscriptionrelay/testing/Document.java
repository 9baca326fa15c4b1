package io.subscriptionrelay.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A page of documentation, whose blocks a test takes at their word. */
public final class Document {

    /** {@code **`<name>`**} on a line of its own, and a block right below. */
    private static final Pattern FILE = Pattern.compile("^\\*\\*`([^`\n]+)`\\*\\*\n+```\\w*\n(.*?)^```$", Pattern.DOTALL | Pattern.MULTILINE);
    private static final Pattern BLOCK = Pattern.compile("^```(\\w*)\n(.*?)^```$", Pattern.DOTALL | Pattern.MULTILINE);

    private final String text;

    private Document(String text) {
        this.text = text;
    }

    public static Document read(String path) {
        try {
            return new Document(Files.readString(Path.of(path)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The blocks that are files, by their names. */
    public Map<String, String> files() {
        Map<String, String> files = new LinkedHashMap<>();
        Matcher found = FILE.matcher(text);
        while (found.find()) {
            if (files.put(found.group(1), found.group(2)) != null) {
                throw new IllegalStateException(found.group(1) + " is there twice");
            }
        }
        return files;
    }

    /** The blocks of a language below a heading of the second level. */
    public List<String> blocks(String heading, String language) {
        int start = text.indexOf("\n## " + heading + "\n");
        if (start < 0) {
            throw new IllegalArgumentException("there is no heading " + heading);
        }
        int end = text.indexOf("\n## ", start + 1);
        List<String> blocks = new ArrayList<>();
        Matcher found = BLOCK.matcher(text.substring(start, end < 0 ? text.length() : end));
        while (found.find()) {
            if (found.group(1).equals(language)) {
                blocks.add(found.group(2));
            }
        }
        return blocks;
    }

    /** Writes the files below the folder, none of which may be there. */
    public void writeTo(Path folder) {
        files().forEach((name, content) -> {
            try {
                Path file = folder.resolve(name);
                Files.createDirectories(file.getParent());
                Files.writeString(file, content, java.nio.file.StandardOpenOption.CREATE_NEW);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }
}
