package io.subscriptionrelay.auditor;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.simulator.CleverTapSimulator.StoredRecord;
import io.subscriptionrelay.simulator.OneSignalSimulator.Update;
import io.subscriptionrelay.testing.RelayHistory.Entry;
import io.subscriptionrelay.testing.RelayHistory.Line;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The audit of history finds what is wrong, and says of which event. */
class HistoryAuditTest {

    private static final String WEBHOOK = "{\"id\":\"a\"} ";
    private static final Map<String, String> ACCEPTED = Map.of("A", WEBHOOK);
    private static final JsonNode RECORD = json("{\"type\":\"event\",\"identity\":\"u\",\"ts\":1}");
    private static final JsonNode TAGS = json("{\"id\":\"u\",\"tags\":{\"store\":\"x\",\"last_event_at\":\"1\"}}");
    private static final Line TO_CLEVERTAP = new Line("delivered", "clevertap", "production", 0, RECORD);
    private static final Line TO_ONESIGNAL = new Line("delivered", "onesignal", "production", 0, TAGS);
    private static final Line SKIPPED = new Line("skipped", "onesignal", null, null, null);
    private static final List<StoredRecord> STORED = List.of(new StoredRecord("account", Instant.EPOCH, 1, 1, RECORD));
    private static final List<Update> UPDATED = List.of(update("2"), update("1"));

    @Test
    void whatAgreesIsNoBreach() {
        assertThat(audit(List.of(entry(WEBHOOK, TO_CLEVERTAP, TO_ONESIGNAL)), STORED, List.of(update("1")))).isEmpty();
        assertThat(audit(List.of(entry(WEBHOOK, TO_CLEVERTAP, SKIPPED)), STORED, List.of())).isEmpty();
        // a call that was repeated after a crash
        List<StoredRecord> twice = List.of(STORED.get(0), STORED.get(0));
        assertThat(audit(List.of(entry(WEBHOOK, TO_CLEVERTAP, SKIPPED)), twice, List.of())).isEmpty();
    }

    @Test
    void anEventThatIsMissingOrThereTwiceIsNamed() {
        assertThat(audit(List.of(), List.of(), List.of())).containsExactly("A is in history 0 times");
        Entry entry = entry(WEBHOOK, TO_CLEVERTAP, SKIPPED);
        assertThat(audit(List.of(entry, entry), STORED, List.of())).contains("A is in history 2 times");
    }

    @Test
    void aWebhookOfWhichACharacterIsAnotherOneIsNamed() {
        assertThat(audit(List.of(entry(WEBHOOK.strip(), TO_CLEVERTAP, SKIPPED)), STORED, List.of()))
                .anySatisfy(found -> assertThat(found).startsWith("revenuecat a is in history with a webhook that nobody has sent"))
                .contains("A is in history 0 times");
    }

    @Test
    void anOutcomeThatIsMissingOrThereTwiceIsNamed() {
        assertThat(audit(List.of(entry(WEBHOOK, TO_CLEVERTAP)), STORED, List.of())).singleElement().asString().startsWith("A has no outcome for onesignal");
        assertThat(audit(List.of(entry(WEBHOOK, TO_CLEVERTAP, TO_CLEVERTAP, SKIPPED)), STORED, List.of())).singleElement().asString()
                .startsWith("A has more than one outcome for a record for clevertap");
        Line parked = new Line("parked", "clevertap", "production", 0, RECORD);
        assertThat(audit(List.of(entry(WEBHOOK, TO_CLEVERTAP, parked, SKIPPED)), STORED, List.of())).singleElement().asString()
                .startsWith("A has more than one outcome for a record for clevertap");
        assertThat(audit(List.of(entry(WEBHOOK, TO_CLEVERTAP, TO_ONESIGNAL, SKIPPED)), STORED, List.of(update("1")))).singleElement().asString()
                .startsWith("A has more than one outcome for a record for onesignal");
    }

    @Test
    void whatADestinationDoesNotHaveOrHasWithoutHistoryIsNamed() {
        assertThat(audit(List.of(entry(WEBHOOK, TO_CLEVERTAP, SKIPPED)), List.of(), List.of())).singleElement().asString()
                .startsWith("A is delivered in history, and CleverTap does not have");
        Line skipped = new Line("skipped", "clevertap", null, null, null);
        assertThat(audit(List.of(entry(WEBHOOK, skipped, SKIPPED)), STORED, List.of())).singleElement().asString()
                .startsWith("CleverTap has 1 times what history does not know as delivered");
        assertThat(audit(List.of(entry(WEBHOOK, TO_CLEVERTAP, TO_ONESIGNAL)), STORED, List.of())).singleElement().asString()
                .startsWith("A is delivered in history, and OneSignal does not have");
        assertThat(audit(List.of(entry(WEBHOOK, TO_CLEVERTAP, TO_ONESIGNAL)), STORED, UPDATED)).singleElement().asString()
                .startsWith("OneSignal has what history does not know as delivered: u ").contains("last_event_at=2");
    }

    /** A kill between the answer and the commit, with a newer event of the user committed before it: the older one comes again, and is skipped. */
    @Test
    void aStateThatACallBeforeAKillHasSetAndANewerEventHasSupersededMayBeSkippedInHistory() {
        JsonNode older = json("{\"type\":\"profile\",\"identity\":\"u\",\"ts\":1718000001,\"profileData\":{\"plan\":\"old\"}}");
        JsonNode newer = json("{\"type\":\"profile\",\"identity\":\"u\",\"ts\":1718000002,\"profileData\":{\"plan\":\"new\"}}");
        String of = "{\"id\":\"a\",\"user\":\"u\",\"time\":1718000001000}";
        String ofNewer = "{\"id\":\"b\",\"user\":\"u\",\"time\":1718000002000}";
        Line superseded = new Line("skipped", "clevertap", "production", 0, null);
        List<StoredRecord> both = List.of(new StoredRecord("account", Instant.EPOCH, 1, 1, older), new StoredRecord("account", Instant.EPOCH, 2, 1, newer));
        List<Entry> history = List.of(entry(of, superseded, SKIPPED), entry(ofNewer, new Line("delivered", "clevertap", "production", 0, newer), SKIPPED));
        Map<String, String> accepted = Map.of("A", of, "B", ofNewer);

        assertThat(HistoryAudit.audit(accepted, history, both, List.of(), true)).isEmpty();
        assertThat(HistoryAudit.audit(accepted, history, both, List.of(), false)).singleElement().asString().startsWith("CleverTap has 1 times");
        // skipped before there was a record of it, or not superseded
        Line before = new Line("skipped", "clevertap", null, null, null);
        assertThat(HistoryAudit.audit(accepted, List.of(entry(of, before, SKIPPED), history.get(1)), both, List.of(), true)).hasSize(1);
        String ofAnother = of.replace("01000", "03000");
        assertThat(HistoryAudit.audit(Map.of("A", ofAnother, "B", ofNewer), List.of(entry(ofAnother, superseded, SKIPPED), history.get(1)), both, List.of(), true))
                .hasSize(1);
        assertThat(HistoryAudit.audit(Map.of("A", of), history.subList(0, 1), both.subList(0, 1), List.of(), true)).hasSize(1);
    }

    private static List<String> audit(List<Entry> history, List<StoredRecord> cleverTap, List<Update> oneSignal) {
        return HistoryAudit.audit(ACCEPTED, history, cleverTap, oneSignal, false);
    }

    private static Entry entry(String webhook, Line... trace) {
        return new Entry("revenuecat", "a", webhook, List.of(trace));
    }

    private static Update update(String time) {
        return new Update("app", Instant.EPOCH, 0, "PATCH", "onesignal_id", "u", Map.of("store", "x", "last_event_at", time), TAGS, 200, true);
    }

    private static JsonNode json(String text) {
        try {
            return StrictJson.mapper().readTree(text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
