package io.subscriptionrelay.operations;

import org.springframework.security.authentication.LockedException;

/** Nothing that an address sends is looked at for a while, because it has guessed too often. */
final class TooManyAttemptsException extends LockedException {

    private final long seconds;

    TooManyAttemptsException(long seconds) {
        super("too many wrong passwords");
        this.seconds = seconds;
    }

    /** After how many seconds it may try again. */
    long seconds() {
        return seconds;
    }
}
