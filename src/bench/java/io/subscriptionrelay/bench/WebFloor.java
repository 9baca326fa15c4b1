package io.subscriptionrelay.bench;

import jakarta.jms.BytesMessage;
import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSException;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.activemq.artemis.api.core.Message;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.apache.catalina.Context;
import org.apache.catalina.startup.Tomcat;
import org.messaginghub.pooled.jms.JmsPoolConnectionFactory;

/**
 * The floor of rows 1 and 2: a bare servlet in the same Tomcat that sends each body to the same broker and answers once it is
 * forced to disk. For row 1 with an id by which the broker recognises a repeat, because a webhook that is sent again must not be kept again.
 */
public final class WebFloor extends HttpServlet {

    static final String IDS = "ids";

    private static final long serialVersionUID = 1L;
    /** One for each connection of the load. */
    private static final int SESSIONS = 64;

    private final boolean ids;
    private final transient BlockingQueue<Sender> senders = new ArrayBlockingQueue<>(SESSIONS);

    private record Sender(Session session, MessageProducer producer) {
    }

    private WebFloor(ConnectionFactory factory, boolean ids) throws JMSException {
        this.ids = ids;
        for (int i = 0; i < SESSIONS; i++) {
            Connection connection = factory.createConnection();
            Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
            senders.add(new Sender(session, session.createProducer(session.createQueue("events." + Samples.PROVIDER))));
        }
    }

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
        byte[] body = request.getInputStream().readAllBytes();
        try {
            Sender sender = senders.take();
            try {
                BytesMessage message = sender.session().createBytesMessage();
                message.writeBytes(body);
                if (ids) {
                    message.setStringProperty(Message.HDR_DUPLICATE_DETECTION_ID.toString(), id());
                }
                sender.producer().send(message);
            } finally {
                senders.add(sender);
            }
        } catch (JMSException e) {
            throw new IOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
        response.setStatus(HttpServletResponse.SC_OK);
    }

    /** As long as the relay's, and as cheap as can be: the relay's is made of what the event says. */
    private static String id() {
        return HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
    }

    /** Arguments: data directory, port, and {@link #IDS} or nothing. Runs until it is killed. */
    public static void main(String[] arguments) throws Exception {
        Path dataDir = Path.of(arguments[0]);
        JmsPoolConnectionFactory pool = Parts.broker(dataDir).getBean(JmsPoolConnectionFactory.class);
        Tomcat tomcat = new Tomcat();
        tomcat.setBaseDir(Files.createDirectories(dataDir.resolve("tomcat")).toString());
        tomcat.setPort(Integer.parseInt(arguments[1]));
        tomcat.getConnector();
        Context context = tomcat.addContext("", null);
        Tomcat.addServlet(context, "floor", new WebFloor((ActiveMQConnectionFactory) pool.getConnectionFactory(),
                List.of(arguments).contains(IDS)));
        context.addServletMappingDecoded("/*", "floor");
        tomcat.start();
        tomcat.getServer().await();
    }
}
