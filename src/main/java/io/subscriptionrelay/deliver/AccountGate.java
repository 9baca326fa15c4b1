package io.subscriptionrelay.deliver;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Whether an account answers is known of the account, not of a call: a circuit breaker that waits instead of failing. The first failure
 * that is the account's closes it. Everybody waits at it then, without a thread, and one call at a time asks whether the account is
 * back: after 1, 2, 4, then every 5 seconds, or when {@code Retry-After} says; one that has not failed itself, if there is any. The first
 * call that began after it was closed and is answered opens it.
 *
 * <p>A call that fails although a call that began later was answered does not close it: then the call is at fault, and not the account.
 */
final class AccountGate {

    private static final long[] ASKS = {TimeUnit.SECONDS.toNanos(1), TimeUnit.SECONDS.toNanos(2), TimeUnit.SECONDS.toNanos(4),
        TimeUnit.SECONDS.toNanos(5)};
    /** Who asked and has no answer for so long is not waited for: the account may be back, and the question lost. */
    private static final long UNANSWERED = TimeUnit.SECONDS.toNanos(5);
    /** How often those who wait are asked whether they still want to. */
    private static final long TICK = TimeUnit.MILLISECONDS.toNanos(250);

    /** Somebody who wants to make a call. */
    interface Visitor {

        /**
         * Lets it make its call, or end without.
         *
         * @param asks whether the call is the one that asks if the account is back; its end has to be told
         */
        void pass(boolean asks);

        /** Whether its last call has failed: another one tells more of the account. */
        boolean failed();

        /** Whether it need not wait any more, because what it is a part of ends. */
        boolean ending();
    }

    private final Scheduler scheduler;
    private final Deque<Visitor> line = new ArrayDeque<>();
    private boolean closed;
    private long closedAt;
    private int asks;
    private long askAt;
    /** Until when the account wants to be left alone. */
    private long quietUntil;
    private boolean asking;
    private boolean ticking;
    private Long newestSuccess;
    private Long answeredAt;

    AccountGate(Scheduler scheduler) {
        this.scheduler = scheduler;
    }

    /** Lets the visitor pass at once, or when it may. */
    void enter(Visitor visitor) {
        synchronized (this) {
            if (closed) {
                line.add(visitor);
                tickLater();
                return;
            }
        }
        visitor.pass(false);
    }

    private synchronized void tickLater() {
        if (!ticking && !line.isEmpty()) {
            ticking = true;
            scheduler.after(Math.max(0, Math.min(TICK, askAt - scheduler.nanos())), this::tick);
        }
    }

    private void tick() {
        List<Visitor> ending = new ArrayList<>();
        Visitor asker = null;
        synchronized (this) {
            ticking = false;
            for (Iterator<Visitor> waiting = line.iterator(); waiting.hasNext();) {
                Visitor next = waiting.next();
                if (next.ending()) {
                    waiting.remove();
                    ending.add(next);
                }
            }
            long now = scheduler.nanos();
            if (closed && now - askAt >= 0 && !line.isEmpty()) {
                asker = line.stream().filter(next -> !next.failed()).findFirst().orElse(line.peek());
                line.remove(asker);
                asking = true;
                askAt = now + UNANSWERED;
            }
            tickLater();
        }
        ending.forEach(visitor -> visitor.pass(false));
        if (asker != null) {
            asker.pass(true);
        }
    }

    /** Whether calls pass without waiting. */
    synchronized boolean open() {
        return !closed;
    }

    /**
     * A call was answered.
     *
     * @param began when, by the scheduler
     */
    void answered(long began, boolean asked) {
        List<Visitor> passing = List.of();
        synchronized (this) {
            if (newestSuccess == null || began - newestSuccess > 0) {
                newestSuccess = began;
            }
            answeredAt = scheduler.nanos();
            asking &= !asked;
            if (!closed || began - closedAt <= 0) {
                return;
            }
            closed = false;
            passing = new ArrayList<>(line);
            line.clear();
        }
        passing.forEach(visitor -> visitor.pass(false));
    }

    /**
     * A call failed, by the account's fault as far as its answer says.
     *
     * @param began when, by the scheduler
     * @param retryAfter how long the account wants to be left alone, in nanoseconds; 0: it did not say
     * @return whether the gate is closed; otherwise others are answered, and the call is at fault
     */
    synchronized boolean failed(long began, boolean asked, long retryAfter) {
        long now = scheduler.nanos();
        if (!closed) {
            if (retryAfter == 0 && answeredSince(began)) {
                return false;
            }
            closed = true;
            closedAt = now;
            asks = 0;
            askAt = now + ASKS[0];
            quietUntil = now;
        } else if (asked) {
            asking = false;
            asks++;
            askAt = now + ASKS[Math.min(asks, ASKS.length - 1)];
        }
        if (retryAfter > 0) {
            // who was answered although it began before tells nothing new
            closedAt = now;
            quietUntil = now + Math.max(quietUntil - now, retryAfter);
        }
        askAt = now + Math.max(askAt - now, quietUntil - now);
        tickLater();
        return true;
    }

    /** The call that asked has ended, and nothing is known by it: the next one may ask. */
    synchronized void askedNothing() {
        if (asking) {
            asking = false;
            long now = scheduler.nanos();
            askAt = now + Math.max(0, quietUntil - now);
            tickLater();
        }
    }

    /** Whether a call was answered that began after this time. */
    synchronized boolean answeredSince(long time) {
        return newestSuccess != null && newestSuccess - time > 0;
    }

    /** Whether a call was answered during this time up to now. */
    synchronized boolean answeredWithin(Duration time) {
        return answeredAt != null && scheduler.nanos() - answeredAt <= time.toNanos();
    }
}
