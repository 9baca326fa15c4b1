package io.subscriptionrelay.deliver;

import io.subscriptionrelay.event.Headers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import org.apache.camel.Message;

/** The queue of an account and those of records that come back later, by the wall clock; hands out batches as {@code jms-batch:} does. */
final class VirtualBroker {

    private static final Duration LINGER = Duration.ofMillis(250);

    private record Held(long due, long number, Message message) {
    }

    private final PriorityQueue<Held> held = new PriorityQueue<>(Comparator.comparingLong(Held::due).thenComparingLong(Held::number));
    private final VirtualTime time;
    private final int largestBatch;
    private final IntPredicate admits;
    private final Consumer<List<Message>> consumer;
    private long number;
    private int underWay;
    private long takesAt = -1;
    private Duration longestScheduled = Duration.ZERO;
    private final Set<String> queues = new HashSet<>();

    /** @param admits whether another batch is handed out while so many are under way */
    VirtualBroker(VirtualTime time, int largestBatch, IntPredicate admits, Consumer<List<Message>> consumer) {
        this.time = time;
        this.largestBatch = largestBatch;
        this.admits = admits;
        this.consumer = consumer;
    }

    void send(Message message) {
        Long scheduled = message.getHeader(Headers.SCHEDULED, Long.class);
        if (scheduled != null && scheduled - time.millis() > longestScheduled.toMillis()) {
            longestScheduled = Duration.ofMillis(scheduled - time.millis());
        }
        queues.add(message.getHeader(Headers.QUEUE, String.class));
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

    /** Whether nothing waits and no batch is under way. */
    boolean idle() {
        return held.isEmpty() && underWay == 0;
    }

    /** For how long a message was held in memory, because it was scheduled, at most. */
    Duration longestScheduled() {
        return longestScheduled;
    }

    /** Those that messages were sent to. */
    Set<String> queues() {
        return queues;
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
        while (due() && admits.test(underWay)) {
            List<Message> batch = new ArrayList<>();
            while (batch.size() < largestBatch && due()) {
                batch.add(held.remove().message);
            }
            underWay++;
            consumer.accept(batch);
        }
        if (!held.isEmpty()) {
            takeIn(held.peek().due - time.millis());
        }
    }
}
