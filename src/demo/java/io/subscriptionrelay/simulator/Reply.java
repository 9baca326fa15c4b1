package io.subscriptionrelay.simulator;

import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * What goes back to the client. {@code contentType} and {@code retryAfter} are left out when null; {@code headers} are
 * further ones.
 */
record Reply(int status, String contentType, byte[] body, String retryAfter, Map<String, String> headers) {

    static final String JSON = "application/json;charset=utf-8";

    static Reply of(int status, String contentType, String body) {
        return new Reply(status, contentType, body.getBytes(StandardCharsets.UTF_8), null, Map.of());
    }

    static Reply json(int status, String body) {
        return of(status, JSON, body);
    }

    Reply withRetryAfter(String value) {
        return new Reply(status, contentType, body, value, headers);
    }

    Reply withHeaders(Map<String, String> values) {
        return new Reply(status, contentType, body, retryAfter, values);
    }
}
