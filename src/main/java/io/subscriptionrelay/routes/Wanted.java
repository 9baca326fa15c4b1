package io.subscriptionrelay.routes;

import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.config.RelayProperties.Provider;
import io.subscriptionrelay.routes.RouteSet.Instance;
import java.nio.file.Path;
import java.util.Optional;

/** Looks for the routes without which a provider that is open, or an account that is set up, would be a dead end. */
final class Wanted {

    private final RelayProperties properties;
    private final Path folder;
    private final RouteSet set;
    private final Problems problems;

    Wanted(RelayProperties properties, Path folder, RouteSet set, Problems problems) {
        this.properties = properties;
        this.folder = folder;
        this.set = set;
        this.problems = problems;
    }

    void check() {
        if (!set.complete()) {
            return;
        }
        properties.providers().forEach((name, provider) -> {
            if (provider.open()) {
                provider(name, provider);
            }
        });
        properties.destinations().forEach((name, destination) -> destination.accounts().forEach((account, settings) -> {
            if (settings.configured()) {
                account(name, account);
            }
        }));
    }

    private void provider(String name, Provider provider) {
        want("webhooks/" + name, "webhooks/" + name, "the webhooks of " + name + ", which is opened by "
                + String.join(" or ", provider.variables()) + ", would be answered with 404",
                new Lines("webhook", "provider", name));
        String queue = "events." + name;
        if (set.routes().stream().noneMatch(route -> consumes(route, queue))) {
            want("translate/" + name + "-events", queue, "the events of " + name + " would be kept and never read",
                    new Lines("events", "provider", name));
        }
        if (!isThere("translate-" + name)) {
            problems.add(file("translate/" + name), "is missing, so nothing says what the events of " + name + " mean; "
                    + example().map(other -> "copy " + other + " and adapt it").orElse("add a route `translate-" + name + "`"));
        }
    }

    private void account(String destination, String name) {
        String queue = "deliver." + destination + "." + name;
        want("deliver/" + destination + "-" + name, queue, "the queue " + queue + " would never be emptied",
                new Lines("deliver-" + destination, "account", name));
    }

    /** What a missing file has to hold: a template's name and the one parameter that it needs. */
    private record Lines(String template, String parameter, String value) {

        String text(String routeId) {
            return """
                    - templatedRoute:
                        routeTemplateRef: %s
                        routeId: %s
                        parameters:
                          - name: %s
                            value: %s""".formatted(template, routeId, parameter, value).indent(4).stripTrailing();
        }
    }

    /** Asks for a route that is named like its file and consumes from there. */
    private void want(String path, String source, String otherwise, Lines lines) {
        String id = path.replace('/', '-');
        Optional<Instance> route = route(id);
        if (!isThere(id)) {
            problems.add(file(path), "is missing, so " + otherwise + "; " + (set.templates().containsKey(lines.template())
                    ? "add it with these lines:\n" + lines.text(id) : "add it with a route `" + id + "` that consumes " + source));
        } else if (route.isPresent() && !consumes(route.get(), source)) {
            String consumed = String.join(", ", route.get().consumed());
            if (!Values.hasPlaceholder(consumed)) {
                problems.add(route.get().file(), route.get().at(), "the route `" + id + "` must consume " + source + ", not " + consumed
                        + "; otherwise " + otherwise);
            }
        }
    }

    private static boolean consumes(Instance route, String source) {
        return route.consumed().stream().anyMatch(address -> address.replaceFirst(":/+", ":").endsWith(":" + source));
    }

    private boolean isThere(String id) {
        return route(id).isPresent() || set.unresolved().contains(id);
    }

    private Optional<Instance> route(String id) {
        return set.routes().stream().filter(route -> id.equals(route.id())).findFirst();
    }

    private Optional<Path> example() {
        return properties.providers().keySet().stream().flatMap(name -> route("translate-" + name).stream()).map(Instance::file).findFirst();
    }

    private Path file(String path) {
        return folder.resolve(path + RouteFile.ENDING);
    }
}
