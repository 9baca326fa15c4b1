package io.subscriptionrelay.deliver;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.function.BooleanSupplier;

/** Time that goes by when a test says so, with its timers and a wall clock that can be set. */
public final class VirtualTime extends Clock implements Scheduler {

    /** Nanoseconds overflow an hour after the start: only their differences mean anything. */
    private static final long ORIGIN = Long.MAX_VALUE - Duration.ofHours(1).toNanos();
    private static final Instant START = Instant.parse("2026-10-01T00:00:00Z");

    private record Timer(long at, long number, Runnable task) {
    }

    private final PriorityQueue<Timer> timers = new PriorityQueue<>(Comparator.comparingLong(Timer::at).thenComparingLong(Timer::number));
    private long elapsed;
    private long number;
    private Duration set = Duration.ZERO;

    @Override
    public long nanos() {
        return ORIGIN + elapsed;
    }

    @Override
    public void after(long nanos, Runnable task) {
        timers.add(new Timer(elapsed + Math.max(0, nanos), number++, task));
    }

    public void after(Duration time, Runnable task) {
        after(time.toNanos(), task);
    }

    /** Runs the task again and again, the first time after one period. */
    public void every(Duration period, Runnable task) {
        after(period, () -> {
            task.run();
            every(period, task);
        });
    }

    /** The same, for as long as the condition holds. */
    public void every(Duration period, Runnable task, BooleanSupplier condition) {
        after(period, () -> {
            if (condition.getAsBoolean()) {
                task.run();
                every(period, task, condition);
            }
        });
    }

    public Duration elapsed() {
        return Duration.ofNanos(elapsed);
    }

    /** Lets time go by until the condition holds, or for so long. */
    public boolean until(BooleanSupplier condition, Duration atMost) {
        long end = elapsed + atMost.toNanos();
        while (!condition.getAsBoolean()) {
            Timer next = timers.peek();
            if (next == null || next.at > end) {
                elapsed = end;
                return condition.getAsBoolean();
            }
            timers.remove();
            elapsed = next.at;
            next.task.run();
        }
        return true;
    }

    public void advance(Duration time) {
        until(() -> false, time);
    }

    /** Moves the wall clock, and only that. */
    public void setClock(Duration forward) {
        set = set.plus(forward);
    }

    @Override
    public Instant instant() {
        return START.plusNanos(elapsed).plus(set);
    }

    @Override
    public ZoneId getZone() {
        return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
        throw new UnsupportedOperationException();
    }
}
