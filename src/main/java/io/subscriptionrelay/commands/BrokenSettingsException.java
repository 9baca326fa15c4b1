package io.subscriptionrelay.commands;

import io.subscriptionrelay.mapping.Problem;
import java.nio.file.Path;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;

/** A settings file is not YAML. What is told of it repeats nothing of the file, in which secrets may stand: the parser's own sentences quote it. */
class BrokenSettingsException extends Exception {

    private final Problem problem;

    BrokenSettingsException(Path file, YAMLException e) {
        this(e instanceof MarkedYAMLException marked && marked.getProblemMark() != null ? problem(file, marked)
                : new Problem(file, 0, 0, "holds a character that YAML does not allow; save it as UTF-8, without control characters"));
    }

    BrokenSettingsException(Problem problem) {
        super(Terminal.located(problem));
        this.problem = problem;
    }

    Problem problem() {
        return problem;
    }

    private static Problem problem(Path file, MarkedYAMLException e) {
        String found = e.getContext() + ", " + e.getProblem();
        // the file ends where that is noticed
        boolean open = found.contains("quoted scalar") && found.contains("end of stream") && e.getContextMark() != null;
        Mark mark = open ? e.getContextMark() : e.getProblemMark();
        return new Problem(file, mark.getLine() + 1, mark.getColumn() + 1, open ? "a quote begins here and does not end; write the same quote at its end"
                : advice(found));
    }

    private static String advice(String found) {
        if (found.contains("(TAB)")) {
            return "a tab stands here; write spaces";
        }
        if (found.contains("escape character")) {
            return "a `\\` in double quotes begins nothing that YAML knows; write `\\\\`, or single quotes around the value";
        }
        if (found.contains("mapping values are not allowed")) {
            return "a second `: ` stands in one line; put the value into quotes, or begin a new line";
        }
        if (found.contains("duplicate key")) {
            return "the same key stands here again; write it once";
        }
        if (found.matches("(?s).*(alias|anchor|tag|cannot start any token).*")) {
            return "a value begins with a sign that means something else in YAML; put the value into quotes";
        }
        return "not valid YAML; mend indentation, colons, brackets and quotes here or just before";
    }
}
