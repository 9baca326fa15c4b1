package io.subscriptionrelay.routes;

import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.config.RelayProperties.Account;
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
        properties.providers().forEach((name, provider) -> {
            if (provider.open()) {
                provider(name, provider);
            }
        });
        properties.destinations().forEach((name, destination) -> destination.accounts().forEach((account, settings) -> {
            if (settings.configured()) {
                account(name, account, settings);
            }
        }));
    }

    private void provider(String name, Provider provider) {
        want("webhooks/" + name, "/webhooks/" + name, "webhook", "provider", name,
                "the webhooks of " + name + ", which is switched on by " + String.join(" or ", provider.variables())
                        + ", would be answered with 404");
        want("translate/" + name + "-events", "events." + name, "events", "provider", name,
                "the events of " + name + " would be kept and never read");
        if (route("translate-" + name).isEmpty()) {
            problems.add(file("translate/" + name), "is missing, so nothing says what the events of " + name + " mean; "
                    + example().map(other -> "copy " + other + " and adapt it").orElse("add a route `translate-" + name + "`"));
        }
    }

    private void account(String destination, String name, Account account) {
        want("deliver/" + destination + "-" + name, "deliver." + destination + "." + name, "deliver-" + destination, "account", name,
                "the queue deliver." + destination + "." + name + " would never be emptied");
    }

    /** Asks for a route of this name that consumes from there, and says how to write it. */
    private void want(String path, String source, String template, String parameter, String value, String otherwise) {
        String id = path.replace('/', '-');
        Optional<Instance> named = route(id);
        if (named.isEmpty()) {
            if (set.routes().stream().noneMatch(route -> consumes(route, source)) || !path.startsWith("translate/")) {
                problems.add(file(path), "is missing, so " + otherwise + "; " + (set.templates().containsKey(template)
                        ? "add it with these lines:\n" + lines(template, id, parameter, value)
                        : "add a route `" + id + "` that consumes " + source));
            }
        } else if (!consumes(named.get(), source)) {
            problems.add(named.get().file(), named.get().at(), "the route `" + id + "` must consume " + source + ", not "
                    + String.join(", ", named.get().consumed()) + "; otherwise " + otherwise);
        }
    }

    private static String lines(String template, String id, String parameter, String value) {
        return """
                    - templatedRoute:
                        routeTemplateRef: %s
                        routeId: %s
                        parameters:
                          - name: %s
                            value: %s""".indent(4).stripTrailing().formatted(template, id, parameter, value);
    }

    private static boolean consumes(Instance route, String source) {
        return route.consumed().stream().anyMatch(address -> address.endsWith(":" + source) || address.endsWith(":queue:" + source)
                || address.endsWith(":" + source.replaceFirst("^/", "")));
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
