package io.subscriptionrelay.logs;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

class LineAMinuteTest {

    private long now = 1_000_000;
    private final LineAMinute lines = new LineAMinute(new Clock() {
        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return Instant.ofEpochMilli(now);
        }
    });

    @Test
    void theFirstOfAKindIsWrittenAndThenOneAMinuteThatCountsTheOthers() {
        assertThat(lines.leftOut("a")).isZero();
        assertThat(lines.leftOut("b")).isZero();
        for (int i = 0; i < 59; i++) {
            now += 1000;
            assertThat(lines.leftOut("a")).isNegative();
        }
        now += 1000;
        assertThat(lines.leftOut("a")).isEqualTo(59);
        assertThat(lines.leftOut("a")).isNegative();
        now += 60_000;
        assertThat(lines.leftOut("a")).isEqualTo(1);
        assertThat(lines.leftOut("b")).isZero();
    }

    @Test
    void kindsWithoutEndAreFewLinesAndNoneIsForgottenInTheCount() {
        int written = 0;
        int told = 0;
        for (int i = 0; i < 100_000; i++) {
            now += 10;
            int leftOut = lines.leftOut("kind " + i);
            written += leftOut >= 0 ? 1 : 0;
            told += Math.max(0, leftOut);
        }
        // a hundred a minute, and one for all the others
        assertThat(written).isLessThan(101 * 18);
        now += 60_000;
        for (int i = 0; i < 200; i++) {
            int leftOut = lines.leftOut("later " + i);
            written += leftOut >= 0 ? 1 : 0;
            told += Math.max(0, leftOut);
        }
        assertThat(written + told).isGreaterThan(100_000);
    }
}
