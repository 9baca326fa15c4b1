package io.subscriptionrelay.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import io.subscriptionrelay.broker.EmbeddedBroker;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.RelayApp;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.activemq.artemis.core.config.Configuration;
import org.apache.activemq.artemis.core.remoting.impl.invm.InVMAcceptorFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.core.env.Environment;

/** Where the relay connects to, and who connects to it. */
class NetworkTest {

    @TempDir
    Path folder;

    @Test
    void noRedirectIsFollowedAndTheBrokerHasNoDoorOfItsOwn() throws IOException {
        AtomicInteger elsewhere = new AtomicInteger();
        HttpServer other = server(exchange -> 200, elsewhere);
        AtomicInteger calls = new AtomicInteger();
        HttpServer destination = server(exchange -> {
            exchange.getResponseHeaders().add("Location", "http://localhost:" + other.getAddress().getPort() + "/1/upload");
            return calls.get() % 2 == 0 ? 302 : 307;
        }, calls);
        try (RelayApp relay = RelayApp.with(folder).cleverTap("http://127.0.0.1:" + destination.getAddress().getPort()).start()) {
            assertThat(relay.revenueCat(Events.renewal("redirected", "user", Events.BASE))).isEqualTo(200);
            await().atMost(Duration.ofSeconds(30)).until(() -> calls.get() >= 2);
            assertThat(relay.actuator("/health").path("components").path("clevertap-production").path("details").path("answer").asText())
                    .startsWith("HTTP 30");
            assertThat(elsewhere).hasValue(0);

            assertThat(relay.bean(Environment.class).getProperty("server.http2.enabled", "false")).isEqualTo("false");

            Configuration broker = relay.bean(EmbeddedBroker.class).server().orElseThrow().getConfiguration();
            assertThat(broker.getAcceptorConfigurations()).isNotEmpty()
                    .allSatisfy(acceptor -> assertThat(acceptor.getFactoryClassName()).isEqualTo(InVMAcceptorFactory.class.getName()));
            assertThat(broker.getClusterConfigurations()).isEmpty();
            assertThat(broker.getDiscoveryGroupConfigurations()).isEmpty();
            assertThat(broker.getBroadcastGroupConfigurations()).isEmpty();
            assertThat(broker.getFederationConfigurations()).isEmpty();
            assertThat(broker.getAMQPConnection()).isEmpty();
        } finally {
            destination.stop(0);
            other.stop(0);
        }
    }

    private interface Status {
        int of(com.sun.net.httpserver.HttpExchange exchange);
    }

    private static HttpServer server(Status status, AtomicInteger calls) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            exchange.getRequestBody().readAllBytes();
            exchange.sendResponseHeaders(status.of(exchange), -1);
            exchange.close();
            calls.incrementAndGet();
        });
        server.start();
        return server;
    }
}
