package io.subscriptionrelay.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/**
 * The script of what goes wrong in a simulator. Faults queued with {@link #next} are used up one per call, in order;
 * after them the standing fault of {@link #always} or {@link #during} holds. A script for one account or app
 * ({@link #forAccount}) comes before the script for all of them.
 */
public final class Faults {

    private final Deque<Fault> queued = new ArrayDeque<>();
    private final List<RecordFault> recordFaults = new CopyOnWriteArrayList<>();
    private final Map<String, Faults> perAccount = new ConcurrentHashMap<>();
    private Fault standing;
    private long standingUntil;
    private boolean standingEnds;

    Faults() {
    }

    private record RecordFault(Predicate<JsonNode> matcher, AtomicInteger left) {

        boolean hits(JsonNode record) {
            return left.get() > 0 && matcher.test(record) && left.getAndDecrement() > 0;
        }
    }

    /** Lets the next call go wrong in this way. */
    public Faults next(Fault fault) {
        return next(1, fault);
    }

    /** Lets this many of the next calls go wrong in this way, after those queued before. */
    public synchronized Faults next(int times, Fault fault) {
        Objects.requireNonNull(fault);
        for (int i = 0; i < times; i++) {
            queued.addLast(fault);
        }
        return this;
    }

    /** Lets every call go wrong in this way until {@link #clear()}. */
    public synchronized Faults always(Fault fault) {
        standing = Objects.requireNonNull(fault);
        standingEnds = false;
        return this;
    }

    /** Lets every call go wrong in this way for so long, counted from now. */
    public synchronized Faults during(Duration time, Fault fault) {
        standing = Objects.requireNonNull(fault);
        standingEnds = true;
        standingUntil = System.nanoTime() + time.toNanos();
        return this;
    }

    /** Lets every matching record fail until {@link #clear()}; see {@link #failRecords(int, Predicate)}. */
    public Faults failRecords(Predicate<JsonNode> matcher) {
        return failRecords(Integer.MAX_VALUE, matcher);
    }

    /**
     * Lets the next so many matching records fail while the others of their call are taken. CleverTap reports such a
     * record with code 555, its transient server error; OneSignal lists such a custom event under {@code errors} of an
     * answer 202, with a code that is our guess, and so does Braze with any object of an answer 201.
     */
    public Faults failRecords(int times, Predicate<JsonNode> matcher) {
        recordFaults.add(new RecordFault(Objects.requireNonNull(matcher), new AtomicInteger(times)));
        return this;
    }

    /** The script for calls of one CleverTap account, OneSignal app or Braze workspace, whatever the case of its id. */
    public Faults forAccount(String id) {
        return perAccount.computeIfAbsent(id.toLowerCase(Locale.ROOT), unused -> new Faults());
    }

    /** Ends this script and, on a simulator's own script, those of all its accounts. */
    public synchronized void clear() {
        queued.clear();
        recordFaults.clear();
        standing = null;
        perAccount.values().forEach(Faults::clear);
    }

    /** How many queued faults have not been used up, those of all accounts included. */
    public synchronized int pending() {
        return queued.size() + perAccount.values().stream().mapToInt(Faults::pending).sum();
    }

    /** The fault for a call of this account, which may be null when the call names none. */
    Fault take(String account) {
        Faults own = scriptOf(account);
        Fault fault = own == null ? null : own.poll();
        if (fault == null) {
            fault = poll();
        }
        return fault == null ? Fault.NONE : fault;
    }

    boolean failsRecord(String account, JsonNode record) {
        Faults own = scriptOf(account);
        return own != null && own.hits(record) || hits(record);
    }

    private Faults scriptOf(String account) {
        return account == null ? null : perAccount.get(account.toLowerCase(Locale.ROOT));
    }

    private boolean hits(JsonNode record) {
        for (RecordFault fault : recordFaults) {
            if (fault.hits(record)) {
                return true;
            }
        }
        return false;
    }

    private synchronized Fault poll() {
        Fault fault = queued.pollFirst();
        if (fault != null) {
            return fault;
        }
        if (standing != null && standingEnds && System.nanoTime() - standingUntil >= 0) {
            standing = null;
        }
        return standing;
    }
}
