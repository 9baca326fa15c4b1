package io.subscriptionrelay.testing;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.apache.activemq.artemis.core.config.impl.SecurityConfiguration;
import org.apache.activemq.artemis.core.server.ActiveMQServer;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;
import org.apache.activemq.artemis.spi.core.security.ActiveMQJAASSecurityManager;
import org.apache.activemq.artemis.spi.core.security.jaas.InVMLoginModule;

/** An Artemis with the broker.xml of {@code deploy/}, in this JVM but reached over TCP. */
public final class Broker implements AutoCloseable {

    public static final String USER = "relay";
    public static final String PASSWORD = "broker password of the tests";

    private final Path data;
    private final int port = Ports.free();
    private EmbeddedActiveMQ broker;

    public Broker(Path data) {
        this.data = data;
    }

    public Broker start() {
        return start("256M");
    }

    /** Starts it, or starts it again, with this limit for its disk. */
    public Broker start(String minDiskFree) {
        System.setProperty("artemis.min-disk-free", minDiskFree);
        System.setProperty("data.dir", data.toString());
        System.setProperty("artemis.listen", "127.0.0.1");
        System.setProperty("artemis.port", Integer.toString(port));
        SecurityConfiguration users = new SecurityConfiguration();
        users.addUser(USER, PASSWORD);
        users.addRole(USER, "relay");
        broker = new EmbeddedActiveMQ().setConfigResourcePath(Path.of("deploy/artemis/broker.xml").toUri().toString())
                .setSecurityManager(new ActiveMQJAASSecurityManager(InVMLoginModule.class.getName(), users));
        try {
            broker.start();
            if (!broker.getActiveMQServer().waitForActivation(30, TimeUnit.SECONDS)) {
                throw new IllegalStateException("the broker does not start");
            }
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
        return this;
    }

    public void stop() {
        try {
            broker.stop();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    public String url() {
        return "tcp://127.0.0.1:" + port;
    }

    public ActiveMQServer server() {
        return broker.getActiveMQServer();
    }

    @Override
    public void close() {
        stop();
    }
}
