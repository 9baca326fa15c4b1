package io.subscriptionrelay.deliver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.subscriptionrelay.broker.EmbeddedBroker;
import io.subscriptionrelay.simulator.Fault;
import io.subscriptionrelay.testing.Broker;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** While a batch waits for its destination, the broker takes the batch back, because it went away and came again. */
class LostBatchTest {

    private static final int EVENTS = 8;

    @TempDir
    Path folder;
    private final Simulators simulators = new Simulators();

    @AfterEach
    void close() {
        simulators.close();
    }

    @Test
    void aBatchThatWaitsForItsDestinationWhileTheBrokerStartsAgainIsDeliveredOnce() throws Exception {
        try (RelayApp relay = relay().start()) {
            takeABatch(relay);
            // it would start again within a second if it could write there
            Path inTheWay = Files.createDirectories(folder.resolve("data/broker/probe/taken"));
            relay.bean(EmbeddedBroker.class).server().orElseThrow().stop();
            await().atMost(Duration.ofSeconds(10)).until(() -> readiness(relay) == 503);
            Files.delete(inTheWay);
            Files.deleteIfExists(inTheWay.getParent());
            deliveredOnce(relay);
        }
    }

    @Test
    @Tag("chaos")
    void aBatchThatWaitsForItsDestinationWhileAnExternalBrokerStartsAgainIsDeliveredOnce() {
        try (Broker broker = new Broker(folder.resolve("broker")).start(); RelayApp relay = relay().set("BROKER_URL", broker.url())
                .set("BROKER_USER", Broker.USER).set("BROKER_PASSWORD", Broker.PASSWORD).start()) {
            takeABatch(relay);
            broker.stop();
            await().atMost(Duration.ofSeconds(10)).until(() -> readiness(relay) == 503);
            broker.start();
            deliveredOnce(relay);
        }
    }

    private RelayApp.Builder relay() {
        return RelayApp.with(folder.resolve("data")).cleverTap(simulators.cleverTap.url()).oneSignal(simulators.oneSignal.url());
    }

    private void takeABatch(RelayApp relay) {
        simulators.cleverTap.faults().always(Fault.status(503));
        simulators.oneSignal.faults().always(Fault.status(503));
        for (int i = 0; i < EVENTS; i++) {
            assertThat(relay.revenueCat(Events.renewal("lost-" + i, "lost-" + i, Events.BASE))).isEqualTo(200);
        }
        await().atMost(Duration.ofSeconds(20)).until(() -> simulators.cleverTap.callCount() > 1 && simulators.oneSignal.callCount() > 1);
    }

    private void deliveredOnce(RelayApp relay) {
        await().atMost(Duration.ofSeconds(20)).until(() -> readiness(relay) == 200);
        // both have the batch that came again
        long cleverTap = simulators.cleverTap.callCount();
        long oneSignal = simulators.oneSignal.callCount();
        await().atMost(Duration.ofSeconds(20)).until(() -> simulators.cleverTap.callCount() > cleverTap
                && simulators.oneSignal.callCount() > oneSignal);
        simulators.cleverTap.faults().clear();
        simulators.oneSignal.faults().clear();
        List<String> ids = IntStream.range(0, EVENTS).mapToObj(i -> "lost-" + i).toList();
        List<String> users = ids.stream().map(Events::oneSignalId).toList();
        // longer than the longest wait of a call
        await().atMost(Duration.ofSeconds(20)).during(Duration.ofSeconds(1)).untilAsserted(() -> {
            assertThat(simulators.cleverTap.stored()).extracting(record -> record.data().path("event_id").asText())
                    .containsExactlyInAnyOrderElementsOf(ids);
            assertThat(simulators.oneSignal.updates().stream().filter(update -> update.applied()).map(update -> update.id()))
                    .containsExactlyInAnyOrderElementsOf(users);
        });
    }

    private static int readiness(RelayApp relay) {
        return relay.manage("GET", "/health/readiness").statusCode();
    }
}
