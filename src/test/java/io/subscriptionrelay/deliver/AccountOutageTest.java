package io.subscriptionrelay.deliver;

import static org.assertj.core.api.Assertions.assertThat;

import io.subscriptionrelay.deliver.VirtualServer.Call;
import io.subscriptionrelay.deliver.VirtualServer.Reply;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** An account that is down is asked for little, loses nothing, and is noticed soon when it is back. */
class AccountOutageTest {

    private static final int USERS = 200;
    private static final Duration MOMENT = Duration.ofSeconds(10);

    private static VirtualDelivery waiting(VirtualServer server) {
        VirtualDelivery relay = VirtualDelivery.oneSignal(server);
        IntStream.range(0, USERS).forEach(i -> relay.state("user-" + i, i));
        return relay;
    }

    @ParameterizedTest
    @CsvSource({"-1, 5", "0, 50", "503, 50", "401, 50", "0, 5000"})
    void itIsAskedAFewTimesAndDeliveryGoesOnWithinSecondsAfterItIsBack(int status, long milliseconds) {
        VirtualDelivery relay = waiting(call -> Reply.of(status, "").after(Duration.ofMillis(milliseconds)));
        relay.time.until(() -> !relay.gate().open(), Duration.ofMinutes(2));
        int calls = relay.made.size();
        assertThat(calls).as("under way when it failed").isLessThanOrEqualTo(100);
        relay.time.advance(Duration.ofSeconds(20));
        assertThat(relay.made.size() - calls).isBetween(3, 30);
        relay.time.advance(Duration.ofHours(1));
        relay.server = Reply::taken;
        assertThat(relay.settle(MOMENT)).isTrue();
        assertThat(relay.outcomes.delivered).hasSize(USERS).doesNotHaveDuplicates();
    }

    @Test
    void aQuestionThatHangsDoesNotKeepOthersFromAsking() {
        VirtualDelivery relay = waiting(call -> Reply.of(503, ""));
        relay.time.until(() -> !relay.gate().open(), Duration.ofMinutes(1));
        int calls = relay.made.size();
        relay.server = call -> Reply.of(0, "").after(Duration.ofSeconds(60));
        relay.time.advance(Duration.ofSeconds(20));
        assertThat(relay.made.size() - calls).isBetween(3, 30);
        relay.time.advance(Duration.ofSeconds(30));
        relay.server = Reply::taken;
        relay.time.advance(MOMENT);
        assertThat(relay.outcomes.delivered.size()).as("all but those that asked").isGreaterThan(USERS - 20);
        assertThat(relay.settle(Duration.ofMinutes(2))).isTrue();
        assertThat(relay.outcomes.delivered).hasSize(USERS).doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @CsvSource({"429, false", "503, false", "503, true"})
    void retryAfterIsHonoured(int status, boolean date) {
        VirtualTime time = new VirtualTime();
        VirtualDelivery relay = new VirtualDelivery(time, "onesignal", "production", call -> Reply.of(status, "").with("retry-after",
                date ? DateTimeFormatter.RFC_1123_DATE_TIME.format(time.instant().plusSeconds(30).atOffset(ZoneOffset.UTC)) : "30"));
        IntStream.range(0, USERS).forEach(i -> relay.state("user-" + i, i));
        time.until(() -> !relay.gate().open(), Duration.ofMinutes(1));
        Duration closed = time.elapsed();
        int calls = relay.made.size();
        time.until(() -> relay.made.size() > calls, Duration.ofMinutes(2));
        // a date has no fraction of a second
        assertThat(time.elapsed().minus(closed)).isBetween(Duration.ofMillis(28_900), Duration.ofMillis(30_400));
        time.until(() -> relay.made.size() > calls + 1, Duration.ofMinutes(2));
        assertThat(time.elapsed().minus(closed)).isBetween(Duration.ofMillis(57_900), Duration.ofMillis(61_000));
    }

    @Test
    void retryAfterIsHonouredAlsoWhenItComesWithOneOfTheCallsUnderWay() {
        VirtualDelivery relay = waiting(call -> call.ids().contains("r50") ? Reply.of(429, "").after(Duration.ofMillis(500)).with("Retry-After", "30")
                : Reply.of(503, ""));
        relay.time.until(() -> !relay.gate().open(), Duration.ofMinutes(1));
        relay.time.advance(Duration.ofMillis(900));
        int calls = relay.made.size();
        relay.time.advance(Duration.ofSeconds(28));
        assertThat(relay.made).hasSize(calls);
    }

    @Test
    void retryAfterIsHonouredAlsoWhenAnEarlierQuestionFailsLater() {
        VirtualDelivery relay = waiting(call -> Reply.of(503, ""));
        relay.time.until(() -> !relay.gate().open(), Duration.ofMinutes(1));
        int calls = relay.made.size();
        relay.server = call -> relay.made.size() == calls + 1 ? Reply.of(503, "").after(Duration.ofSeconds(12))
                : Reply.of(429, "").with("Retry-After", "60");
        relay.time.until(() -> relay.made.size() == calls + 2, MOMENT);
        relay.time.advance(Duration.ofSeconds(58));
        assertThat(relay.made).hasSize(calls + 2);
    }

    @Test
    void retryAfterIsHonouredAlsoWhenAnEarlierQuestionIsAnsweredLater() {
        VirtualDelivery relay = waiting(call -> Reply.of(503, ""));
        relay.time.until(() -> !relay.gate().open(), Duration.ofMinutes(1));
        int calls = relay.made.size();
        relay.server = call -> relay.made.size() == calls + 1 ? Reply.taken(call).after(Duration.ofSeconds(12))
                : Reply.of(429, "").with("Retry-After", "60");
        relay.time.until(() -> relay.made.size() == calls + 2, MOMENT);
        relay.time.advance(Duration.ofSeconds(58));
        assertThat(relay.made).hasSize(calls + 2);
    }

    @Test
    void howeverManyWaitTheQuestionGoesFirst() {
        VirtualDelivery relay = VirtualDelivery.oneSignal(Reply::taken);
        IntStream.range(0, 5_000).forEach(i -> relay.state("user-" + i, i));
        relay.time.until(() -> relay.outcomes.delivered.size() > 50, MOMENT);
        relay.server = call -> Reply.of(503, "");
        relay.time.until(() -> !relay.gate().open(), MOMENT);
        int calls = relay.made.size();
        // one after 1 s, one 2 s later
        relay.time.advance(Duration.ofMillis(3500));
        assertThat(relay.made.size() - calls).isEqualTo(2);
        relay.server = Reply::taken;
        relay.time.until(relay.gate()::open, MOMENT);
        Duration open = relay.time.elapsed();
        assertThat(relay.settle(Duration.ofSeconds(15))).as("settled %s after it was back", relay.time.elapsed().minus(open)).isTrue();
        assertThat(relay.outcomes.delivered).hasSize(5_000).doesNotHaveDuplicates();
    }

    @Test
    void anOutageOfThreeDaysParksNothing() {
        VirtualDelivery relay = VirtualDelivery.oneSignal(call -> Reply.of(503, ""));
        IntStream.range(0, 20).forEach(i -> relay.state("user-" + i, i));
        relay.time.advance(Duration.ofDays(3));
        assertThat(relay.outcomes.parked).isEmpty();
        relay.server = Reply::taken;
        assertThat(relay.settle(MOMENT)).isTrue();
        assertThat(relay.outcomes.delivered).hasSize(20).doesNotHaveDuplicates();
    }

    @Test
    void aBatchOfAnAccountThatIsDownIsAskedWithOneRecordAtATime() {
        VirtualDelivery relay = VirtualDelivery.cleverTap(call -> Reply.of(500, ""));
        IntStream.range(0, 1000).forEach(i -> relay.event("user-" + i, i));
        relay.time.advance(Duration.ofHours(1));
        assertThat(relay.made.subList(1, relay.made.size())).extracting(Call::ids).allSatisfy(ids -> assertThat(ids).hasSize(1));
        relay.server = Reply::taken;
        assertThat(relay.settle(MOMENT)).isTrue();
        assertThat(relay.outcomes.delivered).hasSize(1000).doesNotHaveDuplicates();
    }

    @Test
    void anotherAccountOfTheDestinationIsNotSlowed() {
        VirtualTime time = new VirtualTime();
        VirtualDelivery down = new VirtualDelivery(time, "onesignal", "production", call -> Reply.of(0, "").after(Duration.ofSeconds(60)));
        VirtualDelivery up = new VirtualDelivery(time, "onesignal", "sandbox", Reply::taken);
        List<String> sent = new ArrayList<>();
        time.every(Duration.ofSeconds(1), () -> {
            down.state("user-" + sent.size(), sent.size());
            sent.add(up.state("user-" + sent.size(), sent.size()));
        });
        time.advance(Duration.ofMinutes(10));
        assertThat(down.outcomes.delivered).isEmpty();
        assertThat(sent.subList(0, sent.size() - 1)).allSatisfy(id -> assertThat(up.wait(id)).isLessThan(Duration.ofSeconds(1)));
    }

    @Test
    void aStopGivesEverythingBackAsItCame() {
        VirtualDelivery relay = waiting(call -> Reply.of(503, ""));
        relay.time.advance(Duration.ofSeconds(30));
        relay.ending = true;
        relay.time.until(() -> relay.settled.size() >= USERS, Duration.ofSeconds(1));
        assertThat(relay.settled).hasSize(USERS).allSatisfy(one -> assertThat(one).startsWith("putBack "));
    }
}
