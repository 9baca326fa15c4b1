package io.subscriptionrelay.clevertap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.subscriptionrelay.simulator.CleverTapSimulator.StoredRecord;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.Home;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Profiles hold the newest state, whatever order events come in and however many calls are under way. */
class ProfileOrderTest {

    private static final int USERS = 20;
    private static final int EVENTS = 12;

    @TempDir
    Path folder;

    @Test
    void aShuffledLifecycleOfManyUsersEndsInTheStateOfTheNewestEvent() throws IOException {
        Path home = Home.copyTo(folder.resolve("home"));
        Path settings = home.resolve("mappings/revenuecat/clevertap.yaml");
        Files.writeString(settings, Files.readString(settings).replace("profile: off", "profile: on"));
        // small calls, so that many of them are under way at once
        Home.batches(home, "clevertap", 7, 20);
        List<String> webhooks = new ArrayList<>();
        for (int user = 0; user < USERS; user++) {
            for (int n = 0; n < EVENTS; n++) {
                webhooks.add(Events.renewal("p-" + user + "-" + n, "profile-user-" + user, Events.BASE + 1000L * n)
                        .replace("{\"$onesignalUserId\"", "{\"version\":{\"value\":\"" + n + "\"},\"$onesignalUserId\""));
            }
        }
        Collections.shuffle(webhooks, new Random(4));
        try (Simulators simulators = new Simulators();
                RelayApp relay = RelayApp.with(folder.resolve("data")).home(home).cleverTap(simulators.cleverTap.url()).start()) {
            simulators.cleverTap.latency(Duration.ofMillis(5), Duration.ofMillis(120));
            webhooks.forEach(webhook -> assertThat(relay.revenueCat(webhook)).isEqualTo(200));
            await().atMost(Duration.ofSeconds(60)).until(() ->
                    simulators.cleverTap.stored().stream().filter(record -> record.type().equals("event")).count() == USERS * EVENTS);
            await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
                for (int user = 0; user < USERS; user++) {
                    assertThat(simulators.cleverTap.profile("profile-user-" + user).orElseThrow().path("version").asText())
                            .as("profile-user-" + user).isEqualTo(Integer.toString(EVENTS - 1));
                }
            });
            for (int user = 0; user < USERS; user++) {
                String id = "profile-user-" + user;
                List<Integer> versions = simulators.cleverTap.stored().stream()
                        .filter(record -> record.type().equals("profile") && record.id().equals(id))
                        .map(record -> record.json().path("profileData").path("version").asInt()).toList();
                assertThat(versions).as(id).isSorted();
            }
            assertThat(simulators.cleverTap.stored().stream().filter(record -> record.type().equals("event")).map(StoredRecord::data))
                    .extracting(data -> data.path("event_id").asText()).doesNotHaveDuplicates();
        }
    }
}
