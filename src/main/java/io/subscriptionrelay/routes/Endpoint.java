package io.subscriptionrelay.routes;

import java.util.Optional;
import java.util.stream.Stream;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * An endpoint as it is written in a route.
 *
 * @param at where its uri stands
 * @param uri as written, with placeholders
 * @param parameters the node under {@code parameters}; null when there is none
 * @param pattern of the exchange, as the step itself says it; null when it does not
 */
record Endpoint(Role role, Node at, String uri, Node parameters, String pattern) {

    /** What a route does with an endpoint. */
    enum Role {
        /** {@code from} and {@code poll}. */
        CONSUMES,
        /** {@code to}. */
        SENDS,
        /** {@code toD}: the uri is evaluated for each message. */
        SENDS_DYNAMICALLY,
        /** {@code wireTap}: evaluated too, and never waits for an answer. */
        TAPS
    }

    /** The component's name. */
    String scheme() {
        int end = uri.indexOf(':');
        return end < 0 ? withoutQuery() : uri.substring(0, end);
    }

    /** Scheme and path, without options: what makes two endpoints the same. */
    String address() {
        String address = withoutQuery();
        if (address.indexOf(':') >= 0) {
            return address.replaceFirst("://", ":");
        }
        Optional<String> path = Stream.of("name", "queueName", "destinationName", "path").map(name -> Yaml.text(parameters, name))
                .filter(value -> value != null).findFirst();
        return path.map(value -> address + ":" + value).orElse(address);
    }

    /** The options in the uri, behind its question mark; empty when there are none. */
    String query() {
        int start = uri.indexOf('?');
        return start < 0 ? "" : uri.substring(start + 1);
    }

    /** Whether it is told to wait for no reply. */
    boolean oneWay() {
        return "InOnly".equalsIgnoreCase(pattern) || "InOnly".equalsIgnoreCase(Yaml.text(parameters, "exchangePattern"))
                || query().matches("(?i)(.*&)?exchangePattern=InOnly(&.*)?");
    }

    private String withoutQuery() {
        int start = uri.indexOf('?');
        return start < 0 ? uri : uri.substring(0, start);
    }
}
