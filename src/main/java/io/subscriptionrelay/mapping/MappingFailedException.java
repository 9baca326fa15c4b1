package io.subscriptionrelay.mapping;

/** A mapping that compiled failed on an event. The message names the place, and nothing of the event. */
public class MappingFailedException extends Exception {

    MappingFailedException(String message) {
        super(message);
    }
}
