package io.subscriptionrelay.clevertap;

import io.subscriptionrelay.delivery.Headers;
import io.subscriptionrelay.delivery.RecordMessage;
import io.subscriptionrelay.delivery.Settlement;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The records of a batch, and the calls that are still to be made for them: one, unless it is refused as a whole. */
public final class Upload {

    private static final byte[] OPEN = "{\"d\":[".getBytes(StandardCharsets.UTF_8);
    private static final byte[] CLOSE = "]}".getBytes(StandardCharsets.UTF_8);

    private final Deque<List<RecordMessage>> calls = new ArrayDeque<>();
    private final Map<String, Long> applied = new HashMap<>();
    private final Settlement settlement;
    private List<RecordMessage> current = List.of();
    private boolean probing;
    private boolean alone;

    Upload(List<RecordMessage> records, Settlement settlement) {
        this.settlement = settlement;
        List<RecordMessage> together = records.stream().filter(record -> !record.flag(Headers.ALONE)).toList();
        if (!together.isEmpty()) {
            calls.add(together);
        }
        records.stream().filter(record -> record.flag(Headers.ALONE)).forEach(record -> calls.add(List.of(record)));
    }

    /** Whether a call is still to be made. */
    public boolean isUnfinished() {
        return !calls.isEmpty();
    }

    /** Takes up the next call and gives its body. */
    byte[] next() {
        current = calls.remove();
        return body();
    }

    /** Whether the call under way is the first with a record that failed in company before. True once. */
    boolean isFirstAlone() {
        boolean first = !alone && current.get(0).flag(Headers.ALONE);
        alone |= first;
        return first;
    }

    private byte[] body() {
        ByteArrayOutputStream body = new ByteArrayOutputStream(
                OPEN.length + CLOSE.length + current.stream().mapToInt(record -> record.length() + 1).sum());
        body.writeBytes(OPEN);
        for (int i = 0; i < current.size(); i++) {
            if (i > 0) {
                body.write(',');
            }
            current.get(i).writeTo(body);
        }
        body.writeBytes(CLOSE);
        return body.toByteArray();
    }

    /** Takes up one record instead of the call under way, each time another, and gives the body of a call with it alone. */
    byte[] probe() {
        probing = true;
        if (current.size() > 1) {
            calls.addFirst(current);
        } else {
            calls.addLast(current);
        }
        List<RecordMessage> next = calls.remove();
        if (next.size() > 1) {
            calls.addFirst(next.subList(1, next.size()));
        }
        current = List.of(next.get(0));
        return body();
    }

    /** Whether the call under way was made instead of a larger one. True once. */
    boolean wasProbe() {
        boolean was = probing;
        probing = false;
        return was;
    }

    /** The record of a probe, which says nothing of it by itself, is tried again behind the others. */
    void later() {
        calls.addLast(current);
    }

    /** A record went before others: profiles that are older than one that was stored are left out. */
    void skipOlder() {
        List<List<RecordMessage>> waiting = List.copyOf(calls);
        calls.clear();
        for (List<RecordMessage> call : waiting) {
            List<RecordMessage> kept = new ArrayList<>(call.size());
            for (RecordMessage record : call) {
                if (older(record)) {
                    settlement.skipped(record, Settlement.STALE);
                } else {
                    kept.add(record);
                }
            }
            if (!kept.isEmpty()) {
                calls.add(kept);
            }
        }
    }

    private boolean older(RecordMessage record) {
        String user = record.text(Headers.STATE_KEY);
        return user != null && record.number(Headers.EVENT_TIME) < applied.getOrDefault(user, Long.MIN_VALUE);
    }

    /** Nothing more is tried now: all that was not settled goes back as it came. */
    void putOff() {
        current.forEach(settlement::putBack);
        calls.forEach(call -> call.forEach(settlement::putBack));
        calls.clear();
    }

    /** The records of the call under way, in the order in which they were sent. */
    List<RecordMessage> current() {
        return current;
    }

    /** The call under way was refused as a whole: its halves are tried, in order, before what comes after. */
    void halve() {
        int middle = current.size() / 2;
        calls.addFirst(current.subList(middle, current.size()));
        calls.addFirst(current.subList(0, middle));
    }

    /** CleverTap has stored it. */
    void delivered(RecordMessage record) {
        settlement.delivered(record);
        if (record.text(Headers.STATE_KEY) != null) {
            applied.merge(record.text(Headers.STATE_KEY), record.number(Headers.EVENT_TIME), Math::max);
        }
    }

    /** The event times of the profiles that were stored, by user. */
    Map<String, Long> applied() {
        return applied;
    }

    Settlement settlement() {
        return settlement;
    }
}
