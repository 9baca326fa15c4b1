package io.subscriptionrelay.mapping;

import java.util.ArrayList;
import java.util.List;

/** What differs between two texts, line by line, as {@code diff -u} shows it. */
public final class Diff {

    private static final int CONTEXT = 3;
    /** Of lines compared with lines: each takes four bytes. What is beyond is shown as gone and come as a whole. */
    private static final long MOST_COMPARISONS = 4_000_000;

    private final List<String> lines = new ArrayList<>();

    /**
     * A line of one text or both.
     *
     * @param mark {@code -} when only the first has it, {@code +} when only the second, a blank when both have it
     * @param left how many lines of the first text are before it
     * @param right how many of the second
     */
    public record Line(char mark, String text, int left, int right) {
    }

    private Diff() {
    }

    /** The lines of the differences, without the two that name the files; none when there are none. */
    public static List<String> of(List<String> left, List<String> right) {
        Diff diff = new Diff();
        diff.write(aligned(left, right));
        return diff.lines;
    }

    /** Both texts as one, with all lines of both. */
    public static List<Line> aligned(List<String> left, List<String> right) {
        int shorter = Math.min(left.size(), right.size());
        int same = 0;
        while (same < shorter && left.get(same).equals(right.get(same))) {
            same++;
        }
        int end = 0;
        while (end < shorter - same && left.get(left.size() - 1 - end).equals(right.get(right.size() - 1 - end))) {
            end++;
        }
        List<Line> aligned = new ArrayList<>();
        for (int i = 0; i < same; i++) {
            aligned.add(new Line(' ', left.get(i), i, i));
        }
        between(left.subList(0, left.size() - end), right.subList(0, right.size() - end), same, aligned);
        for (int i = left.size() - end, j = right.size() - end; i < left.size(); i++, j++) {
            aligned.add(new Line(' ', left.get(i), i, j));
        }
        return aligned;
    }

    /** By their longest common subsequence of lines. */
    private static void between(List<String> left, List<String> right, int start, List<Line> aligned) {
        boolean compared = (long) (left.size() - start) * (right.size() - start) <= MOST_COMPARISONS;
        int[][] common = compared ? new int[left.size() - start + 1][right.size() - start + 1] : null;
        for (int i = left.size() - 1; compared && i >= start; i--) {
            for (int j = right.size() - 1; j >= start; j--) {
                common[i - start][j - start] = left.get(i).equals(right.get(j)) ? common[i - start + 1][j - start + 1] + 1
                        : Math.max(common[i - start + 1][j - start], common[i - start][j - start + 1]);
            }
        }
        int i = start;
        int j = start;
        while (i < left.size() || j < right.size()) {
            if (compared && i < left.size() && j < right.size() && left.get(i).equals(right.get(j))) {
                aligned.add(new Line(' ', left.get(i), i++, j++));
            } else if (j == right.size() || i < left.size() && (!compared || common[i - start + 1][j - start] >= common[i - start][j - start + 1])) {
                aligned.add(new Line('-', left.get(i), i++, j));
            } else {
                aligned.add(new Line('+', right.get(j), i, j++));
            }
        }
    }

    private void write(List<Line> aligned) {
        int next = 0;
        while (next < aligned.size()) {
            if (aligned.get(next).mark() == ' ') {
                next++;
                continue;
            }
            int start = Math.max(0, next - CONTEXT);
            int end = next;
            for (int i = next; i < aligned.size() && i - end <= 2 * CONTEXT; i++) {
                end = aligned.get(i).mark() == ' ' ? end : i;
            }
            hunk(aligned.subList(start, Math.min(aligned.size(), end + 1 + CONTEXT)));
            next = end + 1;
        }
    }

    private void hunk(List<Line> hunk) {
        long left = hunk.stream().filter(line -> line.mark() != '+').count();
        long right = hunk.stream().filter(line -> line.mark() != '-').count();
        lines.add("@@ -" + (hunk.get(0).left() + 1) + "," + left + " +" + (hunk.get(0).right() + 1) + "," + right + " @@");
        hunk.forEach(line -> lines.add(line.mark() + line.text()));
    }
}
