package io.subscriptionrelay.jmsbatch;

import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.camel.Exchange;

/** A worker's turn at the queue: until it is released, no other worker of the consumer fills a batch. */
public final class BatchTurn {

    private final Semaphore turn;
    private final AtomicBoolean held = new AtomicBoolean(true);

    private BatchTurn(Semaphore turn) {
        this.turn = turn;
    }

    static BatchTurn take(Semaphore turn) throws InterruptedException {
        turn.acquire();
        return new BatchTurn(turn);
    }

    void release() {
        if (held.getAndSet(false)) {
            turn.release();
        }
    }

    /** Lets the next batch be filled. Does nothing when it was released before. */
    public static void release(Exchange exchange) {
        BatchTurn turn = exchange.getProperty(JmsBatchConstants.TURN, BatchTurn.class);
        if (turn != null) {
            turn.release();
        }
    }
}
