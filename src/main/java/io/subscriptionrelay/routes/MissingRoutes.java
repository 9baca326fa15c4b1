package io.subscriptionrelay.routes;

import io.subscriptionrelay.config.RelayProperties.Provider;
import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.routes.RouteSet.Instance;
import java.nio.file.Path;
import java.util.Optional;

/** Looks for the routes without which a provider that is open, or an account that is set up, would be a dead end. */
final class Wanted {

    private static final String PROVIDER = "provider";

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
        copied("webhooks/%s", name, "webhooks/" + name, "the webhooks of " + name + ", which is opened by "
                + String.join(" or ", provider.variables()) + ", would be answered with 404");
        if (set.routes().stream().noneMatch(route -> consumes(route, "events." + name))) {
            copied("translate/%s-events", name, "events." + name, "the events of " + name + " would be kept and never read");
        }
        copied("translate/%s", name, "translate-" + name, "nothing would say what the events of " + name + " mean");
        knowsItsProvider(name);
    }

    /** Asks for a route of a provider, which is like that of any other provider. */
    private void copied(String path, String name, String source, String otherwise) {
        String id = id(path.formatted(name));
        Optional<Path> other = properties.providers().keySet().stream().filter(one -> !one.equals(name))
                .flatMap(one -> route(id(path.formatted(one))).stream()).map(Instance::file).findFirst();
        want(path.formatted(name), source, otherwise, other.map(file -> "copy " + file + " and write " + name + " in place of its provider"));
    }

    /** The secret that is asked for, and the queue, are those of the provider whose name the route sets. */
    private void knowsItsProvider(String name) {
        route("webhooks-" + name).filter(route -> !route.constants(PROVIDER).contains(name)).ifPresent(route ->
                problems.add(route.file(), route.at(), "the route `webhooks-" + name + "` must set the property `" + PROVIDER + "` to " + name
                        + (route.constants(PROVIDER).isEmpty() ? "" : ", not " + String.join(", ", route.constants(PROVIDER)))
                        + ", before it calls direct:webhook; otherwise its webhooks would be taken for those of nobody, or of another"));
    }

    private void account(String destination, String name) {
        String queue = "deliver." + destination + "." + name;
        Lines lines = new Lines("deliver-" + destination, "account", name);
        String path = "deliver/" + destination + "-" + name;
        want(path, queue, "the queue " + queue + " would never be emptied", set.templates().containsKey(lines.template())
                ? Optional.of("add it with these lines:\n" + lines.text(id(path))) : Optional.empty());
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
    private void want(String path, String source, String otherwise, Optional<String> advice) {
        String id = id(path);
        Optional<Instance> route = route(id);
        if (!isThere(id)) {
            problems.add(file(path), "is missing, so " + otherwise + "; "
                    + advice.orElse("add it with a route `" + id + "` that consumes " + source));
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

    private static String id(String path) {
        return path.replace('/', '-');
    }

    private Path file(String path) {
        return folder.resolve(path + RouteFile.ENDING);
    }
}
