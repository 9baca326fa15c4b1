package io.subscriptionrelay.routes;

import io.subscriptionrelay.mapping.Spelling;
import io.subscriptionrelay.routes.RouteFile.Entry;
import io.subscriptionrelay.routes.Steps.Simple;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * Finds names that nothing has: of a bean, of its method, of a property in an expression. Camel looks for them when a message comes, and a
 * property that nobody sets is simply empty then: a condition on it would let every trial pass as a purchase.
 */
final class NameCheck {

    private static final String OWN_PACKAGE = "io.subscriptionrelay.";
    private static final String CAMELS_OWN = "Camel";
    /** What the relay's own beans set, besides what a route sets and what {@code event.jslt} finds out. */
    private static final Set<String> SET_BY_BEANS = Set.of("account", "answer", "destination", "event", "provider", "url");
    /** What can set properties that nobody can look into. */
    private static final Set<String> SCRIPTS = Set.of("script", "groovy", "js", "java", "joor", "mvel", "ognl", "python", "spel");
    private static final Pattern BEAN_CALL = Pattern.compile("\\$\\{bean:([\\w-]{1,100})(?:(?:\\?method=|\\.)(\\w{1,100}))?");
    private static final Pattern REFERENCE = Pattern.compile("#[A-Za-z][\\w-]*");
    private static final Pattern PROPERTY = Pattern.compile("exchangeProperty(?:\\.|:|\\[['\"]?)\\??([\\w-]{1,100})");
    /** Camel takes any other word that begins like it for a method of the exchange, and finds none when a message comes. */
    private static final Pattern EXCHANGE = Pattern.compile("\\$\\{(?!exchangeProperty\\b|exchangeId\\b)(exchange[A-Za-z]+)[.:\\[]");
    private static final Pattern KEY = Pattern.compile("\"([\\w-]{1,100})\"\\s*:");
    /** An object of JSLT that takes over keys which only the webhook knows. */
    private static final Pattern ANY_KEY = Pattern.compile("\\*\\s*(-[^:{}]{1,500})?:\\s*\\.|\\{\\s*for\\b");

    private final List<RouteFile> files;
    private final boolean complete;
    private final RouteBeans beans;
    private final Path mappings;
    private final Problems problems;
    /** The beans that the files define, each with its class, or null where that is not on the class path. */
    private final Map<String, Class<?>> declared = new HashMap<>();
    private final Set<String> properties = new TreeSet<>(SET_BY_BEANS);
    private boolean foreignCode;

    NameCheck(List<RouteFile> files, boolean complete, RouteBeans beans, Path mappings, Problems problems) {
        this.files = files;
        this.complete = complete;
        this.beans = beans;
        this.mappings = mappings;
        this.problems = problems;
    }

    void check() {
        files.forEach(file -> Yaml.visit(file.root(), this::declare));
        files.forEach(file -> Yaml.visit(file.root(), (key, node) -> names(file, key, node)));
        if (complete && !foreignCode) {
            files.forEach(file -> file.entries().forEach(entry -> properties(file, entry)));
        }
    }

    /** Learns what the files themselves name: beans of their own, and the properties that they set. */
    private void declare(String key, Node node) {
        switch (key) {
            case "beans" -> Yaml.items(node).stream().filter(bean -> Yaml.text(bean, "name") != null)
                    .forEach(bean -> declared.put(Yaml.text(bean, "name"), type(Yaml.text(bean, "type"))));
            case "setProperty" -> learn(Yaml.text(node, "name"));
            case "setProperties" -> Yaml.items(Yaml.get(node, "properties")).forEach(property -> learn(Yaml.text(property, "name")));
            default -> foreignCode |= SCRIPTS.contains(key);
        }
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
        String text = Yaml.text(node);
        if ("bean".equals(key) || "process".equals(key)) {
            Node name = Yaml.get(node, "ref");
            foreignCode |= Yaml.text(name) == null;
            bean(file, name, Yaml.text(name), Yaml.get(node, "method"), Yaml.text(node, "method"));
        } else if (text != null && (key.endsWith("Ref") || REFERENCE.matcher(text).matches())) {
            bean(file, node, text, null, null);
        } else if (text != null) {
            BEAN_CALL.matcher(text).results().forEach(call -> bean(file, node, call.group(1), node, call.group(2)));
        }
    }

    private void bean(RouteFile file, Node at, String reference, Node methodAt, String call) {
        if (reference == null) {
            return;
        }
        String name = reference.replaceFirst("^#(bean:)?", "");
        if (Values.hasPlaceholder(name) || name.contains(":")) {
            foreignCode = true;
            return;
        }
        Set<String> known = new TreeSet<>(beans.names());
        known.addAll(declared.keySet());
        if (!known.contains(name)) {
            problems.add(file.path(), at, "there is no bean `" + name + "`" + Spelling.hint(name, known, ""));
            return;
        }
        Class<?> type = declared.containsKey(name) ? declared.get(name) : beans.types().apply(name);
        foreignCode |= type == null || !type.getName().startsWith(OWN_PACKAGE);
        String method = call == null ? "" : call.replaceFirst("\\(.*", "").trim();
        if (type != null && !method.isEmpty() && !Values.hasPlaceholder(method)) {
            Set<String> methods = Stream.of(type.getMethods()).filter(found -> found.getDeclaringClass() != Object.class).map(Method::getName)
                    .collect(Collectors.toCollection(TreeSet::new));
            if (!methods.contains(method)) {
                problems.add(file.path(), methodAt, "the bean `" + name + "` has no method `" + method + "`" + Spelling.hint(method, methods));
            }
        }
    }

    private void properties(RouteFile file, Entry entry) {
        Set<String> known = facts(entry.id());
        if (known.isEmpty()) {
            return;
        }
        known.addAll(properties);
        for (Simple expression : Steps.of(entry).expressions()) {
            String text = Yaml.text(expression.at());
            for (Matcher word = EXCHANGE.matcher(text); word.find();) {
                problems.add(file.path(), expression.at(), "`" + word.group(1) + "` is no word of simple; did you mean `exchangeProperty`?");
            }
            for (Matcher read = PROPERTY.matcher(text); read.find();) {
                String name = read.group(1);
                if (!known.contains(name) && !name.startsWith(CAMELS_OWN)) {
                    problems.add(file.path(), expression.at(), "nothing sets the property `" + name + "`, neither event.jslt nor a step"
                            + Spelling.hint(name, known));
                }
            }
        }
    }

    /** What {@code event.jslt} finds out: of one provider in its own route, of all in others; empty when that cannot be told. */
    private Set<String> facts(String routeId) {
        Set<String> all = new TreeSet<>();
        try (Stream<Path> found = Files.find(mappings, 2, (path, attributes) -> path.endsWith("event.jslt"))) {
            for (Path mapping : found.toList()) {
                String text = Files.readString(mapping);
                // what a mapping ends with is what it gives; functions and variables stand before that
                String output = text.substring(Math.max(0, text.lastIndexOf("\n{")));
                if (ANY_KEY.matcher(output).find()) {
                    return Set.of();
                }
                Set<String> facts = KEY.matcher(output).results().map(key -> key.group(1)).collect(Collectors.toCollection(TreeSet::new));
                if (("translate-" + mapping.getParent().getFileName()).equals(routeId)) {
                    return facts;
                }
                all.addAll(facts);
            }
            return all;
        } catch (IOException e) {
            return Set.of();
        }
    }
}
