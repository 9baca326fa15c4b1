package io.subscriptionrelay.jmsbatch;

import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Session;
import java.util.List;
import org.apache.camel.Exchange;
import org.apache.camel.InvalidPayloadException;
import org.apache.camel.Message;
import org.apache.camel.support.DefaultProducer;

/**
 * Sends the messages of a list: in the session, and so in the transaction, of the batch that they come from, or all together in a
 * transaction of their own.
 */
final class JmsBatchProducer extends DefaultProducer {

    /** Stands for a queue that each message names itself. */
    static final String ANY_QUEUE = "*";

    private final JmsBatchEndpoint endpoint;

    JmsBatchProducer(JmsBatchEndpoint endpoint) {
        super(endpoint);
        this.endpoint = endpoint;
    }

    @Override
    public void process(Exchange exchange) throws Exception {
        List<?> messages = exchange.getMessage().getMandatoryBody(List.class);
        BatchTransaction transaction = BatchTransaction.of(exchange);
        if (transaction != null && transaction.session() != null) {
            send(transaction.session(), messages);
        } else if (!messages.isEmpty()) {
            try (Connection connection = endpoint.getComponent().getConnectionFactory().createConnection();
                    Session session = connection.createSession(true, Session.SESSION_TRANSACTED)) {
                BatchSession alone = new BatchSession(session);
                send(alone, messages);
                alone.commit();
            }
        }
    }

    private void send(BatchSession session, List<?> messages) throws JMSException, InvalidPayloadException {
        for (Object element : messages) {
            if (!(element instanceof Message message)) {
                throw new IllegalArgumentException("jms-batch: sends a list of Camel messages, not of "
                        + (element == null ? "null" : element.getClass().getName()));
            }
            session.send(queue(message), message, endpoint.getQueueHeader());
        }
    }

    private String queue(Message message) {
        if (!endpoint.getQueueName().equals(ANY_QUEUE)) {
            return endpoint.getQueueName();
        }
        String queue = message.getHeader(endpoint.getQueueHeader(), String.class);
        if (queue == null || queue.isBlank()) {
            throw new IllegalArgumentException("jms-batch:* needs the name of the queue in the header `" + endpoint.getQueueHeader()
                    + "` of each message");
        }
        return queue;
    }
}
