package io.subscriptionrelay.logs;

import java.util.regex.Pattern;

/**
 * What is said of a cause, fit for the log. Such texts quote what came from outside, which may be a megabyte made to be slow: they are cut before
 * they are looked at, and the patterns take time in proportion to their length.
 */
public final class Causes {

    private static final int DEEPEST = 20;
    private static final int LONGEST = 300;
    private static final int LONGEST_REASON = 1000;
    private static final String CUT = "…";
    /** RFC 5321: 64 characters, an @ and 255 more. */
    private static final int LONGEST_ADDRESS = 320;
    /** What stands around a word. */
    private static final String BESIDE = " \t\n\u000b\f\r\"'<>(),;:=/";
    /** Begins where a word begins and never goes back in it. */
    private static final Pattern ADDRESS = Pattern.compile("(?<![^" + BESIDE + "@])[^" + BESIDE + "@]++@[^" + BESIDE + "]++");
    private static final Pattern BLANKS = Pattern.compile("[\\p{Cntrl}\\s]++");

    private Causes() {
    }

    /** The name and message of the innermost cause, on one line and without e-mail addresses. */
    public static String of(Throwable failure) {
        Throwable cause = failure;
        for (int depth = 0; depth < DEEPEST && cause.getCause() != null; depth++) {
            cause = cause.getCause();
        }
        String message = cause.getMessage();
        return cause.getClass().getSimpleName() + (message == null || message.isBlank() ? "" : ": " + line(message));
    }

    /**
     * Why an event is skipped or parked: at most 1000 characters, without e-mail addresses, and with control characters escaped, so that what a
     * provider sends can be told from what the relay says.
     */
    public static String reason(String text) {
        return cut(Printable.text(withoutAddresses(head(text, LONGEST_REASON))), LONGEST_REASON);
    }

    /** A text from elsewhere on one line, of at most 300 characters and without e-mail addresses. */
    public static String line(String text) {
        String head = head(text, 4 * LONGEST);
        return cut(Printable.text(withoutAddresses(BLANKS.matcher(head).replaceAll(" ").trim())), LONGEST);
    }

    private static String withoutAddresses(String text) {
        return text.indexOf('@') < 0 ? text : ADDRESS.matcher(text).replaceAll("…@…");
    }

    /** The beginning of a longer text. An address is not cut in two, because half of one cannot be told from a word. */
    private static String head(String text, int longest) {
        if (text.length() <= longest) {
            return text;
        }
        int begin = longest;
        while (begin > 0 && isOfWord(text.charAt(begin - 1))) {
            begin--;
        }
        int end = longest;
        while (end < Math.min(text.length(), longest + LONGEST_ADDRESS) && isOfWord(text.charAt(end))) {
            end++;
        }
        return text.substring(0, text.substring(begin, end).indexOf('@') < 0 ? longest : begin) + CUT;
    }

    private static boolean isOfWord(char character) {
        return BESIDE.indexOf(character) < 0;
    }

    private static String cut(String text, int longest) {
        return text.length() <= longest + CUT.length() ? text : text.substring(0, longest) + CUT;
    }
}
