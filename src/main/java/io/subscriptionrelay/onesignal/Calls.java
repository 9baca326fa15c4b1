package io.subscriptionrelay.onesignal;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** The calls to one app: so many at once, so many a second. */
final class Calls {

    /** What was missed for so long is caught up: threads wake up late, and calls that never catch up stay below the limit. */
    private static final long CATCH_UP = TimeUnit.MILLISECONDS.toNanos(20);

    private final ScheduledThreadPoolExecutor threads;
    private final long interval;
    private final AtomicLong nextStart = new AtomicLong(System.nanoTime());

    Calls(String name, int inFlight, int perSecond) {
        AtomicInteger number = new AtomicInteger();
        threads = new ScheduledThreadPoolExecutor(inFlight, task -> {
            Thread thread = new Thread(task, name + "-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
        interval = TimeUnit.SECONDS.toNanos(1) / perSecond;
    }

    /** Runs the task after so many nanoseconds. */
    CompletableFuture<Void> after(long delay, Runnable task) {
        CompletableFuture<Void> end = new CompletableFuture<>();
        try {
            threads.schedule(() -> {
                try {
                    task.run();
                    end.complete(null);
                } catch (Throwable e) {
                    end.completeExceptionally(e);
                }
            }, delay, TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException stopped) {
            end.completeExceptionally(stopped);
        }
        return end;
    }

    /** Waits for a place within the calls of this second; false when interrupted. */
    boolean acquire() {
        long start = nextStart.updateAndGet(next -> Math.max(next + interval, System.nanoTime() - CATCH_UP));
        long wait = start - System.nanoTime();
        while (wait > 0) {
            LockSupport.parkNanos(wait);
            if (Thread.currentThread().isInterrupted()) {
                return false;
            }
            wait = start - System.nanoTime();
        }
        return true;
    }

    void close() {
        threads.shutdownNow();
    }
}
