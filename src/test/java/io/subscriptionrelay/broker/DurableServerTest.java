package io.subscriptionrelay.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.activemq.artemis.core.config.Configuration;
import org.apache.activemq.artemis.core.config.impl.ConfigurationImpl;
import org.apache.activemq.artemis.core.server.ActiveMQServer;
import org.apache.activemq.artemis.core.server.JournalType;
import org.apache.activemq.artemis.core.settings.impl.AddressFullMessagePolicy;
import org.apache.activemq.artemis.core.settings.impl.AddressSettings;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;
import org.springframework.util.FileSystemUtils;

/** What the broker confirms while its pages are on a disk of their own that is too small. */
class DurableServerTest {

    private static final String URL = "vm://7117";
    private static final int MESSAGE_BYTES = 10_000;
    private static final int MOST = 3_000;
    private static final long CALL_MILLIS = 3_000;

    @TempDir
    Path folder;

    private Path paging;
    private boolean mounted;

    /** Artemis' audit has a line for each message. */
    @BeforeAll
    static void quiet() {
        ((Logger) LoggerFactory.getLogger("org.apache.activemq.audit")).setLevel(Level.OFF);
    }

    @BeforeEach
    void mount() throws Exception {
        paging = Files.createDirectories(folder.resolve("paging"));
        mounted = run("mount", "-t", "tmpfs", "-o", "size=4m", "relay-test", paging.toString()) == 0;
        assumeTrue(mounted, "the right to mount a file system of its own is missing here");
    }

    @AfterEach
    void unmount() throws Exception {
        if (mounted) {
            run("umount", "-l", paging.toString());
        }
    }

    @Test
    void whatWasConfirmedIsThereThoughAPageCouldNotBeWrittenAndTheBrokerStopped() throws Exception {
        ActiveMQServer server = new DurableServer(configuration(paging));
        server.start();
        List<Integer> confirmed = new ArrayList<>();
        sendUntilRefused(confirmed);
        await().atMost(Duration.ofSeconds(40)).until(() -> server.getState() == ActiveMQServer.SERVER_STATE.STOPPED);
        assertThat(confirmed).hasSizeBetween(100, MOST - 1);

        Path roomier = folder.resolve("roomier");
        FileSystemUtils.copyRecursively(paging, roomier);
        ActiveMQServer again = new DurableServer(configuration(roomier));
        again.start();
        Set<Integer> kept = receive();
        again.stop();
        assertThat(confirmed).isSubsetOf(kept);
    }

    private static void sendUntilRefused(List<Integer> confirmed) throws JMSException {
        try (ActiveMQConnectionFactory factory = factory(); Connection connection = factory.createConnection()) {
            Session session = connection.createSession();
            MessageProducer producer = session.createProducer(session.createQueue("pages"));
            for (int n = 0; n < MOST; n++) {
                Message message = session.createTextMessage("x".repeat(MESSAGE_BYTES));
                message.setIntProperty("n", n);
                try {
                    producer.send(message);
                } catch (JMSException refused) {
                    return;
                }
                confirmed.add(n);
            }
        }
    }

    private static Set<Integer> receive() throws JMSException {
        Set<Integer> found = new HashSet<>();
        try (ActiveMQConnectionFactory factory = factory(); Connection connection = factory.createConnection()) {
            connection.start();
            Session session = connection.createSession();
            MessageConsumer consumer = session.createConsumer(session.createQueue("pages"));
            for (Message message = consumer.receive(CALL_MILLIS); message != null; message = consumer.receive(CALL_MILLIS)) {
                found.add(message.getIntProperty("n"));
            }
        }
        return found;
    }

    private static ActiveMQConnectionFactory factory() {
        ActiveMQConnectionFactory factory = new ActiveMQConnectionFactory(URL);
        factory.setCallTimeout(CALL_MILLIS);
        factory.setReconnectAttempts(0);
        return factory;
    }

    private Configuration configuration(Path pages) throws Exception {
        return new ConfigurationImpl().setPersistenceEnabled(true).setSecurityEnabled(false).setJMXManagementEnabled(false)
                .setBindingsDirectory(folder.resolve("bindings").toString()).setJournalDirectory(folder.resolve("journal").toString())
                .setLargeMessagesDirectory(folder.resolve("large").toString()).setPagingDirectory(pages.toString())
                .setJournalType(JournalType.NIO).setMaxDiskUsage(-1).addAcceptorConfiguration("in-vm", URL)
                .addAddressSetting("#", new AddressSettings().setAddressFullMessagePolicy(AddressFullMessagePolicy.PAGE)
                        .setMaxSizeBytes(100_000).setPageSizeBytes(1_000_000).setAutoDeleteQueues(false).setAutoDeleteAddresses(false));
    }

    private static int run(String... command) throws IOException, InterruptedException {
        return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor();
    }
}
