package io.subscriptionrelay.history;

/** History's disk or database fails. The message has no content of events. */
public class UncheckedStoreException extends RuntimeException {

    UncheckedStoreException(String message, Throwable cause) {
        super(message, cause);
    }
}
