package io.subscriptionrelay.deliver;

import static org.assertj.core.api.Assertions.assertThat;

import io.subscriptionrelay.deliver.VirtualServer.Reply;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Events that set different keys of a user's state: each key ends with the value of the newest event that set it, in whatever order they came. */
class StateOfEachKeyTest {

    private static final Duration HOUR = Duration.ofHours(1);
    private static final Pattern VALUE = Pattern.compile("\"([a-f])\":\"(\\d+)\"");
    private static final List<String> KEYS = List.of("a", "b", "c", "d", "e", "f");

    private final Map<String, String> stored = new HashMap<>();

    private static String record(String destination, String values) {
        return switch (destination) {
            case "clevertap" -> "{\"type\":\"profile\",\"identity\":\"user\",\"profileData\":{" + values + "}}";
            case "onesignal" -> "{\"by\":\"external_id\",\"id\":\"user\",\"tags\":{" + values + "}}";
            // who it is about stands among what it sets
            default -> "{\"attributes\":{\"external_id\":\"user\",\"_update_existing_only\":false," + values + "}}";
        };
    }

    private VirtualDelivery relay(String destination) {
        return new VirtualDelivery(new VirtualTime(), destination, "production", call -> {
            assertThat(call.body().contains("\"external_id\":\"user\",\"_update_existing_only\":false")).isEqualTo(destination.equals("braze"));
            VALUE.matcher(call.body()).results().forEach(value -> stored.put(value.group(1), value.group(2)));
            return Reply.of(200, "{\"message\":\"success\",\"status\":\"success\",\"processed\":1,\"unprocessed\":[]}");
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"clevertap", "onesignal", "braze"})
    void ofAnOlderEventThatComesLateOnlyWhatNoNewerOneHasSetIsSent(String destination) {
        VirtualDelivery relay = relay(destination);
        relay.put("user", 2, record(destination, "\"a\":\"2\",\"b\":\"2\""), Map.of());
        relay.settle(HOUR);
        String late = relay.put("user", 1, record(destination, "\"a\":\"1\",\"c\":\"1\""), Map.of());
        String later = relay.put("user", 0, record(destination, "\"b\":\"0\",\"c\":\"0\""), Map.of());
        relay.settle(HOUR);
        assertThat(stored).isEqualTo(Map.of("a", "2", "b", "2", "c", "1"));
        assertThat(relay.made.get(relay.made.size() - 1).body()).doesNotContain("\"a\":");
        assertThat(relay.outcomes.delivered).contains(late);

        relay.put("user", 0, record(destination, "\"b\":\"0\",\"c\":\"0\""), Map.of());
        relay.settle(HOUR);
        assertThat(relay.outcomes.skipped).hasSizeGreaterThanOrEqualTo(1).doesNotContain(late);
        assertThat(stored).containsEntry("c", "1");
        assertThat(later).isNotEqualTo(late);
    }

    @ParameterizedTest
    @ValueSource(strings = {"clevertap", "onesignal", "braze"})
    void aShuffledLifeEndsAsIfItsEventsHadComeInTheirOrder(String destination) {
        for (int seed = 0; seed < 100; seed++) {
            Random random = new Random(seed);
            stored.clear();
            Map<String, String> inOrder = new HashMap<>();
            List<Integer> times = new ArrayList<>();
            List<String> records = new ArrayList<>();
            for (int time = 0; time < 12; time++) {
                List<String> keys = new ArrayList<>(new HashSet<>(KEYS.subList(0, 1 + random.nextInt(KEYS.size()))));
                Collections.shuffle(keys, random);
                int number = time;
                List<String> set = keys.subList(0, 1 + random.nextInt(keys.size()));
                set.forEach(key -> inOrder.put(key, Integer.toString(number)));
                records.add(record(destination, set.stream().map(key -> '"' + key + "\":\"" + number + '"').collect(Collectors.joining(","))));
                times.add(time);
            }
            Collections.shuffle(times, random);
            VirtualDelivery relay = relay(destination);
            for (int time : times) {
                relay.put("user", time, records.get(time), Map.of());
                if (random.nextBoolean()) {
                    relay.time.advance(Duration.ofMillis(random.nextInt(3000)));
                }
            }
            assertThat(relay.settle(HOUR)).isTrue();
            assertThat(stored).as("seed %s", seed).isEqualTo(inOrder);
            assertThat(relay.outcomes.parked).isEmpty();
        }
    }
}
