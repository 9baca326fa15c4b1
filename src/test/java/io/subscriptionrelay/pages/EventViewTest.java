package io.subscriptionrelay.pages;

import static org.assertj.core.api.Assertions.assertThat;

import io.subscriptionrelay.history.EventOutcome;
import io.subscriptionrelay.history.HistoryEvent;
import io.subscriptionrelay.history.HistoryOutcome;
import io.subscriptionrelay.history.HistoryStore;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EventViewTest {

    private static final long RECEIVED = 1_000_000;

    @Test
    void anEventWaitsForADestinationThatHasNotGotItYet() {
        EventView view = view(Map.of("clevertap", RECEIVED, "onesignal", RECEIVED), outcome(EventOutcome.DELIVERED, "onesignal"));
        assertThat(view.marks()).extracting(mark -> mark.destination() + " " + mark.word()).containsExactly("clevertap waits", "onesignal delivered");
    }

    @Test
    void anEventThatCameBeforeAllThatWaitsDoesNotWait() {
        EventView view = view(Map.of("clevertap", RECEIVED + 1), outcome(EventOutcome.DELIVERED, "onesignal"));
        assertThat(view.marks()).extracting(EventView.Mark::destination).containsExactly("onesignal");
    }

    @Test
    void whatIsDeliveredInPartSaysSo() {
        EventView view = view(Map.of(), outcome(EventOutcome.DELIVERED, "onesignal"));
        assertThat(view.marks()).extracting(EventView.Mark::reason).containsExactly("why");
    }

    @Test
    void anEventThatIsParkedAsAWholeWaitsForNoDestination() {
        EventView view = view(Map.of("clevertap", RECEIVED), outcome(EventOutcome.PARKED, null));
        assertThat(view.marks()).extracting(EventView.Mark::word).containsExactly("parked");
    }

    private static EventView view(Map<String, Long> waiting, HistoryOutcome... outcomes) {
        return new EventView(new HistoryStore.Found(new HistoryEvent("revenuecat", "e", "RENEWAL", RECEIVED, null, null), List.of(outcomes)), waiting);
    }

    private static HistoryOutcome outcome(EventOutcome what, String destination) {
        return new HistoryOutcome(RECEIVED + 1, what, "revenuecat", "e", RECEIVED, "renewal", destination, null, null, null, "why", null, null, null);
    }
}
