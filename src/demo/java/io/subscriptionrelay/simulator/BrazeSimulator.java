package io.subscriptionrelay.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;

/**
 * A strict stand-in for Braze's {@code POST /users/track} of one instance. It checks keys, rates, sizes and each object,
 * answers as docs/destinations/braze.md says that the real service answers, and keeps what was stored for assertions. Like
 * the real service it never recognises an object sent twice: both are stored.
 *
 * <pre>{@code
 * try (BrazeSimulator braze = new BrazeSimulator().workspace("production", "api-key").start()) {
 *     braze.faults().next(3, Fault.status(503));
 *     ...
 *     assertThat(braze.eventsOf("user-1")).hasSize(1);
 * }
 * }</pre>
 */
public final class BrazeSimulator extends Simulator<BrazeSimulator> {

    private static final String PATH = "/users/track";
    private static final String NOTHING_VALID =
            "Valid data must be provided in the 'attributes', 'events', or 'purchases' fields.";

    /**
     * An object that was stored, as it was sent. {@code list} is attributes, events or purchases; {@code call} counts from
     * 1, {@code index} from 0 within its list.
     */
    public record StoredObject(String workspace, Instant receivedAt, long call, String list, int index, JsonNode json) {

        /** The external id; for a user alias {@code label:name}. */
        public String user() {
            return BrazeUsers.key(json);
        }
    }

    /**
     * One call, whatever came of it: how many objects each list carried, how many were stored, the HTTP status (0 when the
     * connection was closed without an answer), its start and end on the clock of {@link System#nanoTime()}. The workspace
     * is null when the key belongs to none.
     */
    public record Call(long number, String workspace, int attributes, int events, int purchases, int stored, int status,
                       long startNanos, long endNanos) {

        public int objects() {
            return attributes + events + purchases;
        }
    }

    /** Whether the rate limit lets a call in, and the headers that every answer has about it. */
    private record Admission(boolean allowed, Map<String, String> headers) {
    }

    private final class Workspace {

        final String name;
        volatile Secret key;
        volatile boolean permitted = true;
        final BrazeUsers users = new BrazeUsers();
        final LongAdder stored = new LongAdder();
        final LongAdder tooMany = new LongAdder();
        private long windowEndsAt;
        private int left;

        Workspace(String name) {
            this.name = name;
        }

        synchronized Admission admission() {
            long now = System.currentTimeMillis();
            if (now >= windowEndsAt) {
                windowEndsAt = now + rateWindow.toMillis();
                left = maxCalls;
            }
            boolean allowed = left > 0;
            if (allowed) {
                left--;
            } else {
                tooMany.increment();
            }
            return new Admission(allowed, rateHeaders(left, windowEndsAt));
        }

        synchronized void forget() {
            users.clear();
            stored.reset();
            tooMany.reset();
            windowEndsAt = 0;
        }
    }

    private final Map<String, Workspace> workspaces = new ConcurrentHashMap<>();
    private final BrazeRules rules = new BrazeRules();
    private final Kept<StoredObject> stored = new Kept<>(this::keep);
    private final Kept<Call> calls = new Kept<>(this::keep);
    private final AtomicLong callNumber = new AtomicLong();
    private final LongAdder refused = new LongAdder();
    private volatile int maxObjects = 75;
    private volatile boolean eachList;
    private volatile int maxCalls = 3000;
    private volatile Duration rateWindow = Duration.ofSeconds(3);
    private volatile int successStatus = 201;
    private volatile boolean emptySuccess;
    private volatile Consumer<StoredObject> storedListener = object -> { };

    /** On any free port. */
    public BrazeSimulator() {
        this(0);
    }

    /** On this port of the loopback address; 0 for any. */
    public BrazeSimulator(int port) {
        super(port);
    }

    // Settings

    /** A workspace and its REST API key. Said again, it changes the key. */
    public BrazeSimulator workspace(String name, String apiKey) {
        if (apiKey == null || apiKey.isBlank()) {
            throw new IllegalArgumentException("The workspace " + name + " has no API key: give any text");
        }
        workspaces.computeIfAbsent(name, Workspace::new).key = Secret.of(apiKey);
        return this;
    }

    /** Whether the workspace's key has the permission users.track; without it every call is answered with 403. */
    public BrazeSimulator permitted(String workspace, boolean permitted) {
        known(workspace).permitted = permitted;
        return this;
    }

    /** A user whom the app has made, by external id or, for an alias, {@code label:name}. */
    public BrazeSimulator user(String workspace, String user) {
        known(workspace).users.know(user);
        return this;
    }

    /** Most objects of a call, all lists together: 75, or 50 for customers with Monthly Active Users CY 24-25. */
    public BrazeSimulator maxObjects(int objects) {
        this.maxObjects = objects;
        this.eachList = false;
        return this;
    }

    /** Most objects of each list, as for customers with the rate limits from before. */
    public BrazeSimulator maxObjectsOfEachList(int objects) {
        this.maxObjects = objects;
        this.eachList = true;
        return this;
    }

    /** Most calls of a workspace within a time; 3000 in 3 seconds by default. */
    public BrazeSimulator rateLimit(int calls, Duration window) {
        this.maxCalls = calls;
        this.rateWindow = Objects.requireNonNull(window);
        return this;
    }

    /** External ids that are refused as those of dummy users. */
    public BrazeSimulator blocked(String... externalIds) {
        rules.block(List.of(externalIds));
        return this;
    }

    /** The status of an answer to a call of which something was taken: 201, or 200 as some clients report. */
    public BrazeSimulator successStatus(int status) {
        this.successStatus = status;
        return this;
    }

    /** Answers a call of which nothing is valid with success and a list of errors, instead of 400 with the same list. */
    public BrazeSimulator emptySuccess(boolean on) {
        this.emptySuccess = on;
        return this;
    }

    /** Is told of each stored object, on the thread that serves the call. */
    public BrazeSimulator onStored(Consumer<StoredObject> listener) {
        this.storedListener = Objects.requireNonNull(listener);
        return this;
    }

    // What was received

    /** The stored objects in the order in which they were stored: of a call attributes, then events, then purchases. */
    public List<StoredObject> stored() {
        return stored.list();
    }

    /** The stored events of this user. */
    public List<StoredObject> eventsOf(String user) {
        return of(user, BrazeRules.EVENTS);
    }

    /** The stored purchases of this user. */
    public List<StoredObject> purchasesOf(String user) {
        return of(user, BrazeRules.PURCHASES);
    }

    private List<StoredObject> of(String user, String list) {
        return stored.list().stream().filter(object -> object.list().equals(list) && object.user().equals(user)).toList();
    }

    /** The attributes of this user, merged over all calls; empty when the workspace has no such user. */
    public Optional<ObjectNode> attributes(String workspace, String user) {
        return known(workspace).users.find(user);
    }

    /** What this user has paid, less what was paid back, by currency. */
    public Map<String, BigDecimal> spentBy(String workspace, String user) {
        return known(workspace).users.spentBy(user);
    }

    /** All calls in the order in which they ended. */
    public List<Call> calls() {
        return calls.list();
    }

    /** How many calls arrived, whatever came of them. */
    public long callCount() {
        return callNumber.get();
    }

    /** How many objects were stored, in all workspaces. */
    public long storedCount() {
        return workspaces.values().stream().mapToLong(workspace -> workspace.stored.sum()).sum();
    }

    /** How many objects were stored in this workspace. */
    public long storedCount(String workspace) {
        return known(workspace).stored.sum();
    }

    /** How many single objects were refused. */
    public long refusedCount() {
        return refused.sum();
    }

    /** How many calls of this workspace came above its rate limit. */
    public long rateViolations(String workspace) {
        return known(workspace).tooMany.sum();
    }

    @Override
    public String toString() {
        return "BrazeSimulator[port=" + port() + ", workspaces=" + workspaces.keySet() + "]";
    }

    private Workspace known(String name) {
        Workspace workspace = workspaces.get(name);
        if (workspace == null) {
            throw new IllegalArgumentException("No workspace " + name + "; there are " + workspaces.keySet());
        }
        return workspace;
    }

    @Override
    BrazeSimulator self() {
        return this;
    }

    @Override
    void forget() {
        stored.clear();
        calls.clear();
        callNumber.set(0);
        refused.reset();
        workspaces.values().forEach(Workspace::forget);
    }

    @Override
    Visit visit(HttpExchange exchange, long startNanos) {
        return new Track(exchange, startNanos);
    }

    @Override
    Reply usual(int status) {
        String message = switch (status) {
            case 202 -> "queued";
            case 400 -> "Bad Request";
            case 401 -> "Invalid API Key";
            case 403 -> "Access Denied";
            case 404 -> "Invalid URL";
            case 405 -> "Method Not Allowed";
            case 429 -> "Rate Limited";
            default -> status < 300 ? "success" : "Internal Server Error";
        };
        Reply reply = message(status, message);
        return status == 429 ? reply.withHeaders(rateHeaders(0, System.currentTimeMillis() + 1000)) : reply;
    }

    private static Reply message(int status, String message) {
        return Reply.json(status, Json.compact(Json.object().put("message", message)));
    }

    /** The names are in lower case, as Braze says it sends them. */
    private Map<String, String> rateHeaders(int left, long windowEndsAt) {
        return Map.of("x-ratelimit-limit", String.valueOf(maxCalls), "x-ratelimit-remaining", String.valueOf(left),
                "x-ratelimit-reset", String.valueOf((windowEndsAt + 999) / 1000));
    }

    private final class Track extends Visit {

        private final long number = callNumber.incrementAndGet();
        private final Workspace workspace = workspaceOf(headers.getFirst("Authorization"));
        private Admission admission = new Admission(true, Map.of());
        private int storedObjects;

        Track(HttpExchange exchange, long startNanos) {
            super(exchange, startNanos);
        }

        private Workspace workspaceOf(String authorization) {
            if (authorization == null || !authorization.startsWith("Bearer ")) {
                return null;
            }
            Secret key = Secret.of(authorization.substring("Bearer ".length()));
            return workspaces.values().stream().filter(candidate -> key.equals(candidate.key)).findFirst().orElse(null);
        }

        @Override
        void arrived() {
            // Nothing is counted before the body is there.
        }

        @Override
        void received() {
            if (workspace != null) {
                admission = workspace.admission();
            }
        }

        @Override
        String account() {
            return workspace == null ? null : workspace.name;
        }

        @Override
        Reply process(boolean store) {
            return answer(store).withHeaders(admission.headers());
        }

        private Reply answer(boolean store) {
            if (!path.equals(PATH)) {
                return usual(404);
            }
            if (!method.equals("POST")) {
                return usual(405);
            }
            if (workspace == null) {
                return usual(401);
            }
            if (!workspace.permitted) {
                return usual(403);
            }
            if (!admission.allowed()) {
                return message(429, "Rate Limited");
            }
            JsonNode json = json();
            if (!declaresJson() || json == null || !json.isObject() || !onlyLists(json)) {
                return usual(400);
            }
            int objects = 0;
            for (String list : BrazeRules.LISTS) {
                objects = eachList ? Math.max(objects, json.path(list).size()) : objects + json.path(list).size();
            }
            return objects > maxObjects ? message(400, "Max Input Length Exceeded") : track(json, store);
        }

        /** Braze documents three lists and says nothing of other keys: a misspelled one would go unnoticed. */
        private boolean onlyLists(JsonNode json) {
            for (Map.Entry<String, JsonNode> field : json.properties()) {
                if (!BrazeRules.LISTS.contains(field.getKey()) || !field.getValue().isArray()) {
                    return false;
                }
            }
            return true;
        }

        private Reply track(JsonNode json, boolean store) {
            ObjectNode result = Json.object();
            ArrayNode errors = Json.object().putArray("errors");
            List<StoredObject> good = new ArrayList<>();
            for (String list : BrazeRules.LISTS) {
                int taken = 0;
                int index = 0;
                for (JsonNode object : json.path(list)) {
                    String problem = rules.check(list, object);
                    if (problem == null && faults().failsRecord(workspace.name, object)) {
                        problem = "The object could not be processed";
                    }
                    if (problem == null) {
                        taken++;
                        good.add(new StoredObject(workspace.name, arrivedAt, number, list, index, object));
                    } else {
                        errors.addObject().put("type", problem).put("input_array", list).put("index", index);
                    }
                    index++;
                }
                if (taken > 0) {
                    result.put(list + "_processed", taken);
                }
            }
            refused.add(errors.size());
            if (store) {
                store(good);
            }
            boolean success = !good.isEmpty() || emptySuccess && !errors.isEmpty();
            result.put("message", success ? "success" : NOTHING_VALID);
            if (!errors.isEmpty()) {
                result.set("errors", errors);
            }
            return Reply.json(success ? successStatus : 400, Json.compact(result));
        }

        private void store(List<StoredObject> good) {
            for (StoredObject object : good) {
                if (workspace.users.store(object.list(), object.json())) {
                    storedListener.accept(object);
                    stored.add(object);
                    workspace.stored.increment();
                    storedObjects++;
                }
            }
        }

        @Override
        void leaving(int status) {
            JsonNode json = json();
            int[] sizes = BrazeRules.LISTS.stream().mapToInt(list -> json == null ? 0 : json.path(list).size()).toArray();
            calls.add(new Call(number, account(), sizes[0], sizes[1], sizes[2], storedObjects, status, startNanos,
                    System.nanoTime()));
        }
    }
}
