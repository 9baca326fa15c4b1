package io.subscriptionrelay.broker;

/** An event cannot be forced to disk now; the sender is asked to come back. */
public class NotStorableException extends RuntimeException {

    NotStorableException(String message) {
        super(message);
    }
}
