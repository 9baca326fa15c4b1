package io.subscriptionrelay.translate;

import io.subscriptionrelay.mapping.Facts;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * What becomes of a webhook.
 *
 * @param facts its event attributes
 * @param outcomes what would become of it, destination by destination: {@code outcome} is {@code sent} with the {@code record}, {@code skipped} or
 *         {@code parked} with the {@code reason}, or {@code nothing}; empty when the webhook is no event
 */
public record Preview(Facts facts, List<Map<String, Object>> outcomes) {

    /** Whether there is an event in it; otherwise it is the call that a provider makes when it is set up. */
    public boolean event() {
        return !facts.notAnEvent();
    }

    /** What the route took it for; null when it did not come so far. */
    public String step() {
        return outcomes.stream().map(outcome -> (String) outcome.get("step")).filter(Objects::nonNull).findFirst().orElse(null);
    }

    /** What would become of it at one destination. */
    public List<Map<String, Object>> at(String destination) {
        return outcomes.stream().filter(outcome -> destination.equals(outcome.get("destination"))).toList();
    }
}
