package io.subscriptionrelay.state;

/**
 * The users of a batch may be another relay's by now, because the state database could not be told for too long that this relay
 * lives. The batch must be rolled back.
 */
public class ClaimLostException extends RuntimeException {

    ClaimLostException() {
        super("the state database was away for so long that other relays may have taken over");
    }
}
