package io.subscriptionrelay.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.h2.mvstore.MVStoreException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.dao.DataAccessException;

class TraceFileTest {

    private static final long KEEP = TimeUnit.DAYS.toMillis(7);
    /** So much later, traces go into another segment. */
    private static final long SEGMENT = TimeUnit.HOURS.toMillis(1);
    private static final long START = 1_790_812_800_000L;

    @TempDir
    private Path folder;

    @Test
    void aTraceComesBackAsItWasWithAllThatItHasAndWithHardlyAnything() {
        Trace whole = new Trace(START, EventOutcome.SENT_BACK, "revenuecat", "whole", Trace.userKey("jané"), "renewal", "clevertap", "production", 2, 5,
                "503 – später", "parked-1");
        Trace bare = new Trace(START, EventOutcome.RECEIVED, null, "bare", null, null, null, null, null, null, null, null);
        try (TraceFile traces = open()) {
            traces.append(List.of(whole, bare));
            assertThat(traces.of(List.of("bare", "whole", "unheard-of"))).containsExactly(whole, bare);
        }
        try (TraceFile again = open()) {
            assertThat(again.of(List.of("whole"))).containsExactly(whole);
        }
    }

    @Test
    void whatHappenedInOneMillisecondStaysInOrderAcrossARestart() {
        try (TraceFile traces = open()) {
            traces.append(List.of(received("e", START), skipped("e", START)));
        }
        try (TraceFile again = open()) {
            again.append(List.of(delivered("e", START)));
            assertThat(again.of(List.of("e"))).extracting(Trace::what).containsExactly(EventOutcome.RECEIVED, EventOutcome.SKIPPED, EventOutcome.DELIVERED);
        }
    }

    @Test
    void anEventIsFoundInAllSegmentsByItsIdItsUserAndWhatBecameOfItTheNewestFirst() {
        try (TraceFile traces = open()) {
            for (int i = 0; i < 5; i++) {
                traces.append(List.of(received("event-" + i, START + i * SEGMENT), received("early", START + i * SEGMENT)));
            }
            traces.append(List.of(delivered("event-0", START + 5 * SEGMENT)));
            assertThat(traces.of(List.of("event-0"))).extracting(Trace::what).containsExactly(EventOutcome.RECEIVED, EventOutcome.DELIVERED);
            assertThat(ids(traces.find(EventFilter.of("user of event-3", null, null, null, null, null), 10))).containsExactly("event-3");
            assertThat(traces.find(EventFilter.of("user of event-3", "purchasely", null, null, null, null), 10)).isEmpty();
            assertThat(ids(traces.find(EventFilter.of(null, null, null, "received", null, null), 3))).containsExactly("early", "event-4", "event-3");
            assertThat(ids(traces.find(EventFilter.of(null, null, "clevertap", null, null, null), 3))).containsExactly("event-0");
            String from = Long.toString(START + SEGMENT);
            String to = Long.toString(START + 3 * SEGMENT);
            assertThat(ids(traces.find(EventFilter.of(null, null, null, null, from, to), 10))).containsExactly("early", "event-2", "event-1");
        }
    }

    @Test
    void aTimeThatIsFarAwayMeansAllOrNothing() {
        try (TraceFile traces = open()) {
            traces.append(List.of(received("event", START)));
            String far = Long.toString(Long.MAX_VALUE / 2);
            assertThat(ids(traces.find(EventFilter.of(null, null, null, null, "0", far), 10))).containsExactly("event");
            assertThat(ids(traces.find(EventFilter.of(null, null, null, null, "0001-01-01T00:00:00Z", far), 10))).containsExactly("event");
            assertThat(traces.find(EventFilter.of(null, null, null, null, far, null), 10)).isEmpty();
        }
    }

    @Test
    void whatIsOldIsFoundNoMoreAtOnceAndGoesWithItsSegment() {
        try (TraceFile traces = open()) {
            for (int i = 0; i < 4; i++) {
                traces.append(List.of(received("a" + i, START + i * SEGMENT), received("b" + i, START + i * SEGMENT + 1)));
            }
            // each call deletes about a portion, and no segment of which something is still kept
            assertThat(traces.deleteBefore(START + 2 * SEGMENT + 1, 1)).isEqualTo(2);
            assertThat(traces.of(List.of("a0", "b0", "a1", "b1", "a2"))).isEmpty();
            assertThat(traces.of(List.of("b2", "a3"))).hasSize(2);
            assertThat(traces.deleteBefore(START + 2 * SEGMENT + 1, 10)).isEqualTo(2);
            assertThat(traces.deleteBefore(START + 2 * SEGMENT + 1, 10)).isZero();
        }
        try (TraceFile again = open()) {
            assertThat(again.of(List.of("a0", "b1"))).isEmpty();
            assertThat(again.of(List.of("b2"))).hasSize(1);
            again.clear();
            assertThat(again.find(EventFilter.of(null, null, null, null, null, null), 10)).isEmpty();
            again.append(List.of(received("after", START)));
            assertThat(again.of(List.of("after"))).hasSize(1);
        }
    }

    @Test
    void aDamagedFileIsPutAsideBecauseNoEventDependsOnIt() throws IOException {
        try (TraceFile traces = open()) {
            traces.append(List.of(received("lost", START)));
        }
        Files.write(file(), new byte[(int) Files.size(file())], StandardOpenOption.WRITE);
        try (TraceFile again = open()) {
            assertThat(again.of(List.of("lost"))).isEmpty();
            again.append(List.of(received("new", START)));
            assertThat(again.of(List.of("new"))).hasSize(1);
            assertThat(folder.resolve("state/traces.mv.damaged")).exists();
        }
    }

    @Test
    void afterAWriteThatFailedEverythingElseIsStillThereAndTheBatchCanBeWrittenAgain() {
        try (TraceFile traces = open()) {
            traces.append(List.of(received("before", START)));
            // the channel of a file is closed under a thread that is interrupted
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> traces.append(List.of(received("again", START)))).isInstanceOf(DataAccessException.class);
            assertThat(Thread.interrupted()).isTrue();
            traces.append(List.of(received("again", START)));
            assertThat(traces.of(List.of("before", "again"))).extracting(Trace::eventId).containsExactly("before", "again");
        }
    }

    @Test
    void aFileThatAnotherProgramHasOpenIsNotPutAside() {
        try (TraceFile traces = open()) {
            traces.append(List.of(received("kept", START)));
            assertThatThrownBy(this::open).isInstanceOf(MVStoreException.class);
            assertThat(traces.of(List.of("kept"))).hasSize(1);
        }
    }

    @Test
    void aFileThatHasLostMostOfWhatItHadIsSmallerOnceItIsClosed() throws IOException {
        try (TraceFile traces = open()) {
            for (int segment = 0; segment < 5; segment++) {
                for (int batch = 0; batch < 10; batch++) {
                    long at = START + segment * SEGMENT + batch;
                    List<Trace> rows = new ArrayList<>();
                    IntStream.range(0, 500).forEach(i -> rows.add(received("id-" + at + "-" + i, at)));
                    traces.append(rows);
                }
            }
            long before = Files.size(file());
            assertThat(traces.deleteBefore(START + 4 * SEGMENT, 100_000)).isEqualTo(20_000);
            traces.close();
            assertThat(Files.size(file())).isLessThan(before / 2);
        }
    }

    private TraceFile open() {
        return new TraceFile(file(), KEEP);
    }

    private Path file() {
        return folder.resolve("state/traces.mv");
    }

    private static List<String> ids(List<TraceStore.Key> keys) {
        return keys.stream().map(TraceStore.Key::eventId).toList();
    }

    private static Trace received(String id, long at) {
        return new Trace(at, EventOutcome.RECEIVED, "revenuecat", id, Trace.userKey("user of " + id), null, null, null, null, null, null, null);
    }

    private static Trace skipped(String id, long at) {
        return new Trace(at, EventOutcome.SKIPPED, "revenuecat", id, null, null, "onesignal", null, null, null, "test event", null);
    }

    private static Trace delivered(String id, long at) {
        return new Trace(at, EventOutcome.DELIVERED, "revenuecat", id, null, "renewal", "clevertap", "production", 0, 1, null, null);
    }
}
