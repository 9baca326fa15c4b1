package io.subscriptionrelay.bench;

import java.io.IOException;
import java.net.CookieManager;
import java.net.HttpCookie;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.StringJoiner;

/** The pages of a relay's operations port, as somebody sees them who has logged in. */
final class Pages {

    /** What the relay has to be started with. */
    static final String PASSWORD = "a password of the benchmark";

    private final URI root;
    private final CookieManager cookies = new CookieManager();
    private final HttpClient client = HttpClient.newBuilder().cookieHandler(cookies).build();

    private Pages(URI root) {
        this.root = root;
    }

    static Pages of(Relay relay) throws IOException, InterruptedException {
        Pages pages = new Pages(URI.create("http://127.0.0.1:" + relay.managementPort()));
        pages.get("/login");
        HttpResponse<String> in = pages.send("/login", Map.of("username", "relay", "password", PASSWORD));
        if (in.statusCode() != 302 || in.headers().firstValue("Location").orElse("").contains("login")) {
            throw new IOException("the login is answered with " + in.statusCode());
        }
        return pages;
    }

    String get(String path) throws IOException, InterruptedException {
        return whole(path, client.send(HttpRequest.newBuilder(root.resolve(path)).header("Accept", "text/html, application/json").build(), BodyHandlers.ofString()));
    }

    /** What a script gets of a form that it sends. */
    String post(String path, Map<String, String> form) throws IOException, InterruptedException {
        return whole(path, send(path, form));
    }

    private HttpResponse<String> send(String path, Map<String, String> form) throws IOException, InterruptedException {
        StringJoiner body = new StringJoiner("&");
        form.forEach((name, value) -> body.add(name + "=" + encoded(value)));
        body.add("_csrf=" + cookies.getCookieStore().getCookies().stream().filter(cookie -> cookie.getName().equals("XSRF-TOKEN"))
                .map(HttpCookie::getValue).findFirst().orElseThrow());
        return client.send(HttpRequest.newBuilder(root.resolve(path)).header("Content-Type", "application/x-www-form-urlencoded").header("HX-Request", "true")
                .POST(BodyPublishers.ofString(body.toString())).build(), BodyHandlers.ofString());
    }

    private static String whole(String path, HttpResponse<String> answer) throws IOException {
        if (answer.statusCode() != 200) {
            throw new IOException(path + " is answered with " + answer.statusCode());
        }
        return answer.body();
    }

    static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
