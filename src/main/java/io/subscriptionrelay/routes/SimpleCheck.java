package io.subscriptionrelay.routes;

import io.subscriptionrelay.routes.Steps.Simple;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.apache.camel.catalog.CamelCatalog;
import org.apache.camel.catalog.LanguageValidationResult;
import org.snakeyaml.engine.v2.common.ScalarStyle;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.nodes.ScalarNode;

/** Has Camel parse the expressions in its language {@code simple}. */
final class SimpleCheck {

    private static final Pattern PLACEHOLDER = Pattern.compile("\\{\\{[^{}]*}}");
    private static final String FROM_A_FILE = "resource:";

    private SimpleCheck() {
    }

    static void check(CamelCatalog catalog, Path file, Simple expression, Problems problems) {
        ScalarNode node = (ScalarNode) expression.at();
        // a number may stand wherever a value may; with the same length, positions stay right
        String text = Values.fillIn(node.getValue(), PLACEHOLDER, placeholder -> "1".repeat(placeholder.length()));
        if (text.isBlank() || text.startsWith(FROM_A_FILE) || text.chars().allMatch(Character::isDigit)) {
            return;
        }
        LanguageValidationResult result = expression.condition()
                ? catalog.validateLanguagePredicate(SimpleCheck.class.getClassLoader(), "simple", text)
                : catalog.validateLanguageExpression(SimpleCheck.class.getClassLoader(), "simple", text);
        // without a position it is not about the text, but about a bean that only the running relay has
        if (result.isSuccess() || result.getShortError() == null || result.getIndex() < 0) {
            return;
        }
        int column = column(node, result.getIndex());
        problems.add(file, node.getStartMark().orElse(null), column, "`" + node.getValue() + "` is not a valid "
                + (expression.condition() ? "condition" : "expression") + ": " + reason(result)
                + " at character " + (result.getIndex() + 1));
    }

    private static String reason(LanguageValidationResult result) {
        String reason = result.getShortError().replaceFirst(" at location \\d+(?s:.*)", "");
        return reason.startsWith("expected symbol functionEnd") ? "a `}` is missing"
                : Character.toLowerCase(reason.charAt(0)) + reason.substring(1);
    }

    /** How far the place is behind the start of the node; 0 when the text is spread over lines. */
    private static int column(ScalarNode node, int index) {
        Mark start = node.getStartMark().orElse(null);
        boolean oneLine = start != null && node.getEndMark().map(end -> end.getLine() == start.getLine()).orElse(false);
        return !oneLine ? 0 : node.getScalarStyle() == ScalarStyle.PLAIN ? index : index + 1;
    }
}
