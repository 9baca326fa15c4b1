package io.subscriptionrelay.jmsbatch;

import java.util.ArrayList;
import java.util.List;
import org.apache.camel.Exchange;

/** The transaction of a batch, for what must happen only if it is committed: counting, tracing. */
public final class BatchTransaction {

    private final List<Runnable> afterCommit = new ArrayList<>();

    BatchTransaction() {
    }

    /** Makes this a trial: no action of {@link #afterCommit} ever runs. */
    public static void withoutCommit(Exchange exchange) {
        exchange.setProperty(JmsBatchConstants.TRANSACTION, new BatchTransaction());
    }

    /**
     * Runs the action once the batch is committed, and never if it is rolled back. Outside of a batch it runs at once.
     *
     * @param exchange the batch's exchange, or one made from it
     */
    public static void afterCommit(Exchange exchange, Runnable action) {
        BatchTransaction transaction = exchange.getProperty(JmsBatchConstants.TRANSACTION, BatchTransaction.class);
        if (transaction == null) {
            action.run();
        } else {
            synchronized (transaction.afterCommit) {
                transaction.afterCommit.add(action);
            }
        }
    }

    void committed() {
        synchronized (afterCommit) {
            afterCommit.forEach(Runnable::run);
        }
    }
}
