package io.subscriptionrelay.deliver;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.config.RelayProperties.Account;
import io.subscriptionrelay.event.Headers;
import io.subscriptionrelay.event.RecordMessage;
import io.subscriptionrelay.mapping.Destination;
import io.subscriptionrelay.mapping.Destination.Kind;
import io.subscriptionrelay.order.StateTimes;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

/** The delivery of one batch: what all of its calls share. */
final class Delivery {

    private final Destination destination;
    private final Account account;
    private final AccountCalls calls;
    private final Settlement settlement;
    private final Scheduler scheduler;
    private final CallMonitor monitor;
    private final BooleanSupplier ending;
    private final Map<String, StateTimes> applied = new HashMap<>();
    private Map<String, StateTimes> known = Map.of();
    private Lease lease;
    private RuntimeException failure;

    Delivery(Destination destination, Account account, AccountCalls calls, Settlement settlement, Scheduler scheduler, CallMonitor monitor,
            BooleanSupplier ending) {
        this.destination = destination;
        this.account = account;
        this.calls = calls;
        this.settlement = settlement;
        this.scheduler = scheduler;
        this.monitor = monitor;
        this.ending = ending;
    }

    /** Records of a batch that go up one call after the other: those of one user, or all of a kind of call that carries many users. */
    record Group(String kind, List<RecordMessage> records) {

        /** The keys whose order is kept. */
        List<String> keys() {
            return records.stream().map(record -> record.text(Headers.STATE_KEY)).filter(key -> key != null).distinct().toList();
        }
    }

    /**
     * Divides records into groups.
     *
     * @param records from the oldest to the newest
     */
    static List<Group> groups(Destination destination, List<RecordMessage> records) {
        Map<String, Group> groups = new LinkedHashMap<>();
        int single = 0;
        for (RecordMessage record : records) {
            String kind = record.text(Headers.CALL);
            String key = record.text(Headers.STATE_KEY);
            String group = !destination.kind(kind).byUser() ? kind : kind + ' ' + (key == null ? Integer.toString(single++) : key);
            groups.computeIfAbsent(group, any -> new Group(kind, new ArrayList<>())).records().add(record);
        }
        return new ArrayList<>(groups.values());
    }

    /** Cuts the records of a group into those of single calls. */
    static List<List<RecordMessage>> cut(Kind kind, List<RecordMessage> records) {
        List<List<RecordMessage>> cut = new ArrayList<>();
        List<RecordMessage> next = new ArrayList<>();
        JsonNode folded = null;
        for (RecordMessage record : records) {
            if (record.flag(Headers.ALONE)) {
                continue;
            }
            if (kind.fold() != null) {
                JsonNode json;
                try {
                    json = record.record();
                } catch (UncheckedIOException notJson) {
                    // it is parked when its call cannot be made
                    cut.add(new ArrayList<>(List.of(record)));
                    continue;
                }
                JsonNode more = folded == null ? json : kind.fold().fold(List.of(folded, json));
                if (folded != null && kind.fold().size(more) > kind.fold().most()) {
                    cut.add(next);
                    next = new ArrayList<>();
                    more = json;
                }
                folded = more;
            } else if (next.size() >= kind.records()) {
                cut.add(next);
                next = new ArrayList<>();
            }
            next.add(record);
        }
        if (!next.isEmpty()) {
            cut.add(next);
        }
        records.stream().filter(record -> record.flag(Headers.ALONE)).forEach(record -> cut.add(new ArrayList<>(List.of(record))));
        return cut;
    }

    Destination destination() {
        return destination;
    }

    Account account() {
        return account;
    }

    AccountCalls calls() {
        return calls;
    }

    Settlement settlement() {
        return settlement;
    }

    Scheduler scheduler() {
        return scheduler;
    }

    CallMonitor monitor() {
        return monitor;
    }

    Lease lease() {
        return lease;
    }

    void lease(Lease held) {
        lease = held;
    }

    /** What was applied before this batch, by user's key. */
    void known(Map<String, StateTimes> times) {
        known = times;
    }

    /** What the state database had for this user when the batch began. */
    StateTimes known(String key) {
        return known.getOrDefault(key, StateTimes.NONE);
    }

    /** Whether no further call is to be made, because the relay or its route stops, or the batch is rolled back. */
    boolean ending() {
        return failed() || ending.getAsBoolean();
    }

    /** A state was applied, and this, which has all in it that was applied before, is what is known of the user now. */
    synchronized void applied(String key, StateTimes times) {
        applied.put(key, times);
    }

    /** What is known of the users whose state was applied, by key. */
    synchronized Map<String, StateTimes> applied() {
        return Map.copyOf(applied);
    }

    /** The batch has to be rolled back. */
    synchronized void abort(RuntimeException cause) {
        if (failure == null) {
            failure = cause;
        }
    }

    synchronized boolean failed() {
        return failure != null;
    }

    /** @throws RuntimeException why the batch has to be rolled back, if it has */
    synchronized void check() {
        if (failure != null) {
            throw failure;
        }
    }

    /**
     * Asked once what was applied is noted. That may have taken so long that another relay took over a user meanwhile, without
     * knowing what was applied, and sent an older state; then the newer one is sent again.
     *
     * @throws RuntimeException when the batch has to be rolled back
     */
    void mayStillBeCommitted() {
        if (!applied().isEmpty()) {
            lease.check();
        }
    }
}
