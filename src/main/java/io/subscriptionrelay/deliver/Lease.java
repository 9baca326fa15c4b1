package io.subscriptionrelay.deliver;

/** The right to make calls for a batch: its users are this relay's, and the batch can still be committed. */
interface Lease {

    /**
     * Returns when a call that begins now may be made; waits while that is not known.
     *
     * @throws RuntimeException when the batch has to be rolled back, because somebody else may have taken over
     */
    void check();

    /**
     * As {@link #check}, of the users alone: what a destination has taken is noted even if the batch is lost.
     *
     * @throws RuntimeException when somebody else may have taken over the users
     */
    void checkUsers();

    /** A call for the batch's users is made now; until it ends, they are not left to other relays. */
    void begins(Object call);

    /** The call was answered, or has not reached the destination: nothing of it can come late. */
    void ends(Object call);
}
