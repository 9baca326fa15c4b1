package io.subscriptionrelay.deliver;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RetryAfterTest {

    private final RetryAfter header = new RetryAfter(Clock.fixed(Instant.parse("2026-10-01T12:00:00Z"), ZoneOffset.UTC));

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"30 | 30", " 30 | 30", "0 | 0", "3600 | 3600", "3601 | 3600", "999999999 | 3600", "99999999999999999999 | 0",
        "Thu, 01 Oct 2026 12:01:00 GMT | 60", "Thu, 01 Oct 2026 11:00:00 GMT | 0", "Fri, 01 Oct 2100 12:00:00 GMT | 3600", "-5 | 0", "1.5 | 0", "soon | 0",
        "'' | 0"})
    void itIsWaitedForUpToAnHourAndNotAtAllWhenItMakesNoSense(String value, long seconds) {
        assertThat(header.nanos(Map.of("retry-after", value))).isEqualTo(Duration.ofSeconds(seconds).toNanos());
    }
}
