package io.subscriptionrelay.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import io.subscriptionrelay.simulator.OneSignalBodies.Refused;
import io.subscriptionrelay.simulator.OneSignalRoute.Endpoint;
import io.subscriptionrelay.simulator.OneSignalUser.TagLimit;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * A strict stand-in for the OneSignal REST API: users and their tags, custom events, and the two legacy endpoints that
 * set tags. It checks keys, rate limits, bodies and the plan's tag limit, in this order, and answers with the texts of
 * the real service where they are known. What the real service tolerates although its documents forbid it is accepted
 * and noted in {@link #violations()}.
 *
 * <pre>{@code
 * try (OneSignalSimulator oneSignal = new OneSignalSimulator().app(APP_ID, "key").start()) {
 *     oneSignal.createUser(APP_ID, "external_id", "user-1");
 *     ...
 *     assertThat(oneSignal.tags(APP_ID, "external_id", "user-1")).containsEntry("store", "APP_STORE");
 * }
 * }</pre>
 */
public final class OneSignalSimulator extends Simulator<OneSignalSimulator> {

    private static final int MAX_TAG_UPDATES = 100;
    private static final int MAX_EVENTS_BODY = 1_000_000;
    private static final int MAX_ALIASES = 20;
    private static final int MAX_SUBSCRIPTIONS = 20;

    private static final String NO_AUTHORIZATION =
            "{\"errors\":[{\"code\":\"auth-1\",\"title\":\"This operation requires 'Authorization' in the HTTP header\"}]}";
    /** Two blanks after the first sentence, as the real edge sends it. */
    private static final String ACCESS_DENIED = "{\"errors\":[\"Access denied.  Please include an 'Authorization: ...' "
            + "header with a valid API key (https://documentation.onesignal.com/docs/en/keys-and-ids#api-keys).\"]}";
    private static final String TAG_LIMIT = "{\"errors\":[{\"code\":\"entitlements-tag-limit\",\"title\":\"The tags for "
            + "this user exceed the limit for this organization's plan.\"}]}";
    private static final String RATE_STRUCTURED =
            "{\"errors\":[{\"code\":\"Rate Limit Exceeded\",\"title\":\"API rate limit exceeded\"}]}";
    private static final String RATE_BASIC = "{\"errors\":[\"API rate limit exceeded\"],\"limit\":\"App ID\"}";

    /** What becomes of tag values that are not text. */
    public enum TypePolicy {
        /**
         * Arrays and objects are refused; numbers, booleans and null are stored or delete, and are noted. The
         * default.
         */
        STRICT,
        /** Arrays and objects are dropped and noted; numbers, booleans and null pass unnoted. */
        LENIENT
    }

    /** The body of a 429. */
    public enum RateLimitBody {
        /** Errors with code and title, as in the present API description. The default. */
        STRUCTURED,
        /** Errors as plain texts, as in the older one. */
        BASIC
    }

    /** What was accepted although the documents say not to do it. */
    public enum ViolationRule {
        /** Tag values are to be text. */
        NON_STRING_TAG,
        /** A tag is deleted with an empty text; null is documented for the legacy endpoints only. */
        NULL_TAG,
        /** Names such as {@code user} or {@code journey} clash in message templates. */
        RESERVED_TAG,
        /** An array or object as tag value, ignored under {@link TypePolicy#LENIENT}. */
        NESTED_TAG_DROPPED,
        /** A field that the endpoint does not have, so that it has no effect. */
        UNKNOWN_FIELD,
        /** A property outside its documented form or range. */
        VALUE_OUT_OF_RANGE,
        /** An update that changes nothing. */
        EMPTY_UPDATE,
        /** A body without {@code Content-Type: application/json}. */
        NO_JSON_CONTENT_TYPE,
        /** A new user without a subscription, which nothing can reach. */
        USER_WITHOUT_SUBSCRIPTION
    }

    /**
     * A write of one user, whatever came of it. Tags are as sent, turned into text, with null as an empty text; status 0
     * means that the connection was closed without an answer; {@code applied} says whether anything was stored.
     */
    public record Update(String app, Instant receivedAt, long receivedNanos, String method, String label, String id,
                         Map<String, String> tags, JsonNode body, int status, boolean applied) {
    }

    /** A custom event that was stored. */
    public record StoredEvent(String app, Instant receivedAt, String label, String id, String name,
                              String idempotencyKey, JsonNode json) {
    }

    /** Something accepted against the documents; {@code detail} names the tag or field. */
    public record Violation(String app, Instant at, ViolationRule rule, String detail) {
    }

    private final Map<String, OneSignalApp> apps = new ConcurrentHashMap<>();
    private final Kept<Update> updates = new Kept<>(this::keep);
    private final Kept<StoredEvent> events = new Kept<>(this::keep);
    private final Kept<Violation> violations = new Kept<>(this::keep);
    private final LongAdder violationCount = new LongAdder();
    private final LongAdder appliedCount = new LongAdder();
    private final LongAdder eventCount = new LongAdder();
    private final LongAdder viewCount = new LongAdder();
    private final AtomicLong callCount = new AtomicLong();
    private final Map<Integer, LongAdder> statusCounts = new ConcurrentHashMap<>();
    private volatile TagLimit tagLimit = new TagLimit(10, true, true);
    private volatile double perUserRps = 1;
    private volatile double appRps = 1000;
    private volatile double viewRps = 1;
    private volatile Duration rateTolerance = Duration.ofMillis(50);
    private volatile boolean enforceRates = true;
    private volatile int retryAfterSeconds = 1;
    private volatile RateLimitBody rateLimitBody = RateLimitBody.STRUCTURED;
    private volatile Duration createLag = Duration.ofSeconds(5);
    private volatile Duration applyLag = Duration.ZERO;
    private volatile TypePolicy typePolicy = TypePolicy.STRICT;
    private volatile boolean lenientAuth;
    private volatile boolean autoCreateUsers;
    private volatile int unknownPlayerStatus = 400;
    private volatile Consumer<Update> updateListener = update -> { };

    /** On any free port. */
    public OneSignalSimulator() {
        this(0);
    }

    /** On this port of the loopback address; 0 for any. */
    public OneSignalSimulator(int port) {
        super(port);
    }

    // Settings

    /** Lets this app be called with this key. Said again, it changes the key. */
    public OneSignalSimulator app(String id, String key) {
        if (!OneSignalBodies.isUuid(id)) {
            throw new IllegalArgumentException("\"" + id + "\" is no OneSignal app id: give a UUID");
        }
        apps.computeIfAbsent(canonical(id), unused -> new OneSignalApp(canonical(id), this)).key = Secret.of(key);
        return this;
    }

    /**
     * OneSignal add-tags guide: how many tags a user may have depends on the plan; 10 by default. May be lowered while
     * users have more, like a plan downgrade: their tags stay and keep counting.
     */
    public OneSignalSimulator tagLimit(int tags) {
        tagLimit = new TagLimit(tags, tagLimit.updateWhenFull(), tagLimit.deleteWhenOver());
        return this;
    }

    /**
     * Whether existing tags of a user that is exactly at the limit may be changed: the guide says both; yes by
     * default.
     */
    public OneSignalSimulator allowUpdateAtLimit(boolean allow) {
        tagLimit = new TagLimit(tagLimit.limit(), allow, tagLimit.deleteWhenOver());
        return this;
    }

    /** Whether a user above the limit may have tags deleted: yes by default; users of the legacy API report no. */
    public OneSignalSimulator allowDeleteOverLimit(boolean allow) {
        tagLimit = new TagLimit(tagLimit.limit(), tagLimit.updateWhenFull(), allow);
        return this;
    }

    /** OneSignal rate limits: one write per user and second. 0 for no limit. */
    public OneSignalSimulator perUserRps(double callsPerSecond) {
        this.perUserRps = callsPerSecond;
        return this;
    }

    /**
     * OneSignal rate limits: 1000 calls a second per app and endpoint, a second's worth of them at once. 0 for no
     * limit.
     */
    public OneSignalSimulator appRps(double callsPerSecond) {
        this.appRps = callsPerSecond;
        return this;
    }

    /** OneSignal rate limits: one view of a user a second per app. 0 for no limit. */
    public OneSignalSimulator viewRps(double callsPerSecond) {
        this.viewRps = callsPerSecond;
        return this;
    }

    /** No rate limits at all, for benchmarks; spacing is still measured. */
    public OneSignalSimulator unlimitedRates() {
        return perUserRps(0).appRps(0).viewRps(0);
    }

    /**
     * How much too early a call may come without being a violation, since correctly spaced calls do not arrive evenly.
     * The next call has to make up for it. 50 ms by default; {@link #minimumSpacing()} shows the true distances.
     */
    public OneSignalSimulator rateTolerance(Duration early) {
        this.rateTolerance = early;
        return this;
    }

    /** Whether a call over a limit gets 429 (the default) or is only counted as a violation. */
    public OneSignalSimulator enforceRates(boolean enforce) {
        this.enforceRates = enforce;
        return this;
    }

    /** OneSignal rate limits: each 429 carries {@code Retry-After}; these seconds, 1 by default. */
    public OneSignalSimulator retryAfterSeconds(int seconds) {
        this.retryAfterSeconds = seconds;
        return this;
    }

    /** The body of a 429. */
    public OneSignalSimulator rateLimitBody(RateLimitBody body) {
        this.rateLimitBody = Objects.requireNonNull(body);
        return this;
    }

    /**
     * How long a user created over HTTP cannot be found yet: OneSignal's own SDKs wait 5 s (the default) before they
     * update a user they created.
     */
    public OneSignalSimulator createLag(Duration lag) {
        this.createLag = lag;
        return this;
    }

    /**
     * How long after the answer a change shows when the user is viewed; at once by default, over a minute in the real
     * service.
     */
    public OneSignalSimulator applyLag(Duration lag) {
        this.applyLag = lag;
        return this;
    }

    /** What becomes of tag values that are not text. */
    public OneSignalSimulator typePolicy(TypePolicy policy) {
        this.typePolicy = Objects.requireNonNull(policy);
        return this;
    }

    /**
     * Accepts {@code Authorization: Basic} everywhere, as many servers still send it; legacy endpoints only by
     * default.
     */
    public OneSignalSimulator lenientAuth(boolean lenient) {
        this.lenientAuth = lenient;
        return this;
    }

    /** Every user that is addressed exists, for benchmarks and the demo; off by default. */
    public OneSignalSimulator autoCreateUsers(boolean on) {
        this.autoCreateUsers = on;
        return this;
    }

    /**
     * What the legacy player endpoint answers for an unknown player: 400 as reported from live calls (the default),
     * or 404.
     */
    public OneSignalSimulator unknownPlayerStatus(int status) {
        this.unknownPlayerStatus = status;
        return this;
    }

    /** Is told of each write of a user, whatever came of it, on the thread that serves the call. */
    public OneSignalSimulator onUpdate(Consumer<Update> listener) {
        this.updateListener = Objects.requireNonNull(listener);
        return this;
    }

    // Users

    /**
     * A user that has existed for long, found by this label and id and by more such pairs. The label
     * {@code subscription_id} makes it reachable through the legacy player endpoint. Returns the OneSignal ID.
     */
    public String createUser(String app, String label, String id, String... moreLabelsAndIds) {
        return createUser(app, Duration.ZERO, label, id, moreLabelsAndIds);
    }

    /** A user that can only be found after this time, like one that an app has just created. */
    public String createUser(String app, Duration foundAfter, String label, String id, String... moreLabelsAndIds) {
        if (moreLabelsAndIds.length % 2 != 0) {
            throw new IllegalArgumentException("Give labels and ids in pairs; the last label has no id");
        }
        Map<String, String> aliases = new LinkedHashMap<>();
        List<String> subscriptions = new ArrayList<>();
        addTo(aliases, subscriptions, label, id);
        for (int i = 0; i < moreLabelsAndIds.length; i += 2) {
            addTo(aliases, subscriptions, moreLabelsAndIds[i], moreLabelsAndIds[i + 1]);
        }
        OneSignalApp known = known(app);
        aliases.forEach((alias, value) -> requireNew(known, alias, value));
        subscriptions.forEach(value -> requireNew(known, OneSignalRoute.SUBSCRIPTION_ID, value));
        return known.create(aliases, subscriptions, System.nanoTime() + foundAfter.toNanos()).onesignalId;
    }

    private static void addTo(Map<String, String> aliases, List<String> subscriptions, String label, String id) {
        if (label.equals(OneSignalRoute.SUBSCRIPTION_ID)) {
            subscriptions.add(id);
        } else {
            aliases.put(label, id);
        }
    }

    private static void requireNew(OneSignalApp app, String label, String id) {
        if (app.find(label, id) != null) {
            throw new IllegalArgumentException("App " + app.id + " has a user with " + label + " " + id + " already");
        }
    }

    /** Removes a user, as an app's owner can on the dashboard; does nothing if there is none. */
    public void deleteUser(String app, String label, String id) {
        OneSignalUser user = known(app).find(label, id);
        if (user != null) {
            known(app).remove(user);
        }
    }

    /** The tags that were accepted for a user, without waiting for {@link #applyLag}; none for an unknown user. */
    public Map<String, String> tags(String app, String label, String id) {
        OneSignalUser user = known(app).find(label, id);
        return user == null ? Map.of() : user.tags();
    }

    /** All purchases that were reported for a user; nothing recognises a repeated one. */
    public List<JsonNode> purchases(String app, String label, String id) {
        OneSignalUser user = known(app).find(label, id);
        return user == null ? List.of() : user.purchases();
    }

    /** How many users an app has. */
    public int userCount(String app) {
        return known(app).userCount();
    }

    // What was received

    /** All writes of users in the order in which they were answered. */
    public List<Update> updates() {
        return updates.list();
    }

    /** The writes of one user under this label and id. */
    public List<Update> updatesOf(String label, String id) {
        return updates.list().stream().filter(u -> id.equals(u.id()) && label.equals(u.label())).toList();
    }

    /** The custom events that were stored, once per idempotency key. */
    public List<StoredEvent> customEvents() {
        return events.list();
    }

    /** What was accepted although the documents say not to do it. */
    public List<Violation> violations() {
        return violations.list();
    }

    /** How many violations there were, also when they are not kept. */
    public long violationCount() {
        return violationCount.sum();
    }

    /** How many calls came over a rate limit, in all apps, whether they were refused or only counted. */
    public long rateViolations() {
        return apps.values().stream().mapToLong(app -> app.rateViolations.sum()).sum();
    }

    /** How many calls of this app came over a rate limit. */
    public long rateViolations(String app) {
        return known(app).rateViolations.sum();
    }

    /** The shortest time between the arrival of two writes of the same user, over all users and apps. */
    public Optional<Duration> minimumSpacing() {
        return apps.values().stream().flatMap(app -> app.minimumSpacing().stream()).min(Duration::compareTo);
    }

    /** The shortest time between the arrival of two writes of this user. */
    public Optional<Duration> minimumSpacing(String app, String label, String id) {
        return known(app).minimumSpacing(label, id);
    }

    /** How many calls arrived, whatever came of them. */
    public long callCount() {
        return callCount.get();
    }

    /** How many calls were answered with this status; 0 counts those closed without an answer. */
    public long statusCount(int status) {
        LongAdder count = statusCounts.get(status);
        return count == null ? 0 : count.sum();
    }

    /** How many writes of users were applied. */
    public long appliedCount() {
        return appliedCount.sum();
    }

    /** How many custom events were stored. */
    public long customEventCount() {
        return eventCount.sum();
    }

    /** How many times a user was viewed. */
    public long viewCount() {
        return viewCount.sum();
    }

    @Override
    public String toString() {
        return "OneSignalSimulator[port=" + port() + ", apps=" + apps.keySet() + "]";
    }

    // For the package

    double perUserRps() {
        return perUserRps;
    }

    double appRps() {
        return appRps;
    }

    double viewRps() {
        return viewRps;
    }

    double earlySeconds() {
        return rateTolerance.toNanos() / 1e9;
    }

    boolean createsUsers() {
        return autoCreateUsers;
    }

    @Override
    OneSignalSimulator self() {
        return this;
    }

    @Override
    void forget() {
        updates.clear();
        events.clear();
        violations.clear();
        violationCount.reset();
        appliedCount.reset();
        eventCount.reset();
        viewCount.reset();
        callCount.set(0);
        statusCounts.clear();
        apps.values().forEach(OneSignalApp::forget);
    }

    @Override
    Visit visit(HttpExchange exchange, long startNanos) {
        return new ApiCall(exchange, startNanos);
    }

    @Override
    Reply usual(int status) {
        return switch (status) {
            case 400 -> badRequest("Bad request");
            case 401 -> Reply.json(401, NO_AUTHORIZATION);
            case 403 -> Reply.json(403, ACCESS_DENIED);
            case 404 -> userNotFound();
            case 409 -> Reply.json(409, TAG_LIMIT);
            case 429 -> rateLimited(rateLimitBody);
            case 503 -> Reply.json(503, "{\"errors\":[\"Service temporarily unavailable\"]}");
            default -> status < 300 ? Reply.json(status, "{}") : Reply.json(status, "{\"errors\":[\"Error\"]}");
        };
    }

    private static String canonical(String uuid) {
        return uuid.toLowerCase(Locale.ROOT);
    }

    private OneSignalApp known(String id) {
        OneSignalApp app = apps.get(canonical(id));
        if (app == null) {
            throw new IllegalArgumentException("No app " + id + "; there are " + apps.keySet());
        }
        return app;
    }

    private Reply rateLimited(RateLimitBody body) {
        return Reply.json(429, body == RateLimitBody.BASIC ? RATE_BASIC : RATE_STRUCTURED)
                .withRetryAfter(String.valueOf(retryAfterSeconds));
    }

    /** Code and title are ours: OneSignal documents the shape of this error only. */
    private static Reply badRequest(String title) {
        return structured(400, "bad-request", title);
    }

    /** Code and title are ours: no real 404 of these endpoints was recorded. */
    private static Reply userNotFound() {
        return structured(404, "user-404", "No user with these aliases");
    }

    private static Reply structured(int status, String code, String title) {
        ObjectNode json = Json.object();
        json.putArray("errors").addObject().put("code", code).put("title", title);
        return Reply.json(status, Json.compact(json));
    }

    private static Reply invalidUuid(String name, String value) {
        ObjectNode json = Json.object();
        json.putArray("errors").addObject().put("code", "request-1").put("title", "Invalid UUID")
                .putObject("meta").put(name, value);
        return Reply.json(400, Json.compact(json));
    }

    private static Reply legacyError(int status, String text) {
        ObjectNode json = Json.object();
        json.putArray("errors").add(text);
        return Reply.json(status, Json.compact(json.put("success", false)));
    }

    private final class ApiCall extends Visit {

        private OneSignalRoute route;
        private OneSignalApp app;
        private Reply early;
        private boolean applied;
        private final List<Violation> noted = new ArrayList<>();
        private final BiConsumer<ViolationRule, String> violation =
                (rule, detail) -> noted.add(new Violation(account(), arrivedAt, rule, detail));

        ApiCall(HttpExchange exchange, long startNanos) {
            super(exchange, startNanos);
        }

        @Override
        void arrived() {
            callCount.incrementAndGet();
        }

        /** Key, app id and rate: what OneSignal decides on receipt, before it looks at the body. */
        @Override
        void received() {
            route = completed(OneSignalRoute.of(method, path));
            early = route.endpoint() == Endpoint.UNKNOWN ? Reply.json(404, "{\"errors\":[\"Not Found\"]}") : refusal();
        }

        /** The player endpoint names the app in the body, and the create endpoint the user. */
        private OneSignalRoute completed(OneSignalRoute raw) {
            if (raw.endpoint() == Endpoint.LEGACY_PLAYER && json() != null) {
                return new OneSignalRoute(raw.endpoint(), json().path("app_id").asText(""), raw.label(), raw.id());
            }
            if (raw.endpoint() == Endpoint.CREATE_USER && json() != null) {
                for (Map.Entry<String, JsonNode> alias : json().path("identity").properties()) {
                    return new OneSignalRoute(raw.endpoint(), raw.app(), alias.getKey(), alias.getValue().asText());
                }
            }
            return raw;
        }

        private Reply refusal() {
            String appId = route.app() == null ? "" : route.app();
            app = apps.get(canonical(appId));
            String authorization = headers.getFirst("Authorization");
            boolean customEvents = route.endpoint() == Endpoint.CUSTOM_EVENTS;
            Secret key = key(authorization);
            if (key == null || apps.values().stream().noneMatch(any -> any.key.equals(key))) {
                return customEvents ? Reply.of(401, "text/plain", "")
                        : Reply.json(authorization == null ? 401 : 403,
                                authorization == null ? NO_AUTHORIZATION : ACCESS_DENIED);
            }
            if (!OneSignalBodies.isUuid(appId)) {
                return route.endpoint() == Endpoint.LEGACY_PLAYER
                        ? legacyError(400, "app_id must be a valid UUID") : invalidUuid("app_id", appId);
            }
            if (app == null || !app.key.equals(key)) {
                return customEvents ? Reply.of(401, "text/plain", "") : Reply.json(403, ACCESS_DENIED);
            }
            if (!app.allows(route, startNanos) && enforceRates) {
                return rateLimited(customEvents || route.endpoint().legacy() ? RateLimitBody.BASIC : rateLimitBody);
            }
            return null;
        }

        /** The key if its scheme is one that the endpoint accepts, otherwise null. */
        private Secret key(String authorization) {
            String[] words = authorization == null ? new String[0] : authorization.trim().split(" +", 2);
            if (words.length < 2) {
                return null;
            }
            boolean accepted = words[0].equalsIgnoreCase("Key")
                    || words[0].equalsIgnoreCase("Basic") && (lenientAuth || route.endpoint().legacy());
            return accepted ? Secret.of(words[1].trim()) : null;
        }

        @Override
        String account() {
            return app != null ? app.id : route == null || route.app() == null ? null : canonical(route.app());
        }

        @Override
        Reply process(boolean store) {
            if (early != null) {
                return early;
            }
            try {
                Reply reply = switch (route.endpoint()) {
                    case UPDATE_USER -> update(store);
                    case VIEW_USER -> view();
                    case DELETE_USER -> delete(store);
                    case CREATE_USER -> createAlone(store);
                    case CUSTOM_EVENTS -> customEvents(store);
                    case LEGACY_USER, LEGACY_PLAYER -> legacyTags(store);
                    case UNKNOWN -> throw new IllegalStateException("answered on receipt");
                };
                if (reply.status() < 300) {
                    note();
                }
                return reply;
            } catch (Refused refused) {
                return route.endpoint() == Endpoint.CUSTOM_EVENTS ? Reply.json(400, "{}")
                        : route.endpoint().legacy() ? legacyError(400, refused.getMessage())
                        : badRequest(refused.getMessage());
            }
        }

        private void note() {
            if (size() > 0 && !declaresJson()) {
                violation.accept(ViolationRule.NO_JSON_CONTENT_TYPE, "");
            }
            violations.addAll(noted);
            violationCount.add(noted.size());
        }

        private JsonNode bodyObject() throws Refused {
            JsonNode body = json();
            if (body == null || !body.isObject()) {
                throw new Refused("The body must be a JSON object");
            }
            return body;
        }

        private boolean invalidOnesignalId() {
            return OneSignalRoute.ONESIGNAL_ID.equals(route.label()) && !OneSignalBodies.isUuid(route.id());
        }

        /** Subscriptions are no aliases: only the player endpoint finds a user by one. */
        private OneSignalUser user() {
            boolean bySubscription = OneSignalRoute.SUBSCRIPTION_ID.equals(route.label());
            return bySubscription && route.endpoint() != Endpoint.LEGACY_PLAYER
                    ? null : app.visible(route.label(), route.id(), startNanos);
        }

        private Reply update(boolean store) throws Refused {
            if (invalidOnesignalId()) {
                return invalidUuid(OneSignalRoute.ONESIGNAL_ID, route.id());
            }
            JsonNode body = bodyObject();
            OneSignalBodies.updateFields(body, violation);
            JsonNode properties = OneSignalBodies.properties(body, violation);
            JsonNode deltas = OneSignalBodies.deltas(body);
            Map<String, String> tags = tags(properties);
            OneSignalUser user = user();
            if (user == null) {
                return userNotFound();
            }
            if (!apply(user, tags, properties, deltas, store)) {
                return Reply.json(409, TAG_LIMIT);
            }
            ObjectNode echo = Json.object();
            echo.set("properties", properties.isObject() ? properties : Json.object());
            return Reply.json(202, Json.compact(echo));
        }

        private Map<String, String> tags(JsonNode properties) throws Refused {
            JsonNode tags = OneSignalBodies.objectOrAbsent(properties, "tags");
            if (tags.size() > MAX_TAG_UPDATES) {
                throw new Refused("Please limit your tag updates to 100 per request");
            }
            return OneSignalBodies.tags(tags, route.endpoint().legacy(), typePolicy, violation);
        }

        private boolean apply(OneSignalUser user, Map<String, String> tags, JsonNode properties, JsonNode deltas,
                              boolean store) {
            boolean fits = user.applyIfFits(tags, tagLimit, System.nanoTime() + applyLag.toNanos(), store);
            if (fits && store) {
                user.set(properties, deltas);
                applied = true;
                appliedCount.increment();
            }
            return fits;
        }

        private Reply view() {
            if (invalidOnesignalId()) {
                return invalidUuid(OneSignalRoute.ONESIGNAL_ID, route.id());
            }
            viewCount.increment();
            OneSignalUser user = user();
            return user == null ? userNotFound() : Reply.json(200, Json.compact(user.view(System.nanoTime())));
        }

        private Reply delete(boolean store) {
            if (invalidOnesignalId()) {
                return invalidUuid(OneSignalRoute.ONESIGNAL_ID, route.id());
            }
            OneSignalUser user = user();
            if (user == null) {
                return userNotFound();
            }
            if (store) {
                app.remove(user);
                applied = true;
                appliedCount.increment();
            }
            ObjectNode json = Json.object();
            json.putObject("identity").put(OneSignalRoute.ONESIGNAL_ID, user.onesignalId);
            return Reply.json(202, Json.compact(json));
        }

        /** Two calls at the same time must not both create the user. */
        private Reply createAlone(boolean store) throws Refused {
            synchronized (app) {
                return create(store);
            }
        }

        /** Creates a user, or changes the one that has one of the aliases. */
        private Reply create(boolean store) throws Refused {
            JsonNode body = bodyObject();
            JsonNode identity = OneSignalBodies.objectOrAbsent(body, "identity");
            JsonNode properties = OneSignalBodies.properties(body, violation);
            Map<String, String> tags = tags(properties);
            JsonNode subscriptions = body.path("subscriptions");
            if (!subscriptions.isMissingNode() && !subscriptions.isArray()
                    || subscriptions.size() > MAX_SUBSCRIPTIONS || identity.size() > MAX_ALIASES
                    || subscriptions.isEmpty() && identity.isEmpty()) {
                throw new Refused("A user needs at least one alias or subscription, and at most 20 of each");
            }
            Map<String, String> aliases = new LinkedHashMap<>();
            for (Map.Entry<String, JsonNode> alias : identity.properties()) {
                if (!alias.getValue().isTextual() || alias.getValue().asText().isEmpty()) {
                    throw new Refused("identity." + alias.getKey() + " must be a string");
                }
                aliases.put(alias.getKey(), alias.getValue().asText());
            }
            String given = aliases.get(OneSignalRoute.ONESIGNAL_ID);
            if (given != null && !OneSignalBodies.isUuid(given)) {
                return invalidUuid(OneSignalRoute.ONESIGNAL_ID, given);
            }
            Set<OneSignalUser> claiming = new LinkedHashSet<>();
            aliases.forEach((label, id) -> Optional.ofNullable(app.find(label, id)).ifPresent(claiming::add));
            if (claiming.size() > 1) {
                return conflict(identity);
            }
            if (claiming.isEmpty() && given != null) {
                return userNotFound();
            }
            return claiming.isEmpty() ? created(aliases, subscriptions, tags, properties, store)
                    : upserted(claiming.iterator().next(), aliases, tags, properties, store);
        }

        private Reply conflict(JsonNode identity) {
            ObjectNode json = Json.object();
            json.putArray("errors").addObject().put("code", "user-1")
                    .put("title", "Multiple existing Users found with provided set of Aliases")
                    .putObject("meta").set("conflicting_aliases", identity);
            return Reply.json(409, Json.compact(json));
        }

        private Reply created(Map<String, String> aliases, JsonNode subscriptions, Map<String, String> tags,
                              JsonNode properties, boolean store) {
            if (subscriptions.isEmpty()) {
                violation.accept(ViolationRule.USER_WITHOUT_SUBSCRIPTION, "");
            }
            OneSignalUser draft = new OneSignalUser(UUID.randomUUID().toString(), startNanos);
            if (!draft.fits(tags, tagLimit)) {
                return Reply.json(409, TAG_LIMIT);
            }
            OneSignalUser user = draft;
            if (store) {
                List<String> ids = new ArrayList<>();
                subscriptions.forEach(unused -> ids.add(UUID.randomUUID().toString()));
                user = app.create(aliases, ids, startNanos + createLag.toNanos());
                apply(user, tags, properties, Json.object(), true);
            }
            return answered(201, user, properties);
        }

        private Reply upserted(OneSignalUser user, Map<String, String> aliases, Map<String, String> tags,
                               JsonNode properties, boolean store) {
            if (!apply(user, tags, properties, Json.object(), store)) {
                return Reply.json(409, TAG_LIMIT);
            }
            if (store) {
                app.addAliases(user, aliases);
            }
            return answered(202, user, properties);
        }

        private Reply answered(int status, OneSignalUser user, JsonNode properties) {
            ObjectNode json = Json.object();
            json.set("identity", user.identity());
            json.set("properties", properties.isObject() ? properties : Json.object());
            return Reply.json(status, Json.compact(json));
        }

        private Reply legacyTags(boolean store) throws Refused {
            Map<String, String> tags = tags(bodyObject());
            OneSignalUser user = user();
            if (user == null) {
                int status = route.endpoint() == Endpoint.LEGACY_PLAYER ? unknownPlayerStatus : 404;
                return legacyError(status, "No user with this id found");
            }
            if (!apply(user, tags, Json.object(), Json.object(), store)) {
                return legacyError(400, "App is limited to a maximum of " + tagLimit.limit() + " tags on a given player");
            }
            return Reply.json(200, "{\"success\":true}");
        }

        private Reply customEvents(boolean store) throws Refused {
            JsonNode list = bodyObject().path("events");
            if (size() > MAX_EVENTS_BODY || !list.isArray() || list.isEmpty()) {
                throw new Refused("events must be a list of at most 1 MB");
            }
            for (JsonNode event : list) {
                OneSignalBodies.customEvent(event, violation);
            }
            ArrayNode errors = Json.MAPPER.createArrayNode();
            for (JsonNode event : list) {
                String label = event.path("external_id").asText("").isEmpty()
                        ? OneSignalRoute.ONESIGNAL_ID : OneSignalRoute.EXTERNAL_ID;
                String id = event.get(label).asText();
                if (faults().failsRecord(app.id, event)) {
                    failed(errors, event, id, "internal", "failed to process the event");
                } else if (app.visible(label, id, startNanos) == null) {
                    failed(errors, event, id, "not found", "failed to find a onesignal_id for user_id " + id);
                } else if (store) {
                    store(event, label, id);
                }
            }
            ObjectNode json = Json.object();
            if (!errors.isEmpty()) {
                json.set("errors", errors);
            }
            return Reply.json(202, Json.compact(json));
        }

        private void failed(ArrayNode errors, JsonNode event, String id, String code, String title) {
            String eventId = event.path("idempotency_key").asText(UUID.randomUUID().toString());
            errors.addObject().put("event_user_id", id).put("event_id", eventId)
                    .putObject("error").put("code", code).put("title", title);
        }

        private void store(JsonNode event, String label, String id) {
            String key = event.path("idempotency_key").asText("");
            if (app.firstTime(key)) {
                events.add(new StoredEvent(app.id, arrivedAt, label, id, event.get("name").asText(), key, event));
                eventCount.increment();
            }
        }

        @Override
        void leaving(int status) {
            statusCounts.computeIfAbsent(status, unused -> new LongAdder()).increment();
            if (keep() > 0 && route != null && route.endpoint().writesUser()) {
                JsonNode body = json() == null ? Json.object() : json();
                Map<String, String> tags = new LinkedHashMap<>();
                (route.endpoint().legacy() ? body : body.path("properties")).path("tags").properties()
                        .forEach(tag -> tags.put(tag.getKey(), OneSignalBodies.text(tag.getValue())));
                Update update = new Update(account(), arrivedAt, startNanos, method, route.label(), route.id(), tags, body,
                        status, applied);
                updates.add(update);
                updateListener.accept(update);
            }
        }
    }
}
