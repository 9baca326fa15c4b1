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

/**
 * The transacted session of a batch. What is sent is handed to the broker at the end of the batch, one message after the other: each alone,
 * between the steps of a route, would wake a thread of the broker up, which costs more than sending it. Nothing waits for an answer: when the
 * broker refuses a message, it lets the transaction be rolled back only, and its commit fails. Used by the thread that made it.
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
     * Sends a message with the body, in bytes or text, and those of its headers that can be properties.
     *
     * @throws JMSException when it cannot be sent; the broker's refusal is thrown by {@link #commit()}
     * @throws IllegalStateException in any thread but the batch's own, where the transaction would not hold
     */
    void send(String queue, org.apache.camel.Message camel, String notSent) throws JMSException {
        if (Thread.currentThread() != owner) {
            throw new IllegalStateException("jms-batch: sends in the thread of its batch; take parallelProcessing, threads, seda or"
                    + " wireTap out of the route");
        }
        if (producer == null) {
            producer = session.createProducer(null);
        }
        Queue target = queues.get(queue);
        if (target == null) {
            target = session.createQueue(queue);
            queues.put(queue, target);
        }
        Message message = message(camel);
        for (Map.Entry<String, Object> header : camel.getHeaders().entrySet()) {
            String name = header.getKey();
            Object value = header.getValue();
            if (!name.equals(notSent) && !name.startsWith("JMS") && !JmsBatchConstants.isControl(name)
                    && (value instanceof String || value instanceof Number || value instanceof Boolean)) {
                message.setObjectProperty(name, value);
            }
        }
        outgoing.add(new Outgoing(target, message));
        if (outgoingBytes >= MOST_BYTES) {
            flush();
        }
    }

    private void flush() throws JMSException {
        for (Outgoing next : outgoing) {
            producer.send(next.queue(), next.message());
        }
        forget();
    }

    private void forget() {
        outgoing.clear();
        outgoingBytes = 0;
    }

    private record Outgoing(Queue queue, Message message) {
    }

    private Message message(org.apache.camel.Message camel) throws JMSException {
        if (camel.getBody() instanceof String text) {
            outgoingBytes += text.length();
            return session.createTextMessage(text);
        }
        byte[] body = camel.getBody(byte[].class);
        BytesMessage message = session.createBytesMessage();
        message.writeBytes(body);
        outgoingBytes += body.length;
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
