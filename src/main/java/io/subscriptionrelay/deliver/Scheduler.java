package io.subscriptionrelay.deliver;

/** The time, and what happens later. A simulation has its own. */
public interface Scheduler {

    /** Nanoseconds that only differences can be made of, as {@link System#nanoTime()}. */
    long nanos();

    /** Runs a short task, not before this many nanoseconds have gone by. */
    void after(long nanos, Runnable task);
}
