package io.subscriptionrelay.mapping;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * All mappings and destinations at one moment.
 *
 * @param byName mappings by {@code provider/destination} and {@code provider/event}
 * @param destinations by the names of their folders
 * @param steps that the settings of a provider know, whatever the destination
 */
record Mappings(Map<String, Mapping> byName, Map<String, Destination> destinations, Map<String, Set<String>> steps) {

    static final Mappings NONE = of(Map.of(), Map.of());

    static Mappings of(Map<String, Mapping> byName, Map<String, Destination> destinations) {
        Map<String, Set<String>> steps = new HashMap<>();
        byName.forEach((name, mapping) -> {
            if (!name.endsWith("/" + Mapper.EVENT)) {
                steps.computeIfAbsent(name.substring(0, name.indexOf('/')), provider -> new HashSet<>()).addAll(mapping.steps());
            }
        });
        return new Mappings(Map.copyOf(byName), Map.copyOf(destinations), steps);
    }

    /** These mappings with others in the place of some. */
    Mappings with(Map<String, Mapping> others) {
        Map<String, Mapping> together = new HashMap<>(byName);
        together.putAll(others);
        return of(together, destinations);
    }
}
