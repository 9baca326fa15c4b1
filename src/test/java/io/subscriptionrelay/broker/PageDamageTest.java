package io.subscriptionrelay.broker;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.apache.activemq.artemis.core.config.impl.ConfigurationImpl;
import org.apache.activemq.artemis.core.server.JournalType;
import org.apache.activemq.artemis.core.settings.impl.AddressFullMessagePolicy;
import org.apache.activemq.artemis.core.settings.impl.AddressSettings;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Pages of messages that wait on disk of which bits have turned, a block is lost, or the end is missing. */
class PageDamageTest {

    private static final String URL = "vm://7118";
    private static final int MESSAGES = 100;
    private static final int MESSAGE_BYTES = 5_000;
    private static final int PAGE_BYTES = 100_000;
    /** A record's length follows its first byte. */
    private static final int TO_LENGTH = 1;
    private static final int BLOCK = 4_096;
    private static final long WAIT_MILLIS = 1_000;

    @TempDir
    Path folder;

    /** Artemis' audit has a line for each message. */
    @BeforeAll
    static void quiet() {
        ((Logger) LoggerFactory.getLogger("org.apache.activemq.audit")).setLevel(Level.OFF);
    }

    @BeforeEach
    void keepSomeMessages() throws Exception {
        DurableServer server = server();
        try (ActiveMQConnectionFactory factory = new ActiveMQConnectionFactory(URL); Connection connection = factory.createConnection()) {
            Session session = connection.createSession();
            MessageProducer producer = session.createProducer(session.createQueue("pages"));
            for (int n = 0; n < MESSAGES; n++) {
                Message message = session.createTextMessage("{" + "x".repeat(MESSAGE_BYTES / 2) + "}");
                message.setIntProperty("n", n);
                producer.send(message);
            }
        } finally {
            server.stop();
        }
        check().remember();
        assertThat(pages()).hasSizeGreaterThan(3);
        assertThat(check().problems()).isEmpty();
    }

    @Test
    void aBitThatTurnsInTheFrameOfARecordIsNamedAndTheRecordsBehindItArrive() throws Exception {
        Path page = pages().get(1);
        List<Integer> records = records(page);
        flip(page, records.get(3) + TO_LENGTH + 2);
        assertThat(check().problems()).singleElement().asString().isEqualTo("%s cannot be read from byte %,d to %,d, though records follow"
                .formatted(name(page), records.get(3), records.get(4)));
        accept();
        assertThat(receive(MESSAGES)).hasSize(MESSAGES - 1).doesNotHaveDuplicates();
    }

    @Test
    void aBlockOfZerosIsNamedAndTheRecordsBesideItArrive() throws Exception {
        Path page = pages().get(1);
        zero(page, 2 * BLOCK, BLOCK);
        assertThat(check().problems()).singleElement().asString().contains(name(page) + " cannot be read from byte ").contains("though records follow");
        accept();
        assertThat(receive(MESSAGES)).hasSizeBetween(MESSAGES - 3, MESSAGES - 1).doesNotHaveDuplicates();
    }

    @Test
    void aZeroedEndIsNamedThoughNoRecordOfThePageFollows() throws Exception {
        Path page = pages().get(1);
        zero(page, (int) Files.size(page) - 100, 100);
        assertThat(check().problems()).singleElement().asString().contains(name(page) + " cannot be read from byte ").contains("though pages follow");
        accept();
        assertThat(receive(MESSAGES)).hasSize(MESSAGES - 1);
    }

    @Test
    void aPageThatIsCutIsNamedAndTheOthersArrive() throws Exception {
        Path page = pages().get(1);
        int lost = (int) records(page).stream().filter(at -> at >= 3 * BLOCK).count();
        try (RandomAccessFile file = new RandomAccessFile(page.toFile(), "rw")) {
            file.setLength(3 * BLOCK);
        }
        assertThat(check().problems()).singleElement().asString().startsWith(name(page) + " is 12,288 bytes long instead of ");
        accept();
        assertThat(receive(MESSAGES)).hasSizeBetween(MESSAGES - lost - 1, MESSAGES - lost).doesNotHaveDuplicates();
    }

    /** The journal knows what was delivered by its number in the page. */
    @Test
    void whatWasDeliveredOfADamagedPageDoesNotComeAgainAndNothingElseIsTakenForIt() throws Exception {
        int delivered = 30;
        List<Integer> before = receive(delivered);
        Path page = pages().get(0);
        assertThat(before).hasSize(delivered);
        List<Integer> records = records(page);
        flip(page, records.get(1) + TO_LENGTH + 2);
        accept();
        List<Integer> after = receive(MESSAGES);
        assertThat(after).doesNotContainAnyElementsOf(before);
        assertThat(after.size()).isBetween(MESSAGES - delivered - 1, MESSAGES - delivered);
    }

    /** As a crash leaves it, and nobody was told that it was kept. */
    @Test
    void aPartOfARecordAtTheEndOfTheLastPageIsNoDamageAndIsKept() throws Exception {
        Path page = pages().get(pages().size() - 1);
        List<Integer> records = records(page);
        long whole = Files.size(page);
        byte[] part = Arrays.copyOfRange(Files.readAllBytes(page), records.get(0), records.get(0) + 500);
        Files.write(page, part, StandardOpenOption.APPEND);
        assertThat(check().problems()).isEmpty();
        assertThat(Files.size(page)).isEqualTo(whole);
        try (Stream<Path> beside = Files.list(folder)) {
            assertThat(beside.filter(file -> file.getFileName().toString().startsWith("broker-cut-off-"))).singleElement()
                    .satisfies(file -> assertThat(Files.readAllBytes(file)).isEqualTo(part));
        }
        assertThat(receive(MESSAGES)).hasSize(MESSAGES);
    }

    private JournalCheck check() throws IOException {
        return new JournalCheck(folder.resolve("broker"), new ConfigurationImpl().getJournalFileSize());
    }

    private void accept() throws IOException {
        JournalCheck check = check();
        Path aside = check.accept(check.problems(), "aside");
        assertThat(aside.resolve(name(pages().get(0)))).exists();
    }

    private List<Path> pages() throws IOException {
        try (Stream<Path> files = Files.walk(folder.resolve("broker/paging"))) {
            return files.filter(file -> file.toString().endsWith(".page")).sorted().toList();
        }
    }

    private String name(Path page) {
        return folder.resolve("broker").relativize(page).toString();
    }

    /** Where records begin, by the content that each of them has. */
    private static List<Integer> records(Path page) throws IOException {
        byte[] bytes = Files.readAllBytes(page);
        List<Integer> starts = new ArrayList<>();
        int at = 0;
        while (at < bytes.length) {
            starts.add(at);
            at += 6 + ByteBuffer.wrap(bytes).getInt(at + TO_LENGTH);
        }
        return starts;
    }

    private static void flip(Path file, int at) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[at] ^= 4;
        Files.write(file, bytes);
    }

    private static void zero(Path file, int from, int length) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        Arrays.fill(bytes, from, from + length, (byte) 0);
        Files.write(file, bytes);
    }

    private DurableServer server() throws Exception {
        Path on = folder.resolve("broker");
        DurableServer server = new DurableServer(new ConfigurationImpl().setPersistenceEnabled(true).setSecurityEnabled(false)
                .setJMXManagementEnabled(false).setBindingsDirectory(on.resolve("bindings").toString())
                .setJournalDirectory(on.resolve("journal").toString()).setLargeMessagesDirectory(on.resolve("large").toString())
                .setPagingDirectory(on.resolve("paging").toString()).setJournalType(JournalType.NIO).setMaxDiskUsage(-1)
                .addAcceptorConfiguration("in-vm", URL).addAddressSetting("#", new AddressSettings()
                        .setAddressFullMessagePolicy(AddressFullMessagePolicy.PAGE).setMaxSizeBytes(20_000).setPageSizeBytes(PAGE_BYTES)
                        .setAutoDeleteQueues(false).setAutoDeleteAddresses(false)));
        server.start();
        return server;
    }

    /** Takes so many at most, one after the other. */
    private List<Integer> receive(int most) throws Exception {
        DurableServer server = server();
        List<Integer> found = new ArrayList<>();
        try (ActiveMQConnectionFactory factory = new ActiveMQConnectionFactory(URL)) {
            // what is fetched ahead would be taken out of order
            factory.setConsumerWindowSize(0);
            try (Connection connection = factory.createConnection()) {
                connection.start();
                receive(connection, most, found);
            }
        } finally {
            server.stop();
        }
        return found;
    }

    private static void receive(Connection connection, int most, List<Integer> found) throws JMSException {
        Session session = connection.createSession();
        MessageConsumer consumer = session.createConsumer(session.createQueue("pages"));
        Message message = consumer.receive(WAIT_MILLIS);
        while (message != null && found.size() < most) {
            found.add(message.getIntProperty("n"));
            message = found.size() < most ? consumer.receive(WAIT_MILLIS) : null;
        }
    }
}
