package io.subscriptionrelay.deliver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.Home;
import io.subscriptionrelay.testing.Postgres;
import io.subscriptionrelay.testing.Queues;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The state database refuses connections while batches begin. */
class StateDatabaseAwayTest {

    @TempDir
    Path folder;

    @Test
    void aBatchIsBegunAgainOnceTheStateDatabaseIsBackAndNoDestinationIsBlamed() throws Exception {
        Path home = Home.copyTo(folder.resolve("home"));
        Path settings = home.resolve("mappings/revenuecat/clevertap.yaml");
        Files.writeString(settings, Files.readString(settings).replace("profile: off", "profile: on"));
        try (Simulators simulators = new Simulators(); Postgres postgres = new Postgres(folder.resolve("postgres"));
                RelayApp relay = RelayApp.with(folder.resolve("data")).home(home).cleverTap(simulators.cleverTap.url())
                        .oneSignal(simulators.oneSignal.url()).set("spring.datasource.hikari.connection-timeout", "500")
                        .set("STATE_JDBC_URL", postgres.url()).set("STATE_JDBC_USER", postgres.user()).start()) {
            postgres.stop();
            for (int i = 0; i < 3; i++) {
                assertThat(relay.revenueCat(Events.renewal("away-" + i, "away", Events.BASE + i * 1000L))).isEqualTo(200);
            }
            Queues queues = new Queues(relay);
            // an event and a profile each
            await().atMost(Duration.ofSeconds(20)).until(() -> queues.count("deliver.clevertap.production") == 6
                    && queues.count("deliver.onesignal.production") == 3);
            // long enough for several attempts
            await().during(Duration.ofSeconds(2)).atMost(Duration.ofSeconds(4)).untilAsserted(() ->
                    assertThat(relay.prometheus()).doesNotContain("relay_calls_failed_total"));
            assertThat(simulators.cleverTap.callCount()).isZero();
            postgres.start();
            await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
                assertThat(simulators.cleverTap.eventsOf("away")).hasSize(3);
                assertThat(simulators.oneSignal.tags(Simulators.ONESIGNAL_APP, "onesignal_id", Events.oneSignalId("away")))
                        .containsEntry("last_event_at", Long.toString(Events.BASE / 1000 + 2));
            });
        }
    }
}
