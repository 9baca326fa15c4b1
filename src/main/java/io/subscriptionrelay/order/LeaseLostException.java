package io.subscriptionrelay.order;

/**
 * The users of a batch may be another relay's by now, because the state database could not be told for too long that this relay
 * lives, or because it has been stopped. The batch must be rolled back.
 */
public class LeaseLostException extends RuntimeException {

    LeaseLostException() {
        super("other relays may have taken over: the state database was away for too long, or this relay stops");
    }
}
