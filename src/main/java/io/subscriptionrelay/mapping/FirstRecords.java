package io.subscriptionrelay.mapping;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.logs.Causes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds the records of the first event of each step against what their destination takes, for one version of the mappings: a mistake in an edit
 * shows at once, and later events cost nothing. While what a step makes does not fit, its next events are looked at too.
 */
final class FirstRecords {

    private static final Logger LOG = LoggerFactory.getLogger(FirstRecords.class);
    private static final String FITS = "";

    private final Map<Step, String> found = new ConcurrentHashMap<>();

    private record Step(String provider, String destination, String step) {

        private String mapping() {
            return provider + '/' + destination;
        }
    }

    /** Looks at the records of an event, unless those of an earlier one did fit. They are delivered either way: the destination decides. */
    void look(String provider, Destination destination, String step, Supplier<List<JsonNode>> records) {
        Step key = new Step(provider, destination.name(), step);
        String before = found.get(key);
        if (FITS.equals(before)) {
            return;
        }
        List<JsonNode> made = records.get();
        if (made.isEmpty()) {
            return;
        }
        String now = made.stream().map(destination::problem).flatMap(Optional::stream).findFirst().orElse(FITS);
        before = found.putIfAbsent(key, now);
        if (before == null && !now.equals(FITS)) {
            LOG.warn("mappings/{}.jslt makes a record of {} that does not fit mappings/destinations/{}/record.schema.json: {}."
                    + " It is delivered all the same", key.mapping(), Causes.line(step), destination.name(), now);
        } else if (before != null && now.equals(FITS) && !FITS.equals(found.put(key, FITS))) {
            LOG.info("What mappings/{}.jslt makes of {} fits by now", key.mapping(), Causes.line(step));
        }
    }

    /** What does not fit, by mapping. */
    Map<String, List<String>> problems() {
        Map<String, List<String>> problems = new TreeMap<>();
        found.forEach((step, problem) -> {
            if (!problem.equals(FITS)) {
                problems.computeIfAbsent(step.mapping(), mapping -> new ArrayList<>()).add(Causes.line(step.step()) + ": " + problem);
            }
        });
        problems.values().forEach(list -> list.sort(null));
        return problems;
    }
}
