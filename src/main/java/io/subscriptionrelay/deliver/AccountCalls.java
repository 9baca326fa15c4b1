package io.subscriptionrelay.deliver;

import io.subscriptionrelay.mapping.Destination;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** The calls to one account: so many a second, and none while its gate is closed. */
final class AccountCalls {

    /** What was missed for so long is caught up: threads wake up late, and calls that never catch up stay below the limit. */
    private static final long CATCH_UP = TimeUnit.MILLISECONDS.toNanos(20);

    private final Supplier<Destination> destination;
    private final Scheduler scheduler;
    private final AccountGate gate;
    private final Executor threads;
    private long nextStart;

    /** @param threads where calls are made */
    AccountCalls(Supplier<Destination> destination, Scheduler scheduler, Executor threads) {
        this.destination = destination;
        this.scheduler = scheduler;
        this.threads = threads;
        gate = new AccountGate(scheduler);
        nextStart = scheduler.nanos();
    }

    AccountGate gate() {
        return gate;
    }

    /** Runs the task when a call may begin, in a thread of this account. */
    void whenAllowed(AccountGate.Visitor visitor) {
        gate.enter(new AccountGate.Visitor() {
            @Override
            public void pass(boolean asks) {
                long wait = visitor.ending() ? 0 : start() - scheduler.nanos();
                if (wait > 0) {
                    scheduler.after(wait, () -> threads.execute(() -> begin(asks)));
                } else {
                    threads.execute(() -> begin(asks));
                }
            }

            private void begin(boolean asks) {
                if (asks || gate.open() || visitor.ending()) {
                    visitor.pass(asks);
                } else {
                    // closed while this one waited for its place or for a thread
                    gate.enter(this);
                }
            }

            @Override
            public boolean ending() {
                return visitor.ending();
            }
        });
    }

    /** A place within the calls of this second. */
    private synchronized long start() {
        int perSecond = destination.get().perSecond();
        long now = scheduler.nanos();
        if (perSecond <= 0) {
            return now;
        }
        long earliest = now - CATCH_UP;
        long next = nextStart + TimeUnit.SECONDS.toNanos(1) / perSecond;
        nextStart = next - earliest > 0 ? next : earliest;
        return nextStart;
    }
}
