package io.subscriptionrelay.testing;

import io.subscriptionrelay.broker.EmbeddedBroker;
import jakarta.jms.BytesMessage;
import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.QueueBrowser;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.activemq.artemis.core.server.Queue;

/** What is in the queues of a relay's embedded broker. */
public final class Queues {

    private final RelayApp relay;

    public Queues(RelayApp relay) {
        this.relay = relay;
    }

    /**
     * A message as it is in a queue.
     *
     * @param properties all of its JMS properties, the broker's own included
     * @param destination the queue that it says it was sent to
     */
    public record Stored(byte[] body, Map<String, Object> properties, String destination, boolean persistent, long expiration,
            Object replyTo, String correlationId, String type) {
    }

    /**
     * How many messages are in the queue; none when there is no such queue. A message that was accepted a moment ago may
     * be counted some milliseconds later.
     */
    public long count(String queue) {
        Queue found = relay.bean(EmbeddedBroker.class).server().orElseThrow().locateQueue(queue);
        return found == null ? 0 : found.getMessageCount();
    }

    /** How many messages of the queue a consumer has, uncommitted. */
    public int delivering(String queue) {
        Queue found = relay.bean(EmbeddedBroker.class).server().orElseThrow().locateQueue(queue);
        return found == null ? 0 : found.getDeliveringCount();
    }

    /** How many messages were ever added to the queue since the relay started; none when there is no such queue. */
    public long added(String queue) {
        Queue found = relay.bean(EmbeddedBroker.class).server().orElseThrow().locateQueue(queue);
        return found == null ? 0 : found.getMessagesAdded();
    }

    /** The names of all queues. */
    public List<String> names() {
        return List.of(relay.bean(EmbeddedBroker.class).server().orElseThrow().getActiveMQServerControl().getQueueNames());
    }

    /** The messages in the queue, oldest first, which stay there. One that was accepted a moment ago may be missing yet. */
    public List<Stored> browse(String queue) {
        try (Connection connection = relay.bean(ConnectionFactory.class).createConnection();
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            connection.start();
            try (QueueBrowser browser = session.createBrowser(session.createQueue(queue))) {
                List<Stored> messages = new ArrayList<>();
                Enumeration<?> found = browser.getEnumeration();
                while (found.hasMoreElements()) {
                    messages.add(stored((Message) found.nextElement()));
                }
                return messages;
            }
        } catch (JMSException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Stored stored(Message message) {
        try {
            Map<String, Object> properties = new TreeMap<>();
            for (Object name : Collections.list(message.getPropertyNames())) {
                properties.put((String) name, message.getObjectProperty((String) name));
            }
            return new Stored(body(message), properties, String.valueOf(message.getJMSDestination()),
                    message.getJMSDeliveryMode() == jakarta.jms.DeliveryMode.PERSISTENT, message.getJMSExpiration(),
                    message.getJMSReplyTo(), message.getJMSCorrelationID(), message.getJMSType());
        } catch (JMSException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] body(Message message) throws JMSException {
        if (message instanceof TextMessage text) {
            return text.getText().getBytes(StandardCharsets.UTF_8);
        }
        BytesMessage bytes = (BytesMessage) message;
        byte[] body = new byte[(int) bytes.getBodyLength()];
        bytes.readBytes(body);
        return body;
    }
}
