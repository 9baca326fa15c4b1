package io.subscriptionrelay.config;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.yaml.snakeyaml.error.YAMLException;

/** Says of a start what is wrong with a settings file that is not YAML, in place of the parser's message. */
class NotYamlAnalyzer extends AbstractFailureAnalyzer<YAMLException> {

    @Override
    protected FailureAnalysis analyze(Throwable rootFailure, YAMLException cause) {
        NotYaml found = NotYaml.of(cause);
        return new FailureAnalysis("A settings file, application.yaml for example, is not valid YAML"
                + (found.line() == 0 ? ": it " : " at line " + found.line() + ", column " + found.column() + ": ") + found.wrong() + ".",
                "Mend it there. The command `check` names the file.", cause);
    }
}
