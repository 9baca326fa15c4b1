package io.subscriptionrelay.commands;

import java.util.ArrayList;
import java.util.List;

/** What differs between two texts, line by line, as {@code diff -u} shows it. */
final class Diff {

    private static final int CONTEXT = 3;

    private final List<String> lines = new ArrayList<>();

    private record Line(char mark, String text, int left, int right) {
    }

    private Diff() {
    }

    /** The lines of the differences, without the two that name the files; none when there are none. */
    static List<String> of(List<String> left, List<String> right) {
        Diff diff = new Diff();
        diff.write(aligned(left, right));
        return diff.lines;
    }

    /** Both texts as one, by their longest common subsequence of lines. */
    private static List<Line> aligned(List<String> left, List<String> right) {
        int[][] common = new int[left.size() + 1][right.size() + 1];
        for (int i = left.size() - 1; i >= 0; i--) {
            for (int j = right.size() - 1; j >= 0; j--) {
                common[i][j] = left.get(i).equals(right.get(j)) ? common[i + 1][j + 1] + 1 : Math.max(common[i + 1][j], common[i][j + 1]);
            }
        }
        List<Line> aligned = new ArrayList<>();
        int i = 0;
        int j = 0;
        while (i < left.size() || j < right.size()) {
            if (i < left.size() && j < right.size() && left.get(i).equals(right.get(j))) {
                aligned.add(new Line(' ', left.get(i), i++, j++));
            } else if (j == right.size() || i < left.size() && common[i + 1][j] >= common[i][j + 1]) {
                aligned.add(new Line('-', left.get(i), i++, j));
            } else {
                aligned.add(new Line('+', right.get(j), i, j++));
            }
        }
        return aligned;
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
