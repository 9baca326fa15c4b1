package io.subscriptionrelay.broker;

import java.util.Optional;
import org.apache.activemq.artemis.core.config.Configuration;
import org.apache.activemq.artemis.core.server.ActiveMQServer;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;

/** The broker in this process, if there is one. */
public final class EmbeddedBroker implements AutoCloseable {

    private final EmbeddedActiveMQ broker;
    private final String url;
    private final DataFolderLock lock;

    private EmbeddedBroker(EmbeddedActiveMQ broker, String url, DataFolderLock lock) {
        this.broker = broker;
        this.url = url;
        this.lock = lock;
    }

    static EmbeddedBroker none() {
        return new EmbeddedBroker(null, null, null);
    }

    static EmbeddedBroker start(Configuration configuration, String url, DataFolderLock lock) throws Exception {
        EmbeddedActiveMQ broker = new EmbeddedActiveMQ().setConfiguration(configuration);
        broker.start();
        return new EmbeddedBroker(broker, url, lock);
    }

    String url() {
        return url;
    }

    /** The server, or empty when an external cluster is used. */
    public Optional<ActiveMQServer> server() {
        return Optional.ofNullable(broker).map(EmbeddedActiveMQ::getActiveMQServer);
    }

    @Override
    public void close() throws Exception {
        if (broker != null) {
            broker.stop();
            lock.close();
        }
    }
}
