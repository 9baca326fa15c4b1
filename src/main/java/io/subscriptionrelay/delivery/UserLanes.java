package io.subscriptionrelay.delivery;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * One lane per user: what is done for a user is done one after the other, in the order in which the lane was entered, with at
 * least the spacing in between.
 */
public final class UserLanes {

    /** An empty lane is only good for its spacing, once what was applied in it is in the state database. */
    private static final long IDLE = TimeUnit.SECONDS.toNanos(5);
    private static final int WORTH_SWEEPING = 10_000;
    private static final long SWEEP_AGAIN = TimeUnit.SECONDS.toNanos(1);

    private final Map<String, Lane> lanes = new ConcurrentHashMap<>();
    private final long spacing;
    private final LongSupplier clock;
    private final AtomicLong sweptAt;

    /** @param spacing between the end of one and the beginning of the next */
    public UserLanes(Duration spacing) {
        this(spacing, System::nanoTime);
    }

    /** @param clock in nanoseconds */
    UserLanes(Duration spacing, LongSupplier clock) {
        this.spacing = spacing.toNanos();
        this.clock = clock;
        sweptAt = new AtomicLong(clock.getAsLong());
    }

    /** Queues up for this user. */
    public Pass enter(String user) {
        long now = clock.getAsLong();
        long last = sweptAt.get();
        if (now - last > SWEEP_AGAIN && lanes.size() > WORTH_SWEEPING && sweptAt.compareAndSet(last, now)) {
            sweep(now);
        }
        Pass[] pass = new Pass[1];
        lanes.compute(user, (key, lane) -> {
            Lane used = lane == null ? new Lane(now - IDLE) : lane;
            used.open.incrementAndGet();
            pass[0] = new Pass(used, used.tail);
            used.tail = pass[0].left;
            return used;
        });
        return pass[0];
    }

    private void sweep(long now) {
        lanes.keySet().forEach(user -> lanes.computeIfPresent(user, (key, lane) ->
                lane.open.get() == 0 && now - lane.leftAt > Math.max(IDLE, spacing) ? null : lane));
    }

    private static final class Lane {
        private CompletableFuture<Void> tail = CompletableFuture.completedFuture(null);
        /** Passes whose applied state may not be in the database yet. */
        private final AtomicInteger open = new AtomicInteger();
        private volatile long leftAt;
        private volatile long applied = Long.MIN_VALUE;

        private Lane(long leftAt) {
            this.leftAt = leftAt;
        }
    }

    /** A place in a user's lane. It has to be closed. */
    public final class Pass implements AutoCloseable {

        private final Lane lane;
        private final CompletableFuture<Void> before;
        private final CompletableFuture<Void> left = new CompletableFuture<>();
        private final AtomicBoolean closed = new AtomicBoolean();

        private Pass(Lane lane, CompletableFuture<Void> before) {
            this.lane = lane;
            this.before = before;
        }

        /** Completes when it is this one's turn, apart from the spacing. */
        public CompletableFuture<Void> turn() {
            return before;
        }

        /** How long the spacing still demands to wait, in nanoseconds. */
        public long spacing(long now) {
            return Math.max(0, lane.leftAt + spacing - now);
        }

        /** The newest event time that was applied in this lane, or {@code Long.MIN_VALUE}. */
        public long applied() {
            return lane.applied;
        }

        /** A state of this event time was applied. */
        public void applied(long time) {
            lane.applied = Math.max(lane.applied, time);
        }

        /** Something was done for the user now; the spacing begins anew. */
        public void done() {
            lane.leftAt = clock.getAsLong();
        }

        /** Lets the next one in, who knows what was applied even if the state database does not yet. */
        public void leave() {
            left.complete(null);
        }

        /** Leaves for good: what was applied is in the state database, or will not be. */
        @Override
        public void close() {
            left.complete(null);
            if (!closed.getAndSet(true)) {
                lane.open.decrementAndGet();
            }
        }
    }
}
