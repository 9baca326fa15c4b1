package io.subscriptionrelay.testing;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.apache.activemq.artemis.core.config.impl.SecurityConfiguration;
import org.apache.activemq.artemis.core.server.ActiveMQServer;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;
import org.apache.activemq.artemis.spi.core.security.ActiveMQJAASSecurityManager;
import org.apache.activemq.artemis.spi.core.security.jaas.InVMLoginModule;

/** An Artemis with the broker.xml of {@code deploy/}, in this JVM but reached over TLS. */
public final class Broker implements AutoCloseable {

    public static final String USER = "relay";
    public static final String PASSWORD = "broker password of the tests";

    private final Path data;
    private final int port = Ports.free();
    private final Certificate certificate;
    private EmbeddedActiveMQ broker;

    public Broker(Path data) {
        this(data, "dns:localhost");
    }

    /** With a certificate for these names. */
    public Broker(Path data, String names) {
        this.data = data;
        this.certificate = Certificate.of(data, "broker", names);
    }

    public Broker start() {
        return start("256M");
    }

    /** Starts it, or starts it again, with this limit for its disk. */
    public Broker start(String minDiskFree) {
        System.setProperty("artemis.min-disk-free", minDiskFree);
        System.setProperty("data.dir", data.toString());
        System.setProperty("artemis.port", Integer.toString(port));
        System.setProperty("artemis.tls", certificate.keyAndCertificate().toString());
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

    /** For {@code BROKER_URL}. */
    public String url() {
        return address() + tls();
    }

    /** The address alone, with which nobody gets in. */
    public String address() {
        return "tcp://localhost:" + port;
    }

    /** What follows its address, or a list of addresses with it. */
    public String tls() {
        return tls(certificate);
    }

    /** What follows the addresses of brokers with this certificate, as docs/operations.md says it. */
    public static String tls(Certificate certificate) {
        return "?sslEnabled=true&verifyHost=true&trustStoreType=PEM&trustStorePath=" + certificate.certificate();
    }

    public ActiveMQServer server() {
        return broker.getActiveMQServer();
    }

    @Override
    public void close() {
        stop();
    }
}
