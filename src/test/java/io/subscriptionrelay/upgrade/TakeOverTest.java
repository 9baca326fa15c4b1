package io.subscriptionrelay.upgrade;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.subscriptionrelay.simulator.CleverTapSimulator.StoredRecord;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Data directories that earlier versions wrote, and that a {@code kill -9} ended. {@code data-1.0.zip} was written by the last version before
 * destinations were files: five records that wait for a CleverTap that is down, five that OneSignal has sent back, and a parked event.
 */
class TakeOverTest {

    @TempDir
    Path folder;

    @Test
    void whatWaitsInADataDirectoryOfAnEarlierVersionIsDeliveredAndWhatIsParkedStaysParked() throws IOException {
        unpack("data-1.0.zip", folder.resolve("data"));
        try (Simulators simulators = new Simulators();
                RelayApp relay = RelayApp.with(folder.resolve("data")).cleverTap(simulators.cleverTap.url())
                        .oneSignal(simulators.oneSignal.url()).start()) {
            await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
                assertThat(simulators.cleverTap.stored()).extracting(StoredRecord::id)
                        .containsExactlyInAnyOrder("old-user-1", "old-user-2", "old-user-3", "old-user-4", "old-user-5");
                assertThat(simulators.oneSignal.updates()).filteredOn(update -> update.applied()).hasSize(5)
                        .allSatisfy(update -> assertThat(update.body().at("/properties/tags/last_event_type").asText()).isEqualTo("renewal"));
            });
            assertThat(relay.parked().path("total").asInt()).isOne();
            assertThat(relay.parked().path("entries").path(0).path("eventId").asText()).isEqualTo("old-parked");
        }
    }

    private static void unpack(String name, Path target) throws IOException {
        try (InputStream resource = TakeOverTest.class.getResourceAsStream("/takeover/" + name); ZipInputStream zip = new ZipInputStream(resource)) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                Path file = target.resolve(entry.getName());
                Files.createDirectories(file.getParent());
                Files.copy(zip, file);
            }
        }
    }
}
