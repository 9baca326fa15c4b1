package io.subscriptionrelay.deliver;

import io.subscriptionrelay.mapping.Destination;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import java.util.function.Supplier;

/** The calls to one account: so many at once, so many a second, of both this relay's share, and none while its gate is closed. */
final class AccountCalls {

    /** What was missed for so long is caught up: timers are late, and calls that never catch up stay below the limit. */
    private static final long CATCH_UP = TimeUnit.MILLISECONDS.toNanos(20);

    private final Supplier<Destination> destination;
    private final IntSupplier relays;
    private final Scheduler scheduler;
    private final AccountGate gate;
    private final Executor threads;
    private final Deque<Place> line = new ArrayDeque<>();
    private int inFlight;
    private long nextStart;

    /**
     * @param relays how many relays share what the account allows
     * @param threads where calls are made; as many as calls may be in flight
     */
    AccountCalls(Supplier<Destination> destination, IntSupplier relays, Scheduler scheduler, Executor threads) {
        this.destination = destination;
        this.relays = relays;
        this.scheduler = scheduler;
        this.threads = threads;
        gate = new AccountGate(scheduler);
        nextStart = scheduler.nanos();
    }

    private record Place(AccountGate.Visitor visitor, boolean asks) {
    }

    AccountGate gate() {
        return gate;
    }

    /** Runs the visitor when its call may begin, in a thread of this account. When the call has ended, or there is none, {@link #ended} has to be called. */
    void whenAllowed(AccountGate.Visitor visitor) {
        gate.enter(new AccountGate.Visitor() {
            @Override
            public void pass(boolean asks) {
                synchronized (AccountCalls.this) {
                    if (asks) {
                        // those that were let through before it closed are no reason to ask later
                        line.addFirst(new Place(visitor, true));
                    } else {
                        line.add(new Place(visitor, false));
                    }
                }
                next();
            }

            @Override
            public boolean failed() {
                return visitor.failed();
            }

            @Override
            public boolean ending() {
                return visitor.ending();
            }
        });
    }

    /** A call has ended, or was not made: the next one may begin. */
    void ended() {
        synchronized (this) {
            inFlight--;
        }
        next();
    }

    private void next() {
        while (true) {
            Place place;
            long wait;
            synchronized (this) {
                if (line.isEmpty() || inFlight >= share(destination.get().inFlight())) {
                    return;
                }
                place = line.remove();
                inFlight++;
                wait = place.asks || place.visitor.ending() ? 0 : start() - scheduler.nanos();
            }
            if (wait > 0) {
                scheduler.after(wait, () -> threads.execute(() -> begin(place)));
            } else {
                threads.execute(() -> begin(place));
            }
        }
    }

    private void begin(Place place) {
        if (place.asks || gate.open() || place.visitor.ending()) {
            place.visitor.pass(place.asks);
        } else {
            // closed while this one waited for its turn
            ended();
            whenAllowed(place.visitor);
        }
    }

    private int share(int limit) {
        return Math.max(1, limit / relays.getAsInt());
    }

    /** A turn within the calls of this second. Nobody has one who could not use it at once, so that turns are not saved up. */
    private long start() {
        long now = scheduler.nanos();
        if (destination.get().perSecond() <= 0) {
            return now;
        }
        int perSecond = share(destination.get().perSecond());
        long earliest = now - CATCH_UP;
        long next = nextStart + TimeUnit.SECONDS.toNanos(1) / perSecond;
        nextStart = next - earliest > 0 ? next : earliest;
        return nextStart;
    }
}
