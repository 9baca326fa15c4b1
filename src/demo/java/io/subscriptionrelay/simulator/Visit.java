package io.subscriptionrelay.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import java.time.Instant;
import java.util.Arrays;

/** One call on its way through a simulator. The methods are called in the order in which they stand here. */
abstract class Visit {

    final String method;
    final String path;
    final String query;
    final Headers headers;
    final Instant arrivedAt = Instant.now();
    final long startNanos;
    private byte[] body = {};
    private JsonNode json;
    private boolean parsed;

    Visit(HttpExchange exchange, long startNanos) {
        this.startNanos = startNanos;
        this.method = exchange.getRequestMethod();
        this.path = exchange.getRequestURI().getRawPath();
        this.query = exchange.getRequestURI().getRawQuery();
        this.headers = exchange.getRequestHeaders();
    }

    /** The request line and headers are there, the body not yet. */
    abstract void arrived();

    /** The body is there too. Comes before any fault, so that what limits count on receipt is counted here. */
    abstract void received();

    /** The registered account or app the call is for, or whatever the call names instead; null for none. */
    abstract String account();

    /** Checks and, if {@code store} is set, stores what was sent. Not called when a fault stands in for the answer. */
    abstract Reply process(boolean store);

    /**
     * Last call, before the answer's last byte: what a client sees of the log is then complete. Status 0: no answer.
     */
    abstract void leaving(int status);

    final void body(byte[] bytes) {
        body = bytes;
    }

    final int size() {
        return body.length;
    }

    /** The body as JSON; null when it is anything else. */
    final JsonNode json() {
        if (!parsed) {
            json = Json.parse(body);
            parsed = true;
        }
        return json;
    }

    final boolean declaresJson() {
        String type = headers.getFirst("Content-Type");
        return type != null && type.regionMatches(true, 0, "application/json", 0, "application/json".length());
    }

    final boolean queryHas(String parameter) {
        return query != null && Arrays.asList(query.split("&")).contains(parameter);
    }
}
