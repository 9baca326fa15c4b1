package io.subscriptionrelay.history;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInput;
import java.io.DataInputStream;
import java.io.DataOutput;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;

/** How a trace is written in a {@link TraceFile}, where its time is its key: a byte that tells the version, bits for what it has, and that. */
final class TraceBytes {

    private static final int VERSION = 1;
    private static final int USER = 1;
    private static final int STEP = 1 << 1;
    private static final int DESTINATION = 1 << 2;
    private static final int ACCOUNT = 1 << 3;
    private static final int PART = 1 << 4;
    private static final int ATTEMPTS = 1 << 5;
    private static final int REASON = 1 << 6;
    private static final int PARKED_ID = 1 << 7;
    private static final int USUAL_SIZE = 128;

    private TraceBytes() {
    }

    static byte[] of(Trace trace) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(USUAL_SIZE);
        try (DataOutputStream to = new DataOutputStream(bytes)) {
            to.writeByte(VERSION);
            to.writeByte(bit(USER, trace.userKey()) | bit(STEP, trace.step()) | bit(DESTINATION, trace.destination())
                    | bit(ACCOUNT, trace.account()) | bit(PART, trace.part()) | bit(ATTEMPTS, trace.attempts())
                    | bit(REASON, trace.reason()) | bit(PARKED_ID, trace.parkedId()));
            to.writeUTF(trace.what().text());
            to.writeUTF(trace.provider());
            to.writeUTF(trace.eventId());
            if (trace.userKey() != null) {
                to.writeLong(trace.userKey());
            }
            write(to, trace.step());
            write(to, trace.destination());
            write(to, trace.account());
            write(to, trace.part());
            write(to, trace.attempts());
            write(to, trace.reason());
            write(to, trace.parkedId());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static int bit(int bit, Object value) {
        return value == null ? 0 : bit;
    }

    private static void write(DataOutput to, String text) throws IOException {
        if (text != null) {
            to.writeUTF(text);
        }
    }

    private static void write(DataOutput to, Integer number) throws IOException {
        if (number != null) {
            to.writeInt(number);
        }
    }

    /**
     * Reads it again.
     *
     * @throws UncheckedIOException when these are no bytes of a trace
     */
    static Trace trace(long at, byte[] bytes) {
        try (DataInputStream from = new DataInputStream(new ByteArrayInputStream(bytes))) {
            if (from.readByte() != VERSION) {
                throw new IOException("a trace is written as a newer version of the relay does it");
            }
            int has = from.readUnsignedByte();
            EventOutcome what = EventOutcome.of(from.readUTF());
            return new Trace(at, what, from.readUTF(), from.readUTF(), (has & USER) != 0 ? Long.valueOf(from.readLong()) : null,
                    text(from, has & STEP), text(from, has & DESTINATION), text(from, has & ACCOUNT), number(from, has & PART),
                    number(from, has & ATTEMPTS), text(from, has & REASON), text(from, has & PARKED_ID));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String text(DataInput from, int present) throws IOException {
        return present == 0 ? null : from.readUTF();
    }

    private static Integer number(DataInput from, int present) throws IOException {
        return present == 0 ? null : Integer.valueOf(from.readInt());
    }
}
