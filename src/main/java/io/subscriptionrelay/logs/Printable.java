package io.subscriptionrelay.logs;

/**
 * Text from outside as it may stand in a line of a log and on a terminal: a line break would forge a line, and an escape sequence would steer the
 * terminal.
 */
public final class Printable {

    private static final char FIRST = '!';
    private static final char LAST = '~';

    private Printable() {
    }

    /** An id: what is not a visible character of ASCII is written as <code>&#92;u</code> and four hexadecimal digits. Null stays null. */
    public static String id(String id) {
        return escaped(id, true);
    }

    /** Words: letters and signs of any script stay; what moves, hides or reorders them is escaped as in {@link #id}. Null stays null. */
    public static String text(String text) {
        return escaped(text, false);
    }

    private static String escaped(String text, boolean id) {
        StringBuilder escaped = null;
        for (int at = 0, length; text != null && at < text.length(); at += length) {
            int character = text.codePointAt(at);
            length = Character.charCount(character);
            boolean shown = id ? character >= FIRST && character <= LAST : isShown(character);
            if (!shown && escaped == null) {
                escaped = new StringBuilder(text.length() + 16).append(text, 0, at);
            }
            if (escaped != null) {
                append(escaped, text, at, length, shown);
            }
        }
        return escaped == null ? text : escaped.toString();
    }

    private static void append(StringBuilder escaped, String text, int at, int length, boolean shown) {
        for (int i = at; i < at + length; i++) {
            if (shown) {
                escaped.append(text.charAt(i));
            } else {
                escaped.append("\\u").append(String.format("%04x", (int) text.charAt(i)));
            }
        }
    }

    private static boolean isShown(int character) {
        return switch (Character.getType(character)) {
            case Character.CONTROL, Character.FORMAT, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR, Character.SURROGATE,
                Character.PRIVATE_USE, Character.UNASSIGNED -> false;
            default -> true;
        };
    }
}
