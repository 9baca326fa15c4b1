package io.subscriptionrelay.deliver;

import io.subscriptionrelay.order.StateTimes;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * One queue for each key, a user at an account: what is done for a key is done one after the other, in the order in which its tickets were
 * taken, and with a gap in between where the kind of call asks for one.
 */
final class KeyQueues {

    /** An empty queue is only good for its gap, once what was applied in it is in the state database. */
    private static final long IDLE = TimeUnit.SECONDS.toNanos(5);
    private static final int WORTH_SWEEPING = 10_000;
    private static final long SWEEP_AGAIN = TimeUnit.SECONDS.toNanos(1);

    private final Map<String, KeyQueue> queues = new ConcurrentHashMap<>();
    private final LongSupplier clock;
    private final AtomicLong sweptAt;

    /** @param clock in nanoseconds */
    KeyQueues(LongSupplier clock) {
        this.clock = clock;
        sweptAt = new AtomicLong(clock.getAsLong());
    }

    /** Queues up for this key. */
    Ticket take(String key) {
        long now = clock.getAsLong();
        long last = sweptAt.get();
        if (now - last > SWEEP_AGAIN && queues.size() > WORTH_SWEEPING && sweptAt.compareAndSet(last, now)) {
            sweep(now);
        }
        Ticket[] ticket = new Ticket[1];
        queues.compute(key, (any, known) -> {
            KeyQueue queue = known == null ? new KeyQueue(now - IDLE) : known;
            queue.open.incrementAndGet();
            ticket[0] = new Ticket(queue, queue.tail);
            queue.tail = ticket[0].left;
            return queue;
        });
        return ticket[0];
    }

    private void sweep(long now) {
        queues.keySet().forEach(key -> queues.computeIfPresent(key,
                (any, queue) -> queue.open.get() == 0 && now - queue.calledAt > IDLE ? null : queue));
    }

    private static final class KeyQueue {
        private CompletableFuture<Void> tail = CompletableFuture.completedFuture(null);
        /** Tickets whose applied state may not be in the database yet. */
        private final AtomicInteger open = new AtomicInteger();
        private volatile long calledAt;
        private volatile StateTimes applied = StateTimes.NONE;

        private KeyQueue(long calledAt) {
            this.calledAt = calledAt;
        }
    }

    /** A place in a key's queue. It has to be closed. */
    final class Ticket implements AutoCloseable {

        private final KeyQueue queue;
        private final CompletableFuture<Void> before;
        private final CompletableFuture<Void> left = new CompletableFuture<>();
        private final AtomicBoolean closed = new AtomicBoolean();

        private Ticket(KeyQueue queue, CompletableFuture<Void> before) {
            this.queue = queue;
            this.before = before;
        }

        /** Completes when it is this one's turn, apart from the gap. */
        CompletableFuture<Void> turn() {
            return before;
        }

        /** How long the gap still demands to wait, in nanoseconds. */
        long left(long gap) {
            return Math.max(0, queue.calledAt + gap - clock.getAsLong());
        }

        /** What this relay knows to be applied for this key, which may not be in the state database yet. */
        StateTimes applied() {
            return queue.applied;
        }

        /** A state was applied, and this, which has all of {@link #applied()} in it, is what is known of the key now. */
        void applied(StateTimes times) {
            queue.applied = times;
        }

        /** A call for this key has ended now; the gap begins anew. */
        void called() {
            queue.calledAt = clock.getAsLong();
        }

        /**
         * Lets the next one in, who knows what was applied even if the state database does not yet. Who leaves before it is its turn
         * lets nobody go ahead of those that are before it.
         */
        void leave() {
            before.thenRun(() -> left.complete(null));
        }

        /** Leaves for good: what was applied is in the state database, or will not be. */
        @Override
        public void close() {
            leave();
            if (!closed.getAndSet(true)) {
                queue.open.decrementAndGet();
            }
        }
    }
}
