package io.subscriptionrelay.routes;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;

/**
 * A file that is valid YAML, of plain routes.
 *
 * @param id what the only route in it is called: its path below {@code routes/}, with {@code -} for {@code /}
 * @param prefix what all ids in it start with: the names of its folders
 */
record RouteFile(Path path, String id, String prefix, Node root, List<Entry> entries) {

    static final String ENDING = ".camel.yaml";
    private static final Set<String> TEMPLATES = Set.of("routeTemplate", "templatedRoute");
    private static final Pattern BARE_PLACEHOLDER = Pattern.compile("[^#]*(?::|-)\\s+(\\{\\{.*)");

    /** An item of the file's list: {@code - kind: body}. */
    record Entry(String kind, Node key, Node body) {

        String text(String name) {
            return Yaml.text(body, name);
        }

        /** Where a value stands, or the whole entry when there is none. */
        Node at(String name) {
            Node value = Yaml.get(body, name);
            return value == null ? key : value;
        }
    }

    static Optional<RouteFile> read(Path folder, Path path, Problems problems) {
        String text;
        try {
            text = Files.readString(path);
        } catch (CharacterCodingException e) {
            problems.add(path, "is not UTF-8; save it as UTF-8");
            return Optional.empty();
        } catch (IOException e) {
            problems.add(path, "cannot be read (" + e.getClass().getSimpleName() + ")");
            return Optional.empty();
        }
        try {
            Optional<Node> root = Yaml.read(text);
            if (root.isEmpty()) {
                problems.add(path, "has no routes; write them, or delete the file");
                return Optional.empty();
            }
            return isFinite(path, root.get(), problems) ? Optional.of(of(folder, path, root.get())).filter(file -> file.isPlain(problems))
                    : Optional.empty();
        } catch (YamlEngineException e) {
            if (!hasBarePlaceholders(path, text, problems)) {
                Mark mark = e instanceof MarkedYamlEngineException marked
                        ? marked.getProblemMark().or(marked::getContextMark).orElse(null) : null;
                problems.add(path, mark, 0, "not valid YAML: "
                        + (e instanceof MarkedYamlEngineException marked ? marked.getProblem() : e.getMessage()));
            }
            return Optional.empty();
        }
    }

    private static RouteFile of(Path folder, Path path, Node root) {
        List<String> names = new ArrayList<>();
        folder.relativize(path).forEach(part -> names.add(part.toString().replace(ENDING, "")));
        String prefix = names.size() == 1 ? "" : String.join("-", names.subList(0, names.size() - 1));
        // translate/translate holds the route translate, webhooks/webhook the route webhook: what the routes of the folder share
        String name = names.get(names.size() - 1);
        boolean shared = names.size() == 2 && List.of(name, name + "s").contains(names.get(0));
        List<Entry> entries = new ArrayList<>();
        for (Node item : Yaml.items(root)) {
            for (NodeTuple entry : Yaml.entries(item)) {
                entries.add(new Entry(Yaml.text(entry.getKeyNode()), entry.getKeyNode(), entry.getValueNode()));
            }
        }
        return new RouteFile(path, shared ? name : String.join("-", names), prefix, root, entries);
    }

    private boolean isPlain(Problems problems) {
        Optional<Entry> template = entries.stream().filter(entry -> TEMPLATES.contains(entry.kind())).findFirst();
        template.ifPresent(entry -> problems.add(path, entry.key(), "routes are written as plain routes, because Kaoto and the console show no "
                + "templates; write `- route:` with an `id:` of its own, a `description:` and a `from:` under it, once for each route that was "
                + "made of the template"));
        return template.isEmpty();
    }

    /** YAML takes two braces for the start of a mapping, and its parser then complains about something else, or somewhere else. */
    private static boolean hasBarePlaceholders(Path path, String text, Problems problems) {
        boolean has = false;
        List<String> lines = text.lines().toList();
        for (int line = 0; line < lines.size(); line++) {
            Matcher bare = BARE_PLACEHOLDER.matcher(lines.get(line));
            if (bare.matches()) {
                problems.add(path, line + 1, bare.start(1) + 1, "put quotes around a text that starts with {{");
                has = true;
            }
        }
        return has;
    }

    /** Finds what is valid YAML but never meant: keys that are written twice, and aliases without end, which end the check. */
    private static boolean isFinite(Path path, Node node, Problems problems) {
        if (node.isRecursive()) {
            problems.add(path, node, "this alias contains itself");
            return false;
        }
        boolean finite = true;
        Set<String> keys = new HashSet<>();
        for (NodeTuple entry : Yaml.entries(node)) {
            String key = Yaml.text(entry.getKeyNode());
            if (!keys.add(key)) {
                problems.add(path, entry.getKeyNode(), "`" + key + "` is written twice here; keep one");
            }
            finite &= isFinite(path, entry.getValueNode(), problems);
        }
        for (Node item : Yaml.items(node)) {
            finite &= isFinite(path, item, problems);
        }
        return finite;
    }
}
