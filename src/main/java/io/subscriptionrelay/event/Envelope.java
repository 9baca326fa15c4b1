package io.subscriptionrelay.event;

import java.util.Arrays;

/**
 * The body of a message to a destination: the record as one line of JSON, and after it the webhook as it came, so that
 * whatever is refused can be shown and replayed. Readable in any queue browser.
 */
public final class Envelope {

    private static final byte NEWLINE = '\n';

    private Envelope() {
    }

    /** JSON written without indentation has no line break in it. */
    public static byte[] join(byte[] record, byte[] webhook) {
        byte[] body = Arrays.copyOf(record, record.length + 1 + webhook.length);
        body[record.length] = NEWLINE;
        System.arraycopy(webhook, 0, body, record.length + 1, webhook.length);
        return body;
    }

    /** The length of the record at the start of the body. */
    static int recordLength(byte[] body) {
        for (int i = 0; i < body.length; i++) {
            if (body[i] == NEWLINE) {
                return i;
            }
        }
        return body.length;
    }
}
