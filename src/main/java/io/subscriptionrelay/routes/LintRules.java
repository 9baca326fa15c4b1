package io.subscriptionrelay.routes;

import io.subscriptionrelay.routes.Endpoint.Role;
import io.subscriptionrelay.routes.RouteFile.Entry;
import io.subscriptionrelay.routes.RouteSet.Route;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.snakeyaml.engine.v2.nodes.Node;

/** What Camel would let pass, and would then be missed in the console, in a log or in a queue. */
final class LintRules {

    private final List<RouteFile> files;
    private final RouteSet set;
    private final Problems problems;
    private final Map<String, String> ids = new HashMap<>();

    LintRules(List<RouteFile> files, RouteSet set, Problems problems) {
        this.files = files;
        this.set = set;
        this.problems = problems;
    }

    void check() {
        for (RouteFile file : files) {
            for (Entry entry : file.entries()) {
                check(file, entry);
            }
        }
        if (set.complete()) {
            calls();
        }
    }

    private void check(RouteFile file, Entry entry) {
        switch (entry.kind()) {
            case "route" -> {
                routeId(file, entry);
                description(file, entry);
                routeConfiguration(file, entry.body());
                Steps.all(entry).stream().filter(step -> step.id() != null)
                        .forEach(step -> unique(file, step.id(), Yaml.get(step.body(), "id"), "step"));
            }
            case "routeConfiguration" -> configurationId(file, entry);
            case "from" -> problems.add(file.path(), entry.key(),
                    "a route needs an id and a description; write `- route:` and put `from:` under it");
            default -> {
                // beans, rest and the like have no id of their own
            }
        }
        Steps.of(entry).endpoints().forEach(endpoint -> oneWay(file, endpoint));
    }

    /** The console, the logs and the metrics name a route by its id; who reads it there has to find its file. */
    private void routeId(RouteFile file, Entry entry) {
        String id = entry.text("id");
        boolean alone = file.entries().size() == 1;
        if (id == null || id.isBlank()) {
            problems.add(file.path(), entry.key(), "this route has no `id`; write `id: "
                    + (alone ? file.id() : file.prefix().isEmpty() ? "…" : file.prefix() + "-…") + "`");
        } else if (alone && !id.equals(file.id())) {
            problems.add(file.path(), entry.at("id"), "`id: " + id + "` does not fit the name of the file; write `id: " + file.id()
                    + "`, or rename the file");
        } else if (!id.equals(file.id()) && !id.equals(file.prefix()) && !file.prefix().isEmpty() && !id.startsWith(file.prefix() + "-")) {
            problems.add(file.path(), entry.at("id"), "`id: " + id + "` does not start with the name of the folder; write `id: "
                    + file.prefix() + "-" + id + "`, or move the file");
        }
        unique(file, id, entry.at("id"), "route");
    }

    private void configurationId(RouteFile file, Entry entry) {
        String id = entry.text("id");
        if (id == null || id.isBlank()) {
            problems.add(file.path(), entry.key(), "a route configuration needs an id; write `id:` under it");
        }
        unique(file, id, entry.at("id"), entry.kind());
    }

    /** Camel wants the ids of steps, too, to be unique among all routes. */
    private void unique(RouteFile file, String id, Node at, String kind) {
        String place = file.path() + at.getStartMark().map(mark -> ", line " + (mark.getLine() + 1)).orElse("");
        String other = id == null ? null : ids.putIfAbsent(kind + " " + id, place);
        if (other != null) {
            problems.add(file.path(), at, "`" + id + "` is also in " + other + "; give one of them another id");
        }
    }

    private void description(RouteFile file, Entry entry) {
        String description = entry.text("description");
        if (description == null || description.isBlank()) {
            problems.add(file.path(), entry.key(), (entry.text("id") == null ? "this " + entry.kind() : "`" + entry.text("id") + "`")
                    + " has no description; write `description:` and one sentence that says what it does");
        }
    }

    /** Camel ignores the name of a configuration that is not there, and with it the way to treat failures. */
    private void routeConfiguration(RouteFile file, Node route) {
        Node at = Yaml.get(route, "routeConfigurationId");
        String names = Yaml.text(at);
        if (names == null || !set.complete() || Values.hasPlaceholder(names) || names.contains("*")) {
            return;
        }
        for (String name : names.split(",")) {
            if (!set.configurations().contains(name.trim())) {
                problems.add(file.path(), at, "there is no routeConfiguration `" + name.trim() + "`"
                        + Spelling.hint(name.trim(), set.configurations()));
            }
        }
    }

    /** Without InOnly the sender waits 20 s for a reply that nobody sends, and the message is dropped by the broker after that. */
    private void oneWay(RouteFile file, Endpoint endpoint) {
        boolean sends = endpoint.role() == Role.SENDS || endpoint.role() == Role.SENDS_DYNAMICALLY;
        if (sends && "jms".equals(endpoint.scheme()) && !endpoint.oneWay()
                && !"InOnly".equalsIgnoreCase(Yaml.text(endpoint.parameters(), "exchangePattern"))
                && !endpoint.query().matches("(?i)(.*&)?exchangePattern=InOnly(&.*)?")) {
            problems.add(file.path(), endpoint.at(),
                    "a jms endpoint waits for a reply unless told otherwise; write `exchangePattern: InOnly` under `parameters`");
        }
    }

    /** Every direct endpoint that is called is the start of one route. */
    private void calls() {
        Map<String, Route> consumers = new HashMap<>();
        for (Route route : set.routes()) {
            for (String address : route.consumed()) {
                Route other = address.startsWith("direct:") ? consumers.putIfAbsent(address, route) : null;
                if (other != null) {
                    problems.add(route.file(), route.entry().key(), "`" + address + "` is already the start of " + other.named() + " in "
                            + other.file() + "; only one route can start there");
                }
            }
        }
        for (Route route : set.routes()) {
            for (Endpoint endpoint : route.endpoints()) {
                String address = endpoint.address();
                if (endpoint.role() != Role.CONSUMES && address.startsWith("direct:") && !Values.hasPlaceholder(address)
                        && !consumers.containsKey(address)) {
                    problems.add(route.file(), endpoint.at(), "no route starts with `" + address + "`, which " + route.named()
                            + " calls" + Spelling.hint(address, consumers.keySet(), "; add the route, or take the call out"));
                }
            }
        }
    }
}
