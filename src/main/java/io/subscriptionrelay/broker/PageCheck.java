package io.subscriptionrelay.broker;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The records of a page, a file of messages that do not fit into memory. Artemis reads a page up to the first record that is not whole, leaves
 * all that follows it aside, and goes on with the next page.
 */
final class PageCheck {

    private static final byte START = '{';
    private static final byte END = '}';
    /** Start, length and end. */
    private static final int FRAME = 6;
    private static final int BODY = 5;
    /** A transaction's number, whether the message is large, and the number of queues with the number of one. */
    private static final int LEAST = 8 + 1 + 4 + 8;
    private static final int LARGE = 8;

    /** From the first byte that is part of no record, up to the next record. */
    record Gap(int from, int to) {
    }

    private final ByteBuffer page;
    private final List<Gap> records = new ArrayList<>();
    private final List<Gap> gaps = new ArrayList<>();
    private int end;

    PageCheck(byte[] bytes) {
        page = ByteBuffer.wrap(bytes);
        int at = 0;
        while (at < bytes.length) {
            int next = recordEnd(at);
            if (next > 0) {
                records.add(new Gap(at, next));
                at = next;
                end = at;
                continue;
            }
            int found = nextRecord(at);
            if (found < 0) {
                return;
            }
            gaps.add(new Gap(at, found));
            at = found;
        }
    }

    /** Where the records cannot be read, though others follow. */
    List<Gap> gaps() {
        return gaps;
    }

    /** Where the last record ends; what a crash has left of another one may follow. */
    int end() {
        return end;
    }

    /** The end of the record that begins here; 0 if none does. */
    private int recordEnd(int at) {
        if (at + FRAME > page.limit() || page.get(at) != START) {
            return 0;
        }
        int length = page.getInt(at + 1);
        long last = at + BODY + (long) length;
        return length >= LEAST && last < page.limit() && page.get((int) last) == END ? (int) last + 1 : 0;
    }

    /** A brace of the content is none: where it seems to begin a record, nothing or another record has to follow that. */
    private int nextRecord(int from) {
        for (int at = from + 1; at + FRAME <= page.limit(); at++) {
            int next = recordEnd(at);
            if (next > 0 && (next == page.limit() || recordEnd(next) > 0)) {
                return at;
            }
        }
        return -1;
    }

    /**
     * The page with records for no queue in place of those that cannot be read, so that the others keep their numbers, by which the journal knows
     * what is delivered. How many there were in a gap is guessed by their usual size, and rather more than fewer: what seems undelivered then comes
     * again.
     */
    byte[] mended() {
        ByteArrayOutputStream mended = new ByteArrayOutputStream(page.limit());
        byte[] nobodys = records.isEmpty() ? new byte[0] : nobodys();
        int usual = Math.max(1, records.stream().mapToInt(record -> record.to() - record.from()).sum() / Math.max(1, records.size()));
        int next = 0;
        for (Gap gap : gaps) {
            mended.write(page.array(), next, gap.from() - next);
            for (int n = 0; n < Math.max(1, (gap.to() - gap.from() + usual / 2) / usual); n++) {
                mended.write(nobodys, 0, nobodys.length);
            }
            next = gap.to();
        }
        mended.write(page.array(), next, Math.max(0, end - next));
        return mended.toByteArray();
    }

    /** A copy of a record whose queues are none that there is. */
    private byte[] nobodys() {
        Gap like = records.stream().filter(record -> page.get(record.from() + BODY + LARGE) == 0).findFirst().orElse(records.get(0));
        byte[] record = Arrays.copyOfRange(page.array(), like.from(), like.to());
        ByteBuffer bytes = ByteBuffer.wrap(record);
        int queues = 1;
        while (bytes.getInt(record.length - 1 - 8 * queues - 4) != queues) {
            queues++;
        }
        for (int queue = 1; queue <= queues; queue++) {
            bytes.putLong(record.length - 1 - 8 * queue, -1);
        }
        return record;
    }
}
