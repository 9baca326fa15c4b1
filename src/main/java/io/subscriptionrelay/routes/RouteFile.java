package io.subscriptionrelay.routes;

import io.subscriptionrelay.routes.Endpoint.Role;
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
    record Entry(Path file, String kind, Node key, Node body) {

        String id() {
            return Yaml.text(body, "id");
        }

        String named() {
            return id() == null ? "a route" : "`" + id() + "`";
        }

        boolean lacks(String name) {
            return Yaml.text(body, name) == null || Yaml.text(body, name).isBlank();
        }

        /** The addresses that it takes messages from. */
        List<String> consumed() {
            return Steps.of(this).endpoints().stream().filter(endpoint -> endpoint.role() == Role.CONSUMES).map(Endpoint::address).toList();
        }
    }

    static Optional<RouteFile> read(Path folder, Path path, Problems problems) {
        String text = "";
        try {
            text = Files.readString(path);
            Optional<Node> root = Yaml.read(text);
            if (root.isPresent()) {
                return root.filter(node -> isFinite(path, node, problems)).map(node -> of(folder, path, node)).filter(file -> file.isPlain(problems));
            }
            problems.add(path, "has no routes; write them, or delete the file");
        } catch (CharacterCodingException e) {
            problems.add(path, "is not UTF-8; save it as UTF-8");
        } catch (IOException e) {
            problems.add(path, "cannot be read (" + e.getClass().getSimpleName() + ")");
        } catch (YamlEngineException e) {
            if (!hasBarePlaceholders(path, text, problems)) {
                Optional<MarkedYamlEngineException> marked = Optional.of(e).filter(MarkedYamlEngineException.class::isInstance)
                        .map(MarkedYamlEngineException.class::cast);
                problems.add(path, marked.flatMap(at -> at.getProblemMark().or(at::getContextMark)).orElse(null), 0, "not valid YAML: "
                        + marked.map(MarkedYamlEngineException::getProblem).orElse(e.getMessage()));
            }
        }
        return Optional.empty();
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
                entries.add(new Entry(path, Yaml.text(entry.getKeyNode()), entry.getKeyNode(), entry.getValueNode()));
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
