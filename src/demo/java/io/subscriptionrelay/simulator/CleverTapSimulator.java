package io.subscriptionrelay.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * A strict stand-in for the CleverTap upload API ({@code POST /1/upload}) of one region. It checks accounts, passcodes,
 * concurrency and each record, answers as the real service was recorded to answer, and keeps what was stored for
 * assertions. Like the real service it never recognises an event sent twice: both are stored.
 *
 * <pre>{@code
 * try (CleverTapSimulator cleverTap = new CleverTapSimulator().account("AAA-BBB-CCCC", "passcode").start()) {
 *     cleverTap.faults().next(3, Fault.status(503).html("<h1>Service Unavailable</h1>"));
 *     ...
 *     assertThat(cleverTap.eventsOf("user-1")).hasSize(1);
 * }
 * }</pre>
 */
public final class CleverTapSimulator extends Simulator<CleverTapSimulator> {

    private static final Pattern ACCOUNT_ID = Pattern.compile("(TEST-)?[A-Z0-9]{3}-[A-Z0-9]{3}-[A-Z0-9]{4}");

    /**
     * The shapes in which CleverTap's answers were recorded over the years. A client that reads all of them decides on
     * {@code unprocessed} and on the record number in the error text, never on {@code status} or on the echo.
     */
    public enum AnswerStyle {
        /** March 2018: status success, partial or fail; code, error and the record as an object. The default. */
        RECORDED_2018,
        /** As in 2018, without blanks. */
        COMPACT,
        /** March 2017: status is always success, and the refused record comes back as JSON text inside a string. */
        RECORDED_EARLY_2017,
        /**
         * October 2017: status is always success, and an entry is only {@code {"<record>": "<error>"}}, without a
         * code.
         */
        RECORDED_LATE_2017
    }

    /** What CleverTap notices only after it has answered, and shows on its Error Stream page. */
    public enum Flaw {
        /**
         * One of {@code % > < ! | & . : ; $ ' " \} in the name of an event or property; {@code #} too in a profile
         * key.
         */
        PROHIBITED_CHARACTERS,
        /** A key of more than 120 characters (events) or bytes (profiles). */
        KEY_TOO_LONG,
        /** A text of more than 512 bytes in UTF-8. */
        VALUE_TOO_LONG,
        /** JSON null, whose meaning CleverTap documents nowhere for flat values. */
        NULL_VALUE,
        /** Another type than the property had when it was first seen. */
        TYPE_DRIFT,
        /** Starts like a CleverTap date, but is not {@code $D_} and epoch seconds. */
        MALFORMED_DATE,
        /** More than 256 items in a {@code Charged} event. */
        TOO_MANY_ITEMS,
        /** More than 512 different events in the account. */
        TOO_MANY_EVENT_TYPES,
        /** Not named by {@link CleverTapSimulator#knownSchema}, once that has been used. */
        UNKNOWN_SCHEMA
    }

    /** A record that was stored, as it was sent; {@code call} and {@code position} count from 1. */
    public record StoredRecord(String account, Instant receivedAt, long call, int position, JsonNode json) {

        /** event, profile or token. */
        public String type() {
            return json.path("type").asText();
        }

        /** The event's name; empty for a profile. */
        public String name() {
            return json.path("evtName").asText();
        }

        /** The first id that the record carries, in the order identity, FBID, GPID, objectId. */
        public String id() {
            return CleverTapRules.ID_FIELDS.stream().map(field -> CleverTapRules.id(json, field))
                    .filter(Objects::nonNull).findFirst().orElse("");
        }

        /** {@code evtData}, {@code profileData} or {@code tokenData}. */
        public JsonNode data() {
            return json.path(type().equals("event") ? "evtData" : type().equals("profile") ? "profileData" : "tokenData");
        }

        boolean belongsTo(String id) {
            return CleverTapRules.ID_FIELDS.stream().anyMatch(field -> id.equals(CleverTapRules.id(json, field)));
        }
    }

    /**
     * One call, whatever came of it: how many records it carried and how many of them were stored, the HTTP status (0
     * when the connection was closed without an answer), its start and end on the clock of {@link System#nanoTime()},
     * and how many calls of the account were in flight when it arrived, itself included.
     */
    public record Call(long number, String account, int records, int stored, int status, long startNanos, long endNanos,
                       int inFlight) {
    }

    /** A flaw of a stored record; {@code key} is empty when the flaw is in the event's name. */
    public record ErrorStreamEntry(String account, long call, int position, Flaw flaw, String event, String key) {
    }

    private final class Account {

        volatile String region;
        volatile Secret passcode;
        final AtomicInteger inFlight = new AtomicInteger();
        final AtomicInteger maxInFlight = new AtomicInteger();
        final LongAdder tooMany = new LongAdder();
        final LongAdder storedRecords = new LongAdder();
        final CleverTapProfiles profiles = new CleverTapProfiles(CleverTapSimulator.this::keep);
        final CleverTapErrorStream errors = new CleverTapErrorStream(knownSchema);

        void forget() {
            maxInFlight.set(inFlight.get());
            tooMany.reset();
            storedRecords.reset();
            profiles.clear();
            errors.clear();
        }
    }

    private final Map<String, Account> accounts = new ConcurrentHashMap<>();
    private final Map<String, Set<String>> knownSchema = new ConcurrentHashMap<>();
    private final CleverTapRules rules = new CleverTapRules();
    private final Kept<StoredRecord> stored = new Kept<>(this::keep);
    private final Kept<Call> calls = new Kept<>(this::keep);
    private final Kept<ErrorStreamEntry> errorStream = new Kept<>(this::keep);
    private final AtomicLong callNumber = new AtomicLong();
    private final LongAdder refused = new LongAdder();
    private final LongAdder checkedCalls = new LongAdder();
    private final LongAdder checkedRecords = new LongAdder();
    private final LongAdder flaws = new LongAdder();
    private volatile String region = "eu1";
    private volatile int maxConcurrent = 15;
    private volatile int maxRecords = 1000;
    private volatile boolean alwaysDryRun;
    private volatile AnswerStyle answerStyle = AnswerStyle.RECORDED_2018;
    private volatile Consumer<StoredRecord> storedListener = record -> { };

    /** On any free port. */
    public CleverTapSimulator() {
        this(0);
    }

    /** On this port of the loopback address; 0 for any. */
    public CleverTapSimulator(int port) {
        super(port);
    }

    // Settings

    /** Lets this account upload with this passcode to the simulator's region. Said again, it changes the passcode. */
    public CleverTapSimulator account(String id, String passcode) {
        return account(id, passcode, null);
    }

    /**
     * Lets this account upload if it belongs to this region; null for whichever the simulator plays. An account of
     * another region is refused as unknown: CleverTap does not redirect.
     */
    public CleverTapSimulator account(String id, String passcode, String region) {
        if (!ACCOUNT_ID.matcher(id).matches()) {
            throw new IllegalArgumentException("\"" + id + "\" is no CleverTap account id: write it like AAA-BBB-CCCC or "
                    + "TEST-AAA-BBB-CCCC, in capitals and digits");
        }
        Secret secret = Secret.of(passcode);
        accounts.compute(id, (unused, existing) -> {
            Account account = existing == null ? new Account() : existing;
            account.region = region == null ? null : region.toLowerCase(Locale.ROOT);
            account.passcode = secret;
            return account;
        });
        return this;
    }

    /** The region whose host is played, {@code eu1} by default. */
    public CleverTapSimulator region(String region) {
        this.region = region.toLowerCase(Locale.ROOT);
        return this;
    }

    /** CleverTap API limits: 15 uploads in flight per account. */
    public CleverTapSimulator maxConcurrent(int calls) {
        this.maxConcurrent = calls;
        return this;
    }

    /** CleverTap upload API: at most 1000 records a call. More are refused as a malformed request (our guess). */
    public CleverTapSimulator maxRecords(int records) {
        this.maxRecords = records;
        return this;
    }

    /** CleverTap upload API: 100 properties per event in today's documents (the default), 256 in the older ones. */
    public CleverTapSimulator maxProperties(int properties) {
        rules.maxProperties = properties;
        return this;
    }

    /** Switches CleverTap's beta for nested properties on: 3 levels, 5 nested properties, 128 KB. Off by default. */
    public CleverTapSimulator nested(boolean on) {
        rules.nested = on;
        return this;
    }

    /** Names that were discarded on the dashboard: such an event is refused with 528. */
    public CleverTapSimulator discarded(String... eventNames) {
        rules.discard(List.of(eventNames));
        return this;
    }

    /** More names that are refused with 513, besides CleverTap's restricted and system events. */
    public CleverTapSimulator restricted(String... eventNames) {
        rules.restrict(List.of(eventNames));
        return this;
    }

    /**
     * Refuses a {@code ts} outside this window with 527, a code known only from another integrator. Off by default;
     * null leaves that side open.
     */
    public CleverTapSimulator ingestionWindow(Duration past, Duration future) {
        rules.pastWindow = past;
        rules.futureWindow = future;
        return this;
    }

    /** From now on only these events and properties are known to the account's schema; others are flagged. */
    public CleverTapSimulator knownSchema(String event, String... properties) {
        knownSchema.put(CleverTapRules.normalised(event), Set.of(properties));
        return this;
    }

    /** Treats every call as if it had {@code ?dryRun=1}: it is checked and answered as usual, and nothing is stored. */
    public CleverTapSimulator dryRun(boolean on) {
        this.alwaysDryRun = on;
        return this;
    }

    /** The shape of answers. */
    public CleverTapSimulator answerStyle(AnswerStyle style) {
        this.answerStyle = Objects.requireNonNull(style);
        return this;
    }

    /**
     * Is told of each stored record, on the thread that serves the call: what a benchmark counts without keeping it.
     */
    public CleverTapSimulator onStored(Consumer<StoredRecord> listener) {
        this.storedListener = Objects.requireNonNull(listener);
        return this;
    }

    // What was received

    /** The stored records in the order in which they were stored. */
    public List<StoredRecord> stored() {
        return stored.list();
    }

    /** The stored events that carry this identity or object id. */
    public List<StoredRecord> eventsOf(String id) {
        return stored.list().stream().filter(r -> r.type().equals("event") && r.belongsTo(id)).toList();
    }

    /** The profile of this identity or object id, merged over all its uploads; of whichever account knows it. */
    public Optional<ObjectNode> profile(String id) {
        return accounts.values().stream().flatMap(account -> account.profiles.find(id).stream()).findFirst();
    }

    /** The profile of this identity or object id in one account; an empty one if only events came for it. */
    public Optional<ObjectNode> profile(String account, String id) {
        return known(account).profiles.find(id);
    }

    /** All calls in the order in which they ended. */
    public List<Call> calls() {
        return calls.list();
    }

    /** What the dashboard's Error Stream would show. */
    public List<ErrorStreamEntry> errorStream() {
        return errorStream.list();
    }

    /** The largest number of this account's calls in flight at the same time, refused ones included. */
    public int maxInFlight(String account) {
        return known(account).maxInFlight.get();
    }

    /** How many calls of this account came while the most allowed were in flight already. */
    public long concurrencyViolations(String account) {
        return known(account).tooMany.sum();
    }

    /**
     * The mean number of records of the calls whose records were checked, that is, answered with 200; 0 before the
     * first.
     */
    public double averageRecordsPerCall() {
        long of = checkedCalls.sum();
        return of == 0 ? 0 : (double) checkedRecords.sum() / of;
    }

    /** How many records were stored, in all accounts. */
    public long storedCount() {
        return accounts.values().stream().mapToLong(account -> account.storedRecords.sum()).sum();
    }

    /** How many records were stored in this account. */
    public long storedCount(String account) {
        return known(account).storedRecords.sum();
    }

    /** How many single records were refused. */
    public long refusedCount() {
        return refused.sum();
    }

    /** How many calls arrived, whatever came of them. */
    public long callCount() {
        return callNumber.get();
    }

    /** How many flaws the Error Stream has shown. */
    public long flawCount() {
        return flaws.sum();
    }

    @Override
    public String toString() {
        return "CleverTapSimulator[port=" + port() + ", region=" + region + ", accounts=" + accounts.keySet() + "]";
    }

    private Account known(String id) {
        Account account = accounts.get(id);
        if (account == null) {
            throw new IllegalArgumentException("No account " + id + "; there are " + accounts.keySet());
        }
        return account;
    }

    @Override
    CleverTapSimulator self() {
        return this;
    }

    @Override
    void forget() {
        stored.clear();
        calls.clear();
        errorStream.clear();
        callNumber.set(0);
        refused.reset();
        checkedCalls.reset();
        checkedRecords.reset();
        flaws.reset();
        accounts.values().forEach(Account::forget);
    }

    @Override
    Visit visit(HttpExchange exchange, long startNanos) {
        return new Upload(exchange, startNanos);
    }

    @Override
    Reply usual(int status) {
        String error = switch (status) {
            case 400 -> "Malformed request";
            case 401 -> "Account ID is not valid";
            case 404 -> "Not found";
            case 405 -> "Method not allowed";
            // The text of a real 429 is not known beyond its being about concurrent requests.
            case 429 -> "Too many concurrent requests";
            case 503 -> "Service unavailable";
            default -> "Error";
        };
        return status < 300 ? answer(status, result(0, List.of())) : failure(status, error);
    }

    private Reply failure(int status, String error) {
        return answer(status, Json.object().put("status", "fail").put("error", error).put("code", status));
    }

    private Reply answer(int status, ObjectNode json) {
        return Reply.json(status, answerStyle == AnswerStyle.COMPACT ? Json.compact(json) : Json.spaced(json));
    }

    private record Refused(CleverTapRules.Refusal refusal, JsonNode record) {
    }

    private ObjectNode result(int processed, List<Refused> refused) {
        AnswerStyle style = answerStyle;
        boolean of2017 = style == AnswerStyle.RECORDED_EARLY_2017 || style == AnswerStyle.RECORDED_LATE_2017;
        String status = refused.isEmpty() || of2017 ? "success" : processed > 0 ? "partial" : "fail";
        ObjectNode result = Json.object().put("status", status).put("processed", processed);
        ArrayNode unprocessed = result.putArray("unprocessed");
        for (Refused entry : refused) {
            CleverTapRules.Refusal refusal = entry.refusal();
            JsonNode echo = CleverTapRules.echo(entry.record(), refusal.code());
            if (style == AnswerStyle.RECORDED_LATE_2017) {
                unprocessed.addObject().put(Json.spaced(echo), refusal.error());
                continue;
            }
            ObjectNode json = unprocessed.addObject().put("status", "fail").put("code", refusal.code())
                    .put("error", refusal.error());
            if (style == AnswerStyle.RECORDED_EARLY_2017) {
                json.put("record", Json.spaced(echo));
            } else {
                json.set("record", echo);
            }
        }
        return result;
    }

    private final class Upload extends Visit {

        private final long number = callNumber.incrementAndGet();
        private final String accountId = headers.getFirst("X-CleverTap-Account-Id");
        private final Account account = accountId == null ? null : accounts.get(accountId);
        private int inFlight;
        private int records;
        private int storedRecords;

        Upload(HttpExchange exchange, long startNanos) {
            super(exchange, startNanos);
        }

        @Override
        void arrived() {
            if (account != null) {
                inFlight = account.inFlight.incrementAndGet();
                account.maxInFlight.accumulateAndGet(inFlight, Math::max);
                if (inFlight > maxConcurrent) {
                    account.tooMany.increment();
                }
            }
        }

        @Override
        void received() {
            // Nothing is counted on receipt but the calls in flight.
        }

        @Override
        String account() {
            return accountId;
        }

        @Override
        Reply process(boolean store) {
            if (!method.equals("POST")) {
                return usual(405);
            }
            if (!path.equals("/1/upload")) {
                return usual(404);
            }
            if (inFlight > maxConcurrent) {
                return usual(429);
            }
            String unauthorised = unauthorised();
            if (unauthorised != null) {
                return failure(401, unauthorised);
            }
            JsonNode d = wellFormed();
            return d == null ? usual(400) : upload(d, store && !alwaysDryRun && !queryHas("dryRun=1"));
        }

        private String unauthorised() {
            if (accountId == null || !ACCOUNT_ID.matcher(accountId).matches()) {
                return "12 digit account ID mandatory";
            }
            if (account == null || account.region != null && !account.region.equals(region)) {
                return "Account ID is not valid";
            }
            String passcode = headers.getFirst("X-CleverTap-Passcode");
            return passcode != null && account.passcode.equals(Secret.of(passcode)) ? null : "Passcode Invalid";
        }

        /** The records, or null when the request as a whole is refused. */
        private JsonNode wellFormed() {
            JsonNode json = json();
            JsonNode d = json == null || !json.isObject() ? null : json.get("d");
            if (d == null || !d.isArray() || d.isEmpty() || d.size() > maxRecords) {
                return null;
            }
            for (JsonNode record : d) {
                if (!record.isObject()) {
                    return null;
                }
            }
            return d;
        }

        private Reply upload(JsonNode d, boolean store) {
            List<StoredRecord> good = new ArrayList<>(d.size());
            List<Refused> bad = new ArrayList<>();
            int position = 0;
            for (JsonNode record : d) {
                position++;
                CleverTapRules.Refusal refusal = rules.check(record, position);
                if (refusal == null && faults().failsRecord(accountId, record)) {
                    refusal = new CleverTapRules.Refusal(555,
                            "Miscellaneous server error. ErrorCode: 555. Skipped record number : " + position);
                }
                if (refusal == null) {
                    good.add(new StoredRecord(accountId, arrivedAt, number, position, record));
                } else {
                    bad.add(new Refused(refusal, record));
                }
            }
            checkedCalls.increment();
            checkedRecords.add(d.size());
            refused.add(bad.size());
            if (store) {
                store(good);
            }
            return answer(200, result(good.size(), bad));
        }

        private void store(List<StoredRecord> good) {
            for (StoredRecord record : good) {
                account.errors.inspect(record.json(), (flaw, key) -> {
                    flaws.increment();
                    errorStream.add(new ErrorStreamEntry(accountId, number, record.position(), flaw, record.name(), key));
                });
                if (keep() > 0 && !record.type().equals("token")) {
                    account.profiles.store(record.json());
                }
                storedListener.accept(record);
            }
            stored.addAll(good);
            account.storedRecords.add(good.size());
            storedRecords = good.size();
        }

        @Override
        void leaving(int status) {
            if (account != null) {
                account.inFlight.decrementAndGet();
            }
            JsonNode json = json();
            records = json == null ? 0 : json.path("d").size();
            calls.add(new Call(number, accountId, records, storedRecords, status, startNanos, System.nanoTime(),
                    inFlight));
        }
    }
}
