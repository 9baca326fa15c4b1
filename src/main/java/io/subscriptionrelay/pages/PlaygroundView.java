package io.subscriptionrelay.pages;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.event.PrettyJson;
import io.subscriptionrelay.mapping.Diff;
import io.subscriptionrelay.mapping.Example;
import io.subscriptionrelay.mapping.Facts;
import io.subscriptionrelay.mapping.Problem;
import io.subscriptionrelay.translate.Playground.Tried;
import io.subscriptionrelay.translate.Preview;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * What the playground shows of a text that was tried.
 *
 * @param mistakes why the text cannot be used
 * @param sentence why there is nothing to show, or what the webhook is if it is no event; null otherwise
 * @param attributes of the event
 * @param wasStep the step with what is in use; null when it is the same
 * @param inUse whether what is shown is what the files in use make, because the text cannot be used
 */
public record PlaygroundView(List<Mistake> mistakes, String sentence, List<Attribute> attributes, String step, String wasStep, List<At> destinations,
        boolean inUse) {

    private static final int LONGEST_VALUE = 60;
    /** Of one destination; more is cut. */
    private static final int MOST_LINES = 2000;
    private static final int LONGEST_LINE = 2000;

    /**
     * A mistake.
     *
     * @param line from 1; 0 when it is not about a place in the text
     * @param column from 1; 0 when the whole line is meant
     * @param file where it is when it is not in the text
     */
    public record Mistake(int line, int column, String file, String message) {

        /** Where it is, for people. */
        public String place() {
            return (file == null ? "" : file + (line > 0 ? ", " : "")) + (line > 0 ? "line " + line + (column > 0 ? ", column " + column : "") : "");
        }
    }

    /**
     * An attribute of the event.
     *
     * @param was its value with what is in use; null when it is the same
     */
    public record Attribute(String name, String value, String was) {
    }

    /**
     * A line of a comparison.
     *
     * @param mark {@code -} for what is in use and would be no more, {@code +} for what would be new, a blank for both, {@code @} between two places
     */
    public record Line(String mark, String text) {

        static Line of(String line) {
            return new Line(line.substring(0, 1), line.startsWith("@") ? line.substring(1) : cut(line.substring(1)));
        }
    }

    /**
     * What becomes of the event at one destination.
     *
     * @param accounts that it goes to
     * @param differs whether what is in use makes something else
     * @param problems what the destination does not know of its records
     */
    public record At(String destination, String accounts, boolean differs, List<Line> lines, List<String> problems) {
    }

    /** Shows a sentence, because there is nothing else. */
    static PlaygroundView of(String sentence) {
        return new PlaygroundView(List.of(), sentence, List.of(), null, null, List.of(), false);
    }

    /**
     * Shows what came of a text.
     *
     * @param folder of all mappings
     * @param file the one that the text is tried in the place of
     * @param first the destination that the file is about; null when it is about all
     */
    static PlaygroundView of(Tried tried, Path folder, String file, String first) {
        List<Mistake> mistakes = tried.problems().stream().map(problem -> mistake(problem, folder, file)).toList();
        if (tried.stopped() != null) {
            return of("The mapping " + tried.stopped() + ".");
        }
        boolean inUse = tried.after() == null;
        Preview after = inUse ? tried.before() : tried.after();
        String sentence = after.event() ? null : "This is no event, but the call of a provider that is being set up: nothing is kept.";
        String step = named(after.step());
        return new PlaygroundView(mistakes, sentence, attributes(tried.before().facts(), after.facts()), step,
                step.equals(named(tried.before().step())) ? null : named(tried.before().step()), destinations(tried.before(), after, first), inUse);
    }

    private static String named(String step) {
        return step == null ? "none" : step;
    }

    private static Mistake mistake(Problem problem, Path folder, String file) {
        boolean here = problem.file().normalize().equals(folder.resolve(file).normalize());
        return new Mistake(problem.line(), problem.column(), here ? null : folder.normalize().relativize(problem.file().normalize()).toString(),
                problem.message());
    }

    private static List<Attribute> attributes(Facts before, Facts after) {
        List<Attribute> attributes = new ArrayList<>();
        Set<String> names = new LinkedHashSet<>();
        after.json().fieldNames().forEachRemaining(names::add);
        before.json().fieldNames().forEachRemaining(names::add);
        for (String name : names) {
            String value = value(after.json().get(name));
            String was = value(before.json().get(name));
            attributes.add(new Attribute(name, value, value.equals(was) ? null : was));
        }
        return attributes;
    }

    private static String value(JsonNode value) {
        return value == null ? "nothing" : new Words().cut(value.isTextual() ? value.textValue() : value.toString(), LONGEST_VALUE);
    }

    private static List<At> destinations(Preview before, Preview after, String first) {
        Set<String> names = new TreeSet<>();
        after.outcomes().forEach(outcome -> names.add(name(outcome)));
        before.outcomes().forEach(outcome -> names.add(name(outcome)));
        List<At> destinations = new ArrayList<>();
        for (String name : names) {
            At at = at(name, before.outcomes().stream().filter(outcome -> name.equals(name(outcome))).toList(),
                    after.outcomes().stream().filter(outcome -> name.equals(name(outcome))).toList());
            destinations.add(name.equals(first) ? 0 : destinations.size(), at);
        }
        return destinations;
    }

    /** Empty for what becomes of the event as a whole. */
    private static String name(Map<String, Object> outcome) {
        return Objects.toString(outcome.get("destination"), "");
    }

    private static At at(String destination, List<Map<String, Object>> before, List<Map<String, Object>> after) {
        List<String> left = lines(before, List.of());
        List<String> right = lines(after, before);
        List<Diff.Line> aligned = Diff.aligned(left, right);
        List<Line> lines = aligned.stream().limit(MOST_LINES).map(line -> new Line(String.valueOf(line.mark()), cut(line.text())))
                .collect(Collectors.toCollection(ArrayList::new));
        if (aligned.size() > MOST_LINES) {
            lines.add(new Line("@", " " + new Words().count(aligned.size() - MOST_LINES, "more line")));
        }
        return new At(destination, after.stream().map(outcome -> outcome.get("account")).filter(Objects::nonNull).map(String::valueOf).distinct()
                .collect(Collectors.joining(", ")), !left.equals(right), lines, after.stream().map(outcome -> outcome.get("problem")).filter(Objects::nonNull)
                .map(String::valueOf).toList());
    }

    private static List<String> lines(List<Map<String, Object>> outcomes, List<Map<String, Object>> inTheWordsOf) {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < outcomes.size(); i++) {
            Map<String, Object> outcome = outcomes.get(i);
            if (!(outcome.get("record") instanceof JsonNode record)) {
                lines.add(outcome.get("outcome") + ": " + outcome.get("reason"));
                continue;
            }
            boolean compared = i < inTheWordsOf.size() && inTheWordsOf.get(i).get("record") instanceof JsonNode;
            PrettyJson.of(compared ? Example.of(null, (JsonNode) inTheWordsOf.get(i).get("record"), record).actual() : record).lines().forEach(lines::add);
        }
        return lines;
    }

    private static String cut(String line) {
        return new Words().cut(line, LONGEST_LINE);
    }
}
