package io.subscriptionrelay.broker;

import io.micrometer.core.instrument.MeterRegistry;
import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.config.StartRefusedException;
import jakarta.jms.ConnectionFactory;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.activemq.artemis.api.core.SimpleString;
import org.apache.activemq.artemis.core.config.Configuration;
import org.apache.activemq.artemis.core.config.impl.ConfigurationImpl;
import org.apache.activemq.artemis.core.server.JournalType;
import org.apache.activemq.artemis.core.settings.impl.AddressFullMessagePolicy;
import org.apache.activemq.artemis.core.settings.impl.AddressSettings;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.apache.activemq.artemis.nativo.jlibaio.LibaioContext;
import org.apache.camel.component.jms.JmsComponent;
import org.apache.camel.component.jms.JmsHeaderFilterStrategy;
import org.messaginghub.pooled.jms.JmsPoolConnectionFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Primary;

/** The broker that keeps every event on disk until it is settled: embedded, or an external Artemis cluster. */
@org.springframework.context.annotation.Configuration(proxyBeanMethods = false)
class BrokerConfiguration {

    static final String NAME = "subscription-relay";
    private static final int CONNECTIONS = 32;
    /** An fsync is shared by the webhooks that wait for one; few connections are what keeps them from waiting together. */
    private static final int SENDING_CONNECTIONS = 16;
    private static final int SENDING_SESSIONS = 32;
    private static final int SESSIONS_PER_CONNECTION = 500;
    /** A relay on the same data that is being stopped has gone by then. */
    private static final Duration LONGEST_STOP = Duration.ofSeconds(45);
    private static final int MEGABYTE = 1024 * 1024;
    private static final int MESSAGE_BYTES = 4096;
    private static final long LEAST_DELIVERED = 2L * MEGABYTE;
    /** Three batches of OneSignal's with their webhooks. A fourth costs the garbage collector more than it gives. */
    private static final long MOST_DELIVERED = 24L * MEGABYTE;
    private static final AtomicInteger SERVERS = new AtomicInteger();

    @Bean
    Duplicates repeats(MeterRegistry metrics) {
        return new Duplicates(metrics);
    }

    /** The embedded broker, or an empty holder when {@code BROKER_URL} names another. */
    @Bean(destroyMethod = "close")
    EmbeddedBroker embeddedBroker(RelayProperties properties, Duplicates repeats) throws Exception {
        if (properties.broker().external()) {
            return EmbeddedBroker.none();
        }
        int id = SERVERS.getAndIncrement();
        Path folder = properties.dataFolder().resolve("broker").toAbsolutePath().normalize();
        DataFolderLock lock = lock(folder);
        Configuration configuration;
        try {
            configuration = configuration(properties, folder, id);
        } catch (IOException e) {
            lock.close();
            throw notWritable(folder, e);
        }
        configuration.registerBrokerPlugin(new RepeatsInTurn());
        configuration.registerBrokerPlugin(repeats);
        BrokerLog.quieten();
        return EmbeddedBroker.start(configuration, "vm://" + id, lock, folder, properties.broker().acceptDamage());
    }

    private static Configuration configuration(RelayProperties properties, Path folder, int id) throws Exception {
        Configuration configuration = new ConfigurationImpl()
                .setName(NAME)
                .setPersistenceEnabled(true)
                .setBindingsDirectory(folder.resolve("bindings").toString())
                .setJournalDirectory(folder.resolve("journal").toString())
                .setPagingDirectory(folder.resolve("paging").toString())
                .setLargeMessagesDirectory(folder.resolve("large-messages").toString())
                .setSecurityEnabled(false)
                .setJMXManagementEnabled(true)
                .setPersistIDCache(true)
                // the broker would delete files without a word to JournalCheck, which then misses them; SpareFiles deletes them instead
                .setJournalPoolFiles(Integer.MAX_VALUE)
                .setIDCacheSize(properties.broker().duplicateWindow())
                .setMessageCounterEnabled(false)
                // StorageHealth watches the disk: the broker's own limit would block the sender instead of refusing
                .setMaxDiskUsage(-1)
                .setGlobalMaxSize(Math.max(32L * MEGABYTE, Runtime.getRuntime().maxMemory() / 5))
                .addAcceptorConfiguration("in-vm", "vm://" + id)
                .addAddressSetting("#", addressSettings())
                .addAddressSetting("deliver.#", addressSettings()
                        .setMaxReadPageBytes(deliveredAtOnce(UnderWay.accounts(properties), Runtime.getRuntime().maxMemory()))
                        .setMaxReadPageMessages(UnderWay.ofQueueOnDisk(properties)));
        boolean asynchronousIo = LibaioContext.isLoaded();
        Duration sync = properties.broker().journalSync() != null ? properties.broker().journalSync() : DiskBenchmark.forcedWrite(folder);
        configuration.setJournalType(asynchronousIo ? JournalType.ASYNCIO : JournalType.NIO);
        configuration.setJournalBufferTimeout_AIO((int) sync.toNanos());
        configuration.setJournalBufferTimeout_NIO((int) sync.toNanos());
        configuration.setPageSyncTimeout((int) sync.toNanos());
        return configuration;
    }

    /**
     * One setting for all queues: nothing is given up, nothing is deleted, and what does not fit into memory waits on
     * disk.
     */
    static AddressSettings addressSettings() {
        return new AddressSettings()
                .setAddressFullMessagePolicy(AddressFullMessagePolicy.PAGE)
                .setMaxSizeBytes(Math.max(16L * MEGABYTE, Runtime.getRuntime().maxMemory() / 12))
                .setPageSizeBytes(2 * MEGABYTE)
                .setMaxReadPageBytes(8 * MEGABYTE)
                // a record's attempts are counted by the routes, which park it with its reason; the broker's own
                // counting would drop a batch that met a restart ten times
                .setMaxDeliveryAttempts(-1)
                .setRedeliveryDelay(0)
                .setDeadLetterAddress(SimpleString.of("parked.broker"))
                .setExpiryAddress(SimpleString.of("parked.broker"))
                .setAutoCreateAddresses(true)
                .setAutoCreateQueues(true)
                .setAutoDeleteAddresses(false)
                .setAutoDeleteQueues(false);
    }

    /**
     * How much of a queue to a destination is in memory at most once the queue is on disk, in bytes. What is under way counts: with as little as
     * the other queues have, one batch of OneSignal's would be delivered after an outage where there could be several. All accounts together may
     * have an eighth of the heap. Of small records {@link UnderWay} is the limit.
     */
    static int deliveredAtOnce(long accounts, long heap) {
        return (int) Math.max(LEAST_DELIVERED, Math.min(MOST_DELIVERED, heap / 8 / Math.max(1, accounts)));
    }

    private static DataFolderLock lock(Path folder) throws InterruptedException {
        try {
            Files.createDirectories(folder);
            return DataFolderLock.take(folder, LONGEST_STOP);
        } catch (IOException e) {
            throw notWritable(folder, e);
        }
    }

    private static StartRefusedException notWritable(Path folder, IOException cause) {
        String reason = cause instanceof FileSystemException file && file.getReason() != null ? file.getReason()
                : cause.getClass().getSimpleName();
        return new StartRefusedException("the data directory " + folder + " cannot be written (" + reason + ")",
                "Give RELAY_DATA_DIR a folder on a local disk that has room and that this user may write to.", cause);
    }

    /** For {@code jms-batch:}, and for whatever looks into queues. */
    @Bean(destroyMethod = "stop")
    @Primary
    JmsPoolConnectionFactory connectionFactory(RelayProperties properties, EmbeddedBroker embedded) {
        RelayProperties.Broker broker = properties.broker();
        ActiveMQConnectionFactory factory = broker.external() ? ExternalBroker.factory(broker)
                : new ActiveMQConnectionFactory(embedded.url());
        factory.setCacheDestinations(true);
        // queues page and never block, so a producer need not ask for credits once in 64 kB
        factory.setProducerWindowSize(-1);
        // what most records fit into together with their webhook; a buffer that is too small is copied into a larger one
        factory.setInitialMessagePacketSize(MESSAGE_BYTES);
        factory.setCallTimeout(broker.storeTimeout().toMillis());
        factory.setCallFailoverTimeout(broker.storeTimeout().toMillis());
        JmsPoolConnectionFactory pool = new JmsPoolConnectionFactory();
        pool.setConnectionFactory(factory);
        pool.setMaxConnections(CONNECTIONS);
        pool.setMaxSessionsPerConnection(SESSIONS_PER_CONNECTION);
        return pool;
    }

    @Bean
    SendingConnections sendingConnections(JmsPoolConnectionFactory connectionFactory) {
        return new SendingConnections((ConnectionFactory) connectionFactory.getConnectionFactory(), SENDING_CONNECTIONS, SENDING_SESSIONS);
    }

    /** {@code jms:} in routes. Sends in the thread of a {@code jms-batch:} consumer join its transaction. */
    @Bean
    JmsComponent jms(SendingConnections sendingConnections) {
        JmsComponent jms = new JmsComponent();
        jms.setConnectionFactory(sendingConnections);
        jms.setDeliveryPersistent(true);
        jms.setDisableReplyTo(true);
        jms.setLazyCreateTransactionManager(false);
        // Camel 4.18.0 lets CAmelJmsDestinationName pass, which is CVE-2026-40453
        JmsHeaderFilterStrategy headers = new JmsHeaderFilterStrategy();
        headers.setLowerCase(true);
        jms.setHeaderFilterStrategy(headers);
        return jms;
    }
}
