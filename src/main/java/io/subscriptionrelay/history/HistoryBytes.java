package io.subscriptionrelay.history;

import io.subscriptionrelay.history.HistoryOutcome.Said;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * What events and outcomes look like on their way through the broker: batches of about {@value #LARGEST} bytes, because the broker keeps a larger
 * message in a file of its own. An answer that many records have in common is written once.
 */
final class HistoryBytes {

    static final int LARGEST = 64 * 1024;
    private static final int VERSION = 1;
    private static final int END = 0;
    private static final int EVENT = 1;
    private static final int ANSWER = 2;
    private static final int OUTCOME = 3;
    private static final int LONGEST = 16 * 1024 * 1024;

    private HistoryBytes() {
    }

    /** Batches that together say what these events and outcomes say, in their order. */
    static List<byte[]> of(List<HistoryEvent> events, List<HistoryOutcome> outcomes) {
        List<byte[]> batches = new ArrayList<>();
        Batch batch = new Batch();
        for (HistoryEvent event : events) {
            batch = batch.roomOr(batches);
            batch.add(event);
        }
        for (HistoryOutcome outcome : outcomes) {
            batch = batch.roomOr(batches);
            batch.add(outcome);
        }
        if (!batch.empty) {
            batches.add(batch.bytes());
        }
        return batches;
    }

    private static final class Batch {

        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(8192);
        private final DataOutputStream out = new DataOutputStream(bytes);
        private final Map<Said, Integer> answers = new IdentityHashMap<>();
        private boolean empty = true;

        Batch() {
            try {
                out.writeByte(VERSION);
                UUID id = UUID.randomUUID();
                out.writeLong(id.getMostSignificantBits());
                out.writeLong(id.getLeastSignificantBits());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        Batch roomOr(List<byte[]> batches) {
            if (bytes.size() < LARGEST) {
                return this;
            }
            batches.add(bytes());
            return new Batch();
        }

        void add(HistoryEvent event) {
            empty = false;
            try {
                out.writeByte(EVENT);
                text(event.provider());
                text(event.eventId());
                text(event.type());
                out.writeLong(event.receivedAt());
                bytes(event.webhook());
                bytes(event.attributes());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        void add(HistoryOutcome outcome) {
            empty = false;
            try {
                Integer answer = -1;
                if (outcome.answer() != null) {
                    answer = answers.get(outcome.answer());
                    if (answer == null) {
                        answer = answers.size();
                        answers.put(outcome.answer(), answer);
                        out.writeByte(ANSWER);
                        out.writeInt(outcome.answer().status());
                        text(outcome.answer().body());
                    }
                }
                out.writeByte(OUTCOME);
                out.writeLong(outcome.at());
                text(outcome.what().text());
                text(outcome.provider());
                text(outcome.eventId());
                out.writeLong(outcome.receivedAt());
                text(outcome.step());
                text(outcome.destination());
                text(outcome.account());
                number(outcome.part());
                number(outcome.attempts());
                text(outcome.reason());
                text(outcome.parkedId());
                bytes(outcome.record());
                out.writeInt(answer);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private void text(String text) throws IOException {
            bytes(text == null ? null : text.getBytes(StandardCharsets.UTF_8));
        }

        private void bytes(byte[] body) throws IOException {
            out.writeInt(body == null ? -1 : body.length);
            if (body != null) {
                out.write(body);
            }
        }

        private void number(Integer number) throws IOException {
            out.writeInt(number == null ? -1 : number);
        }

        byte[] bytes() {
            return bytes.toByteArray();
        }
    }

    /**
     * Reads a batch.
     *
     * @throws IOException when it is none, or one of a later version; the message has nothing of its content
     */
    static HistoryBatch read(byte[] bytes) throws IOException {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
        int version = in.read();
        if (version != VERSION) {
            throw new IOException("it has the version " + version + ", not " + VERSION);
        }
        String id = new UUID(in.readLong(), in.readLong()).toString();
        List<HistoryEvent> events = new ArrayList<>();
        List<HistoryOutcome> outcomes = new ArrayList<>();
        List<Said> answers = new ArrayList<>();
        try {
            for (int next = in.read(); next > END; next = in.read()) {
                switch (next) {
                    case EVENT -> events.add(new HistoryEvent(text(in), text(in), text(in), in.readLong(), bytes(in), bytes(in)));
                    case ANSWER -> answers.add(new Said(in.readInt(), text(in)));
                    case OUTCOME -> outcomes.add(new HistoryOutcome(in.readLong(), EventOutcome.of(text(in)), text(in), text(in), in.readLong(),
                            text(in), text(in), text(in), number(in), number(in), text(in), text(in), bytes(in), answer(answers, in.readInt())));
                    default -> throw new IOException("it has an entry of the kind " + next);
                }
            }
        } catch (IllegalArgumentException e) {
            throw new IOException("it has an outcome that is not known", e);
        }
        return new HistoryBatch(id, events, outcomes);
    }

    private static Said answer(List<Said> answers, int place) throws IOException {
        if (place >= answers.size()) {
            throw new IOException("it has no answer " + place);
        }
        return place < 0 ? null : answers.get(place);
    }

    private static Integer number(DataInputStream in) throws IOException {
        int number = in.readInt();
        return number < 0 ? null : number;
    }

    private static String text(DataInputStream in) throws IOException {
        byte[] bytes = bytes(in);
        return bytes == null ? null : new String(bytes, StandardCharsets.UTF_8);
    }

    private static byte[] bytes(DataInputStream in) throws IOException {
        int length = in.readInt();
        if (length < 0) {
            return null;
        }
        if (length > LONGEST || length > in.available()) {
            throw new IOException("it ends early");
        }
        return in.readNBytes(length);
    }
}
