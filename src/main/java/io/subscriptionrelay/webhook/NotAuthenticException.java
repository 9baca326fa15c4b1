package io.subscriptionrelay.webhook;

/** A webhook without the secret or signature that its provider must send. Carries nothing of the request. */
public class NotAuthenticException extends Exception {

    NotAuthenticException(String reason) {
        super(reason);
    }
}
