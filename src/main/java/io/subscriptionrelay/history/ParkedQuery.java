package io.subscriptionrelay.history;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The query of a call to {@code /actuator/parked}. Strict, because a filter that is misspelled or empty would mean every parked
 * event.
 *
 * @param offset how many entries to leave out
 * @param limit how many to show at the most
 * @param dryRun whether nothing may be moved
 */
record ParkedQuery(ParkedFilter filter, int offset, int limit, boolean dryRun) {

    static final String OFFSET = "offset";
    static final String LIMIT = "limit";
    static final String DRY_RUN = "dry-run";

    private static final int LARGEST_PAGE = 1000;
    private static final int USUAL_PAGE = 100;

    /**
     * Reads a query.
     *
     * @param query as it stands in the URL, or null
     * @param known what may stand in it
     * @throws IllegalArgumentException naming the parameter and saying what to write instead
     */
    static ParkedQuery of(String query, Set<String> known) {
        Map<String, String> values = new LinkedHashMap<>();
        for (String parameter : query == null || query.isEmpty() ? new String[0] : query.split("&")) {
            int equals = parameter.indexOf('=');
            String name = decoded(equals < 0 ? parameter : parameter.substring(0, equals));
            if (!known.contains(name)) {
                throw new IllegalArgumentException(known.isEmpty() ? "this takes no parameters" : "there is no parameter `" + shown(name)
                        + "` here; write " + String.join(", ", new TreeSet<>(known)));
            }
            String value = equals < 0 ? "" : decoded(parameter.substring(equals + 1));
            if (value.isBlank() && !name.equals(DRY_RUN)) {
                throw new IllegalArgumentException("`" + name + "` is empty; leave it out to mean any");
            }
            if (values.put(name, value) != null) {
                throw new IllegalArgumentException("`" + name + "` is there twice; write it once");
            }
        }
        return new ParkedQuery(ParkedFilter.of(values), number(OFFSET, values, 0), Math.min(LARGEST_PAGE, number(LIMIT, values, USUAL_PAGE)),
                dryRun(values.get(DRY_RUN)));
    }

    private static String decoded(String text) {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("a percent sign in the query is not followed by two hexadecimal digits", e);
        }
    }

    private static int number(String name, Map<String, String> values, int usual) {
        String text = values.get(name);
        try {
            int number = text == null ? usual : Integer.parseInt(text);
            if (number >= 0) {
                return number;
            }
        } catch (NumberFormatException notANumber) {
            // refused below
        }
        throw new IllegalArgumentException("`" + name + "` is no count; write a whole number from 0 on");
    }

    private static boolean dryRun(String text) {
        if (text == null || text.equals("false")) {
            return false;
        }
        if (text.isBlank() || text.equals("true")) {
            return true;
        }
        throw new IllegalArgumentException("`" + DRY_RUN + "` is neither true nor false");
    }

    /** Only what cannot be anything but a name. */
    private static String shown(String name) {
        return name.matches("[A-Za-z0-9._-]{1,40}") ? name : "…";
    }
}
