package io.subscriptionrelay.jmsbatch;

import jakarta.jms.BytesMessage;
import jakarta.jms.CompletionListener;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageProducer;
import jakarta.jms.Queue;
import jakarta.jms.Session;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The transacted session of a batch. It sends without waiting for the broker's answer to each message, and waits for all of them
 * before the commit: a message that the broker refuses would otherwise be missing from a transaction that succeeds. Used by the
 * thread that made it.
 */
final class BatchSession {

    private static final long LONGEST_WAIT_SECONDS = 60;

    private final Session session;
    private final Thread owner = Thread.currentThread();
    private final Map<String, Queue> queues = new HashMap<>();
    private MessageProducer producer;
    private Answers answers = new Answers();

    BatchSession(Session session) {
        this.session = session;
    }

    /** The broker's answers to what was sent in one transaction. They come in another thread. */
    private static final class Answers implements CompletionListener {

        private int awaited;
        private Exception refusal;

        private synchronized void expect() {
            awaited++;
        }

        @Override
        public synchronized void onCompletion(Message message) {
            awaited--;
            notifyAll();
        }

        @Override
        public synchronized void onException(Message message, Exception exception) {
            awaited--;
            refusal = exception;
            notifyAll();
        }

        private synchronized void await() throws JMSException {
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LONGEST_WAIT_SECONDS);
            try {
                while (awaited > 0) {
                    long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
                    if (left <= 0) {
                        throw new JMSException("the broker has not answered to " + awaited + " messages of a batch");
                    }
                    wait(left);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new JMSException("interrupted before the broker had answered to " + awaited + " messages of a batch");
            }
            if (refusal != null) {
                JMSException failure = new JMSException("the broker has refused a message of a batch: " + refusal.getMessage());
                failure.initCause(refusal);
                throw failure;
            }
        }
    }

    Session session() {
        return session;
    }

    /**
     * Sends a message with the body, in bytes or text, and those of its headers that can be properties.
     *
     * @throws JMSException when it cannot be sent; the broker's refusal is thrown by {@link #awaitAnswers()}
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
        answers.expect();
        producer.send(target, message, answers);
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
     * Returns once everything that was sent is in the transaction.
     *
     * @throws JMSException when the broker has refused a message, or does not answer
     */
    void awaitAnswers() throws JMSException {
        answers.await();
    }

    /** Commits what was received and, with its answers awaited, what was sent. */
    void commit() throws JMSException {
        session.commit();
    }

    void rollback() throws JMSException {
        answers = new Answers();
        session.rollback();
    }

    void close() throws JMSException {
        session.close();
    }
}
