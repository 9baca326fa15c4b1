package io.subscriptionrelay.routes;

import io.subscriptionrelay.routes.Endpoint.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;

/** What Camel's catalog can judge in an entry of a route file. */
record Steps(List<Endpoint> endpoints, List<Simple> expressions) {

    private static final Map<String, Role> ROLES = Map.of("from", Role.CONSUMES, "poll", Role.CONSUMES, "to", Role.SENDS,
            "toD", Role.SENDS_DYNAMICALLY, "wireTap", Role.TAPS);
    /** What the catalog's models of the steps mark as {@code asPredicate}. */
    static final Set<String> CONDITIONS = Set.of("when", "filter", "validate", "onWhen", "retryWhile", "handled", "continued",
            "completionPredicate");
    private static final Set<String> BRANCHES = Set.of("when", "otherwise", "doCatch", "doFinally");
    /** Names under these keys are free: they are no steps. */
    private static final Set<String> FREE = Set.of("parameters", "beans", "properties");

    /** A text in Camel's language {@code simple}; as a condition it has operators. */
    record Simple(Node at, boolean condition) {
    }

    /** A step of a route, or one of the branches of a step. */
    record Step(String kind, Node at, Node body) {

        /** Null when it has none. */
        String id() {
            return Yaml.text(body, "id");
        }
    }

    /** All steps of a route with their branches, however deep. */
    static List<Step> all(RouteFile.Entry entry) {
        List<Step> steps = new ArrayList<>();
        Yaml.visit(entry.body(), (key, node) -> {
            if ("steps".equals(key)) {
                Yaml.items(node).forEach(item -> Yaml.entries(item).forEach(step ->
                        steps.add(new Step(Yaml.text(step.getKeyNode()), step.getKeyNode(), step.getValueNode()))));
            } else if (BRANCHES.contains(key)) {
                Stream.concat(Stream.of(node), Yaml.items(node).stream()).filter(MappingNode.class::isInstance)
                        .forEach(branch -> steps.add(new Step(key, branch, branch)));
            }
        });
        return steps;
    }

    static Steps of(RouteFile.Entry entry) {
        Steps steps = new Steps(new ArrayList<>(), new ArrayList<>());
        steps.add(entry.kind(), entry.body(), false);
        return steps;
    }

    private void add(String key, Node node, boolean condition) {
        if (key == null || FREE.contains(key)) {
            return;
        }
        if (ROLES.containsKey(key)) {
            endpoint(ROLES.get(key), node);
        }
        if ("simple".equals(key) || "log".equals(key)) {
            expression(Yaml.text(node) != null ? node : Yaml.get(node, "simple".equals(key) ? "expression" : "message"), condition);
        }
        descend(node, CONDITIONS.contains(key) || ("expression".equals(key) && condition)
                || ("loop".equals(key) && "true".equals(Yaml.text(node, "doWhile"))));
    }

    private void descend(Node node, boolean condition) {
        Yaml.entries(node).forEach(entry -> add(Yaml.text(entry.getKeyNode()), entry.getValueNode(), condition));
        Yaml.items(node).forEach(item -> descend(item, condition));
    }

    private void endpoint(Role role, Node node) {
        Node at = Yaml.text(node) != null ? node : Yaml.get(node, "uri");
        String uri = Yaml.text(at);
        if (uri != null && !uri.isBlank()) {
            endpoints.add(new Endpoint(role, at, uri.trim(), Yaml.get(node, "parameters"), Yaml.text(node, "pattern")));
            if ((role == Role.SENDS_DYNAMICALLY || role == Role.TAPS) && !uri.startsWith("language:")) {
                expression(at, false);
            }
        }
    }

    private void expression(Node at, boolean condition) {
        if (Yaml.text(at) != null) {
            expressions.add(new Simple(at, condition));
        }
    }
}
