package io.subscriptionrelay.commands;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A relay that answers what the test says, in turn, and remembers what it was asked. */
final class StandIn implements AutoCloseable {

    private final HttpServer server;
    private final Deque<Answer> answers = new ArrayDeque<>();
    private final List<Asked> asked = new ArrayList<>();

    private record Answer(int status, String body) {
    }

    /** A request; {@code what} is its method, path and query. */
    record Asked(String what, Map<String, List<String>> headers, String body) {

        String header(String name) {
            return Optional.ofNullable(headers.get(name)).map(values -> values.get(0)).orElse(null);
        }
    }

    StandIn() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
    }

    private synchronized void answer(HttpExchange exchange) throws IOException {
        asked.add(new Asked(exchange.getRequestMethod() + " " + exchange.getRequestURI(), exchange.getRequestHeaders(),
                new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8)));
        Answer answer = answers.size() > 1 ? answers.poll() : answers.peek();
        byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(answer.status(), body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    /** What comes next; the last answer stays. Single quotes stand for double ones. */
    synchronized StandIn answers(int status, String body) {
        answers.add(new Answer(status, body.replace('\'', '"')));
        return this;
    }

    synchronized List<Asked> asked() {
        return List.copyOf(asked);
    }

    /** The last request as {@code method path?query}. */
    synchronized String last() {
        return asked.get(asked.size() - 1).what();
    }

    String port() {
        return Integer.toString(server.getAddress().getPort());
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
