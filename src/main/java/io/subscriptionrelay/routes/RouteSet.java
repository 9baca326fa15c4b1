package io.subscriptionrelay.routes;

import io.subscriptionrelay.routes.Endpoint.Role;
import io.subscriptionrelay.routes.RouteFile.Entry;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * All files together: what Camel would run.
 *
 * @param complete whether every file could be read; otherwise what seems to be missing may be in one of the others
 * @param configurations the ids of the route configurations
 */
record RouteSet(boolean complete, Set<String> configurations, List<Route> routes) {

    private static final Set<String> KINDS = Set.of("route", "from", "routeConfiguration");

    /** A route with what it consumes and calls. */
    record Route(Path file, Entry entry, List<Endpoint> endpoints) {

        String id() {
            return entry.text("id");
        }

        String named() {
            return id() == null ? "a route" : "`" + id() + "`";
        }

        /** What the route's own steps set this property to, where that is written out. */
        Set<String> constants(String property) {
            Set<String> constants = new TreeSet<>();
            Yaml.visit(entry.body(), (key, node) -> {
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
            return endpoints.stream().filter(endpoint -> endpoint.role() == Role.CONSUMES).map(Endpoint::address).toList();
        }
    }

    static RouteSet of(List<RouteFile> files, boolean allRead) {
        boolean complete = allRead && !files.isEmpty() && files.stream()
                .allMatch(file -> !file.entries().isEmpty() && file.entries().stream().noneMatch(RouteSet::mayBeMisspelled));
        RouteSet set = new RouteSet(complete, new TreeSet<>(), new ArrayList<>());
        for (RouteFile file : files) {
            for (Entry entry : file.entries()) {
                if ("route".equals(entry.kind()) || "from".equals(entry.kind())) {
                    set.routes.add(new Route(file.path(), entry, Steps.of(entry).endpoints()));
                } else if ("routeConfiguration".equals(entry.kind()) && entry.text("id") != null) {
                    set.configurations.add(entry.text("id"));
                }
            }
        }
        return set;
    }

    /** The route with this id. */
    Optional<Route> route(String id) {
        return routes.stream().filter(route -> id.equals(route.id())).findFirst();
    }

    private static boolean mayBeMisspelled(Entry entry) {
        return !KINDS.contains(entry.kind()) && Spelling.closest(entry.kind(), KINDS).isPresent();
    }
}
