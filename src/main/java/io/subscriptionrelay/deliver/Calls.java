package io.subscriptionrelay.deliver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.subscriptionrelay.event.Headers;
import io.subscriptionrelay.event.RecordMessage;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.history.HistoryOutcome.Said;
import io.subscriptionrelay.mapping.Destination;
import io.subscriptionrelay.mapping.Destination.Each;
import io.subscriptionrelay.mapping.Destination.Kind;
import io.subscriptionrelay.mapping.Destination.Outcome;
import io.subscriptionrelay.mapping.Destination.Park;
import io.subscriptionrelay.mapping.Destination.Retry;
import io.subscriptionrelay.mapping.Destination.Split;
import io.subscriptionrelay.mapping.Destination.Taken;
import io.subscriptionrelay.mapping.Destination.Verdict;
import io.subscriptionrelay.mapping.MappingFailedException;
import io.subscriptionrelay.order.StateTimes;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * The calls for a group of records, made one after the other until each record is settled. Used by one thread at a time.
 *
 * <p>A call that fails by the account's fault is made again once the account's gate lets it pass. If it fails again although others were
 * answered meanwhile, it is the call that is at fault: its halves are tried, until the record that the destination fails on is alone; that one
 * comes back later, by itself, and keeps nobody waiting.
 */
public final class Calls {

    /** So often a call fails while others are answered before its content is taken for the reason; a part of such a call, once. */
    private static final int STRIKES = 2;
    /** Before a call that fails while others are answered is made again. */
    private static final long PAUSE = TimeUnit.SECONDS.toNanos(1);
    /** Who waits for so long lets what is behind it in the account's queue go first: it may show that the account is up, and these records are bad. */
    private static final long PATIENCE = TimeUnit.MINUTES.toNanos(1);
    /** A record that fails by itself is believed to be the reason when others were answered in this time. */
    private static final Duration RECENTLY = Duration.ofMinutes(1);

    private final Delivery delivery;
    private final String kindName;
    private final Kind kind;
    private final Map<String, KeyQueues.Ticket> tickets;
    private final Deque<Call> waiting = new ArrayDeque<>();
    private Call current;
    private Destination.Request request;
    private boolean asked;
    private long pausedUntil;
    private Long waitingSince;

    /** @param tickets of the keys whose order is kept, by key */
    Calls(Delivery delivery, Delivery.Group group, Map<String, KeyQueues.Ticket> tickets) {
        this.delivery = delivery;
        this.tickets = tickets;
        kindName = group.kind();
        kind = delivery.destination().kind(kindName);
        pausedUntil = delivery.scheduler().nanos();
        Delivery.cut(kind, group.records()).forEach(records -> waiting.add(new Call(records, false)));
    }

    private static final class Call {
        private final List<RecordMessage> records;
        /** Whether it is a part of a call that failed while others were answered. */
        private final boolean suspect;
        /** The call that this record was taken out of to ask with it alone, or null. */
        private final Call whole;
        private int strikes;
        private int failures;
        private boolean failed;
        private long began;
        private int nextToAsk;
        private String said = "";
        private ArrayNode read;

        private Call(List<RecordMessage> records, boolean suspect) {
            this(records, suspect, null);
        }

        private Call(List<RecordMessage> records, boolean suspect, Call whole) {
            this.records = records;
            this.suspect = suspect;
            this.whole = whole;
        }

        private boolean alone() {
            return records.size() == 1 && records.get(0).flag(Headers.ALONE);
        }
    }

    /** Whether a call is still to be made. */
    public boolean isUnfinished() {
        return !waiting.isEmpty();
    }

    /** Whether there is a call to be made now. */
    public boolean isCalling() {
        return current != null;
    }

    Destination.Request request() {
        return request;
    }

    /**
     * Runs the task when the next call may be made: it is the turn of its users, the gap to their last call is over, the account's gate is
     * open, and a second's calls are not used up. There may be no call to make by then, see {@link #isCalling}.
     */
    void whenAllowed(Runnable ready) {
        CompletableFuture.allOf(tickets.values().stream().map(KeyQueues.Ticket::turn).toArray(CompletableFuture[]::new))
                .whenComplete((turn, never) -> afterGap(ready));
    }

    private void afterGap(Runnable ready) {
        long wait = pausedUntil - delivery.scheduler().nanos();
        if (!kind.gap().isZero()) {
            for (KeyQueues.Ticket ticket : tickets.values()) {
                wait = Math.max(wait, ticket.left(kind.gap().toNanos()));
            }
        }
        if (wait > 0 && !delivery.ending()) {
            delivery.scheduler().after(wait, () -> pass(ready));
        } else {
            pass(ready);
        }
    }

    private void pass(Runnable ready) {
        if (gate().open()) {
            waitingSince = null;
        } else if (waitingSince == null) {
            waitingSince = delivery.scheduler().nanos();
        }
        delivery.calls().whenAllowed(new AccountGate.Visitor() {
            @Override
            public void pass(boolean asks) {
                begin(asks);
                ready.run();
            }

            @Override
            public boolean failed() {
                return !waiting.isEmpty() && waiting.element().failed;
            }

            @Override
            public boolean ending() {
                return delivery.ending() || outOfPatience();
            }
        });
    }

    private boolean outOfPatience() {
        return waitingSince != null && delivery.scheduler().nanos() - waitingSince > PATIENCE && !gate().open();
    }

    private void begin(boolean asks) {
        current = null;
        request = null;
        asked = asks;
        try {
            if (delivery.ending() || outOfPatience()) {
                putBackAll();
            }
            while (current == null) {
                Call call = next();
                if (call == null) {
                    break;
                }
                make(asks && call.records.size() > 1 ? part(call) : call);
            }
            if (current == null) {
                noCall(asks);
            }
        } catch (RuntimeException e) {
            delivery.abort(e);
            waiting.clear();
            current = null;
            noCall(asks);
        }
    }

    private void noCall(boolean asks) {
        if (asks) {
            gate().askedNothing();
        }
        leaveSettled();
        delivery.calls().ended();
    }

    private void putBackAll() {
        if (!delivery.failed()) {
            waiting.forEach(call -> call.records.forEach(delivery.settlement()::putBack));
        }
        waiting.clear();
    }

    /** The call that is made next, without what is older than what its users have by now; null when there is none. */
    private Call next() {
        while (!waiting.isEmpty()) {
            Call call = waiting.element();
            call.records.removeIf(this::skippedAsStale);
            if (call.records.isEmpty()) {
                waiting.remove();
            } else if (call.failed && gate().answeredSince(call.began)) {
                call.failed = false;
                call.strikes++;
                if (call.strikes < (call.suspect ? 1 : STRIKES)) {
                    return call;
                }
                waiting.remove();
                if (call.records.size() == 1) {
                    delivery.settlement().isolate(call.records.get(0), call.said);
                } else {
                    halve(call, true);
                }
            } else {
                return call;
            }
        }
        return null;
    }

    private AccountGate gate() {
        return delivery.calls().gate();
    }

    private boolean skippedAsStale(RecordMessage record) {
        String key = record.text(Headers.STATE_KEY);
        if (key == null || record.flag(Headers.ORDER_ONLY)) {
            return false;
        }
        StateTimes known = known(key);
        long time = record.number(Headers.EVENT_TIME);
        if (!known.newerThan(time)) {
            return false;
        }
        List<String> keys = stateKeys(record);
        List<String> older = keys == null ? List.of() : keys.stream().filter(one -> known.newerThan(time, one)).toList();
        if (keys != null && older.size() < Math.max(1, keys.size())) {
            if (!older.isEmpty()) {
                record.sendOnly(delivery.destination().without(record.record(), older), older.size());
            }
            return false;
        }
        delivery.settlement().stale(record);
        return true;
    }

    private StateTimes known(String key) {
        return delivery.known(key).and(tickets.get(key).applied());
    }

    /** The keys that this record sets; null when it is one state as a whole. */
    private List<String> stateKeys(RecordMessage record) {
        try {
            return delivery.destination().stateKeys(record.record());
        } catch (UncheckedIOException notJson) {
            return null;
        }
    }

    /** One record instead of all, each time another: an account that is down is asked for little, and one that is up shows it with a good record. */
    private Call part(Call call) {
        RecordMessage record = call.records.get(call.nextToAsk % call.records.size());
        return new Call(new ArrayList<>(List.of(record)), false, call);
    }

    private void make(Call call) {
        delivery.lease().check();
        try {
            if (kind.asTheyAre()) {
                request = delivery.destination().request(kindName, delivery.account(), call.records.stream().map(RecordMessage::recordBytes).toList());
            } else {
                call.read = read(call.records);
                request = delivery.destination().request(kindName, delivery.account(), call.read);
            }
        } catch (MappingFailedException e) {
            cannotBeMade(call, e.getMessage());
            return;
        } catch (UncheckedIOException e) {
            cannotBeMade(call, "the record is not JSON");
            return;
        }
        current = call;
        call.began = delivery.scheduler().nanos();
        delivery.lease().begins(call);
        delivery.monitor().called(call.records.size());
    }

    private ArrayNode read(List<RecordMessage> records) {
        List<JsonNode> read = records.stream().map(RecordMessage::record).toList();
        ArrayNode list = StrictJson.mapper().createArrayNode();
        if (kind.fold() != null) {
            list.add(kind.fold().fold(read));
        } else {
            list.addAll(read);
        }
        return list;
    }

    private void cannotBeMade(Call call, String why) {
        remove(call);
        if (call.records.size() == 1) {
            delivery.settlement().park(call.records.get(0), why, null);
        } else {
            halve(call, false);
        }
    }

    /** Takes a call out of those that are still to be made, or its record out of the call that it was a part of. */
    private void remove(Call call) {
        if (call.whole == null) {
            waiting.remove(call);
        } else {
            call.whole.records.removeAll(call.records);
            if (call.whole.records.isEmpty()) {
                waiting.remove(call.whole);
            }
        }
    }

    private void halve(Call call, boolean suspect) {
        int middle = call.records.size() / 2;
        waiting.addFirst(new Call(new ArrayList<>(call.records.subList(middle, call.records.size())), suspect));
        waiting.addFirst(new Call(new ArrayList<>(call.records.subList(0, middle)), suspect));
    }

    /** The call under way has ended: settles its records, halves it, or has it made again. */
    void ended(Answer answer) {
        Call call = current;
        current = null;
        request = null;
        if (waitingSince != null) {
            // a question that takes long is no time of waiting
            waitingSince += delivery.scheduler().nanos() - call.began;
        }
        try {
            if (answer.status() != 0 || !answer.sent()) {
                delivery.lease().ends(call);
            }
            if (!kind.gap().isZero()) {
                tickets.values().forEach(KeyQueues.Ticket::called);
            }
            if (answer.status() == 0 && delivery.ending()) {
                // broken off, because the relay or its route stops: nothing is known of the records
                if (asked) {
                    gate().askedNothing();
                }
                putBackAll();
            } else if (delivery.destination().aboutRecords(answer.status())) {
                settle(call, answer, verdict(call, answer));
            } else {
                failed(call, answer);
            }
        } catch (RuntimeException e) {
            delivery.abort(e);
            waiting.clear();
            if (asked) {
                gate().askedNothing();
            }
        }
        leaveSettled();
        delivery.calls().ended();
    }

    private Verdict verdict(Call call, Answer answer) {
        int count = call.records.size();
        try {
            boolean folded = kind.fold() != null;
            return delivery.destination().verdict(kindName, answer.status(), answer.headers(), answer.body(),
                    folded ? Optional.empty() : Optional.ofNullable(call.read), count);
        } catch (MappingFailedException e) {
            // they may be stored, so sending them again is for a person to decide
            return new Each(Collections.nCopies(count, new Park(e.getMessage() + "; the answer was " + answer.said()
                    + ", so this record may be stored: look before you replay it")));
        }
    }

    private void settle(Call call, Answer answer, Verdict verdict) {
        if (verdict instanceof Each each) {
            answered(call);
            remove(call);
            Said said = answer.excerpt();
            for (int i = 0; i < call.records.size(); i++) {
                settle(call, call.records.get(i), each.outcomes().get(i), said);
            }
        } else if (verdict instanceof Split) {
            answered(call);
            remove(call);
            if (call.records.size() > 1) {
                halve(call, false);
            } else {
                delivery.settlement().park(call.records.get(0), delivery.destination().title() + ' ' + answer.said(), answer.excerpt());
            }
        } else {
            failed(call, answer);
        }
    }

    private void answered(Call call) {
        gate().answered(call.began, asked);
        delivery.monitor().answered();
    }

    private void settle(Call call, RecordMessage record, Outcome outcome, Said said) {
        if (outcome instanceof Taken) {
            delivery.settlement().delivered(record, call.failures + (call.whole == null ? 0 : call.whole.failures), said);
            String key = record.text(Headers.STATE_KEY);
            if (key != null && !record.flag(Headers.ORDER_ONLY)) {
                List<String> keys = stateKeys(record);
                long time = record.number(Headers.EVENT_TIME);
                StateTimes now = keys == null ? known(key).applied(time) : known(key).applied(time, keys);
                tickets.get(key).applied(now);
                delivery.applied(key, now);
            }
        } else if (outcome instanceof Park park) {
            delivery.settlement().park(record, park.reason(), said);
        } else {
            delivery.settlement().retry(record, (Retry) outcome, said);
        }
    }

    private void failed(Call call, Answer answer) {
        call.failures++;
        if (call.whole != null) {
            call.whole.failures++;
            // the one that has its place is asked with next when it is taken
            call.whole.nextToAsk++;
        }
        if (call.alone() && !asked && answer.retryAfter() == 0 && gate().answeredWithin(RECENTLY)) {
            // known to fail by itself while others are answered
            delivery.monitor().failed(answer, false);
            remove(call);
            delivery.settlement().isolate(call.records.get(0), answer.said());
            return;
        }
        if (call.suspect && !asked && answer.retryAfter() == 0 && waiting.stream().anyMatch(other -> !other.failed && other != call)) {
            // the other half tells which of the two it is
            delivery.monitor().failed(answer, false);
            call.failed = true;
            call.said = answer.said();
            waiting.remove(call);
            waiting.add(call);
            return;
        }
        boolean closed = gate().failed(call.began, asked, answer.retryAfter());
        delivery.monitor().failed(answer, closed && call.strikes == 0 && !call.suspect);
        if (call.whole == null) {
            call.failed = true;
            call.said = answer.said();
            if (!closed) {
                pausedUntil = delivery.scheduler().nanos() + PAUSE;
            }
        }
    }

    /** The next batch may go on with users that have nothing left to be sent in this one. */
    private void leaveSettled() {
        if (current == null) {
            Set<String> left = new HashSet<>();
            waiting.forEach(call -> call.records.forEach(record -> left.add(record.text(Headers.STATE_KEY))));
            tickets.forEach((key, ticket) -> {
                if (!left.contains(key)) {
                    ticket.leave();
                }
            });
        }
    }
}
