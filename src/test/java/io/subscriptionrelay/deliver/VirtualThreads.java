package io.subscriptionrelay.deliver;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.IntSupplier;

/** Threads in virtual time. A task takes no time, unless it makes a call: then its thread waits for the answer. */
final class VirtualThreads implements Executor {

    private final Scheduler time;
    private final IntSupplier size;
    private final Deque<Runnable> ready = new ArrayDeque<>();
    private int busy;
    private boolean calling;

    VirtualThreads(Scheduler time, IntSupplier size) {
        this.time = time;
        this.size = size;
    }

    @Override
    public void execute(Runnable task) {
        ready.add(task);
        run();
    }

    /** Keeps the thread of the task that runs now until the answer is there, and then handles it. */
    void call(Duration latency, Runnable answered) {
        Consumer<Runnable> waiting = call();
        time.after(latency.toNanos(), () -> waiting.accept(answered));
    }

    /** Keeps the thread of the task that runs now, until it is given what handles the answer. */
    Consumer<Runnable> call() {
        calling = true;
        return answered -> {
            answered.run();
            release();
        };
    }

    private void run() {
        while (busy < size.getAsInt() && !ready.isEmpty()) {
            busy++;
            Runnable task = ready.remove();
            time.after(0, () -> {
                calling = false;
                task.run();
                if (!calling) {
                    release();
                }
            });
        }
    }

    private void release() {
        busy--;
        run();
    }
}
