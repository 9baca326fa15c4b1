package io.subscriptionrelay.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.Queues;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import jakarta.jms.BytesMessage;
import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.Session;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whoever may send to a queue of the broker steers nothing but what stands in the event. */
class QueueInjectionTest {

    private static final AtomicBoolean DESERIALISED = new AtomicBoolean();

    @TempDir
    static Path folder;
    private static Simulators simulators;
    private static RelayApp relay;

    @BeforeAll
    static void start() {
        simulators = new Simulators();
        relay = RelayApp.with(folder).cleverTap(simulators.cleverTap.url()).start();
    }

    @AfterAll
    static void stop() {
        relay.close();
        simulators.close();
    }

    /** CVE-2026-40453: Camel 4.18.0 takes such names for its own in any case, and filters them in two. */
    @Test
    void noHeaderOfAMessageDirectsCamel() {
        simulators.cleverTap.faults().failRecords(1, record -> record.path("evtData").path("event_id").asText().equals("steered"));
        send(session -> {
            BytesMessage message = session.createBytesMessage();
            message.writeBytes(Events.renewal("steered", "user", Events.BASE).getBytes(StandardCharsets.UTF_8));
            for (String name : new String[] {"CamelHttpUri", "CAmelHttpUri", "camelHttpPath", "CAmelJmsDestinationName", "CamelJmsDestinationName",
                "CAMELJMSDESTINATIONNAME", "CamelBeanMethodName", "CAmelBeanMethodName"}) {
                message.setStringProperty(name, "stolen");
            }
            message.setStringProperty("queue", "stolen");
            return message;
        });
        await().atMost(Duration.ofSeconds(30)).until(() -> simulators.cleverTap.storedCount() == 1);
        assertThat(new Queues(relay).names()).doesNotContain("stolen");
    }

    /** CVE-2026-40860 and CVE-2026-43866. */
    @Test
    void noObjectIsDeserialisedAndItsMessageIsParked() {
        send(session -> session.createObjectMessage(new Payload()));
        assertThat(relay.awaitParked(1).path("entries").path(0).path("reason").asText())
                .isEqualTo("the stored webhook cannot be read (MismatchedInputException)");
        assertThat(DESERIALISED).isFalse();
    }

    @Test
    void whatIsNoRecordIsParkedAloneAndStopsNoAccount() {
        int before = relay.parked().path("total").asInt();
        send("deliver.clevertap.production", session -> session.createTextMessage("no record"));
        send("deliver.clevertap.production", session -> session.createTextMessage("{\"no\": \"record\"}"));
        assertThat(relay.revenueCat(Events.renewal("behind-junk", "behind-junk", Events.BASE))).isEqualTo(200);
        await().atMost(Duration.ofSeconds(30)).until(() -> simulators.cleverTap.eventsOf("behind-junk").size() == 1);
        relay.awaitParked(before + 2);
    }

    private interface Made {
        Message by(Session session) throws JMSException;
    }

    private static void send(Made made) {
        send("events.revenuecat", made);
    }

    private static void send(String queue, Made made) {
        try (Connection connection = relay.bean(ConnectionFactory.class).createConnection();
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            Message message = made.by(session);
            message.setStringProperty("provider", "revenuecat");
            message.setStringProperty("eventId", "injected");
            message.setLongProperty("receivedAt", System.currentTimeMillis());
            session.createProducer(session.createQueue(queue)).send(message);
        } catch (JMSException e) {
            throw new IllegalStateException(e);
        }
    }

    private static final class Payload implements Serializable {

        private static final long serialVersionUID = 1;

        private void readObject(ObjectInputStream input) throws IOException, ClassNotFoundException {
            DESERIALISED.set(true);
            input.defaultReadObject();
        }
    }
}
