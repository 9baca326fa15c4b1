package io.subscriptionrelay.translate;

import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.stereotype.Component;

/**
 * Runs what people try on two threads of its own, so that neither events nor pages wait for it. What it runs stops by itself when its allowance is used
 * up. What does not, because it is within one function of JSLT, can be stopped by nobody: it keeps its thread until it ends, and when both are
 * kept, nothing more is tried. Threads are not interrupted, because that closes the files that they have open.
 */
@Component
public class AttemptRunner implements AutoCloseable {

    private static final int THREADS = 2;
    private static final int WAITING = 4;
    private static final Duration IDLE = Duration.ofSeconds(30);
    /** For what waits before it, and for what an allowance does not count. */
    private static final Duration MORE = Duration.ofSeconds(2);

    private final AtomicInteger number = new AtomicInteger();
    private final ThreadPoolExecutor threads = new ThreadPoolExecutor(THREADS, THREADS, IDLE.toSeconds(), TimeUnit.SECONDS, new ArrayBlockingQueue<>(WAITING),
            task -> {
                Thread thread = new Thread(task, "attempts-" + number.incrementAndGet());
                thread.setDaemon(true);
                thread.setPriority(Thread.MIN_PRIORITY);
                return thread;
            });

    AttemptRunner() {
        threads.allowCoreThreadTimeOut(true);
    }

    /**
     * Gives what the work gives.
     *
     * @param time how long it is meant to take at most; it is waited for a little longer
     * @throws AttemptFailedException when it gives nothing, with the reason in a sentence
     */
    public <T> T run(Callable<T> work, Duration time) throws AttemptFailedException {
        Future<T> result;
        try {
            result = threads.submit(work);
        } catch (RejectedExecutionException e) {
            throw new AttemptFailedException("too much is being tried at the moment; ask again in some seconds. If that does not end, what was tried cannot"
                    + " be stopped, a regular expression for example, and no more can be tried until it ends or the relay is started again");
        }
        try {
            return result.get(time.plus(MORE).toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            // what has not begun never will
            result.cancel(false);
            throw new AttemptFailedException("took longer than " + time.plus(MORE).toSeconds() + " s; look for a regular expression that reads the same text again"
                    + " and again, or ask again when others have ended");
        } catch (ExecutionException e) {
            throw new AttemptFailedException(why(e.getCause()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AttemptFailedException("the relay stops");
        }
    }

    /** Not the message of the cause, which may quote the event. */
    private static String why(Throwable cause) {
        return cause instanceof StackOverflowError ? "goes too deep: a function calls itself without end, or brackets stand within brackets too often"
                : cause instanceof OutOfMemoryError ? "needs more memory than there is"
                : "failed (" + cause.getClass().getSimpleName() + ")";
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
