package io.subscriptionrelay.routes;

import io.subscriptionrelay.mapping.Spelling;
import io.subscriptionrelay.routes.Endpoint.Role;
import io.subscriptionrelay.routes.RouteFile.Entry;
import java.nio.file.Path;
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
        files.forEach(file -> file.entries().forEach(entry -> check(file, entry)));
        if (set.complete()) {
            calls();
        }
    }

    private void check(RouteFile file, Entry entry) {
        Path path = file.path();
        switch (entry.kind()) {
            case "route" -> {
                routeId(file, entry);
                if (entry.lacks("description")) {
                    problems.add(path, entry.key(), (entry.id() == null ? "this route" : "`" + entry.id() + "`")
                            + " has no description; write `description:` and one sentence that says what it does");
                }
                routeConfiguration(path, Yaml.get(entry.body(), "routeConfigurationId"));
                unique(path, Yaml.get(entry.body(), "id"), "route");
                Steps.all(entry).forEach(step -> unique(path, Yaml.get(step.body(), "id"), "step"));
            }
            case "routeConfiguration" -> {
                if (entry.lacks("id")) {
                    problems.add(path, entry.key(), "a route configuration needs an id; write `id:` under it");
                }
                unique(path, Yaml.get(entry.body(), "id"), "configuration");
            }
            case "from" -> problems.add(path, entry.key(), "a route needs an id and a description; write `- route:` and put `from:` under it");
            default -> {
                // beans, rest and the like have no id of their own
            }
        }
        Steps.of(entry).endpoints().forEach(endpoint -> oneWay(path, endpoint));
    }

    /** The console, the logs and the metrics name a route by its id; who reads it there has to find its file. */
    private void routeId(RouteFile file, Entry entry) {
        String id = entry.id();
        String prefix = file.prefix().isEmpty() ? "" : file.prefix() + "-";
        boolean alone = file.entries().size() == 1;
        if (entry.lacks("id")) {
            problems.add(file.path(), entry.key(), "this route has no `id`; write `id: " + (alone ? file.id() : prefix + "…") + "`");
        } else if (alone && !id.equals(file.id())) {
            problems.add(file.path(), Yaml.get(entry.body(), "id"), "`id: " + id + "` does not fit the name of the file; write `id: " + file.id()
                    + "`, or rename the file");
        } else if (!id.equals(file.id()) && !id.equals(file.prefix()) && !id.startsWith(prefix)) {
            problems.add(file.path(), Yaml.get(entry.body(), "id"), "`id: " + id + "` does not start with the name of the folder; write `id: "
                    + prefix + id + "`, or move the file");
        }
    }

    /** Camel wants the ids of steps, too, to be unique among all routes. */
    private void unique(Path file, Node id, String kind) {
        if (Yaml.text(id) != null) {
            String place = file + id.getStartMark().map(mark -> ", line " + (mark.getLine() + 1)).orElse("");
            String other = ids.putIfAbsent(kind + " " + Yaml.text(id), place);
            if (other != null) {
                problems.add(file, id, "`" + Yaml.text(id) + "` is also in " + other + "; give one of them another id");
            }
        }
    }

    /** Camel ignores the name of a configuration that is not there, and with it the way to treat failures. */
    private void routeConfiguration(Path file, Node at) {
        String names = Yaml.text(at);
        if (names == null || !set.complete() || Values.hasPlaceholder(names) || names.contains("*")) {
            return;
        }
        for (String name : names.trim().split("\\s*,\\s*")) {
            if (!set.configurations().contains(name)) {
                problems.add(file, at, "there is no routeConfiguration `" + name + "`" + Spelling.hint(name, set.configurations()));
            }
        }
    }

    /** Without InOnly the sender waits 20 s for a reply that nobody sends, and the message is dropped by the broker after that. */
    private void oneWay(Path file, Endpoint endpoint) {
        boolean sends = endpoint.role() == Role.SENDS || endpoint.role() == Role.SENDS_DYNAMICALLY;
        if (sends && "jms".equals(endpoint.scheme()) && !endpoint.oneWay()) {
            problems.add(file, endpoint.at(),
                    "a jms endpoint waits for a reply unless told otherwise; write `exchangePattern: InOnly` under `parameters`");
        }
    }

    /** Every direct endpoint that is called is the start of one route. */
    private void calls() {
        Map<String, Entry> consumers = new HashMap<>();
        for (Entry route : set.routes()) {
            for (String address : route.consumed()) {
                Entry other = address.startsWith("direct:") ? consumers.putIfAbsent(address, route) : null;
                if (other != null) {
                    problems.add(route.file(), route.key(), "`" + address + "` is already the start of " + other.named() + " in "
                            + other.file() + "; only one route can start there");
                }
            }
        }
        for (Entry route : set.routes()) {
            for (Endpoint endpoint : Steps.of(route).endpoints()) {
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
