package io.subscriptionrelay.simulation;

/** What a relay is told when the simulation takes something away from it. */
final class Trouble extends RuntimeException {

    Trouble(String what) {
        super(what, null, false, false);
    }
}
