package io.subscriptionrelay.history;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.order.AppliedState;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What a webhook is found by: a term for each of its values, and one for each word of a value that has several. The first character says which
 * kind it is, so that an id of a user is found exactly as {@link EventUsers#has} says without reading a webhook.
 *
 * <pre>
 * =jane   a value without capital letters, or a number where the key speaks of a user
 * ~pro    a value with capital letters, in small ones
 * !PRO    the same as it stands
 * #999    any other number
 * jane    a word of a longer value, in small letters
 * +       there is more in the webhook than its terms say
 * </pre>
 */
final class EventTerms {

    /** What a webhook has that is too large for all its terms. */
    static final String MORE = "+";
    /** A value that is longer is known by its hash. */
    private static final int LONGEST = 256;
    /** A document of full text in PostgreSQL has at most 1 MB. */
    private static final int MOST_CHARACTERS = 200_000;

    private EventTerms() {
    }

    /** A word that is looked for: one of these terms, or one that starts with one of them. */
    record Word(List<String> terms, boolean prefix) {
    }

    /** All terms of a webhook; none when it is no JSON. */
    static Set<String> of(byte[] webhook) {
        Set<String> terms = new HashSet<>(96);
        int characters = 0;
        try (JsonParser json = StrictJson.mapper().createParser(webhook)) {
            for (JsonToken token = json.nextToken(); token != null; token = json.nextToken()) {
                if (token == JsonToken.VALUE_STRING) {
                    String value = json.getText();
                    characters += value.length();
                    addText(terms, value);
                } else if (token == JsonToken.VALUE_NUMBER_INT && EventUsers.speaksOfUser(json)) {
                    terms.add("=" + limited(json.getText()));
                } else if (token.isNumeric()) {
                    terms.add("#" + limited(json.getText()));
                }
                if (characters > MOST_CHARACTERS) {
                    terms.add(MORE);
                    break;
                }
            }
        } catch (IOException notJson) {
            // what came before is found all the same
        }
        return terms;
    }

    private static void addText(Set<String> terms, String value) {
        String small = small(value);
        if (small.equals(value)) {
            terms.add("=" + limited(value));
        } else {
            terms.add("~" + limited(small));
            terms.add("!" + limited(value));
        }
        addWords(terms, small);
    }

    private static void addWords(Set<String> terms, String value) {
        int length = value.length();
        int start = 0;
        while (start < length) {
            int end = start;
            while (end < length && ofWord(value.charAt(end))) {
                end++;
            }
            if (end > start && end - start < length) {
                terms.add(value.substring(start, Math.min(end, start + LONGEST)));
            }
            start = end + 1;
        }
    }

    private static boolean ofWord(char c) {
        return c < 128 ? c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' : Character.isLetterOrDigit(c);
    }

    /** The terms of which a webhook has one when it carries this id of a user. */
    static List<String> user(String id) {
        String small = small(id);
        if (id.indexOf('@') >= 0) {
            return List.of("=" + limited(small), "~" + limited(small));
        }
        return List.of((small.equals(id) ? "=" : "!") + limited(id));
    }

    /** The words of a question; a webhook has to have them all. */
    static List<Word> words(String question) {
        List<Word> words = new ArrayList<>();
        for (String word : small(question).trim().split("\\s+")) {
            boolean prefix = word.endsWith("*");
            String text = prefix ? word.substring(0, word.length() - 1) : word;
            if (!text.isEmpty()) {
                String term = prefix ? storable(text) ? text.substring(0, Math.min(LONGEST, text.length())) : "" : limited(text);
                words.add(new Word(List.of(term, "=" + term, "~" + term, "#" + term), prefix));
            }
        }
        return words;
    }

    private static String limited(String value) {
        return value.length() <= LONGEST && storable(value) ? value : "key:" + AppliedState.key("value", value);
    }

    /** PostgreSQL stores no zero character, and neither index has half of a character. */
    private static boolean storable(String value) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == 0 || Character.isLowSurrogate(c)) {
                return false;
            }
            if (Character.isHighSurrogate(c) && (++i == value.length() || !Character.isLowSurrogate(value.charAt(i)))) {
                return false;
            }
        }
        return true;
    }

    /** As {@link String#equalsIgnoreCase} compares. */
    private static String small(String value) {
        int i = 0;
        while (i < value.length() && small(value.charAt(i)) == value.charAt(i)) {
            i++;
        }
        if (i == value.length()) {
            return value;
        }
        char[] characters = value.toCharArray();
        for (; i < characters.length; i++) {
            characters[i] = small(characters[i]);
        }
        return new String(characters);
    }

    private static char small(char c) {
        if (c < 128) {
            return c >= 'A' && c <= 'Z' ? (char) (c + 32) : c;
        }
        return Character.toLowerCase(Character.toUpperCase(c));
    }
}
