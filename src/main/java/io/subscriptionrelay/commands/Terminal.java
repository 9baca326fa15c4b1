package io.subscriptionrelay.commands;

import io.subscriptionrelay.event.PrettyJson;
import io.subscriptionrelay.mapping.Problem;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Where a command is called: what it can read of its surroundings, and where it writes to.
 *
 * @param environment the variables, instead of which no argument may carry a secret: arguments are there for every user of the machine to read
 * @param out for data alone
 * @param err for what is wrong
 */
record Terminal(Map<String, String> environment, PrintStream out, PrintStream err) {

    /** The folder that holds routes/ and mappings/. */
    Path home() {
        return Path.of(environment.getOrDefault("RELAY_HOME", "."));
    }

    /** Writes a value as JSON, for people and programs. */
    void json(Object value) {
        out.println(pretty(value));
    }

    /** Writes problems as editors and CI systems find them, and with {@code -o json} as data, too. */
    void problems(Collection<Problem> problems, Common common) {
        problems.forEach(this::problem);
        if (common.json()) {
            json(Map.of("problems", problems.stream().map(Terminal::data).toList()));
        }
    }

    private static Map<String, Object> data(Problem problem) {
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("file", problem.file().normalize().toString());
        data.put("line", problem.line());
        data.put("column", problem.column());
        data.put("message", problem.message());
        return data;
    }

    /** Writes a problem as editors and CI systems find it. */
    void problem(Problem problem) {
        err.println(located(problem));
    }

    /** {@code file:line:column: what is wrong; what to write instead}. */
    static String located(Problem problem) {
        return problem.file().normalize() + (problem.line() > 0 ? ":" + problem.line() + (problem.column() > 0 ? ":" + problem.column() : "") : "")
                + ": " + problem.message();
    }

    /** JSON over several lines, each key on one of its own. */
    static String pretty(Object value) {
        return PrettyJson.of(value);
    }
}
