package io.subscriptionrelay.translate;

/** What was tried gave nothing. The message says why, and quotes nothing. */
public class AttemptFailedException extends Exception {

    AttemptFailedException(String message) {
        super(message);
    }
}
