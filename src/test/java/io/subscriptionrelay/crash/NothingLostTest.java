package io.subscriptionrelay.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.subscriptionrelay.auditor.HistoryAudit;
import io.subscriptionrelay.auditor.Repeats;
import io.subscriptionrelay.auditor.Repeats.Crash;
import io.subscriptionrelay.simulator.CleverTapSimulator.Call;
import io.subscriptionrelay.simulator.CleverTapSimulator.StoredRecord;
import io.subscriptionrelay.simulator.OneSignalSimulator.Update;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.RelayProcess;
import io.subscriptionrelay.testing.Simulators;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The promise behind 200, against the strict simulators and a relay in a JVM of its own. */
class NothingLostTest {

    private static final int EVENTS = 10_000;
    private static final int KILLED = 5_000;
    /** CleverTap has so many records when the relay is killed. */
    private static final int[] KILLS = {1_000, 2_000, 3_500};
    private static final int USERS = 2_500;
    private static final int SENDERS = 16;
    /** From the answer of a destination to the commit, on a machine that has much else to do. */
    private static final Duration LONGEST_COMMIT = Duration.ofSeconds(2);
    /** Until a webhook that was not answered with 200 is sent again. */
    private static final Duration AGAIN_AFTER = Duration.ofMillis(100);
    /** A look at all that a destination has takes a good part of a core when there is another one each 100 ms. */
    private static final Duration LOOK = Duration.ofSeconds(1);

    @TempDir
    Path folder;

    /** The first half while CleverTap answers, the second half while it is away. */
    @Test
    void tenThousandMixedEventsArriveOnceWithinTheLimitsOfBothDestinationsAndABacklogInCallsOfMoreThanFiveHundred() {
        try (Simulators simulators = new Simulators(); RelayProcess relay = new RelayProcess(folder, simulators).start()) {
            simulators.cleverTap.latency(Duration.ofMillis(50));
            simulators.oneSignal.latency(Duration.ofMillis(20));
            int half = EVENTS / 2;
            Map<String, String> sent = new HashMap<>(send(relay, 0, half));
            assertThat(sent).hasSize(half);
            // a call whose answer is cut off by the stop would come again
            await().atMost(Duration.ofMinutes(2)).until(() -> relay.gauge("relay_records_delivered_total", "clevertap") >= half);
            double flowing = simulators.cleverTap.averageRecordsPerCall();
            long calls = simulators.cleverTap.callCount();

            simulators.cleverTap.stop();
            sent.putAll(send(relay, half, EVENTS));
            assertThat(sent).hasSize(EVENTS);
            simulators.cleverTap.start();
            await().atMost(Duration.ofMinutes(2)).until(() -> simulators.cleverTap.storedCount() >= EVENTS);
            double backlog = simulators.cleverTap.calls().stream().filter(call -> call.number() > calls && call.status() == 200)
                    .mapToInt(Call::records).average().orElse(0);
            awaitTags(simulators, EVENTS);

            assertThat(counts(simulators)).hasSize(EVENTS).allSatisfy((id, count) -> assertThat(count).as(id).isEqualTo(1));
            assertThat(backlog).isGreaterThan(500);
            assertThat(simulators.cleverTap.maxInFlight(Simulators.CLEVERTAP_ACCOUNT)).isLessThanOrEqualTo(15);
            assertThat(simulators.cleverTap.concurrencyViolations(Simulators.CLEVERTAP_ACCOUNT)).isZero();
            assertThat(simulators.oneSignal.rateViolations()).isZero();
            assertThat(simulators.oneSignal.minimumSpacing()).hasValueSatisfying(spacing ->
                    assertThat(spacing).isGreaterThanOrEqualTo(Duration.ofSeconds(1)));
            long outcomes = HistoryAudit.awaitAgreement(relay, sent, simulators);
            System.out.printf("10,000 events: %.0f records a call, %.0f of the backlog, %d calls to CleverTap, %d updates to OneSignal, %d outcomes in"
                    + " history%n", flowing, backlog, simulators.cleverTap.callCount(), simulators.oneSignal.callCount(), outcomes);
        }
    }

    @Test
    void killedThreeTimesUnderLoadItLosesNothingAndRepeatsAtMostTheBatchesThatWereUnderWay() {
        try (Simulators simulators = new Simulators(); RelayProcess relay = new RelayProcess(folder, simulators).start()) {
            simulators.cleverTap.latency(Duration.ofMillis(20), Duration.ofMillis(200));
            simulators.oneSignal.latency(Duration.ofMillis(10), Duration.ofMillis(50));
            Map<String, String> sent = new ConcurrentHashMap<>();
            ExecutorService sender = Executors.newSingleThreadExecutor();
            sender.execute(() -> sent.putAll(send(relay, 0, KILLED)));
            List<Crash> kills = new ArrayList<>();
            for (int moment : KILLS) {
                await().atMost(Duration.ofMinutes(2)).pollInterval(Duration.ofMillis(5))
                        .until(() -> simulators.cleverTap.storedCount() >= moment);
                long begun = System.nanoTime();
                relay.kill();
                kills.add(new Crash(begun, System.nanoTime()));
                relay.start();
            }
            sender.shutdown();
            await().atMost(Duration.ofMinutes(3)).until(sender::isTerminated);
            assertThat(sent).hasSize(KILLED);
            await().atMost(Duration.ofMinutes(2)).pollInterval(LOOK).until(() -> counts(simulators).size() >= KILLED);
            awaitTags(simulators, KILLED);

            assertThat(counts(simulators).keySet()).containsExactlyInAnyOrderElementsOf(sent.keySet());
            System.out.println("3 kills, " + KILLED + " events: " + Repeats.assertUnderWay(simulators.cleverTap, NothingLostTest::event, kills, LONGEST_COMMIT));
            HistoryAudit.awaitAgreementAfterCrashes(relay, sent, simulators);
            assertThat(simulators.oneSignal.rateViolations()).isZero();
            assertThat(relay.log()).as("what a kill has ended is told in the relay's words").doesNotContain("Uncommitted transaction")
                    .contains("What was not finished waits in its queues and is done again");
        }
    }

    /** Sends until each is answered with 200, as a provider does. Gives the webhooks by their ids. */
    private static Map<String, String> send(RelayProcess relay, int from, int to) {
        Map<String, String> sent = new ConcurrentHashMap<>();
        AtomicInteger next = new AtomicInteger(from);
        ExecutorService senders = Executors.newFixedThreadPool(SENDERS);
        for (int i = 0; i < SENDERS; i++) {
            senders.execute(() -> {
                for (int n = next.getAndIncrement(); n < to; n = next.getAndIncrement()) {
                    String id = "E-" + n;
                    String body = webhook(n);
                    while (relay.revenueCat(body) != 200) {
                        assertThat(Thread.currentThread().isInterrupted()).as("sent in time").isFalse();
                        LockSupport.parkNanos(AGAIN_AFTER.toNanos());
                    }
                    sent.put(id, body);
                }
            });
        }
        senders.shutdown();
        try {
            assertThat(senders.awaitTermination(5, TimeUnit.MINUTES)).isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            senders.shutdownNow();
        }
        return sent;
    }

    private static String webhook(int n) {
        String id = "E-" + n;
        String user = "user-" + n % USERS;
        return switch (n % 4) {
            case 0 -> Events.event(id, "INITIAL_PURCHASE", user, Events.BASE + n, "\"period_type\":\"TRIAL\"");
            case 1 -> Events.renewal(id, user, Events.BASE + n);
            case 2 -> Events.event(id, "CANCELLATION", user, Events.BASE + n, "\"period_type\":\"NORMAL\",\"cancel_reason\":\"UNSUBSCRIBE\"");
            default -> Events.event(id, "EXPIRATION", user, Events.BASE + n, "\"period_type\":\"NORMAL\",\"expiration_reason\":\"UNSUBSCRIBE\"");
        };
    }

    private static Map<String, Integer> counts(Simulators simulators) {
        Map<String, Integer> counts = new HashMap<>();
        for (StoredRecord record : simulators.cleverTap.stored()) {
            counts.merge(event(record), 1, Integer::sum);
        }
        return counts;
    }

    private static String event(StoredRecord record) {
        return record.data().path("event_id").asText();
    }

    /** Until each user's tags show the newest of the user's events. */
    private static void awaitTags(Simulators simulators, int events) {
        Map<String, Long> newest = new HashMap<>();
        for (int n = 0; n < events; n++) {
            newest.merge(Events.oneSignalId("user-" + n % USERS), (Events.BASE + n) / 1000, Math::max);
        }
        await().atMost(Duration.ofMinutes(2)).pollInterval(LOOK).untilAsserted(() -> {
            Map<String, List<Update>> byUser = simulators.oneSignal.updates().stream().filter(Update::applied)
                    .collect(Collectors.groupingBy(Update::id));
            Set<String> late = newest.keySet().stream().filter(user -> !byUser.containsKey(user)
                    || !simulators.oneSignal.tags(Simulators.ONESIGNAL_APP, "onesignal_id", user).get("last_event_at")
                            .equals(newest.get(user).toString())).collect(Collectors.toSet());
            assertThat(late).isEmpty();
        });
    }
}
