package io.subscriptionrelay.deliver;

import static org.assertj.core.api.Assertions.assertThat;

import io.subscriptionrelay.deliver.VirtualDelivery.Put;
import io.subscriptionrelay.deliver.VirtualServer.Call;
import io.subscriptionrelay.deliver.VirtualServer.Reply;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Batches at random, to a destination that fails at random. Whatever happens, each record is settled once in a batch (the fixture looks at that),
 * what is delivered has reached the destination, no older state is sent after a newer one, and the destination's limits are kept.
 */
class RandomBatchesTest {

    private static final int RUNS = 200;
    private static final Duration GAP = Duration.ofSeconds(1);

    /** A destination with moods. It keeps what it is sent, and looks at the order and at its limits itself. */
    private static final class Moody implements VirtualServer {

        private final Random random;
        private final boolean oneSignal;
        private final double failing;
        private final Set<String> bad = new HashSet<>();
        private final Set<String> stored = new HashSet<>();
        /** The newest states that were answered as stored, and the last ones that were stored. */
        private final Map<String, Long> newest = new HashMap<>();
        private final Map<String, Long> last = new HashMap<>();
        private final Map<String, Duration> endOfLast = new HashMap<>();
        private final Deque<Duration> second = new ArrayDeque<>();
        private VirtualDelivery relay;
        private boolean well;

        Moody(Random random, boolean oneSignal) {
            this.random = random;
            this.oneSignal = oneSignal;
            failing = random.nextInt(4) * 0.2;
        }

        @Override
        public Reply answer(Call call) {
            List<Put> records = call.ids().stream().map(relay.puts::get).toList();
            limits(call, records);
            Reply reply = reply(call, records).after(Duration.ofMillis(1 + random.nextInt(random.nextInt(10) == 0 ? 20_000 : 300)));
            records.stream().filter(Put::state).forEach(record -> endOfLast.put(record.user(), call.at().plus(reply.latency())));
            return reply;
        }

        private void limits(Call call, List<Put> records) {
            second.add(call.at());
            while (call.at().minus(second.peek()).compareTo(Duration.ofSeconds(1)) >= 0) {
                second.remove();
            }
            assertThat(relay.inFlight).isLessThanOrEqualTo(oneSignal ? 100 : 15);
            if (oneSignal) {
                // those that are caught up come within 20 ms
                assertThat(second.size()).isLessThanOrEqualTo(950 + 19);
                records.stream().filter(Put::state).forEach(record -> assertThat(call.at().minus(endOfLast.getOrDefault(record.user(), call.at().minus(GAP))))
                        .as("gap between calls for %s", record.user()).isGreaterThanOrEqualTo(GAP));
            }
        }

        private Reply reply(Call call, List<Put> records) {
            boolean spoiled = call.ids().stream().anyMatch(bad::contains);
            if (!well && random.nextDouble() < failing) {
                int kind = random.nextInt(oneSignal ? 5 : spoiled ? 6 : 7);
                switch (kind) {
                    case 0:
                        return Reply.of(-1, "");
                    case 1:
                        return Reply.of(0, "");
                    case 2:
                        // the answer is lost
                        store(call, records, false);
                        return Reply.of(0, "");
                    case 3:
                        return Reply.of(503, "");
                    case 4:
                        return oneSignal ? Reply.of(404, "{}") : Reply.of(400, "{\"status\":\"fail\"}");
                    case 5:
                        return Reply.of(200, "{\"status\":\"success\",\"processed\":0,\"unprocessed\":[]}");
                    default:
                        return partial(call, records);
                }
            }
            if (spoiled) {
                return Reply.of(random.nextInt(3) == 0 ? 400 : 500, "{}");
            }
            store(call, records, true);
            return Reply.taken(call);
        }

        private Reply partial(Call call, List<Put> records) {
            int place = random.nextInt(records.size());
            List<Put> others = new ArrayList<>(records);
            others.remove(place);
            store(call, others, true);
            return Reply.of(200, "{\"status\":\"partial\",\"processed\":" + others.size() + ",\"unprocessed\":[{\"status\":\"fail\",\"code\":555,"
                    + "\"error\":\"Skipped record number : " + (place + 1) + "\"}]}");
        }

        private void store(Call call, List<Put> records, boolean answered) {
            for (Put record : records) {
                stored.add(record.id());
                if (call.body().contains("\"n\":\"#" + record.id() + "#\"") && record.state()) {
                    last.put(record.user(), record.time());
                    assertThat(record.time()).as("%s of %s is sent after a newer one", record.id(), record.user())
                            .isGreaterThanOrEqualTo(newest.getOrDefault(record.user(), Long.MIN_VALUE));
                    if (answered) {
                        newest.put(record.user(), record.time());
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"clevertap", "onesignal"})
    void keepEachPromise(String destination) {
        for (int seed = 0; seed < RUNS; seed++) {
            try {
                run(destination, seed);
            } catch (AssertionError e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"clevertap", "onesignal"})
    void goTheSameWayEachTime(String destination) {
        VirtualDelivery first = run(destination, 7);
        VirtualDelivery second = run(destination, 7);
        assertThat(second.made).isEqualTo(first.made);
        assertThat(second.settled).isEqualTo(first.settled);
    }

    private static VirtualDelivery run(String destination, long seed) {
        Random random = new Random(seed * 31 + destination.length());
        Moody server = new Moody(random, destination.equals("onesignal"));
        VirtualDelivery relay = new VirtualDelivery(new VirtualTime(), destination, "production", server);
        server.relay = relay;
        int users = 1 + random.nextInt(30);
        int bursts = 1 + random.nextInt(6);
        for (int i = 0; i < bursts; i++) {
            relay.time.after(Duration.ofMillis(random.nextInt(20_000)), () -> burst(relay, server, random, users));
        }
        relay.time.advance(Duration.ofMinutes(2));
        server.well = true;
        // what is isolated needs others that are taken
        relay.time.every(Duration.ofSeconds(45), () -> relay.event("other", 0));
        relay.time.advance(Duration.ofMinutes(25));
        relay.puts.keySet().stream().filter(id -> !server.bad.contains(id) && relay.puts.get(id).at().toMinutes() < 2).forEach(id -> {
            boolean delivered = relay.outcomes.delivered.contains(id);
            assertThat(delivered || relay.outcomes.skipped.contains(id) || relay.outcomes.parked.containsKey(id)).as("the end of %s", id).isTrue();
            if (delivered) {
                assertThat(server.stored).as("what is called delivered").contains(id);
                Put record = relay.puts.get(id);
                assertThat(!record.state() || server.last.get(record.user()) >= record.time()).as("the state that %s has at last", record.user()).isTrue();
            }
        });
        assertThat(relay.outcomes.delivered).doesNotHaveDuplicates().noneMatch(server.bad::contains).noneMatch(relay.outcomes.parked::containsKey);
        return relay;
    }

    private static void burst(VirtualDelivery relay, Moody server, Random random, int users) {
        int count = 1 + random.nextInt(random.nextInt(4) == 0 ? 300 : 20);
        for (int i = 0; i < count; i++) {
            String user = "user-" + random.nextInt(users);
            long eventTime = random.nextInt(50);
            String id = random.nextInt(3) == 0 ? relay.event(user, eventTime) : relay.state(user, eventTime);
            if (random.nextInt(60) == 0) {
                server.bad.add(id);
            }
        }
    }
}
