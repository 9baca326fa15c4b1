package io.subscriptionrelay.operations;

/** What somebody on the operations port may be. */
final class Roles {

    /** Has shown the console's user and password: may do everything. */
    static final String OPERATOR = "OPERATOR";
    /** Asks from this machine without a password: may ask the endpoints for all but what JMX or a login is needed for. */
    static final String LOCAL = "LOCAL";

    /** Has shown the viewer's password: sees how things are, no content of events, and changes nothing. */
    static final String VIEWER = "VIEWER";

    private Roles() {
    }
}
