package io.subscriptionrelay.operations;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

class LoginThrottleTest {

    private long now = 1_000_000;
    private final LoginThrottle throttle = new LoginThrottle(clock());

    private Clock clock() {
        InstantSource source = () -> Instant.ofEpochMilli(now);
        return source.withZone(ZoneOffset.UTC);
    }

    private void fail(String address, int times) {
        for (int i = 0; i < times; i++) {
            throttle.failed(address);
        }
    }

    @Test
    void someMistakesAreFreeAndThenTheWaitGrowsToHalfAMinute() {
        fail("192.0.2.1", 10);
        assertThat(throttle.lockedSeconds("192.0.2.1")).isZero();
        for (long expected : new long[] {1, 2, 4, 8, 16, 30, 30, 30}) {
            fail("192.0.2.1", 1);
            assertThat(throttle.lockedSeconds("192.0.2.1")).isEqualTo(expected);
        }
        now += 30_000;
        assertThat(throttle.lockedSeconds("192.0.2.1")).isZero();
    }

    @Test
    void anotherAddressDoesNotWaitButAnIpv6NetworkIsOne() {
        fail("192.0.2.1", 11);
        assertThat(throttle.lockedSeconds("192.0.2.2")).isZero();
        fail("2001:db8:1:2::1", 6);
        fail("2001:db8:1:2:ffff::9", 5);
        assertThat(throttle.lockedSeconds("2001:db8:1:2::77")).isEqualTo(1);
        assertThat(throttle.lockedSeconds("2001:db8:1:3::1")).isZero();
    }

    @Test
    void whatIsRightOrLongAgoStartsAnew() {
        fail("192.0.2.1", 10);
        throttle.succeeded("192.0.2.1");
        fail("192.0.2.1", 10);
        assertThat(throttle.lockedSeconds("192.0.2.1")).isZero();
        now += 16 * 60_000;
        fail("192.0.2.1", 10);
        assertThat(throttle.lockedSeconds("192.0.2.1")).isZero();
    }

    @Test
    void manyAddressesTakeNoEndlessMemory() {
        fail("192.0.2.1", 11);
        for (int i = 0; i < 20_000; i++) {
            throttle.failed("10." + (i >> 16) + "." + (i >> 8 & 255) + "." + (i & 255));
        }
        assertThat(throttle.lockedSeconds("192.0.2.1")).as("long forgotten").isZero();
    }
}
