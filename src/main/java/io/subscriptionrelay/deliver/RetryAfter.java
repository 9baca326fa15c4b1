package io.subscriptionrelay.deliver;

import java.time.Clock;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Map;

/** The header {@code Retry-After}, in seconds or as a date (RFC 9110, 10.2.3). */
final class RetryAfter {

    /** Someone else's clock or typing mistake must not stop an account for years. */
    private static final Duration LONGEST = Duration.ofHours(1);

    private final Clock clock;

    RetryAfter(Clock clock) {
        this.clock = clock;
    }

    /** Nanoseconds, at most an hour; 0 when there is none, or when it makes no sense. */
    long nanos(Map<String, String> headers) {
        for (Map.Entry<String, String> header : headers.entrySet()) {
            if ("Retry-After".equalsIgnoreCase(header.getKey()) && header.getValue() != null) {
                long milliseconds = milliseconds(header.getValue().trim());
                return Duration.ofMillis(Math.max(0, Math.min(LONGEST.toMillis(), milliseconds))).toNanos();
            }
        }
        return 0;
    }

    private long milliseconds(String value) {
        if (!value.isEmpty() && value.length() <= 9 && value.chars().allMatch(Character::isDigit)) {
            return Long.parseLong(value) * 1000;
        }
        try {
            return ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant().toEpochMilli() - clock.millis();
        } catch (DateTimeParseException e) {
            return 0;
        }
    }
}
