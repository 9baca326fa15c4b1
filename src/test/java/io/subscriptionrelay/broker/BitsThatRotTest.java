package io.subscriptionrelay.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.Queues;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.camel.CamelContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One bit of what waits on the disk is another one than was written, and what is read is still JSON. */
class BitsThatRotTest {

    private static final int EVENTS = 9;
    private static final int DAMAGED = 5;

    @TempDir
    Path folder;

    @Test
    void aWebhookOfWhichABitHasFlippedIsParkedAloneAndSaysSo() throws Exception {
        try (Simulators simulators = new Simulators()) {
            try (RelayApp relay = relay(simulators)) {
                relay.bean(CamelContext.class).getRouteController().stopRoute("translate-revenuecat-events");
                send(relay);
            }
            assertThat(flip("\"app_user_id\":\"rot-" + DAMAGED)).isPositive();
            try (RelayApp relay = relay(simulators)) {
                JsonNode parked = relay.awaitParked(1).path("entries").get(0);
                assertThat(parked.path("reason").asText()).startsWith("the stored webhook is damaged");
                assertThat(parked.path("eventId").asText()).isEqualTo("R-" + DAMAGED);
                awaitTheOthers(simulators);
            }
        }
    }

    @Test
    void aRecordOfWhichABitHasFlippedIsParkedAloneAndAReplayMakesItAnew() throws Exception {
        try (Simulators simulators = new Simulators()) {
            simulators.cleverTap.stop();
            try (RelayApp relay = relay(simulators)) {
                send(relay);
                await().atMost(Duration.ofSeconds(20)).until(() -> new Queues(relay).added("deliver.clevertap.production") == EVENTS);
            }
            assertThat(flip("\"identity\":\"rot-" + DAMAGED)).isPositive();
            simulators.cleverTap.start();
            try (RelayApp relay = relay(simulators)) {
                assertThat(relay.awaitParked(1).path("entries").get(0).path("reason").asText()).startsWith("the stored record is damaged");
                awaitTheOthers(simulators);
                assertThat(relay.manage("POST", "/parked").statusCode()).isEqualTo(200);
                await().atMost(Duration.ofSeconds(20)).until(() -> users(simulators).contains("rot-" + DAMAGED));
            }
        }
    }

    private RelayApp relay(Simulators simulators) {
        return RelayApp.with(folder.resolve("data")).cleverTap(simulators.cleverTap.url()).start();
    }

    private static void send(RelayApp relay) {
        for (int n = 1; n <= EVENTS; n++) {
            assertThat(relay.revenueCat(Events.renewal("R-" + n, "rot-" + n, Events.BASE + n))).isEqualTo(200);
        }
    }

    private static void awaitTheOthers(Simulators simulators) {
        List<String> others = IntStream.rangeClosed(1, EVENTS).filter(n -> n != DAMAGED).mapToObj(n -> "rot-" + n).toList();
        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThat(users(simulators)).containsExactlyElementsOf(others));
    }

    private static TreeSet<String> users(Simulators simulators) {
        TreeSet<String> users = new TreeSet<>();
        simulators.cleverTap.stored().forEach(record -> users.add(record.id()));
        return users;
    }

    /** Flips the lowest bit of the last character, wherever the text is in the journal; gives the number of places. */
    private int flip(String text) throws IOException {
        int flipped = 0;
        byte[] wanted = text.getBytes(StandardCharsets.UTF_8);
        try (Stream<Path> files = Files.list(folder.resolve("data/broker/journal"))) {
            for (Path file : files.filter(name -> name.toString().endsWith(".amq")).toList()) {
                byte[] bytes = Files.readAllBytes(file);
                int before = flipped;
                for (int at = 0; at <= bytes.length - wanted.length; at++) {
                    if (bytes[at] == wanted[0] && java.util.Arrays.equals(bytes, at, at + wanted.length, wanted, 0, wanted.length)) {
                        bytes[at + wanted.length - 1] ^= 1;
                        flipped++;
                    }
                }
                if (flipped > before) {
                    Files.write(file, bytes);
                }
            }
        }
        return flipped;
    }
}
