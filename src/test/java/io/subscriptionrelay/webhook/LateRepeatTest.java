package io.subscriptionrelay.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.subscriptionrelay.simulator.CleverTapSimulator;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ForkJoinPool;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A webhook that comes again when many others have come since. */
class LateRepeatTest {

    private static final String EARLY = Events.renewal("early", "early-user", Events.BASE);
    private static final int SENDERS = 16;

    @TempDir
    Path folder;

    @Test
    @Tag("chaos")
    void afterFiftyThousandOthersAndARestartItIsStillKnown() throws Exception {
        int others = 50_000;
        try (Simulators simulators = new Simulators()) {
            RelayApp.Builder settings = RelayApp.with(folder).cleverTap(simulators.cleverTap.url());
            try (RelayApp relay = settings.start()) {
                sendEarlyThenOthers(relay, others);
                await().atMost(Duration.ofMinutes(3)).until(() -> simulators.cleverTap.storedCount() == others + 1);
            }
            try (RelayApp relay = settings.start()) {
                assertThat(relay.revenueCat(EARLY)).isEqualTo(200);
                assertThat(relay.prometheus()).contains("relay_webhooks_repeated_total{provider=\"revenuecat\"} 1.0");
                theNextOneIsAllThatComes(relay, simulators.cleverTap, others + 2);
                assertThat(simulators.cleverTap.eventsOf("early-user")).hasSize(1);
            }
            System.out.printf("repeated after %d others and a restart: known%n", others);
        }
    }

    /** What the README says of the window, with a small one. */
    @Test
    void beyondTheWindowItIsTakenForANewOne() throws Exception {
        try (Simulators simulators = new Simulators(); RelayApp relay = RelayApp.with(folder).cleverTap(simulators.cleverTap.url())
                .set("relay.broker.duplicate-window", "100").start()) {
            sendEarlyThenOthers(relay, 50);
            assertThat(relay.revenueCat(EARLY)).isEqualTo(200);
            theNextOneIsAllThatComes(relay, simulators.cleverTap, 52);
            assertThat(simulators.cleverTap.eventsOf("early-user")).hasSize(1);
            send(relay, 1000, 1150);
            assertThat(relay.revenueCat(EARLY)).isEqualTo(200);
            await().atMost(Duration.ofSeconds(20)).until(() -> simulators.cleverTap.eventsOf("early-user").size() == 2);
        }
    }

    private static void sendEarlyThenOthers(RelayApp relay, int others) throws Exception {
        assertThat(relay.revenueCat(EARLY)).isEqualTo(200);
        send(relay, 0, others);
    }

    private static void send(RelayApp relay, int from, int to) throws InterruptedException, ExecutionException {
        ForkJoinPool senders = new ForkJoinPool(SENDERS);
        try {
            List<Integer> answers = senders.submit(() -> IntStream.range(from, to).parallel()
                    .mapToObj(n -> relay.revenueCat(Events.renewal("other-" + n, "user-" + n, Events.BASE + n))).distinct().toList()).get();
            assertThat(answers).isSubsetOf(200);
        } finally {
            senders.shutdown();
        }
    }

    /** Events go out in their order, so what was sent before would have come by then. */
    private static void theNextOneIsAllThatComes(RelayApp relay, CleverTapSimulator cleverTap, int total) {
        assertThat(relay.revenueCat(Events.renewal("next", "next-user", Events.BASE))).isEqualTo(200);
        await().atMost(Duration.ofSeconds(30)).until(() -> cleverTap.eventsOf("next-user").size() == 1 && cleverTap.storedCount() >= total);
        assertThat(cleverTap.storedCount()).isEqualTo(total);
    }
}
