package io.subscriptionrelay.deliver;

import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;

/** The threads of one account: as many as calls may be in flight. What waits for anything but an answer has none of them. */
final class CallThreads implements Executor {

    private final IntSupplier inFlight;
    private final ThreadPoolExecutor threads;

    /** @param inFlight asked before each call, because the destination's files may be edited */
    CallThreads(String name, IntSupplier inFlight) {
        this.inFlight = inFlight;
        AtomicInteger number = new AtomicInteger();
        int size = inFlight.getAsInt();
        threads = new ThreadPoolExecutor(size, size, 1, TimeUnit.MINUTES, new LinkedBlockingQueue<>(), task -> {
            Thread thread = new Thread(task, name + "-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
        threads.allowCoreThreadTimeOut(true);
    }

    @Override
    public void execute(Runnable task) {
        int size = inFlight.getAsInt();
        if (threads.getCorePoolSize() != size) {
            resize(size);
        }
        try {
            threads.execute(task);
        } catch (RejectedExecutionException closed) {
            // it sees that everything ends, and gives its records back
            task.run();
        }
    }

    private synchronized void resize(int size) {
        if (size > threads.getMaximumPoolSize()) {
            threads.setMaximumPoolSize(size);
            threads.setCorePoolSize(size);
        } else {
            threads.setCorePoolSize(size);
            threads.setMaximumPoolSize(size);
        }
    }

    void close() {
        threads.shutdownNow();
    }
}
