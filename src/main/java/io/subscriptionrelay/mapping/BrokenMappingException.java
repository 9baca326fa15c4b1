package io.subscriptionrelay.mapping;

import java.util.List;

/** A mapping, or its settings, that cannot be used. */
class BrokenMappingException extends Exception {

    private final List<Problem> problems;

    BrokenMappingException(List<Problem> problems) {
        super(problems.toString());
        this.problems = List.copyOf(problems);
    }

    BrokenMappingException(Problem problem) {
        this(List.of(problem));
    }

    List<Problem> problems() {
        return problems;
    }
}
