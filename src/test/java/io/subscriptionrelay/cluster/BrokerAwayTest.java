package io.subscriptionrelay.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.subscriptionrelay.simulator.CleverTapSimulator;
import io.subscriptionrelay.testing.Broker;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** While an external broker is away, the relay says so and turns webhooks away; once it is there, it goes on by itself. */
@Tag("chaos")
class BrokerAwayTest {

    @TempDir
    Path folder;
    private final AtomicInteger events = new AtomicInteger();

    @Test
    void aRelayStartsWithoutItsBrokerAndSurvivesItsStopAndItsFullDisk() {
        Broker broker = new Broker(folder.resolve("broker"));
        try (Simulators simulators = new Simulators();
                RelayApp relay = RelayApp.with(folder.resolve("data")).cleverTap(simulators.cleverTap.url()).set("BROKER_URL", broker.url())
                        .set("BROKER_USER", Broker.USER).set("BROKER_PASSWORD", Broker.PASSWORD).start()) {
            assertTurnedAway(relay, "cannot be reached");

            broker.start();
            assertAccepted(relay);
            awaitDelivered(simulators.cleverTap, 1);

            broker.stop();
            await().atMost(Duration.ofSeconds(5)).until(() -> relay.manage("GET", "/health/readiness").statusCode() == 503);
            assertTurnedAway(relay, "cannot be reached");
            broker.start();
            assertAccepted(relay);
            awaitDelivered(simulators.cleverTap, 2);
            broker.stop();

            broker.start("1000000G");
            await().atMost(Duration.ofSeconds(15)).until(() -> storage(relay).contains("no room on its disk"));
            assertTurnedAway(relay, "no room on its disk");
            broker.stop();
            broker.start();
            assertAccepted(relay);
            awaitDelivered(simulators.cleverTap, 3);
            assertThat(relay.parked().path("total").asInt()).isZero();
        } finally {
            broker.close();
        }
    }

    @Test
    void aBrokerThatDoesNotLetItInIsNamedWithTheVariables() {
        try (Broker broker = new Broker(folder.resolve("broker")).start();
                RelayApp relay = RelayApp.with(folder.resolve("data")).cleverTap("http://127.0.0.1:9").set("BROKER_URL", broker.url())
                        .set("BROKER_USER", Broker.USER).set("BROKER_PASSWORD", "not the password").start()) {
            await().atMost(Duration.ofSeconds(10)).untilAsserted(() ->
                    assertThat(storage(relay)).contains("does not let the relay in", "BROKER_USER", "BROKER_PASSWORD"));
            assertTurnedAway(relay, "does not let the relay in");
        }
    }

    private void assertTurnedAway(RelayApp relay, String problem) {
        for (int i = 0; i < 20; i++) {
            long start = System.nanoTime();
            HttpResponse<String> answer = post(relay, "away-" + events.incrementAndGet());
            assertThat(answer.statusCode()).isEqualTo(503);
            assertThat(answer.headers().firstValue("Retry-After")).isPresent();
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(2));
        }
        assertThat(storage(relay)).contains(problem);
        assertThat(relay.manage("GET", "/health/readiness").statusCode()).isEqualTo(503);
        assertThat(relay.manage("GET", "/health/liveness").statusCode()).isEqualTo(200);
    }

    private void assertAccepted(RelayApp relay) {
        String id = "accepted-" + events.incrementAndGet();
        await().atMost(Duration.ofSeconds(15)).until(() -> post(relay, id).statusCode() == 200);
        assertThat(relay.manage("GET", "/health/readiness").statusCode()).isEqualTo(200);
    }

    private static void awaitDelivered(CleverTapSimulator cleverTap, int count) {
        await().atMost(Duration.ofSeconds(30)).until(() -> cleverTap.eventsOf("waiting").size() == count);
    }

    private static String storage(RelayApp relay) {
        return relay.actuator("/health").at("/components/storage/details/problem").asText();
    }

    private static HttpResponse<String> post(RelayApp relay, String id) {
        return relay.post("revenuecat", Events.renewal(id, "waiting", Events.BASE), "Authorization", RelayApp.AUTHORIZATION);
    }
}
