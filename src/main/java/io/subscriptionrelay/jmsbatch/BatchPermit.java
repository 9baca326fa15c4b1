package io.subscriptionrelay.jmsbatch;

import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.camel.Exchange;

/** A worker's permit at the queue: until it is released, no other worker of the consumer fills a batch. */
public final class BatchPermit {

    private final Semaphore permit;
    private final AtomicBoolean held = new AtomicBoolean(true);

    private BatchPermit(Semaphore permit) {
        this.permit = permit;
    }

    static BatchPermit take(Semaphore permit) throws InterruptedException {
        permit.acquire();
        return new BatchPermit(permit);
    }

    void release() {
        if (held.getAndSet(false)) {
            permit.release();
        }
    }

    /** Lets the next batch be filled. Does nothing when it was released before. */
    public static void release(Exchange exchange) {
        BatchPermit permit = exchange.getProperty(JmsBatchConstants.PERMIT, BatchPermit.class);
        if (permit != null) {
            permit.release();
        }
    }
}
