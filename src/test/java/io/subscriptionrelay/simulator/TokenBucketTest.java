package io.subscriptionrelay.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TokenBucketTest {

    private static final long SECOND = 1_000_000_000L;
    private final TokenBucket bucket = new TokenBucket();

    @Test
    void oneCallASecondPassesAndASecondOneDoesNot() {
        assertThat(take(0)).isTrue();
        assertThat(take(999)).isFalse();
        assertThat(take(1000)).isTrue();
        assertThat(take(1500)).isFalse();
        assertThat(take(2000)).isTrue();
    }

    @Test
    void anEarlyCallIsBorrowedFromTheNext() {
        assertThat(bucket.take(0, 1, 1, 0.05)).isTrue();
        assertThat(bucket.take(SECOND * 95 / 100, 1, 1, 0.05)).isTrue();
        assertThat(bucket.take(SECOND * 189 / 100, 1, 1, 0.05)).isFalse();
        assertThat(bucket.take(SECOND * 195 / 100, 1, 1, 0.05)).isTrue();
    }

    @Test
    void anIdleBucketAllowsNoMoreThanItsBurst() {
        for (int i = 0; i < 3; i++) {
            assertThat(bucket.take(0, 3, 3, 0)).isTrue();
        }
        assertThat(bucket.take(0, 3, 3, 0)).isFalse();
        for (int i = 0; i < 3; i++) {
            assertThat(bucket.take(60 * SECOND, 3, 3, 0)).isTrue();
        }
        assertThat(bucket.take(60 * SECOND, 3, 3, 0)).isFalse();
    }

    @Test
    void aRateOfZeroIsNoLimit() {
        for (int i = 0; i < 1000; i++) {
            assertThat(bucket.take(0, 0, 1, 0)).isTrue();
        }
    }

    private boolean take(long millis) {
        return bucket.take(millis * 1_000_000L, 1, 1, 0);
    }
}
