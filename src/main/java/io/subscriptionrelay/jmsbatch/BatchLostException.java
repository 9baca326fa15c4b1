package io.subscriptionrelay.jmsbatch;

/** The session of a batch is gone, and with it the batch: the broker gives it to somebody again. It must be rolled back. */
public class BatchLostException extends RuntimeException {

    BatchLostException(Throwable cause) {
        super("the broker or the connection to it was away since the batch was taken", cause);
    }
}
