package io.subscriptionrelay.routes;

import io.subscriptionrelay.routes.RouteFile.Entry;
import io.subscriptionrelay.routes.Steps.Simple;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;

/**
 * Finds names that nothing has: of a bean, of its method, of a property in an expression. Camel looks for them when a message comes, and a
 * property that nobody sets is simply empty then: a condition on it would let every trial pass as a purchase.
 */
final class NameCheck {

    private static final String OWN_PACKAGE = "io.subscriptionrelay.";
    /** What the relay's own beans set, besides what a route sets and what {@code event.jslt} finds out. */
    private static final Set<String> SET_BY_BEANS = Set.of("account", "answer", "destination", "event", "provider", "url");
    private static final Pattern BEAN_CALL = Pattern.compile("\\$\\{bean:([\\w-]{1,100})(?:(?:\\?method=|\\.)(\\w{1,100}))?");
    private static final Pattern REFERENCE = Pattern.compile("#([A-Za-z][\\w-]*)");
    private static final Pattern PROPERTY = Pattern.compile("exchangeProperty(?:\\.|:|\\[['\"]?)\\??([\\w-]{1,100})");
    /** Camel takes any other word that begins like it for a method of the exchange, and finds none when a message comes. */
    private static final Pattern EXCHANGE = Pattern.compile("\\$\\{(?!exchangeProperty\\b|exchangeId\\b)(exchange[A-Za-z]+)[.:\\[]");
    private static final Pattern KEY = Pattern.compile("\"([\\w-]{1,100})\"\\s*:");
    /** An object of JSLT that takes over keys which only the webhook knows. */
    private static final Pattern ANY_KEY = Pattern.compile("\\*\\s*(-[^:{}]{1,500})?:\\s*\\.|\\{\\s*for\\b");
    private static final Set<String> SCRIPTS = Set.of("script", "groovy", "js", "java", "joor", "mvel", "ognl", "python", "spel");
    private static final String CAMELS_OWN = "Camel";

    private final List<RouteFile> files;
    private final boolean complete;
    private final RouteBeans beans;
    private final Path mappings;
    private final Problems problems;
    private final Map<String, Class<?>> declared = new HashMap<>();
    private final Set<String> declaredNames = new TreeSet<>();
    private final Set<String> properties = new TreeSet<>(SET_BY_BEANS);
    /** Whether something that nobody can look into may set properties, too. */
    private boolean foreignCode;

    NameCheck(List<RouteFile> files, boolean complete, RouteBeans beans, Path mappings, Problems problems) {
        this.files = files;
        this.complete = complete;
        this.beans = beans;
        this.mappings = mappings;
        this.problems = problems;
    }

    void check() {
        each((file, entry) -> declare(entry.kind(), entry.body()));
        each((file, entry) -> names(file, entry.kind(), entry.body()));
        if (complete && !foreignCode) {
            each(this::properties);
        }
    }

    private interface Look {
        void at(RouteFile file, Entry entry);
    }

    private void each(Look look) {
        files.forEach(file -> file.entries().forEach(entry -> look.at(file, entry)));
    }

    /** Learns what the files themselves name: beans of their own, and the properties that they set. */
    private void declare(String key, Node node) {
        if ("beans".equals(key)) {
            for (Node bean : Yaml.items(node)) {
                String name = Yaml.text(bean, "name");
                if (name != null) {
                    declaredNames.add(name);
                    declared.put(name, type(Yaml.text(bean, "type")));
                }
            }
        }
        if ("setProperty".equals(key)) {
            learn(Yaml.text(node, "name"));
        } else if ("setProperties".equals(key)) {
            Yaml.items(Yaml.get(node, "properties")).forEach(property -> learn(Yaml.text(property, "name")));
        }
        foreignCode |= key != null && SCRIPTS.contains(key);
        descend(node, this::declare);
    }

    private void learn(String property) {
        if (property != null) {
            foreignCode |= Values.hasPlaceholder(property);
            properties.add(property);
        }
    }

    private static Class<?> type(String name) {
        try {
            return name == null ? null : Class.forName(name, false, NameCheck.class.getClassLoader());
        } catch (ClassNotFoundException | LinkageError e) {
            return null;
        }
    }

    private void names(RouteFile file, String key, Node node) {
        if ("bean".equals(key) || "process".equals(key)) {
            String name = Yaml.text(node, "ref");
            if (name != null) {
                bean(file, Yaml.get(node, "ref"), name.replaceFirst("^#(bean:)?", ""), Yaml.get(node, "method"), Yaml.text(node, "method"));
            } else {
                foreignCode = true;
            }
        } else if (key != null && key.endsWith("Ref") && Yaml.text(node) != null) {
            bean(file, node, Yaml.text(node).replaceFirst("^#(bean:)?", ""), null, null);
        } else if (Yaml.text(node) != null) {
            Matcher reference = REFERENCE.matcher(Yaml.text(node));
            if (reference.matches()) {
                bean(file, node, reference.group(1), null, null);
            }
            for (Matcher call = BEAN_CALL.matcher(Yaml.text(node)); call.find();) {
                bean(file, node, call.group(1), node, call.group(2));
            }
        }
        descend(node, (inner, value) -> names(file, inner, value));
    }

    private void bean(RouteFile file, Node at, String name, Node methodAt, String method) {
        if (Values.hasPlaceholder(name) || name.contains(":")) {
            foreignCode = true;
            return;
        }
        if (!declaredNames.contains(name) && !beans.names().contains(name)) {
            Set<String> known = new TreeSet<>(beans.names());
            known.addAll(declaredNames);
            problems.add(file.path(), at, "there is no bean `" + name + "`" + Spelling.hint(name, known, ""));
            return;
        }
        Class<?> type = declaredNames.contains(name) ? declared.get(name) : beans.type(name);
        foreignCode |= type == null || !type.getName().startsWith(OWN_PACKAGE);
        if (type == null || method == null || Values.hasPlaceholder(method.replaceFirst("\\(.*", ""))) {
            return;
        }
        String called = method.replaceFirst("\\(.*", "").trim();
        Set<String> methods = Stream.of(type.getMethods()).filter(found -> found.getDeclaringClass() != Object.class).map(Method::getName)
                .collect(Collectors.toCollection(TreeSet::new));
        if (!called.isEmpty() && !methods.contains(called)) {
            problems.add(file.path(), methodAt, "the bean `" + name + "` has no method `" + called + "`" + Spelling.hint(called, methods));
        }
    }

    private void properties(RouteFile file, Entry entry) {
        Optional<Set<String>> facts = facts(entry.text("id"));
        if (facts.isEmpty()) {
            return;
        }
        Set<String> known = new TreeSet<>(properties);
        known.addAll(facts.get());
        for (Simple expression : Steps.of(entry).expressions()) {
            for (Matcher word = EXCHANGE.matcher(Yaml.text(expression.at())); word.find();) {
                problems.add(file.path(), expression.at(), "`" + word.group(1) + "` is no word of simple; did you mean `exchangeProperty`?");
            }
            for (Matcher read = PROPERTY.matcher(Yaml.text(expression.at())); read.find();) {
                String name = read.group(1);
                if (!known.contains(name) && !name.startsWith(CAMELS_OWN)) {
                    problems.add(file.path(), expression.at(), "nothing sets the property `" + name + "`, neither event.jslt nor a step"
                            + Spelling.hint(name, known));
                }
            }
        }
    }

    /** What {@code event.jslt} finds out: of one provider in its own route, of all in others; empty when that cannot be told. */
    private Optional<Set<String>> facts(String routeId) {
        Set<String> facts = new TreeSet<>();
        for (Path mapping : eventMappings()) {
            String provider = mapping.getParent().getFileName().toString();
            try {
                String text = output(Files.readString(mapping));
                if (ANY_KEY.matcher(text).find()) {
                    return Optional.empty();
                }
                Set<String> keys = KEY.matcher(text).results().map(key -> key.group(1)).collect(Collectors.toSet());
                if (("translate-" + provider).equals(routeId)) {
                    return Optional.of(keys);
                }
                facts.addAll(keys);
            } catch (IOException e) {
                return Optional.empty();
            }
        }
        // a route of a provider whose mapping is missing is told of elsewhere
        return facts.isEmpty() ? Optional.empty() : Optional.of(facts);
    }

    /** What a mapping ends with is what it gives; functions and variables stand before that. */
    private static String output(String mapping) {
        int start = mapping.lastIndexOf("\n{");
        return start < 0 ? mapping : mapping.substring(start);
    }

    private List<Path> eventMappings() {
        try (Stream<Path> found = Files.find(mappings, 2, (path, attributes) -> path.endsWith("event.jslt"))) {
            return new ArrayList<>(found.toList());
        } catch (IOException e) {
            return List.of();
        }
    }

    private interface Visit {
        void to(String key, Node node);
    }

    private static void descend(Node node, Visit visit) {
        for (NodeTuple entry : Yaml.entries(node)) {
            visit.to(Yaml.text(entry.getKeyNode()), entry.getValueNode());
        }
        Yaml.items(node).forEach(item -> visit.to(null, item));
    }
}
