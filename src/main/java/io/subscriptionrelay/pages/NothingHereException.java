package io.subscriptionrelay.pages;

/** What the address means is not there, or not any more; the message says what to do. */
class NothingHereException extends RuntimeException {

    NothingHereException(String message) {
        super(message);
    }
}
