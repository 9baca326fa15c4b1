package io.subscriptionrelay.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.subscriptionrelay.history.HistoryOutcome.Said;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What history is told arrives as it was said. */
class HistoryBytesTest {

    private static final HistoryEvent EVENT = new HistoryEvent("revenuecat", "id-ü", null, 1_790_812_800_000L, bytes("{\"a\": 1.10}"), null);
    private static final Said ANSWER = new Said(200, "{\"status\":\"success\"}");

    @Test
    void everyFieldComesBackAlsoThoseThatAreMissing() throws IOException {
        HistoryOutcome whole = outcome(0, bytes("{\"evtName\":\"é\"}"), ANSWER);
        HistoryOutcome bare = new HistoryOutcome(1, EventOutcome.SKIPPED, "qonversion", "x", 0, null, null, null, null, null, null, null, null, null);
        List<byte[]> batches = HistoryBytes.of(List.of(EVENT), List.of(whole, bare));
        assertThat(batches).hasSize(1);
        HistoryBatch read = HistoryBytes.read(batches.get(0));
        assertThat(read.events()).usingRecursiveComparison().isEqualTo(List.of(EVENT));
        assertThat(read.outcomes()).usingRecursiveComparison().isEqualTo(List.of(whole, bare));
    }

    @Test
    void muchIsSeveralBatchesThatEachSayOnceWhatTheirRecordsHaveInCommon() throws IOException {
        List<HistoryOutcome> outcomes = new ArrayList<>();
        Said long200 = new Said(200, "y".repeat(2000));
        for (int i = 0; i < 300; i++) {
            outcomes.add(outcome(i, bytes("x".repeat(500)), long200));
        }
        List<byte[]> batches = HistoryBytes.of(List.of(), outcomes);
        assertThat(batches).hasSizeBetween(3, 5).allSatisfy(batch -> assertThat(batch.length).isLessThan(HistoryBytes.LARGEST + 4096));
        List<HistoryOutcome> read = new ArrayList<>();
        List<String> ids = new ArrayList<>();
        for (byte[] batch : batches) {
            read.addAll(HistoryBytes.read(batch).outcomes());
            ids.add(HistoryBytes.read(batch).id());
        }
        assertThat(read).extracting(HistoryOutcome::part).isEqualTo(outcomes.stream().map(HistoryOutcome::part).toList());
        assertThat(read).extracting(HistoryOutcome::answer).containsOnly(long200);
        assertThat(ids).doesNotHaveDuplicates();
    }

    @Test
    void nothingIsNoBatch() {
        assertThat(HistoryBytes.of(List.of(), List.of())).isEmpty();
    }

    @Test
    void whatWasCutOrIsOfALaterVersionIsRefusedWithoutQuotingIt() {
        byte[] whole = HistoryBytes.of(List.of(EVENT), List.of(outcome(0, null, ANSWER))).get(0);
        for (int length = 18; length < whole.length; length++) {
            byte[] cut = Arrays.copyOf(whole, length);
            try {
                HistoryBatch read = HistoryBytes.read(cut);
                // cut between two entries
                assertThat(read.outcomes()).isEmpty();
            } catch (IOException refused) {
                assertThat(String.valueOf(refused.getMessage())).doesNotContain("id-", "success");
            }
        }
        byte[] later = whole.clone();
        later[0] = 9;
        assertThatThrownBy(() -> HistoryBytes.read(later)).isInstanceOf(IOException.class).hasMessageContaining("version 9");
    }

    private static HistoryOutcome outcome(int part, byte[] record, Said answer) {
        return new HistoryOutcome(1_790_812_801_000L, EventOutcome.DELIVERED, "revenuecat", "id-ü", EVENT.receivedAt(), "renewal", "clevertap", "production",
                part, 1, null, null, record, answer);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
