package io.subscriptionrelay.clevertap;

import io.subscriptionrelay.delivery.Headers;
import io.subscriptionrelay.delivery.RecordMessage;
import io.subscriptionrelay.delivery.Settlement;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
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

    Upload(List<RecordMessage> records, Settlement settlement) {
        this.settlement = settlement;
        if (!records.isEmpty()) {
            calls.add(records);
        }
    }

    /** Whether a call is still to be made. */
    public boolean isUnfinished() {
        return !calls.isEmpty();
    }

    /** Takes up the next call and gives its body. */
    byte[] next() {
        current = calls.remove();
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
