package io.subscriptionrelay.state;

/**
 * The users of a batch may be another relay's by now, because the state database could not be told for too long that this relay
 * lives, or because it has been stopped. The batch must be rolled back.
 */
public class ClaimLostException extends RuntimeException {

    ClaimLostException() {
        super("other relays may have taken over: the state database was away for too long, or this relay stops");
    }
}
