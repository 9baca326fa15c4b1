package io.subscriptionrelay.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.Home;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is parked is repaired in the mapping and replayed. */
class ReplayTest {

    @TempDir
    Path folder;

    @Test
    void aMendedMappingAndAReplayReachTheDestinationThatRefusedAndNoOther() throws IOException {
        Path home = Home.copyTo(folder.resolve("home"));
        Path settings = home.resolve("mappings/revenuecat/clevertap.yaml");
        String shipped = Files.readString(settings);
        // an event that was discarded on CleverTap's dashboard, which it refuses with 528
        Files.writeString(settings, shipped.replace("renewal: rc_renewal_event", "renewal: Renewed at last"));
        try (Simulators simulators = new Simulators();
                RelayApp relay = RelayApp.with(folder.resolve("data")).home(home).cleverTap(simulators.cleverTap.url())
                        .oneSignal(simulators.oneSignal.url()).start()) {
            simulators.cleverTap.discarded("Renewed at last");
            assertThat(relay.revenueCat(Events.renewal("r-1", "person@example.com", Events.BASE))).isEqualTo(200);
            JsonNode entry = relay.awaitParked(1).path("entries").path(0);
            assertThat(entry.fieldNames()).toIterable().containsExactlyInAnyOrder("id", "queue", "reason", "provider", "eventId", "step",
                    "destination", "account", "parkedAt");
            assertThat(entry.path("reason").asText()).startsWith("CleverTap 528: ");
            assertThat(relay.manage("GET", "/parked").body()).doesNotContain("person@example.com");
            assertThat(relay.actuator("/parked/" + entry.path("id").asText()).path("event").asText()).contains("person@example.com");

            Files.writeString(settings, "events: [broken");
            await().atMost(Duration.ofSeconds(10)).until(() -> relay.prometheus().contains("relay_mappings_broken 1.0"));
            assertThat(relay.actuator("/health").path("components").path("mapper").path("status").asText()).isEqualTo("DEGRADED");
            Files.writeString(settings, shipped.replace("renewal: rc_renewal_event", "renewal: Renewed"));
            await().atMost(Duration.ofSeconds(10)).until(() -> relay.prometheus().contains("relay_mappings_broken 0.0"));

            int updates = simulators.oneSignal.updates().size();
            assertThat(relay.manage("POST", "/parked/" + entry.path("id").asText()).statusCode()).isEqualTo(200);
            await().atMost(Duration.ofSeconds(20)).until(() -> simulators.cleverTap.storedCount() == 1);
            assertThat(simulators.cleverTap.stored().get(0).name()).isEqualTo("Renewed");
            assertThat(relay.parked().path("total").asInt()).isZero();
            assertThat(simulators.oneSignal.updates()).hasSize(updates);
            assertThat(relay.manage("POST", "/parked/" + entry.path("id").asText()).statusCode()).isEqualTo(404);
        }
    }
}
