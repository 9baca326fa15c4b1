package io.subscriptionrelay.logs;

import java.util.regex.Pattern;

/** What an exception says of its cause, fit for the log. */
public final class Causes {

    private static final int DEEPEST = 20;
    private static final int LONGEST = 300;
    private static final Pattern ADDRESS = Pattern.compile("[^\\s\"'<>(),;:=/@]+@[^\\s\"'<>(),;:=/@]+");

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

    /** The text without e-mail addresses. */
    public static String withoutAddresses(String text) {
        return text.indexOf('@') < 0 ? text : ADDRESS.matcher(text).replaceAll("…@…");
    }

    /** A text from elsewhere on one line, of a bounded length and without e-mail addresses. */
    public static String line(String text) {
        String line = withoutAddresses(text.replaceAll("[\\p{Cntrl}\\s]+", " ").trim());
        return line.length() <= LONGEST ? line : line.substring(0, LONGEST) + "…";
    }
}
