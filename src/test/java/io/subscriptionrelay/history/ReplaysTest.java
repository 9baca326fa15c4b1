package io.subscriptionrelay.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.Home;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What was delivered wrongly is repaired from history, and a destination that is switched on gets what it has missed. */
class ReplaysTest {

    private static final String RIGHT = "\"store\": text($event.store),\n  \"environment\": text($event.environment),\n  // The one name";
    private static final String WRONG = "\"store\": \"wrong\",\n  \"environment\": text($event.environment),\n  // The one name";

    @TempDir
    Path folder;
    private Simulators simulators;
    private Path home;

    @BeforeEach
    void copy() {
        simulators = new Simulators();
        home = Home.copyTo(folder.resolve("home"));
    }

    @AfterEach
    void close() {
        simulators.close();
    }

    private RelayApp.Builder relay() {
        return RelayApp.with(folder.resolve("data")).home(home).cleverTap(simulators.cleverTap.url());
    }

    @Test
    void aMendedMappingAndAReplayOfStatesMakeEveryTagRightAndCountNothingTwice() throws IOException {
        Path mapping = home.resolve("mappings/revenuecat/onesignal.jslt");
        String shipped = Files.readString(mapping);
        assertThat(shipped).contains(RIGHT);
        Files.writeString(mapping, shipped.replace(RIGHT, WRONG));
        try (RelayApp relay = relay().oneSignal(simulators.oneSignal.url()).start()) {
            for (int i = 0; i < 40; i++) {
                assertThat(relay.revenueCat(Events.renewal("wrong-" + i, "user-" + i, Events.BASE + i))).isEqualTo(200);
            }
            awaitDelivered(relay, "onesignal", 40);
            awaitDelivered(relay, "clevertap", 40);
            assertThat(tag("user-3")).isEqualTo("wrong");
            // a newer event of this user must not be overwritten by the replay of the older one
            Files.writeString(mapping, shipped);
            await().atMost(Duration.ofSeconds(10)).until(() -> relay.manage("GET", "/prometheus").body().contains("relay_mappings_broken 0.0"));
            JsonNode compared = await().atMost(Duration.ofSeconds(30)).until(() -> {
                JsonNode job = ask(relay, "destination=onesignal&dry-run=true");
                return awaitEnd(relay, job.path("id").asText());
            }, job -> job.path("different").asInt() > 0);
            assertThat(compared.path("total").asInt()).isEqualTo(40);
            assertThat(compared.path("different").asInt()).isEqualTo(40);
            assertThat(compared.path("same").asInt() + compared.path("new").asInt() + compared.path("sent").asInt()).isZero();
            assertThat(compared.path("wouldSend").asInt()).isEqualTo(40);
            JsonNode first = compared.path("differences").path(0);
            assertThat(first.path("keys")).extracting(JsonNode::asText).containsExactly("tags.store");
            assertThat(first.path("was").toString()).isEqualTo("{\"tags\":{\"store\":\"wrong\"}}");
            assertThat(relay.actuator("/replays/" + compared.path("id").asText()).path("differences").path(0).has("was"))
                    .as("values are shown after a login only").isFalse();

            long stored = simulators.cleverTap.storedCount();
            JsonNode done = awaitEnd(relay, ask(relay, "rate=1000").path("id").asText());
            assertThat(done.path("sent").asInt()).isEqualTo(40);
            assertThat(done.path("countedTwice").asInt()).as("CleverTap's events").isEqualTo(40);
            await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
                for (int i = 0; i < 40; i++) {
                    assertThat(tag("user-" + i)).isEqualTo("APP_STORE");
                }
            });
            assertThat(simulators.cleverTap.eventsOf("user-3")).hasSize(1);
            assertThat(simulators.cleverTap.storedCount()).isGreaterThanOrEqualTo(stored);
            JsonNode audit = relay.actuator("/replays").path("replays").path(0);
            assertThat(audit.path("by").asText()).isNotBlank();
            assertThat(audit.path("state").asText()).isEqualTo("done");
            await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThat(relay.actuator("/events/wrong-3").path("events").path(0).path("trace"))
                    .extracting(line -> line.path("outcome").asText()).contains("replayed").filteredOn("delivered"::equals).hasSizeGreaterThan(2));
        }
    }

    @Test
    void aDestinationThatIsSwitchedOnLaterGetsWhatItHasMissed() {
        try (RelayApp relay = relay().start()) {
            for (int i = 0; i < 20; i++) {
                assertThat(relay.revenueCat(Events.renewal("missed-" + i, "user-" + i, Events.BASE + i))).isEqualTo(200);
            }
            awaitDelivered(relay, "clevertap", 20);
        }
        try (RelayApp relay = relay().oneSignal(simulators.oneSignal.url()).start()) {
            JsonNode compared = awaitEnd(relay, ask(relay, "destination=onesignal&dry-run=true").path("id").asText());
            assertThat(compared.path("new").asInt()).isEqualTo(20);
            JsonNode few = awaitEnd(relay, ask(relay, "destination=onesignal&dry-run=true&limit=3").path("id").asText());
            assertThat(List.of(few.path("total").asInt(), few.path("done").asInt(), few.path("new").asInt())).containsOnly(3);
            assertThat(few.path("differences")).extracting(difference -> difference.path("eventId").asText()).as("the oldest first")
                    .containsExactly("missed-0", "missed-1", "missed-2");
            long stored = simulators.cleverTap.storedCount();
            ask(relay, "destination=onesignal&rate=1000");
            await().atMost(Duration.ofSeconds(60)).until(() -> simulators.oneSignal.userCount(Simulators.ONESIGNAL_APP) == 20);
            assertThat(simulators.cleverTap.storedCount()).isEqualTo(stored);
        }
    }

    @Test
    void aReplayGoesOnAfterARestartWhereItWasAndCanBeCancelled() {
        String id;
        try (RelayApp relay = relay().start()) {
            for (int i = 0; i < 30; i++) {
                assertThat(relay.revenueCat(Events.renewal("slow-" + i, "user-" + i, Events.BASE + i))).isEqualTo(200);
            }
            awaitDelivered(relay, "clevertap", 30);
            id = ask(relay, "rate=5&events=again").path("id").asText();
            await().atMost(Duration.ofSeconds(30)).until(() -> relay.actuator("/replays/" + id).path("done").asInt() >= 5);
        }
        try (RelayApp relay = relay().start()) {
            await().atMost(Duration.ofSeconds(30)).until(() -> relay.actuator("/replays/" + id).path("state").asText().equals("done"));
            assertThat(relay.actuator("/replays/" + id).path("sent").asInt()).isEqualTo(30);
            // each event is there twice, and none a third time, though the relay was stopped in between
            await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertThat(sentEvents()).isEqualTo(60));
            String cancelled = ask(relay, "rate=1").path("id").asText();
            await().atMost(Duration.ofSeconds(30)).until(() -> relay.actuator("/replays/" + cancelled).path("done").asInt() >= 1);
            assertThat(relay.manage("DELETE", "/replays/" + cancelled).statusCode()).isEqualTo(200);
            assertThat(relay.actuator("/replays/" + cancelled).path("state").asText()).isEqualTo("cancelled");
        }
    }

    @Test
    void aReplayThatIsCancelledSaysHowManyWereSentInTheEnd() {
        try (RelayApp relay = relay().start()) {
            for (int i = 0; i < 40; i++) {
                assertThat(relay.revenueCat(Events.renewal("counted-" + i, "user-" + i, Events.BASE + i))).isEqualTo(200);
            }
            awaitDelivered(relay, "clevertap", 40);
            String id = ask(relay, "rate=20&events=again").path("id").asText();
            await().atMost(Duration.ofSeconds(30)).pollInterval(Duration.ofMillis(20)).until(() -> sentEvents() > 40);
            // as another relay on the database does it
            relay.bean(ReplayTable.class).cancel(id);
            await().atMost(Duration.ofSeconds(10)).untilAsserted(() -> {
                JsonNode job = relay.actuator("/replays/" + id);
                assertThat(job.path("sent").asLong()).isEqualTo(sentEvents() - 40).isPositive();
                assertThat(job.path("done").asLong()).isEqualTo(job.path("sent").asLong());
                assertThat(job.path("state").asText()).isEqualTo("cancelled");
            });
        }
    }

    @Test
    void aReplayThatCannotBeCarriedOutHasFailedAndTheNextOneGoesOn() {
        try (RelayApp relay = relay().start()) {
            assertThat(relay.revenueCat(Events.renewal("next", "user", Events.BASE))).isEqualTo(200);
            awaitDelivered(relay, "clevertap", 1);
            ReplayJob broken = new ReplayJob();
            broken.id = "broken";
            broken.at = 1;
            broken.rate = 1;
            broken.filters = Map.of("outcome", "invented by a later version");
            relay.bean(ReplayTable.class).add(broken);
            assertThat(awaitEnd(relay, ask(relay, "dry-run=true").path("id").asText()).path("done").asInt()).isEqualTo(1);
            JsonNode failed = relay.actuator("/replays/broken");
            assertThat(failed.path("state").asText()).isEqualTo("failed");
            assertThat(failed.path("problem").asText()).contains("invented by a later version").contains("write one of");
            assertThat(failed.path("endedAt").asText()).isNotEmpty();
            assertThat(relay.bean(Replays.class).show("broken")).startsWith("failed, 0 of 0 events, 0 sent: ").endsWith(failed.path("problem").asText());
        }
    }

    @Test
    void aQuestionThatCannotBeAnsweredSaysWhatToWrite() {
        try (RelayApp relay = relay().start()) {
            assertThat(relay.manage("POST", "/replays?destination=nowhere").body()).contains("clevertap, onesignal");
            assertThat(relay.manage("POST", "/replays?rate=fast").body()).contains("events a second");
            assertThat(relay.manage("POST", "/replays?limit=0").body()).contains("how many events at the most");
            assertThat(relay.manage("POST", "/replays?destination=").body()).contains("leave it out for all");
            assertThat(relay.manage("POST", "/replays?events=all").body()).contains("`again`");
            assertThat(relay.manage("POST", "/replays?colour=red").body()).contains("dry-run");
            assertThat(relay.manage("POST", "/replays?from=yesterday").statusCode()).isEqualTo(400);
            assertThat(relay.manage("GET", "/replays/unheard-of").statusCode()).isEqualTo(404);
        }
    }

    private long sentEvents() {
        return simulators.cleverTap.stored().stream().filter(record -> record.type().equals("event")).count();
    }

    private String tag(String user) {
        return simulators.oneSignal.tags(Simulators.ONESIGNAL_APP, "onesignal_id", Events.oneSignalId(user)).get("store");
    }

    private static void awaitDelivered(RelayApp relay, String destination, int events) {
        await().atMost(Duration.ofSeconds(60)).until(() ->
                relay.actuator("/events?limit=100&outcome=delivered&destination=" + destination).path("events").size() == events);
    }

    private static JsonNode ask(RelayApp relay, String query) {
        try {
            var answer = relay.manage("POST", "/replays?" + query);
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
            return StrictJson.mapper().readTree(answer.body());
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static JsonNode awaitEnd(RelayApp relay, String id) {
        return await().atMost(Duration.ofSeconds(60)).until(() -> relay.actuatorLoggedIn("/replays/" + id),
                job -> !job.path("state").asText().equals("running"));
    }
}
