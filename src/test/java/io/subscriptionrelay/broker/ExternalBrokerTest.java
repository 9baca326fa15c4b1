package io.subscriptionrelay.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.testing.Broker;
import io.subscriptionrelay.testing.Certificate;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.mock.env.MockEnvironment;

/** Connections to a pair of brokers, of which one serves and the other one refuses, and to one that comes and goes. */
class ExternalBrokerTest {

    private static final int CONNECTIONS = 12;
    private static final Duration LONG = Duration.ofSeconds(30);

    @TempDir
    Path folder;

    @Test
    void theBrokerOfAPairThatDoesNotServeCostsAConnectionNoTime() throws Exception {
        int refusing;
        try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            refusing = closed.getLocalPort();
        }
        List<Connection> connections = new ArrayList<>();
        try (Broker broker = new Broker(folder).start();
                var factory = factory("(tcp://127.0.0.1:" + refusing + "," + broker.address() + ")" + broker.tls())) {
            connections.add(factory.createConnection());
            long start = System.nanoTime();
            // they begin with one and the other in turns
            for (int i = 0; i < CONNECTIONS; i++) {
                connections.add(factory.createConnection());
            }
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(2));
            for (Connection connection : connections) {
                connection.close();
            }
        }
    }

    @Test
    void nobodyIsLetInWithoutTlsOrTalksToABrokerThatIsNotTheOneHeMeant() throws Exception {
        try (Broker broker = new Broker(folder.resolve("right")).start(); var plain = factory(broker.address())) {
            plain.setCallTimeout(Duration.ofSeconds(2).toMillis());
            assertThatThrownBy(plain::createConnection).isInstanceOf(JMSException.class);
            Certificate other = Certificate.of(folder, "somebody-else", "dns:localhost");
            try (var untrusted = factory(broker.address() + Broker.tls(other))) {
                assertThatThrownBy(untrusted::createConnection).isInstanceOf(JMSException.class);
            }
            try (var right = factory(broker.url())) {
                right.createConnection().close();
            }
        }
        try (Broker elsewhere = new Broker(folder.resolve("elsewhere"), "dns:other.example").start(); var factory = factory(elsewhere.url())) {
            assertThatThrownBy(factory::createConnection).isInstanceOf(JMSException.class);
            try (var careless = factory(elsewhere.url().replace("verifyHost=true", "verifyHost=false"))) {
                careless.createConnection().close();
            }
        }
    }

    @Test
    void itIsSeenThatTheBrokerIsAwayAndThatItIsBack() {
        Broker broker = new Broker(folder);
        try (ExternalBroker asked = new ExternalBroker(properties(broker.url()))) {
            await().atMost(LONG).until(() -> asked.problem() != null && asked.problem().contains("cannot be reached"));
            broker.start();
            await().atMost(LONG).until(() -> asked.problem() == null);
            broker.stop();
            await().atMost(LONG).until(() -> asked.problem() != null);
            broker.start();
            await().atMost(LONG).until(() -> asked.problem() == null);
        }
        broker.stop();
        await().atMost(LONG).until(() -> Thread.getAllStackTraces().keySet().stream().noneMatch(thread -> thread.getName().equals("broker-probe")));
    }

    private static ActiveMQConnectionFactory factory(String url) {
        return ExternalBroker.factory(properties(url).broker());
    }

    private static RelayProperties properties(String url) {
        return Binder.get(new MockEnvironment().withProperty("relay.home", ".").withProperty("relay.broker.url", url)
                .withProperty("relay.broker.user", Broker.USER).withProperty("relay.broker.password", Broker.PASSWORD))
                .bind("relay", RelayProperties.class).get();
    }
}
