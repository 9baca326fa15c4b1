package io.subscriptionrelay.broker;

import jakarta.jms.ConnectionFactory;
import java.util.List;
import java.util.stream.Stream;
import org.springframework.jms.connection.CachingConnectionFactory;
import org.springframework.jms.connection.DelegatingConnectionFactory;

/**
 * The connections of {@code jms:}. Each send takes a connection, a session and a producer, and puts them back; a pool that does that under one
 * lock holds up the webhooks, of which many come at the same time. So there are several connections, chosen by thread, each of which keeps
 * its sessions with their producers, and is made anew when it breaks.
 */
final class SendingConnections extends DelegatingConnectionFactory implements AutoCloseable {

    private final List<CachingConnectionFactory> factories;

    /**
     * Connects with the first send.
     *
     * @param connections how many connections at most
     * @param sessions how many sessions are kept by each; more can be in use
     */
    SendingConnections(ConnectionFactory factory, int connections, int sessions) {
        factories = Stream.generate(() -> {
            CachingConnectionFactory caching = new CachingConnectionFactory(factory);
            caching.setSessionCacheSize(sessions);
            caching.setCacheConsumers(false);
            caching.setReconnectOnException(true);
            return caching;
        }).limit(connections).toList();
    }

    /** That of the thread. */
    @Override
    public ConnectionFactory getTargetConnectionFactory() {
        return factories.get((int) (Thread.currentThread().getId() % factories.size()));
    }

    @Override
    public void close() {
        factories.forEach(CachingConnectionFactory::destroy);
    }
}
