package io.subscriptionrelay.event;

/** An authentic webhook whose body is not a JSON object. The message is one line and quotes nothing of the body. */
public class NotAJsonObjectException extends Exception {

    NotAJsonObjectException(String message) {
        super(message);
    }
}
