package io.subscriptionrelay.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.subscriptionrelay.testing.PoweredDisk;
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
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;
import org.springframework.util.FileSystemUtils;

/** What the broker has confirmed when its disk fills up, or loses its power. */
class DurableServerTest {

    private static final String URL = "vm://7117";
    private static final int MESSAGE_BYTES = 10_000;
    private static final int FEW = 30;
    private static final int MOST = 3_000;
    private static final long CALL_MILLIS = 3_000;

    @TempDir
    Path folder;

    /** Artemis' audit has a line for each message. */
    @BeforeAll
    static void quiet() {
        ((Logger) LoggerFactory.getLogger("org.apache.activemq.audit")).setLevel(Level.OFF);
    }

    @Test
    void whatWasConfirmedIsThereThoughAPageFoundNoRoomAndTheBrokerStopped() throws Exception {
        Path paging = Files.createDirectories(folder.resolve("paging"));
        assumeTrue(run("mount", "-t", "tmpfs", "-o", "size=4m", "relay-test", paging.toString()) == 0,
                "the right to mount a file system is missing here");
        try {
            ActiveMQServer server = new DurableServer(configuration(folder, paging));
            server.start();
            List<Integer> confirmed = send(MOST);
            await().atMost(Duration.ofSeconds(40)).until(() -> server.getState() == ActiveMQServer.SERVER_STATE.STOPPED);
            assertThat(confirmed).hasSizeBetween(100, MOST - 1);

            Path roomier = folder.resolve("roomier");
            FileSystemUtils.copyRecursively(paging, roomier);
            assertThat(confirmed).isSubsetOf(receive(folder, roomier));
        } finally {
            run("umount", "-l", paging.toString());
        }
    }

    /** It pages from the fifth message on, so the folder of its pages is some milliseconds old. */
    @Test
    void whatWasConfirmedSurvivesAPowerCutAsSoonAsItsAddressHasBegunToPage() throws Exception {
        try (PoweredDisk disk = PoweredDisk.mount(folder, 100)) {
            DurableServer server = new DurableServer(configuration(disk.folder(), disk.folder().resolve("paging")));
            server.start();
            List<Integer> confirmed;
            try {
                confirmed = send(FEW);
                disk.cut();
            } finally {
                server.stop(false, true, false);
            }
            disk.powerUp();
            assertThat(confirmed).hasSize(FEW).isSubsetOf(receive(disk.folder(), disk.folder().resolve("paging")));
        } catch (PoweredDisk.Missing e) {
            abort(e.getMessage());
        }
    }

    /** Sends so many, or until one is refused; gives those that were confirmed. */
    private static List<Integer> send(int messages) throws JMSException {
        List<Integer> confirmed = new ArrayList<>();
        try (ActiveMQConnectionFactory factory = factory(); Connection connection = factory.createConnection()) {
            Session session = connection.createSession();
            MessageProducer producer = session.createProducer(session.createQueue("pages"));
            for (int n = 0; n < messages; n++) {
                Message message = session.createTextMessage("x".repeat(MESSAGE_BYTES));
                message.setIntProperty("n", n);
                try {
                    producer.send(message);
                } catch (JMSException refused) {
                    return confirmed;
                }
                confirmed.add(n);
            }
        }
        return confirmed;
    }

    private Set<Integer> receive(Path on, Path pages) throws Exception {
        ActiveMQServer server = new DurableServer(configuration(on, pages));
        server.start();
        try {
            return receive();
        } finally {
            server.stop();
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

    private Configuration configuration(Path on, Path pages) throws Exception {
        return new ConfigurationImpl().setPersistenceEnabled(true).setSecurityEnabled(false).setJMXManagementEnabled(false)
                .setBindingsDirectory(on.resolve("bindings").toString()).setJournalDirectory(on.resolve("journal").toString())
                .setLargeMessagesDirectory(on.resolve("large").toString()).setPagingDirectory(pages.toString())
                .setJournalType(JournalType.NIO).setMaxDiskUsage(-1).addAcceptorConfiguration("in-vm", URL)
                .addAddressSetting("#", new AddressSettings().setAddressFullMessagePolicy(AddressFullMessagePolicy.PAGE)
                        .setMaxSizeBytes(100_000).setPageSizeBytes(1_000_000).setAutoDeleteQueues(false).setAutoDeleteAddresses(false));
    }

    private static int run(String... command) throws IOException, InterruptedException {
        return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor();
    }
}
