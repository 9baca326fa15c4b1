package io.subscriptionrelay.routes;

import io.subscriptionrelay.routes.RouteFile.Entry;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * All files together: what Camel would run.
 *
 * @param complete whether every file could be read; otherwise what seems to be missing may be in one of the others
 * @param unresolved ids of routes that name a template which is not there
 */
record RouteSet(boolean complete, Map<String, Template> templates, Set<String> configurations, List<Instance> routes,
        Set<String> unresolved) {

    private static final Set<String> KINDS = Set.of("route", "from", "routeTemplate", "templatedRoute", "routeConfiguration");

    /** A template with its parameters; the value is null where one has to be given. */
    record Template(Path file, Entry entry, Map<String, String> parameters) {
    }

    /**
     * A route as it will run: written out, or made of a template.
     *
     * @param at where it is written, for a templated route where its parameters are
     */
    record Instance(String id, Path file, Node at, Path stepsFile, List<Endpoint> endpoints, Map<String, String> parameters,
            Node body) {

        /** The address with the template's parameters put in. */
        String address(Endpoint endpoint) {
            String address = endpoint.address();
            // twice, because a default may hold another parameter
            for (int round = 0; round < 2; round++) {
                for (Map.Entry<String, String> parameter : parameters.entrySet()) {
                    if (parameter.getValue() != null) {
                        address = address.replace("{{" + parameter.getKey() + "}}", parameter.getValue());
                    }
                }
            }
            return address;
        }

        String named() {
            return id == null ? "a route" : "`" + id + "`";
        }

        /** What the route's own steps set this property to, where that is written out. */
        Set<String> constants(String property) {
            Set<String> constants = new TreeSet<>();
            Yaml.visit(body, (key, node) -> {
                if ("setProperty".equals(key) && property.equals(Yaml.text(node, "name"))) {
                    Node constant = Yaml.get(Yaml.get(node, "expression") == null ? node : Yaml.get(node, "expression"), "constant");
                    String value = Yaml.text(constant) != null ? Yaml.text(constant) : Yaml.text(constant, "expression");
                    if (value != null) {
                        constants.add(value);
                    }
                }
            });
            return constants;
        }

        /** The addresses that it takes messages from. */
        List<String> consumed() {
            return endpoints.stream().filter(endpoint -> endpoint.role() == Endpoint.Role.CONSUMES).map(this::address).toList();
        }
    }

    static RouteSet of(List<RouteFile> files, boolean allRead) {
        boolean complete = allRead && !files.isEmpty() && files.stream()
                .allMatch(file -> !file.entries().isEmpty() && file.entries().stream().noneMatch(RouteSet::mayBeMisspelled));
        RouteSet set = new RouteSet(complete, new LinkedHashMap<>(), new HashSet<>(), new ArrayList<>(), new HashSet<>());
        for (RouteFile file : files) {
            for (Entry entry : file.entries()) {
                if ("routeTemplate".equals(entry.kind()) && entry.text("id") != null) {
                    set.templates.putIfAbsent(entry.text("id"), new Template(file.path(), entry, declared(entry)));
                } else if ("routeConfiguration".equals(entry.kind()) && entry.text("id") != null) {
                    set.configurations.add(entry.text("id"));
                }
            }
        }
        for (RouteFile file : files) {
            for (Entry entry : file.entries()) {
                set.add(file.path(), entry);
            }
        }
        return set;
    }

    private static boolean mayBeMisspelled(Entry entry) {
        return !KINDS.contains(entry.kind()) && Spelling.closest(entry.kind(), KINDS).isPresent();
    }

    private void add(Path file, Entry entry) {
        if ("route".equals(entry.kind()) || "from".equals(entry.kind())) {
            routes.add(new Instance(entry.text("id"), file, entry.key(), file, Steps.of(entry).endpoints(), Map.of(),
                    entry.body()));
        } else if ("templatedRoute".equals(entry.kind()) && templates.containsKey(entry.text("routeTemplateRef"))) {
            Template template = templates.get(entry.text("routeTemplateRef"));
            Map<String, String> parameters = new LinkedHashMap<>(template.parameters());
            parameters.putAll(given(entry));
            routes.add(new Instance(entry.text("routeId"), file, entry.key(), template.file(),
                    Steps.of(template.entry()).endpoints(), parameters, template.entry().body()));
        } else if ("templatedRoute".equals(entry.kind())) {
            unresolved.add(entry.text("routeId"));
        }
    }

    private static Map<String, String> declared(Entry template) {
        Map<String, String> declared = new LinkedHashMap<>();
        for (Node parameter : Yaml.items(Yaml.get(template.body(), "parameters"))) {
            String value = Yaml.text(parameter, "defaultValue");
            boolean optional = "false".equals(Yaml.text(parameter, "required"));
            declared.put(Yaml.text(parameter, "name"), value == null && optional ? "" : value);
        }
        declared.remove(null);
        return declared;
    }

    /** The parameters that a templated route gives. */
    static Map<String, String> given(Entry templatedRoute) {
        Map<String, String> given = new LinkedHashMap<>();
        for (Node parameter : Yaml.items(Yaml.get(templatedRoute.body(), "parameters"))) {
            given.put(Yaml.text(parameter, "name"), Yaml.text(parameter, "value"));
        }
        given.remove(null);
        return given;
    }
}
