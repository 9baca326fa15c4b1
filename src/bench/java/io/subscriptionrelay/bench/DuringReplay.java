package io.subscriptionrelay.bench;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.event.StrictJson;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** Row 14: webhooks come in, and are delivered, while events from history are replayed at the usual rate. Without and with a replay in turns. */
final class DuringReplay {

    /** Enough of them for all rounds, and to warm the JVM up. */
    private static final int KEPT = 70_000;
    private static final double WEBHOOKS_A_SECOND = 1000;
    private static final long SETTLING = 2000;
    private static final long MEASURED = 8000;
    private static final Duration LONGEST = Duration.ofMinutes(2);

    private DuringReplay() {
    }

    /** The events of the first users are left out, who have newer ones in each round. CleverTap has no states, so events are sent again. */
    static List<Result> measure(Options options) throws Exception {
        Series without = new Series();
        Series with = new Series();
        Series sent = new Series();
        try (CleverTap destination = new CleverTap(Drain.LATENCY);
                Relay relay = new Relay.Settings(Folders.fresh("replay")).cleverTap(destination).start()) {
            relay.awaitReadiness();
            Instant first = Instant.now().plusMillis(2 * (options.time(SETTLING) + options.time(MEASURED)));
            load(relay, 0, options.size(KEPT));
            relay.await("history", LONGEST, () -> relay.waiting("history") == 0);
            for (int round = 0; round < options.rounds(); round++) {
                without.add(load(relay, options.time(SETTLING), options.time(MEASURED)).p99());
                String id = StrictJson.mapper().readTree(relay.manage("POST", "/actuator/replays?events=again&from=" + first)).path("id").asText();
                long start = System.nanoTime();
                with.add(load(relay, options.time(SETTLING), options.time(MEASURED)).p99());
                JsonNode replay = StrictJson.mapper().readTree(relay.manage("DELETE", "/actuator/replays/" + id));
                if (!replay.path("state").asText().equals("cancelled")) {
                    throw new IllegalStateException("the replay ended before what it was measured with: " + replay);
                }
                sent.add(replay.path("sent").asLong() / ((System.nanoTime() - start) / 1e9));
            }
        }
        return List.of(
                Result.ratio("14", "p99 of 1,000 webhooks/s during a replay", "ms", without, with, Result.atMost(1.5), "floor: the same relay without the replay"),
                Result.value("14b", "events that the replay sends meanwhile", "1/s", sent, null, "200 are asked for"));
    }

    /** Delivers at once what comes. */
    private static Load.Measured load(Relay relay, long settling, long measured) throws InterruptedException {
        return new Load(relay.port(), Acknowledgements.CONNECTIONS, WEBHOOKS_A_SECOND, Acknowledgements.requests(relay.port())).run(settling, measured);
    }
}
