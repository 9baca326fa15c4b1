package io.subscriptionrelay.pages;

import io.subscriptionrelay.history.HistoryFilter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What somebody has typed into the search box: {@code field:value}, and words. */
final class EventSearch {

    /** One after the other, so that a long text takes no longer than it is long. */
    private static final Pattern PART = Pattern.compile("(?:([a-z]{1,20}):)?(?:\"([^\"]{0,500})\"|(\\S{1,500}))");
    private static final int LONGEST = 1000;

    private final Map<String, String> fields = new LinkedHashMap<>();
    private final List<String> words = new ArrayList<>();

    private EventSearch() {
    }

    /**
     * Reads it.
     *
     * @throws IllegalArgumentException saying what to write instead
     */
    static EventSearch of(String text) {
        EventSearch search = new EventSearch();
        String asked = text == null ? "" : text.trim();
        if (asked.length() > LONGEST) {
            throw new IllegalArgumentException("the search is longer than " + LONGEST + " characters; an id, or a few words, are enough");
        }
        Matcher part = PART.matcher(asked);
        while (part.find()) {
            String value = part.group(2) == null ? part.group(3) : part.group(2);
            String field = part.group(1);
            if (field == null) {
                search.words.add(value);
            } else if (HistoryFilter.NAMES.contains(field)) {
                search.fields.put(field, value);
            } else if (field.startsWith("http")) {
                search.words.add(part.group());
            } else {
                throw new IllegalArgumentException("there is no field `" + field + "`; write one of " + String.join(", ", new TreeSet<>(HistoryFilter.NAMES))
                        + " before the colon, or put the text in quotes");
            }
        }
        return search;
    }

    /** What is tried one after the other until something is found: a word alone may be an event's id, a user's, or stand anywhere. */
    List<HistoryFilter> tries() {
        if (words.isEmpty()) {
            return List.of(HistoryFilter.of(fields));
        }
        List<HistoryFilter> tries = new ArrayList<>();
        if (words.size() == 1 && !words.get(0).endsWith("*")) {
            tries.add(with("id", words.get(0)));
            tries.add(with("user", words.get(0)));
        }
        tries.add(with("q", String.join(" ", words)));
        return tries;
    }

    private HistoryFilter with(String field, String value) {
        Map<String, String> all = new LinkedHashMap<>(fields);
        all.putIfAbsent(field, value);
        return HistoryFilter.of(all);
    }

    /** Whether it asks for what only the content of events can tell. */
    boolean asksContent() {
        return !words.isEmpty() || fields.containsKey("user") || fields.containsKey("q");
    }
}
