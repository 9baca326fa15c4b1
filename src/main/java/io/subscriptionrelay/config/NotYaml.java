package io.subscriptionrelay.config;

import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;

/**
 * What is wrong with a settings file that is not YAML, and nothing of what stands in it, because secrets may: the parser's own sentences quote it.
 *
 * @param line from 1; 0 when the whole file is meant
 * @param column from 1; 0 when the whole file is meant
 * @param wrong what was found; what to write instead
 */
public record NotYaml(int line, int column, String wrong) {

    /** What the parser means. */
    public static NotYaml of(YAMLException e) {
        if (!(e instanceof MarkedYAMLException marked) || marked.getProblemMark() == null) {
            return new NotYaml(0, 0, "holds a character that YAML does not allow; save it as UTF-8, without control characters");
        }
        String found = marked.getContext() + ", " + marked.getProblem();
        // the file ends where that is noticed
        boolean open = found.contains("quoted scalar") && found.contains("end of stream") && marked.getContextMark() != null;
        Mark mark = open ? marked.getContextMark() : marked.getProblemMark();
        return new NotYaml(mark.getLine() + 1, mark.getColumn() + 1, open ? "a quote begins here and does not end; write the same quote at its end" : advice(found));
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
