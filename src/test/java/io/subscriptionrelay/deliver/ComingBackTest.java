package io.subscriptionrelay.deliver;

import static org.assertj.core.api.Assertions.assertThat;

import io.subscriptionrelay.deliver.VirtualServer.Reply;
import io.subscriptionrelay.event.Headers;
import java.time.Duration;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Records that come back later: how long they wait, where, and when they are parked at last. */
class ComingBackTest {

    private static final Duration DAY = Duration.ofHours(24);
    private static final String NOT_FOUND = "{\"errors\":[{\"code\":\"user-2\",\"title\":\"no such user\"}]}";
    private static final VirtualServer UNKNOWN = call -> Reply.of(404, NOT_FOUND);
    private static final VirtualServer DOWN = call -> Reply.of(503, "");

    @Test
    void aRecordOfAnUnknownUserParksAfterADayOfSuchAnswers() {
        VirtualDelivery relay = VirtualDelivery.oneSignal(UNKNOWN);
        relay.state("unknown", 1);
        relay.time.advance(DAY.minusMinutes(1));
        assertThat(relay.outcomes.parked).isEmpty();
        relay.time.advance(Duration.ofMinutes(20));
        assertThat(relay.outcomes.parked).containsExactlyEntriesOf(Map.of("r0", "OneSignal 404: it does not know the user, for 24 h"));
        assertThat(relay.made.size()).isBetween(100, 200);
    }

    @Test
    void anOutageDoesNotCountForTheDay() {
        VirtualDelivery relay = VirtualDelivery.oneSignal(UNKNOWN);
        relay.state("unknown", 1);
        relay.time.advance(Duration.ofMinutes(30));
        relay.server = DOWN;
        relay.time.advance(Duration.ofHours(25));
        relay.server = UNKNOWN;
        relay.time.advance(Duration.ofHours(23));
        assertThat(relay.outcomes.parked).isEmpty();
        relay.time.advance(Duration.ofHours(1));
        assertThat(relay.outcomes.parked).containsOnlyKeys("r0");
    }

    @Test
    void aJumpOfTheWallClockParksNothing() {
        VirtualDelivery relay = VirtualDelivery.oneSignal(UNKNOWN);
        relay.state("unknown", 1);
        relay.time.advance(Duration.ofHours(1));
        relay.time.setClock(Duration.ofDays(2));
        relay.broker().takeIn(0);
        relay.time.advance(Duration.ofHours(22));
        assertThat(relay.outcomes.parked).isEmpty();
        relay.server = Reply::taken;
        assertThat(relay.settle(Duration.ofMinutes(15))).isTrue();
        assertThat(relay.outcomes.delivered).containsExactly("r0");
    }

    @Test
    void anIsolatedRecordIsNotParkedByAJumpOfTheWallClockNorByAnOutage() {
        VirtualDelivery relay = VirtualDelivery.cleverTap(call -> call.ids().contains("r0") ? Reply.of(500, "") : Reply.taken(call));
        relay.state("bad", 1);
        int[] other = {0};
        relay.time.every(Duration.ofSeconds(50), () -> relay.event("other-" + other[0]++, 1));
        relay.time.advance(Duration.ofHours(1));
        assertThat(relay.settled).contains("isolate r0");
        relay.time.setClock(Duration.ofDays(2));
        relay.broker().takeIn(0);
        relay.time.advance(Duration.ofHours(1));
        VirtualServer server = relay.server;
        relay.server = DOWN;
        relay.time.advance(Duration.ofHours(25));
        relay.server = server;
        relay.time.advance(Duration.ofHours(20));
        assertThat(relay.outcomes.parked).isEmpty();
        relay.time.advance(Duration.ofHours(3));
        assertThat(relay.outcomes.parked).containsOnlyKeys("r0");
    }

    @Test
    void oneSpuriousRefusalAfterAnswersThatSayNothingParksNothing() {
        VirtualDelivery relay = VirtualDelivery.cleverTap(call -> Reply.of(200, "{\"status\":\"success\",\"processed\":0,\"unprocessed\":[]}"));
        relay.state("user", 1);
        relay.time.until(() -> relay.made.size() == 2, Duration.ofMinutes(1));
        relay.server = call -> Reply.of(400, "{\"status\":\"fail\",\"error\":\"Malformed request\",\"code\":400}");
        relay.time.until(() -> relay.made.size() == 3, Duration.ofMinutes(1));
        relay.server = Reply::taken;
        assertThat(relay.settle(Duration.ofMinutes(1))).isTrue();
        assertThat(relay.outcomes.delivered).containsExactly("r0");
    }

    @Test
    void threeRefusalsOfALoneRecordPark() {
        VirtualDelivery relay = VirtualDelivery.cleverTap(call -> Reply.of(400, "{\"status\":\"fail\",\"error\":\"Malformed request\",\"code\":400}"));
        relay.state("user", 1);
        assertThat(relay.settle(Duration.ofMinutes(1))).isTrue();
        assertThat(relay.made).hasSize(3);
        assertThat(relay.outcomes.parked).containsOnlyKeys("r0");
    }

    @Test
    void onlySecondsAreScheduledInTheBrokersMemory() {
        VirtualDelivery relay = VirtualDelivery.oneSignal(UNKNOWN);
        IntStream.range(0, 20).forEach(i -> relay.state("unknown-" + i, i));
        assertThat(relay.settle(DAY.plusHours(1))).isTrue();
        assertThat(relay.outcomes.parked).hasSize(20);
        assertThat(relay.broker().longestScheduled()).isEqualTo(Duration.ofSeconds(8));
        assertThat(relay.broker().queues()).containsExactlyInAnyOrder("deliver.onesignal.production", "deliver.later.1m", "deliver.later.10m");
    }

    @Test
    void ofThousandsOfRecordsOfUnknownUsersNoneIsScheduledOnceTheyHaveWaitedForSeconds() {
        VirtualDelivery relay = VirtualDelivery.oneSignal(UNKNOWN);
        for (int i = 0; i < 5_000; i++) {
            relay.put("unknown", i, "{\"by\":\"external_id\",\"id\":\"unknown-" + i + "\",\"tags\":{\"#%s#\":\"1\"}}", Map.of(Headers.ATTEMPT, 4));
        }
        relay.time.until(() -> relay.made.size() >= 5_000, Duration.ofMinutes(10));
        assertThat(relay.broker().longestScheduled()).isZero();
        assertThat(relay.made.size()).isLessThan((int) (relay.time.elapsed().toMillis() * 951 / 1000));
    }
}
