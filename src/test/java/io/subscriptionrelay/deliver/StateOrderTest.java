package io.subscriptionrelay.deliver;

import static org.assertj.core.api.Assertions.assertThat;

import io.subscriptionrelay.deliver.VirtualServer.Reply;
import io.subscriptionrelay.event.Headers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two states of one user: the older one is never sent after the newer one. */
class StateOrderTest {

    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final Map<String, String> STATES = Map.of(
            "clevertap", "{\"type\":\"profile\",\"identity\":\"user\",\"profileData\":{\"n\":\"#%s#\"}}",
            "onesignal", "{\"by\":\"external_id\",\"id\":\"user\",\"tags\":{\"n\":\"#%s#\"}}");

    private static VirtualDelivery relay(String destination, VirtualServer server) {
        return new VirtualDelivery(new VirtualTime(), destination, "production", server);
    }

    @ParameterizedTest
    @ValueSource(strings = {"clevertap", "onesignal"})
    void anOlderStateThatGoesAloneIsSkippedAfterTheNewerOne(String destination) {
        VirtualDelivery relay = relay(destination, Reply::taken);
        String older = relay.put("user", 1, STATES.get(destination), Map.of(Headers.ALONE, true, Headers.ATTEMPT, 1));
        String newer = relay.state("user", 2);
        assertThat(relay.settle(MINUTE)).isTrue();
        assertThat(relay.made).extracting(VirtualServer.Call::ids).containsExactly(List.of(newer));
        assertThat(relay.outcomes.skipped).containsExactly(older);
    }

    @ParameterizedTest
    @ValueSource(strings = {"clevertap", "onesignal"})
    void anOlderStateIsSkippedOnceTheNewerOneWasAskedWith(String destination) {
        VirtualDelivery relay = relay(destination, call -> Reply.of(503, ""));
        String older = relay.put("user", 1, STATES.get(destination), Map.of());
        String newer = relay.put("user", 2, STATES.get(destination), Map.of());
        relay.time.until(() -> relay.made.size() == 2, MINUTE);
        // folded into one, the newer value is left
        List<String> both = destination.equals("clevertap") ? List.of(older, newer) : List.of(newer);
        assertThat(relay.made).extracting(VirtualServer.Call::ids).containsExactly(both, List.of(older));
        relay.server = Reply::taken;
        assertThat(relay.settle(MINUTE)).isTrue();
        assertThat(relay.made.subList(2, relay.made.size())).extracting(VirtualServer.Call::ids).containsExactly(List.of(newer));
        assertThat(relay.outcomes.delivered).containsExactly(newer);
        assertThat(relay.outcomes.skipped).containsExactly(older);
    }

    @ParameterizedTest
    @ValueSource(strings = {"clevertap", "onesignal"})
    void anOlderStateThatComesBackLaterIsSkipped(String destination) {
        VirtualDelivery relay = relay(destination, Reply::taken);
        String newer = relay.put("user", 2, STATES.get(destination), Map.of());
        relay.settle(MINUTE);
        String older = relay.put("user", 1, STATES.get(destination), Map.of());
        String same = relay.put("user", 2, STATES.get(destination), Map.of());
        relay.settle(MINUTE);
        assertThat(relay.outcomes.delivered).containsExactly(newer, same);
        assertThat(relay.outcomes.skipped).containsExactly(older);
    }

    @Test
    void aStateInTheNextBatchWaitsForTheOneUnderWay() {
        VirtualDelivery relay = VirtualDelivery.cleverTap(call -> Reply.taken(call).after(Duration.ofSeconds(20)));
        String older = relay.state("user", 1);
        relay.time.advance(Duration.ofSeconds(1));
        String newer = relay.state("user", 2);
        String event = relay.event("user", 3);
        relay.time.advance(Duration.ofSeconds(18));
        assertThat(relay.made).extracting(VirtualServer.Call::ids).containsExactly(List.of(older));
        relay.settle(MINUTE);
        assertThat(relay.made).extracting(VirtualServer.Call::ids).containsExactly(List.of(older), List.of(newer, event));
    }
}
