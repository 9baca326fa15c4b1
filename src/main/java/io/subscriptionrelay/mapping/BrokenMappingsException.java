package io.subscriptionrelay.mapping;

import io.subscriptionrelay.config.StartRefusedException;
import java.util.List;
import java.util.stream.Collectors;

/** There are mappings that cannot be used, so nothing starts with them. */
public class BrokenMappingsException extends StartRefusedException {

    private final List<Problem> problems;

    BrokenMappingsException(List<Problem> problems) {
        super("These mappings cannot be used:\n" + problems.stream().map(problem -> "  " + problem).collect(Collectors.joining("\n")),
                "Mend the files, then start again.");
        this.problems = List.copyOf(problems);
    }

    /** Each of them, with file and line. */
    public List<Problem> problems() {
        return problems;
    }
}
