package io.subscriptionrelay.bench;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.stream.Stream;

/** Data directories: made, copied and thrown away below {@code target/bench}. */
final class Folders {

    static final Path ROOT = Path.of("target/bench");
    private static final Duration LONGEST_FILL = Duration.ofMinutes(5);

    private Folders() {
    }

    /** An empty folder of this name. */
    static Path fresh(String name) throws IOException {
        Path folder = ROOT.resolve("data").resolve(name);
        delete(folder);
        return Files.createDirectories(folder);
    }

    /** A data directory in which so many events wait; made once in a run. Nobody may write to it. */
    static Path filled(int events, Filler.Users users, int apps) throws Exception {
        Path folder = ROOT.resolve("data").resolve("filled-" + events + "-" + users.name().toLowerCase(java.util.Locale.ROOT) + "-" + apps);
        Path done = folder.resolve("filled");
        if (!Files.exists(done)) {
            delete(folder);
            Files.createDirectories(folder);
            try (Program filler = Program.of(Filler.class, folder.toString(), Integer.toString(events), users.name(),
                    Integer.toString(apps))) {
                filler.awaitEnd(LONGEST_FILL);
            }
            Files.createFile(done);
        }
        return folder;
    }

    static Path copy(Path from, String name) throws IOException {
        Path to = fresh(name);
        copyInto(from, to);
        return to;
    }

    static void copyInto(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Path target = to.resolve(from.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(file, target);
                }
            }
        }
    }

    static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path visited, IOException problem) throws IOException {
                Files.delete(visited);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
