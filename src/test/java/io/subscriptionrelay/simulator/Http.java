package io.subscriptionrelay.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;

/** Sends what the tests of this package send. Headers are given as name, value, name, value. */
final class Http {

    private static final HttpClient CLIENT = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private Http() {
    }

    static HttpResponse<String> send(String method, String url, String body, String... headers) throws IOException {
        try {
            return CLIENT.send(request(method, url, body, headers), BodyHandlers.ofString());
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    static CompletableFuture<HttpResponse<String>> sendAsync(String method, String url, String body, String... headers) {
        return CLIENT.sendAsync(request(method, url, body, headers), BodyHandlers.ofString());
    }

    static JsonNode json(HttpResponse<String> response) {
        JsonNode json = Json.parse(response.body().getBytes(StandardCharsets.UTF_8));
        if (json == null) {
            throw new AssertionError("not JSON: " + response.body());
        }
        return json;
    }

    private static HttpRequest request(String method, String url, String body, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url))
                .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
        for (int i = 0; i < headers.length; i += 2) {
            request.setHeader(headers[i], headers[i + 1]);
        }
        return request.build();
    }
}
