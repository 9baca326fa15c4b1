package io.subscriptionrelay.commands;

/** What a command ends with. */
final class Status {

    /** All is fine. */
    static final int FINE = 0;
    /** It did what it was asked to, and found something, or did not find what it was asked for. */
    static final int FOUND = 1;
    /** It was called in a wrong way, or what it needs is not there. */
    static final int WRONG_USE = 2;

    private Status() {
    }
}
