package io.subscriptionrelay.routes;

import io.subscriptionrelay.mapping.Problem;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.nodes.Node;

/** What was found so far, in the order of files and lines. */
final class Problems {

    private final SortedSet<Problem> found = new TreeSet<>(Comparator.comparing(Problem::file)
            .thenComparing(Problem::line).thenComparing(Problem::column).thenComparing(Problem::message));

    /** About the whole file. */
    void add(Path file, String message) {
        add(file, 0, 0, message);
    }

    void add(Path file, int line, int column, String message) {
        found.add(new Problem(file, line, column, message));
    }

    void add(Path file, Node at, String message) {
        add(file, at.getStartMark().orElse(null), 0, message);
    }

    /** About a place that is so many characters behind a mark. */
    void add(Path file, Mark mark, int offset, String message) {
        if (mark == null) {
            add(file, message);
        } else {
            add(file, mark.getLine() + 1, mark.getColumn() + 1 + offset, message);
        }
    }

    List<Problem> list() {
        return List.copyOf(found);
    }
}
