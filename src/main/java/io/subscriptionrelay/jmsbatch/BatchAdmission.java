package io.subscriptionrelay.jmsbatch;

/** Holds a consumer back while its next batch could only wait, or would have no room. */
@FunctionalInterface
public interface BatchAdmission {

    /**
     * How many messages the next batch may have at most; 0: none is filled now.
     *
     * @param queue the queue that would be consumed
     * @param wanted how many messages a batch has at most otherwise
     * @param batches how many batches of this consumer are being processed
     * @param messages how many messages those have
     */
    int admits(String queue, int wanted, int batches, int messages);
}
