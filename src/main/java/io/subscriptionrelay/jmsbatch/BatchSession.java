package io.subscriptionrelay.jmsbatch;

import jakarta.jms.BytesMessage;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageProducer;
import jakarta.jms.Queue;
import jakarta.jms.Session;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.camel.InvalidPayloadException;

/**
 * The transacted session of a batch. What is sent is handed to the broker at the end of the batch, one message after the other: each alone,
 * between the steps of a route, would wake a thread of the broker up, which costs more than sending it. Nothing waits for an answer: when the
 * broker refuses a message, it lets the transaction be rolled back only, and its commit fails. Used by the thread that made it, which alone talks to the broker.
 */
final class BatchSession {

    /** What is kept until the end of the batch; more goes to the broker, which keeps it on disk. */
    private static final long MOST_BYTES = 8L * 1024 * 1024;

    private final Session session;
    private final Thread owner = Thread.currentThread();
    private final Map<String, Queue> queues = new HashMap<>();
    private final List<Outgoing> outgoing = new ArrayList<>();
    private long outgoingBytes;
    private MessageProducer producer;

    BatchSession(Session session) {
        this.session = session;
    }

    Session session() {
        return session;
    }

    /**
     * Sends a message with the body, in bytes or text, and those of its headers that can be properties. May be called by any thread of the
     * batch's route, one after the other.
     *
     * @param notSent the header that is left out
     * @throws InvalidPayloadException when its body is neither bytes nor text
     * @throws JMSException when it cannot be sent; the broker's refusal is thrown by {@link #commit()}
     */
    synchronized void send(String queue, org.apache.camel.Message camel, String notSent) throws JMSException, InvalidPayloadException {
        Object body = camel.getBody() instanceof String text ? text : camel.getMandatoryBody(byte[].class);
        outgoing.add(new Outgoing(queue, body, camel.getHeaders(), notSent));
        outgoingBytes += body instanceof byte[] bytes ? bytes.length : ((String) body).length();
        if (outgoingBytes >= MOST_BYTES && Thread.currentThread() == owner) {
            flush();
        }
    }

    private synchronized void flush() throws JMSException {
        for (Outgoing next : outgoing) {
            Queue target = queues.get(next.queue());
            if (target == null) {
                target = session.createQueue(next.queue());
                queues.put(next.queue(), target);
            }
            if (producer == null) {
                producer = session.createProducer(null);
            }
            producer.send(target, message(next));
        }
        forget();
    }

    private synchronized void forget() {
        outgoing.clear();
        outgoingBytes = 0;
    }

    private record Outgoing(String queue, Object body, Map<String, Object> headers, String notSent) {
    }

    private Message message(Outgoing next) throws JMSException {
        Message message;
        if (next.body() instanceof String text) {
            message = session.createTextMessage(text);
        } else {
            BytesMessage bytes = session.createBytesMessage();
            bytes.writeBytes((byte[]) next.body());
            message = bytes;
        }
        for (Map.Entry<String, Object> header : next.headers().entrySet()) {
            String name = header.getKey();
            Object value = header.getValue();
            if (!name.equals(next.notSent()) && !name.startsWith("JMS") && !JmsBatchConstants.isControl(name)
                    && (value instanceof String || value instanceof Number || value instanceof Boolean)) {
                message.setObjectProperty(name, value);
            }
        }
        return message;
    }

    /**
     * Commits what was received and what was sent.
     *
     * @throws JMSException when the broker has refused a message, or does not answer
     */
    void commit() throws JMSException {
        flush();
        session.commit();
    }

    void rollback() throws JMSException {
        forget();
        session.rollback();
    }

    void close() throws JMSException {
        session.close();
    }
}
