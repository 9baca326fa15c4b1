package io.subscriptionrelay.event;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import org.apache.camel.CamelContext;
import org.apache.camel.Message;
import org.apache.camel.support.DefaultMessage;

/** A record on its way to a destination. */
public final class RecordMessage {

    private final Map<String, Object> headers;
    private final byte[] body;
    private final int length;
    private byte[] part;
    private JsonNode parsed;
    private int keysLeftOut;

    /** Takes the message of a deliver queue. */
    public RecordMessage(Message message) {
        headers = message.getHeaders();
        // a message that somebody else has put there may hold text, or nothing
        body = message.getBody() instanceof byte[] bytes ? bytes
                : String.valueOf(message.getBody()).getBytes(StandardCharsets.UTF_8);
        length = Envelope.recordLength(body);
    }

    /** Whether the record's bytes are not those that were queued. */
    public boolean damaged() {
        return headers.get(Headers.SUM) instanceof Integer sum && sum != Checksum.of(body, length);
    }

    /**
     * Only this part of the record is sent from now on. What comes back or is parked is all of it.
     *
     * @param leftOut how many keys of its state are left out
     */
    public void sendOnly(JsonNode record, int leftOut) {
        try {
            part = StrictJson.mapper().writeValueAsBytes(record);
        } catch (IOException e) {
            throw new UncheckedIOException("what was read as JSON can be written as JSON", e);
        }
        parsed = record;
        keysLeftOut += leftOut;
    }

    /** How many keys of its state are not sent. */
    public int keysLeftOut() {
        return keysLeftOut;
    }

    /** The bytes in JSON of what is sent of the record. */
    public byte[] recordBytes() {
        return part != null ? part : Arrays.copyOf(body, length);
    }

    /** What is sent of the record, parsed; it is asked for several times, and must not be changed. */
    public JsonNode record() {
        try {
            if (parsed == null) {
                parsed = StrictJson.mapper().readTree(body, 0, length);
            }
            return parsed;
        } catch (IOException e) {
            throw new UncheckedIOException("a record in the queue is not JSON", e);
        } catch (NumberFormatException e) {
            throw new UncheckedIOException("a record in the queue is not JSON", new IOException(e));
        }
    }

    /** The webhook as it came. */
    public byte[] webhook() {
        return length >= body.length ? new byte[0] : Arrays.copyOfRange(body, length + 1, body.length);
    }

    public String text(String header) {
        return (String) headers.get(header);
    }

    /** A whole number kept beside the record, or 0. */
    public long number(String header) {
        return headers.get(header) instanceof Number number ? number.longValue() : 0;
    }

    public boolean flag(String header) {
        return Boolean.TRUE.equals(headers.get(header));
    }

    /** Keeps something beside the record that it came without. */
    public void set(String header, Object value) {
        headers.put(header, value);
    }

    /** A message with the same body and headers. */
    public Message again(CamelContext camel) {
        Message message = new DefaultMessage(camel);
        headers.forEach(message::setHeader);
        message.removeHeader("JMSMessageID");
        message.removeHeader(Headers.NOT_BEFORE);
        message.setBody(body);
        return message;
    }

    /** A message with the same headers and only the webhook as its body. */
    public Message webhookMessage(CamelContext camel) {
        Message message = again(camel);
        message.setBody(webhook());
        return message;
    }
}
