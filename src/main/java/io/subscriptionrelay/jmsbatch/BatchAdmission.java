package io.subscriptionrelay.jmsbatch;

/** Holds a consumer back while its next batch could only wait. */
@FunctionalInterface
public interface BatchAdmission {

    /**
     * Whether a batch may be filled now.
     *
     * @param queue the queue that would be consumed
     * @param underWay how many batches of this consumer are being processed
     */
    boolean admits(String queue, int underWay);
}
