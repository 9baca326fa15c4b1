package io.subscriptionrelay.mapping;

import java.util.List;

/** A mapping, or its settings, that cannot be used. */
public class BrokenMappingException extends Exception {

    private final List<Problem> problems;

    BrokenMappingException(List<Problem> problems) {
        super(problems.toString());
        this.problems = List.copyOf(problems);
    }

    BrokenMappingException(Problem problem) {
        this(List.of(problem));
    }

    /** Each of them, with file and line. */
    public List<Problem> problems() {
        return problems;
    }
}
