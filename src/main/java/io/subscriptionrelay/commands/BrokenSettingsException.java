package io.subscriptionrelay.commands;

import io.subscriptionrelay.config.NotYaml;
import io.subscriptionrelay.mapping.Problem;
import java.nio.file.Path;
import org.yaml.snakeyaml.error.YAMLException;

/** A settings file is not YAML. */
class BrokenSettingsException extends Exception {

    private final Problem problem;

    BrokenSettingsException(Path file, YAMLException e) {
        this(problem(file, NotYaml.of(e)));
    }

    BrokenSettingsException(Problem problem) {
        super(Terminal.located(problem));
        this.problem = problem;
    }

    private static Problem problem(Path file, NotYaml found) {
        return new Problem(file, found.line(), found.column(), found.wrong());
    }

    Problem problem() {
        return problem;
    }
}
