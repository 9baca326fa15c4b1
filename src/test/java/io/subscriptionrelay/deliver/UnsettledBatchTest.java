package io.subscriptionrelay.deliver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.subscriptionrelay.jmsbatch.JmsBatchConsumer;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.Home;
import io.subscriptionrelay.testing.Queues;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.camel.CamelContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A route whose edit has lost the step that makes the calls. */
class UnsettledBatchTest {

    private static final String ROUTE = "deliver-clevertap-production";

    @TempDir
    Path folder;

    @Test
    void aBatchWhoseRecordsNobodyHasSettledIsRolledBackAndStaysInItsQueue() throws IOException {
        Path home = Home.copyTo(folder.resolve("home"));
        Path route = home.resolve("routes/deliver/clevertap-production.camel.yaml");
        String text = Files.readString(route);
        assertThat(text).contains("uri: direct:deliver-calls");
        Files.writeString(route, text.replace("uri: direct:deliver-calls", "uri: log:forgotten?level=OFF"));
        try (Simulators simulators = new Simulators();
                RelayApp relay = RelayApp.with(folder.resolve("data")).home(home).cleverTap(simulators.cleverTap.url()).start()) {
            assertThat(relay.revenueCat(Events.renewal("unsettled", "unsettled", Events.BASE))).isEqualTo(200);
            JmsBatchConsumer consumer = (JmsBatchConsumer) relay.bean(CamelContext.class).getRoute(ROUTE).getConsumer();
            await().atMost(Duration.ofSeconds(20)).until(() -> consumer.getRolledBack() > 1);
            assertThat(consumer.getBatches()).isZero();
            assertThat(new Queues(relay).count("deliver.clevertap.production")).isOne();
        }
    }
}
