package io.subscriptionrelay.broker;

import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSContext;
import jakarta.jms.JMSException;
import java.util.List;
import java.util.stream.Stream;
import org.springframework.jms.connection.CachingConnectionFactory;

/**
 * The connections of {@code jms:}. Each send takes a connection, a session and a producer, and puts them back; a pool that does that under one
 * lock holds up the webhooks, of which many come at the same time. So there are several connections, chosen by thread, each of which keeps
 * its sessions with their producers, and is made anew when it breaks.
 */
final class SendingConnections implements ConnectionFactory, AutoCloseable {

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

    private CachingConnectionFactory mine() {
        return factories.get((int) (Thread.currentThread().getId() % factories.size()));
    }

    @Override
    public Connection createConnection() throws JMSException {
        return mine().createConnection();
    }

    @Override
    public Connection createConnection(String user, String password) throws JMSException {
        return mine().createConnection(user, password);
    }

    @Override
    public JMSContext createContext() {
        return mine().createContext();
    }

    @Override
    public JMSContext createContext(String user, String password) {
        return mine().createContext(user, password);
    }

    @Override
    public JMSContext createContext(String user, String password, int sessionMode) {
        return mine().createContext(user, password, sessionMode);
    }

    @Override
    public JMSContext createContext(int sessionMode) {
        return mine().createContext(sessionMode);
    }

    @Override
    public void close() {
        factories.forEach(CachingConnectionFactory::destroy);
    }
}
