package io.subscriptionrelay.simulation;

import io.subscriptionrelay.deliver.VirtualTime;
import io.subscriptionrelay.event.Headers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import org.apache.camel.Message;

/** The queue of an account and those of records that come back later, by the wall clock. What is not committed comes back to its place. */
final class SimulatedBroker {

    private static final Duration LINGER = Duration.ofMillis(250);

    /** Who takes batches. */
    interface Consumer {

        boolean admits();

        void take(List<Held> batch);
    }

    record Held(long due, long number, Message message) {
    }

    private final PriorityQueue<Held> held = new PriorityQueue<>(Comparator.comparingLong(Held::due).thenComparingLong(Held::number));
    private final VirtualTime time;
    private final int largestBatch;
    private final List<Consumer> consumers = new ArrayList<>();
    private long number;
    private long takesAt = -1;
    private int turn;
    private int underWay;

    SimulatedBroker(VirtualTime time, int largestBatch) {
        this.time = time;
        this.largestBatch = largestBatch;
    }

    void connect(Consumer consumer) {
        consumers.add(consumer);
        takeIn(0);
    }

    void disconnect(Consumer consumer) {
        consumers.remove(consumer);
    }

    void send(Message message) {
        Long scheduled = message.getHeader(Headers.SCHEDULED, Long.class);
        long due = scheduled != null ? scheduled : message.getHeader(Headers.NOT_BEFORE, 0L, Long.class);
        message.removeHeader(Headers.SCHEDULED);
        message.removeHeader(Headers.NOT_BEFORE);
        held.add(new Held(Math.max(due, time.millis()), number++, message));
        takeIn(due - time.millis());
    }

    /** A batch is committed. */
    void committed() {
        underWay--;
        takeIn(0);
    }

    /** A batch comes back. */
    void rolledBack(List<Held> batch) {
        underWay--;
        held.addAll(batch);
        takeIn(0);
    }

    boolean idle() {
        return held.isEmpty() && underWay == 0;
    }

    /** Looks for messages that are due, after this many milliseconds and the time in which a batch fills. */
    void takeIn(long milliseconds) {
        long at = time.elapsed().plusMillis(Math.max(0, milliseconds)).plus(LINGER).toNanos();
        if (takesAt < 0 || at < takesAt) {
            takesAt = at;
            time.after(at - time.elapsed().toNanos(), () -> {
                if (takesAt == at) {
                    takesAt = -1;
                    take();
                }
            });
        }
    }

    private boolean due() {
        return !held.isEmpty() && held.peek().due <= time.millis();
    }

    private void take() {
        int refused = 0;
        while (due() && !consumers.isEmpty() && refused < consumers.size()) {
            Consumer next = consumers.get(turn++ % consumers.size());
            if (!next.admits()) {
                refused++;
                continue;
            }
            refused = 0;
            List<Held> batch = new ArrayList<>();
            while (batch.size() < largestBatch && due()) {
                batch.add(held.remove());
            }
            underWay++;
            next.take(batch);
        }
        if (!held.isEmpty() && !consumers.isEmpty()) {
            takeIn(held.peek().due - time.millis());
        }
    }
}
