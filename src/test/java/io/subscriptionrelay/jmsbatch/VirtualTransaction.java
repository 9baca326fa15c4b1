package io.subscriptionrelay.jmsbatch;

import jakarta.jms.BytesMessage;
import jakarta.jms.JMSException;
import jakarta.jms.MessageProducer;
import jakarta.jms.Queue;
import jakarta.jms.Session;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.apache.camel.Exchange;
import org.apache.camel.InvalidPayloadException;

/** The transaction of a batch without a broker. */
public final class VirtualTransaction {

    /** A message that a commit has sent. */
    public record Sent(String queue, byte[] body) {
    }

    private final List<Sent> sent = new ArrayList<>();
    private final BatchSession session = new BatchSession(session());
    private final BatchTransaction transaction = new BatchTransaction(session, () -> false);

    /** Begins one that the exchange belongs to. */
    public VirtualTransaction(Exchange exchange) {
        exchange.setProperty(JmsBatchConstants.TRANSACTION, transaction);
    }

    /** Gives what is sent with the commit. What is to be done after it is not done. */
    public List<Sent> commit() {
        try {
            transaction.sendCompanions();
            session.commit();
        } catch (JMSException | InvalidPayloadException e) {
            throw new IllegalStateException(e);
        }
        return List.copyOf(sent);
    }

    private interface Named extends Queue {
    }

    private interface Filled extends BytesMessage {
        byte[] bytes();
    }

    private Session session() {
        return fake(Session.class, (any, method, arguments) -> switch (method.getName()) {
            case "createQueue" -> fake(Named.class, (queue, asked, none) -> asked.getName().equals("getQueueName") ? arguments[0] : null);
            case "createProducer" -> fake(MessageProducer.class, (producer, send, to) -> {
                sent.add(new Sent(((Named) to[0]).getQueueName(), ((Filled) to[1]).bytes()));
                return null;
            });
            case "createBytesMessage" -> {
                byte[][] body = new byte[1][];
                yield fake(Filled.class, (message, called, with) -> switch (called.getName()) {
                    case "writeBytes" -> {
                        body[0] = (byte[]) with[0];
                        yield null;
                    }
                    case "bytes" -> body[0];
                    default -> null;
                });
            }
            default -> null;
        });
    }

    private static <T> T fake(Class<T> type, InvocationHandler does) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, does));
    }
}
