package io.subscriptionrelay.translate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.mapping.Mapper;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.Home;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A record that its destination does not know is delivered all the same, and log and health name it until a later one fits. */
class FirstRecordsTest {

    private static final Duration SOON = Duration.ofSeconds(20);

    @TempDir
    Path folder;

    @Test
    void theFirstEventAfterAnEditShowsWhatDoesNotFitAndIsDelivered() throws Exception {
        Path home = Home.copyTo(folder.resolve("home"));
        Path mapping = home.resolve("mappings/revenuecat/clevertap.jslt");
        try (Simulators simulators = new Simulators();
                RelayApp relay = RelayApp.with(folder.resolve("data")).home(home).cleverTap(simulators.cleverTap.url())
                        .oneSignal(simulators.oneSignal.url()).start()) {
            assertThat(relay.revenueCat(Events.renewal("first", "lena", Events.BASE))).isEqualTo(200);
            await().atMost(SOON).until(() -> simulators.cleverTap.storedCount() == 1);
            assertThat(health(relay).path("status").asText()).isEqualTo("UP");

            Files.writeString(mapping, "[{\"type\": \"event\", \"evtName\": $step, \"evtData\": {\"of\": \"a test\"}, \"name\": \"x\","
                    + " \"ts\": seconds($facts.time), \"identity\": $facts.user}]");
            relay.bean(Mapper.class).reload();
            assertThat(relay.revenueCat(Events.renewal("second", "lena", Events.BASE))).isEqualTo(200);
            await().atMost(SOON).until(() -> health(relay).path("status").asText().equals("DEGRADED"));
            assertThat(health(relay).at("/details/revenuecat~1clevertap").toString())
                    .startsWith("[\"renewal: `name` is unknown; known are: type, evtName,");
            await().atMost(SOON).until(() -> simulators.cleverTap.storedCount() == 2);

            Files.writeString(mapping, Files.readString(mapping).replace("\"name\": \"x\",", ""));
            relay.bean(Mapper.class).reload();
            assertThat(relay.revenueCat(Events.renewal("third", "lena", Events.BASE))).isEqualTo(200);
            await().atMost(SOON).until(() -> simulators.cleverTap.storedCount() == 3);
            assertThat(health(relay).path("status").asText()).isEqualTo("UP");
        }
    }

    private static JsonNode health(RelayApp relay) {
        return relay.actuator("/health").path("components").path("mapper");
    }
}
