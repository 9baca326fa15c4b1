package io.subscriptionrelay.order;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Of which time each key of a user's state is. */
class StateTimesTest {

    @Test
    void eachKeyHasTheNewestTimeThatSetItAndIsStoredSo() {
        for (int seed = 0; seed < 500; seed++) {
            Random random = new Random(seed);
            Map<String, Long> expected = new HashMap<>();
            long whole = Long.MIN_VALUE;
            StateTimes times = StateTimes.NONE;
            for (int i = 0; i < 20; i++) {
                long time = random.nextInt(10) - 5;
                if (random.nextInt(10) == 0) {
                    whole = Math.max(whole, time);
                    times = times.applied(time);
                } else {
                    List<String> keys = IntStream.range(0, random.nextInt(4)).mapToObj(n -> "key " + random.nextInt(6)).toList();
                    keys.forEach(key -> expected.merge(key, time, Math::max));
                    times = times.applied(time, keys);
                }
                StateTimes stored = StateTimes.of(times.newest(), times.bytes(), times.revision());
                assertThat(stored).isEqualTo(times);
                for (int n = 0; n < 6; n++) {
                    long newest = Math.max(whole, expected.getOrDefault("key " + n, Long.MIN_VALUE));
                    for (long other = -6; other < 6; other++) {
                        assertThat(stored.newerThan(other, "key " + n)).as("seed %s, key %s, %s", seed, n, other).isEqualTo(newest > other);
                    }
                }
                assertThat(times.revision()).isEqualTo(i + 1);
            }
        }
    }

    @Test
    void twoThatKnowDifferentThingsKnowThemTogether() {
        StateTimes both = StateTimes.NONE.applied(5, List.of("plan", "store")).and(StateTimes.NONE.applied(7, List.of("plan")).applied(3));
        assertThat(both.newerThan(6, "plan")).isTrue();
        assertThat(both.newerThan(4, "store")).isTrue();
        assertThat(both.newerThan(5, "store")).isFalse();
        assertThat(both.newerThan(2, "other")).isTrue();
        assertThat(both.newerThan(3, "other")).isFalse();
        assertThat(both.revision()).isEqualTo(2);
    }

    @Test
    void ofAUserWithTooManyKeysTheOldestCountAsSetTogether() {
        StateTimes times = StateTimes.NONE;
        for (int n = 0; n < 1000; n++) {
            times = times.applied(n, List.of("key " + n));
        }
        assertThat(times.bytes()).hasSizeLessThan(3000);
        assertThat(times.newerThan(998, "key 999")).isTrue();
        assertThat(times.newerThan(998, "key 998")).isFalse();
        assertThat(times.newerThan(798, "key 0")).as("no older value of it is sent").isTrue();
        assertThat(times.newerThan(799, "key 0")).isFalse();
    }

    @Test
    void anEventWithTooManyKeysSetsAllOfThem() {
        List<String> many = IntStream.range(0, 70_000).mapToObj(n -> "key " + n).toList();
        for (StateTimes times : List.of(StateTimes.NONE.applied(5, many), StateTimes.NONE.applied(7, List.of("plan")).applied(5, many))) {
            assertThat(times.bytes()).hasSizeLessThan(3000);
            assertThat(StateTimes.of(times.newest(), times.bytes(), times.revision())).isEqualTo(times);
            assertThat(times.newerThan(4, "key 69999")).isTrue();
            assertThat(times.newerThan(5, "key 69999")).isFalse();
        }
    }
}
