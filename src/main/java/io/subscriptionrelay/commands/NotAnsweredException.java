package io.subscriptionrelay.commands;

/** The relay did not answer as was asked, or nobody did. */
class NotAnsweredException extends Exception {

    private final int status;

    /**
     * What went wrong.
     *
     * @param message for the caller: what to do about it
     * @param status what the command ends with
     */
    NotAnsweredException(String message, int status) {
        super(message);
        this.status = status;
    }

    int status() {
        return status;
    }
}
