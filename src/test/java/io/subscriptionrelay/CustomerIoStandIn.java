package io.subscriptionrelay;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.subscriptionrelay.event.StrictJson;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Refuses what the documentation of Customer.io's Track API v2 says that it refuses. */
final class CustomerIoStandIn implements AutoCloseable {

    static final String SITE_ID = "site-of-the-tests";
    static final String API_KEY = "key-of-the-tests";

    private static final int LARGEST_CALL = 500_000;
    private static final int LARGEST_ITEM = 32_000;
    private static final Set<String> IDENTIFIERS = Set.of("id", "email", "phone", "cio_id");

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final List<Integer> answers = new ArrayList<>();
    private final List<JsonNode> bodies = new ArrayList<>();
    private final List<JsonNode> events = new ArrayList<>();
    private final Map<String, ObjectNode> people = new TreeMap<>();
    private final Set<String> eventIds = new HashSet<>();
    private final Deque<Integer> failures = new ArrayDeque<>();
    private String key = API_KEY;

    CustomerIoStandIn() {
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.createContext("/", this::answer);
        server.setExecutor(threads);
        server.start();
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    /** Is as new. */
    synchronized void forget() {
        answers.clear();
        bodies.clear();
        events.clear();
        people.clear();
        eventIds.clear();
        failures.clear();
        key = API_KEY;
    }

    /** From now on no other key is right. */
    synchronized void key(String right) {
        key = right;
    }

    /** The next calls are answered with these statuses. */
    synchronized void fail(Integer... statuses) {
        failures.addAll(List.of(statuses));
    }

    /** How many of {@link #fail} are still to come. */
    synchronized int failuresLeft() {
        return failures.size();
    }

    /** The statuses of all answers. */
    synchronized List<Integer> answers() {
        return List.copyOf(answers);
    }

    /** The bodies of the calls that were looked at. */
    synchronized List<JsonNode> bodies() {
        return List.copyOf(bodies);
    }

    synchronized List<JsonNode> eventsOf(String id) {
        return events.stream().filter(event -> event.path("identifiers").path("id").asText().equals(id)).toList();
    }

    synchronized int eventCount() {
        return events.size();
    }

    /** The attributes of a person, or null. */
    synchronized JsonNode person(String id) {
        ObjectNode person = people.get(id);
        return person == null ? null : person.deepCopy();
    }

    private void answer(HttpExchange exchange) throws IOException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        ObjectNode answer = StrictJson.mapper().createObjectNode();
        int status;
        synchronized (this) {
            status = failures.isEmpty() ? status(exchange, body, answer) : failures.remove();
            answers.add(status);
        }
        if (status == 429) {
            exchange.getResponseHeaders().set("Retry-After", "1");
        }
        byte[] bytes = answer.toString().getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    private int status(HttpExchange exchange, byte[] body, ObjectNode answer) {
        if (!exchange.getRequestURI().toString().equals("/api/v2/batch")) {
            return 404;
        }
        if (!exchange.getRequestMethod().equals("POST")) {
            return 405;
        }
        String basic = "Basic " + Base64.getEncoder().encodeToString((SITE_ID + ":" + key).getBytes(StandardCharsets.UTF_8));
        if (!basic.equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
            return 401;
        }
        ArrayNode errors = answer.putArray("errors");
        JsonNode call = json(body);
        if (body.length >= LARGEST_CALL || !call.path("batch").isArray() || call.path("batch").isEmpty()
                || !String.valueOf(exchange.getRequestHeaders().getFirst("Content-Type")).startsWith("application/json")) {
            errors.addObject().put("reason", "invalid").put("field", "batch").put("message", "must be a list in less than 500kb of JSON");
            return 400;
        }
        bodies.add(call);
        for (int i = 0; i < call.get("batch").size(); i++) {
            JsonNode item = call.get("batch").get(i);
            String[] refusal = refusal(item);
            if (refusal == null) {
                take(item);
            } else {
                errors.addObject().put("batch_index", i).put("reason", refusal[0]).put("field", refusal[1]).put("message", refusal[2]);
            }
        }
        if (errors.isEmpty()) {
            answer.remove("errors");
            return 200;
        }
        return 207;
    }

    private static JsonNode json(byte[] body) {
        try {
            return StrictJson.mapper().readTree(body);
        } catch (IOException e) {
            return StrictJson.mapper().createObjectNode();
        }
    }

    /** Reason, field and message, or null. */
    private static String[] refusal(JsonNode item) {
        if (bytes(item.toString()) > LARGEST_ITEM) {
            return new String[] {"invalid", "batch", "must be 32kb or smaller"};
        }
        if (!item.path("type").asText().equals("person")) {
            return new String[] {"invalid", "type", "unknown type"};
        }
        JsonNode identifiers = item.path("identifiers");
        if (identifiers.size() != 1 || !IDENTIFIERS.contains(identifiers.fieldNames().next())) {
            return new String[] {"required", "identifiers", "needs one of id, email, phone and cio_id"};
        }
        JsonNode id = identifiers.elements().next();
        if (!id.isTextual() || id.asText().isBlank() || bytes(id.asText()) > 150) {
            return new String[] {"invalid", "identifiers", "must be a text of at most 150 bytes"};
        }
        JsonNode attributes = item.path("attributes");
        if (!attributes.isMissingNode() && !attributes.isObject() || attributes.size() > 300) {
            return new String[] {"invalid", "attributes", "must be an object of at most 300 attributes"};
        }
        for (Map.Entry<String, JsonNode> attribute : attributes.properties()) {
            if (bytes(attribute.getKey()) > 150 || bytes(attribute.getValue().asText()) > 1000) {
                return new String[] {"invalid", "attributes", attribute.getKey() + " is longer than 1000 bytes"};
            }
        }
        return switch (item.path("action").asText()) {
            case "identify" -> null;
            case "event" -> refusalOfEvent(item);
            default -> new String[] {"invalid", "action", "unknown action"};
        };
    }

    private static String[] refusalOfEvent(JsonNode item) {
        if (item.path("name").asText().isBlank() || bytes(item.get("name").asText()) > 100) {
            return new String[] {"required", "name", "must be a text of at most 100 bytes"};
        }
        if (item.has("timestamp") && !item.get("timestamp").canConvertToInt()) {
            return new String[] {"invalid", "timestamp", "must be seconds since 1970"};
        }
        if (item.has("id") && !item.get("id").asText().matches("[0-7][0-9A-HJKMNP-TV-Z]{25}")) {
            return new String[] {"invalid", "id", "must be a ULID"};
        }
        return null;
    }

    private void take(JsonNode item) {
        String id = item.get("identifiers").elements().next().asText();
        if (item.get("action").asText().equals("identify")) {
            people.computeIfAbsent(id, any -> StrictJson.mapper().createObjectNode()).setAll((ObjectNode) item.path("attributes"));
        } else if (!item.has("id") || eventIds.add(item.get("id").asText())) {
            events.add(item);
        }
    }

    private static int bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
