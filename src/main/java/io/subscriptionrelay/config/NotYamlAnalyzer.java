package io.subscriptionrelay.config;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;

/** Says where a settings file is not YAML. The parser's own message quotes the line, in which a secret may stand. */
class NotYamlAnalyzer extends AbstractFailureAnalyzer<YAMLException> {

    @Override
    protected FailureAnalysis analyze(Throwable rootFailure, YAMLException cause) {
        Mark mark = cause instanceof MarkedYAMLException marked ? marked.getContextMark() == null ? marked.getProblemMark() : marked.getContextMark() : null;
        return new FailureAnalysis("A settings file, application.yaml for example, is not valid YAML"
                + (mark == null ? "." : ": mend line " + (mark.getLine() + 1) + ", column " + (mark.getColumn() + 1) + ", or what follows it."),
                "The command `check` names the file, and says what to write there.", cause);
    }
}
