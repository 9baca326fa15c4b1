package io.subscriptionrelay.jmsbatch;

import jakarta.jms.BytesMessage;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageProducer;
import jakarta.jms.Queue;
import jakarta.jms.Session;
import java.util.HashMap;
import java.util.Map;

/**
 * The transacted session of a batch. It sends without waiting for an answer: when the broker refuses a message, it lets the transaction be
 * rolled back only, and its commit fails. Used by the thread that made it.
 */
final class BatchSession {

    private final Session session;
    private final Thread owner = Thread.currentThread();
    private final Map<String, Queue> queues = new HashMap<>();
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
        producer.send(target, message);
    }

    private Message message(org.apache.camel.Message camel) throws JMSException {
        if (camel.getBody() instanceof String text) {
            return session.createTextMessage(text);
        }
        BytesMessage message = session.createBytesMessage();
        message.writeBytes(camel.getBody(byte[].class));
        return message;
    }

    /**
     * Commits what was received and what was sent.
     *
     * @throws JMSException when the broker has refused a message, or does not answer
     */
    void commit() throws JMSException {
        session.commit();
    }

    void rollback() throws JMSException {
        session.rollback();
    }

    void close() throws JMSException {
        session.close();
    }
}
