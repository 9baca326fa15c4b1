package io.subscriptionrelay.broker;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class UnderWayTest {

    private static final long MEGABYTE = 1024 * 1024;

    @Test
    void recordsUnderWayTakeTwoFifthsOfTheHeapAtMostAndThoseOfTwoAccountsFillTheCallsThatMayBeInFlight() {
        for (int accounts : new int[] {2, 4, 10, 15}) {
            assertThat((long) accounts * UnderWay.records(accounts, 512 * MEGABYTE) * 12 * 1024).isLessThanOrEqualTo(512 * MEGABYTE * 2 / 5);
        }
        assertThat(UnderWay.records(2, 1024 * MEGABYTE)).isGreaterThan(14 * 1000);
        assertThat(UnderWay.records(50, 1024 * MEGABYTE)).as("a whole call").isEqualTo(1000);
        assertThat(UnderWay.records(0, 512 * MEGABYTE)).isPositive();
    }

    @Test
    void aBatchIsAsLargeAsThereIsRoomAndHalfOfOneAtLeast() {
        assertThat(UnderWay.room(7_000, 2_500, 0)).isEqualTo(2_500);
        assertThat(UnderWay.room(7_000, 2_500, 4_500)).isEqualTo(2_500);
        assertThat(UnderWay.room(7_000, 2_500, 5_000)).isEqualTo(2_000);
        assertThat(UnderWay.room(7_000, 2_500, 6_000)).isZero();
        assertThat(UnderWay.room(7_000, 2_500, 7_000)).isZero();
    }

    @Test
    void whoMayHaveLessThanABatchTakesHalfOfThatAtLeast() {
        assertThat(UnderWay.room(1_000, 2_500, 0)).isEqualTo(1_000);
        assertThat(UnderWay.room(1_000, 2_500, 10)).isEqualTo(990);
        assertThat(UnderWay.room(1_000, 2_500, 501)).isZero();
    }
}
