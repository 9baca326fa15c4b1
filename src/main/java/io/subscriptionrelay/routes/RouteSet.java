package io.subscriptionrelay.routes;

import io.subscriptionrelay.mapping.Spelling;
import io.subscriptionrelay.routes.RouteFile.Entry;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * All files together: what Camel would run.
 *
 * @param complete whether every file could be read; otherwise what seems to be missing may be in one of the others
 * @param configurations the ids of the route configurations
 */
record RouteSet(boolean complete, Set<String> configurations, List<Entry> routes) {

    private static final Set<String> KINDS = Set.of("route", "from", "routeConfiguration");

    static RouteSet of(List<RouteFile> files, boolean allRead) {
        List<Entry> entries = files.stream().flatMap(file -> file.entries().stream()).toList();
        boolean complete = allRead && !files.isEmpty() && files.stream().noneMatch(file -> file.entries().isEmpty())
                && entries.stream().map(Entry::kind).noneMatch(kind -> !KINDS.contains(kind) && Spelling.closest(kind, KINDS).isPresent());
        Set<String> configurations = entries.stream().filter(entry -> "routeConfiguration".equals(entry.kind()) && entry.id() != null)
                .map(Entry::id).collect(Collectors.toCollection(TreeSet::new));
        return new RouteSet(complete, configurations, entries.stream().filter(entry -> Set.of("route", "from").contains(entry.kind())).toList());
    }

    /** The route with this id. */
    Optional<Entry> route(String id) {
        return routes.stream().filter(route -> id.equals(route.id())).findFirst();
    }
}
