package io.subscriptionrelay.mapping;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/** Guesses what was meant by a misspelled name. */
public final class Spelling {

    private Spelling() {
    }

    /** The known name that is most like the word, if one is like it at all: about one letter in three may differ. */
    public static Optional<String> closest(String word, Collection<String> known) {
        return closest(word, known, Math.max(1, Math.min(3, word.length() / 3)));
    }

    /** The known name that differs by the fewest letters, if those are no more than {@code most}. */
    public static Optional<String> closest(String word, Collection<String> known, int most) {
        return known.stream().filter(name -> distance(word, name) <= most)
                .min(Comparator.<String>comparingInt(name -> distance(word, name)).thenComparing(name -> name));
    }

    /** What to add to a message about an unknown name: what was meant, or else what there is to choose from. */
    public static String hint(String word, Collection<String> known) {
        return hint(word, known, known.isEmpty() ? "" : known.size() <= 20 ? "; known are: " + String.join(", ", known)
                : "; none of the " + known.size() + " known names is like it");
    }

    /** What to add to a message about an unknown name: what was meant, or else the given text. */
    public static String hint(String word, Collection<String> known, String otherwise) {
        return closest(word, known).map(name -> "; did you mean `" + name + "`?").orElse(otherwise);
    }

    /** How many letters are missing, too many, different or swapped, with any case. */
    private static int distance(String one, String other) {
        String a = one.toLowerCase(Locale.ROOT);
        String b = other.toLowerCase(Locale.ROOT);
        int[][] steps = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    steps[i][j] = i + j;
                    continue;
                }
                int different = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
                steps[i][j] = Math.min(steps[i - 1][j - 1] + different, 1 + Math.min(steps[i - 1][j], steps[i][j - 1]));
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    steps[i][j] = Math.min(steps[i][j], steps[i - 2][j - 2] + 1);
                }
            }
        }
        return steps[a.length()][b.length()];
    }
}
