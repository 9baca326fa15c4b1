package io.subscriptionrelay.routes;

import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.config.RelayProperties.Provider;
import io.subscriptionrelay.routes.RouteFile.Entry;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Looks for the routes without which a provider that is open, or an account that is set up, would be a dead end. */
final class MissingRoutes {

    private static final String HISTORY = "history";
    private static final String PROVIDER = "provider";
    private static final String DELIVER = "deliver/%s-%s";
    /** The account whose route ships with each destination. */
    private static final String PRODUCTION = "production";

    private final RelayProperties properties;
    private final Path folder;
    private final RouteSet set;
    private final Problems problems;

    MissingRoutes(RelayProperties properties, Path folder, RouteSet set, Problems problems) {
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
        if (properties.history().on()) {
            want(HISTORY, HISTORY, "what the other routes tell of each event would wait in its queue for ever",
                    Optional.of("take it from the version of routes/ that came with this one, or set relay.history.keep to 0"));
        }
    }

    private void provider(String name, Provider provider) {
        copied("webhooks/%s", name, "webhooks/" + name, "the webhooks of " + name + ", which is opened by "
                + String.join(" or ", provider.variables()) + ", would be answered with 404");
        if (set.routes().stream().noneMatch(route -> consumes(route, "events." + name))) {
            copied("translate/%s-events", name, "events." + name, "the events of " + name + " would be kept and never read");
        }
        copied("translate/%s", name, "translate-" + name, "nothing would say what the events of " + name + " mean");
        set.route("webhooks-" + name).ifPresent(route -> knowsItsProvider(route, name));
    }

    /** Asks for a route of a provider, which is like that of any other provider. */
    private void copied(String path, String name, String source, String otherwise) {
        Optional<Path> other = properties.providers().keySet().stream().filter(one -> !one.equals(name))
                .flatMap(one -> set.route(id(path.formatted(one))).stream()).map(Entry::file).findFirst();
        want(path.formatted(name), source, otherwise, other.map(file -> "copy " + file + " and write " + name + " in place of its provider"));
    }

    /** The secret that is asked for, and the queue, are those of the provider whose name the route sets. */
    private void knowsItsProvider(Entry route, String name) {
        Set<String> names = new TreeSet<>();
        Yaml.visit(route.body(), (key, node) -> {
            if ("setProperty".equals(key) && PROVIDER.equals(Yaml.text(node, "name"))) {
                Yaml.visit(node, (language, value) -> {
                    String constant = Yaml.text(value) != null ? Yaml.text(value) : Yaml.text(value, "expression");
                    if ("constant".equals(language) && constant != null) {
                        names.add(constant);
                    }
                });
            }
        });
        if (!names.contains(name)) {
            problems.add(route.file(), route.key(), "the route `" + route.id() + "` must set the property `" + PROVIDER + "` to " + name
                    + (names.isEmpty() ? "" : ", not " + String.join(", ", names))
                    + ", before it calls direct:webhook; otherwise its webhooks would be taken for those of nobody, or of another");
        }
    }

    /** Asks for the route of an account, which is like that of another account of its destination, or of another destination. */
    private void account(String destination, String account) {
        String path = DELIVER.formatted(destination, account);
        String queue = "deliver." + destination + "." + account;
        Optional<String> advice = Stream.concat(Stream.of(destination), properties.destinations().keySet().stream())
                .filter(one -> set.route(id(DELIVER.formatted(one, PRODUCTION))).isPresent()).findFirst()
                .map(one -> copy(one, destination, account));
        want(path, queue, "the queue " + queue + " would never be emptied", advice);
    }

    private String copy(String from, String destination, String account) {
        Path file = file(DELIVER.formatted(from, PRODUCTION));
        Map<String, String> names = new TreeMap<>(Map.of(from, destination, PRODUCTION, account));
        names.entrySet().removeIf(name -> name.getKey().equals(name.getValue()));
        return "copy " + file + " and put " + each(names, "%2$s in place of %1$s", " and ") + ":\n    sed '" + each(names, "s/%s/%s/", "; ") + "' "
                + file + " > " + file(DELIVER.formatted(destination, account));
    }

    private static String each(Map<String, String> names, String format, String between) {
        return names.entrySet().stream().map(name -> format.formatted(name.getKey(), name.getValue())).collect(Collectors.joining(between));
    }

    /** Asks for a route that is named like its file and consumes from there. */
    private void want(String path, String source, String otherwise, Optional<String> advice) {
        String id = id(path);
        Optional<Entry> route = set.route(id);
        if (route.isEmpty()) {
            problems.add(file(path), "is missing, so " + otherwise + "; "
                    + advice.orElse("add it with a route `" + id + "` that consumes " + source));
        } else if (!consumes(route.get(), source)) {
            String consumed = String.join(", ", route.get().consumed());
            if (!Values.hasPlaceholder(consumed)) {
                problems.add(route.get().file(), route.get().key(), "the route `" + id + "` must consume " + source + ", not " + consumed
                        + "; otherwise " + otherwise);
            }
        }
    }

    private static boolean consumes(Entry route, String source) {
        return route.consumed().stream().anyMatch(address -> address.replaceFirst(":/+", ":").endsWith(":" + source));
    }

    private static String id(String path) {
        return path.replace('/', '-');
    }

    private Path file(String path) {
        return folder.resolve(path + RouteFile.ENDING);
    }
}
