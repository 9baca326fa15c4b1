package io.subscriptionrelay.deliver;

/** Is told how the calls to an account go: for health, log and metrics. */
interface CallMonitor {

    /** A call with this many records is made. */
    void called(int records);

    /** A call was answered as it should. */
    void answered();

    /**
     * A call was not.
     *
     * @param blamesAccount whether that is taken for the account's fault; otherwise others are answered meanwhile
     */
    void failed(Answer answer, boolean blamesAccount);
}
