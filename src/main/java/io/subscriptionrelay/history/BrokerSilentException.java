package io.subscriptionrelay.history;

/** The broker that holds the parked events does not answer now. */
public class BrokerSilentException extends IllegalStateException {

    BrokerSilentException(String message, Throwable cause) {
        super(message, cause);
    }
}
