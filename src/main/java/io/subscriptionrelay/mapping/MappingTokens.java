package io.subscriptionrelay.mapping;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The words and signs of a mapping, with their places: enough to explain a mistake, whatever the parser made of it. */
final class MappingTokens {

    /** What a token is. */
    enum Kind {
        TEXT,
        NUMBER,
        NAME,
        VARIABLE,
        SIGN,
        /** A sign that JSLT has not. */
        UNKNOWN,
        END
    }

    /**
     * A token.
     *
     * @param column from 1, in characters
     * @param parserColumn as the parser counts, for which a tab leads to the next multiple of 8
     * @param first whether it is the first one in its line
     * @param indent how far its line is indented
     */
    record Token(Kind kind, String text, int line, int column, int parserColumn, boolean first, int indent) {

        boolean is(String sign) {
            return text.equals(sign) && kind != Kind.TEXT;
        }

        /** Whether a value may begin with it. */
        boolean beginsValue() {
            return switch (kind) {
                case TEXT, NUMBER, VARIABLE -> true;
                case NAME -> !List.of("else", "or", "and", "as", "def", "let", "import").contains(text);
                case SIGN -> List.of("{", "[", "(", ".").contains(text);
                default -> false;
            };
        }

        /** As it stands in a message: of a long text only the beginning. */
        String quoted() {
            String line = text.replaceAll("\\s+", " ");
            return kind == Kind.END ? "the end of the file" : "`" + (line.length() > 40 ? line.substring(0, 40) + "…" : line) + "`";
        }
    }

    private static final Pattern TOKEN = Pattern.compile("(?<skip>\\s+|//[^\\n]*)|(?<text>\"[^\"\\\\]*+(?:\\\\.[^\"\\\\]*+)*+\")|(?<open>\"[^\"\\\\]*+(?:\\\\.[^\"\\\\]*+)*+\\\\?\\z)"
            + "|(?<number>\\d+(?:\\.\\d+)?(?:[eE][+-]?\\d+)?)|(?<variable>\\$[A-Za-z_][A-Za-z0-9_-]*(?::[A-Za-z_][A-Za-z0-9_-]*)?)"
            + "|(?<name>[A-Za-z_][A-Za-z0-9_-]*(?::[A-Za-z_][A-Za-z0-9_-]*)?)|(?<sign>==|!=|>=|<=|[\\[\\]{}(),:.=<>+\\-*/|])|(?<unknown>.)",
            Pattern.DOTALL);
    private static final int TAB = 8;

    private MappingTokens() {
    }

    /** All tokens, the last of which is the end. */
    static List<Token> of(String text) {
        List<Token> tokens = new ArrayList<>();
        Matcher next = TOKEN.matcher(text);
        int line = 1;
        int column = 1;
        int parserColumn = 1;
        int indent = 0;
        boolean first = true;
        while (next.find()) {
            if (next.group("skip") == null) {
                if (first) {
                    indent = column - 1;
                }
                tokens.add(new Token(kind(next), next.group(), line, column, parserColumn, first, indent));
                first = false;
            }
            for (char character : next.group().toCharArray()) {
                if (character == '\n') {
                    line++;
                    column = 1;
                    parserColumn = 1;
                    first = true;
                } else {
                    parserColumn = character == '\t' ? parserColumn - 1 + TAB - (parserColumn - 1) % TAB + 1 : parserColumn + 1;
                    column++;
                }
            }
        }
        tokens.add(new Token(Kind.END, "", line, column, parserColumn, first, 0));
        return tokens;
    }

    private static Kind kind(Matcher found) {
        return found.group("text") != null || found.group("open") != null ? Kind.TEXT : found.group("number") != null ? Kind.NUMBER
                : found.group("variable") != null ? Kind.VARIABLE : found.group("name") != null ? Kind.NAME
                : found.group("sign") != null ? Kind.SIGN : Kind.UNKNOWN;
    }
}
