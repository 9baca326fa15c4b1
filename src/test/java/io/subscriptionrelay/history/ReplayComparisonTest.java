package io.subscriptionrelay.history;

import static org.assertj.core.api.Assertions.assertThat;

import io.subscriptionrelay.event.StrictJson;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ReplayComparisonTest {

    private static final DryRun SENT = replay -> List.of(Map.of("outcome", "sent", "destination", "clevertap", "state", true, "part", 0, "record",
            StrictJson.mapper().createObjectNode().put("evtName", "renamed")));

    @Test
    void aRecordThatWasRefusedIsNewAndSaysThatItWasParked() {
        assertThat(compared(outcome(EventOutcome.PARKED)).differences).extracting(ReplayJob.Difference::becomes).containsExactly("new, was parked");
        assertThat(compared(outcome(EventOutcome.SKIPPED)).differences).extracting(ReplayJob.Difference::becomes).containsExactly("new");
    }

    @Test
    void aReplayThatALaterVersionHasNotedCanBeRead() throws Exception {
        assertThat(StrictJson.mapper().readValue("{\"id\":\"r\",\"invented\":1}", ReplayJob.class).id).isEqualTo("r");
    }

    private static ReplayJob compared(HistoryOutcome outcome) {
        ReplayJob job = new ReplayJob();
        HistoryEvent event = new HistoryEvent("revenuecat", "e", "RENEWAL", 1, "{}".getBytes(StandardCharsets.UTF_8), null);
        assertThat(new ReplayComparison(SENT).compare(new HistoryStore.Found(event, List.of(outcome)), job)).isTrue();
        return job;
    }

    private static HistoryOutcome outcome(EventOutcome what) {
        return new HistoryOutcome(2, what, "revenuecat", "e", 1, "renewal", "clevertap", null, null, null, "why", null, null, null);
    }
}
