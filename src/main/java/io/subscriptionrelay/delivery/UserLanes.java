package io.subscriptionrelay.delivery;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One lane per user: what is done for a user is done one after the other, in the order in which the lane was entered, with at
 * least the spacing in between.
 */
public final class UserLanes {

    /** An empty lane is only good for its spacing; what was applied in it is in the state database by then. */
    private static final long IDLE = TimeUnit.SECONDS.toNanos(5);
    private static final int WORTH_SWEEPING = 10_000;
    private static final long SWEEP_AGAIN = TimeUnit.SECONDS.toNanos(1);

    private final Map<String, Lane> lanes = new ConcurrentHashMap<>();
    private final long spacing;
    private final AtomicLong sweptAt = new AtomicLong(System.nanoTime());

    /** @param spacing between the end of one and the beginning of the next */
    public UserLanes(Duration spacing) {
        this.spacing = spacing.toNanos();
    }

    /** Queues up for this user. */
    public Pass enter(String user) {
        long now = System.nanoTime();
        long last = sweptAt.get();
        if (now - last > SWEEP_AGAIN && lanes.size() > WORTH_SWEEPING && sweptAt.compareAndSet(last, now)) {
            sweep(now);
        }
        Pass[] pass = new Pass[1];
        lanes.compute(user, (key, lane) -> {
            Lane used = lane == null ? new Lane() : lane;
            pass[0] = new Pass(used, used.tail);
            used.tail = pass[0].left;
            return used;
        });
        return pass[0];
    }

    private void sweep(long now) {
        lanes.keySet().forEach(user -> lanes.computeIfPresent(user, (key, lane) ->
                lane.tail.isDone() && now - lane.leftAt > Math.max(IDLE, spacing) ? null : lane));
    }

    private static final class Lane {
        private CompletableFuture<Void> tail = CompletableFuture.completedFuture(null);
        private volatile long leftAt = System.nanoTime() - IDLE;
        private volatile long applied = Long.MIN_VALUE;
    }

    /** A place in a user's lane. */
    public final class Pass {

        private final Lane lane;
        private final CompletableFuture<Void> before;
        private final CompletableFuture<Void> left = new CompletableFuture<>();

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
            lane.leftAt = System.nanoTime();
        }

        /** Lets the next one in. */
        public void leave() {
            left.complete(null);
        }
    }
}
