package io.subscriptionrelay.logs;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

class IncidentTest {

    private long now = 1_000_000;
    private final Incident episode = new Incident(new Clock() {
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
    void aLongProblemIsToldTwiceHoweverManyAttemptsFail() {
        assertThat(episode.failed()).isTrue();
        for (int i = 0; i < 1000; i++) {
            now += 30_000;
            assertThat(episode.failed()).isFalse();
        }
        assertThat(episode.seconds()).isEqualTo(30_000);
        assertThat(episode.over()).isTrue();
        assertThat(episode.over()).isFalse();
        assertThat(episode.seconds()).isZero();
    }

    @Test
    void aFlickeringOneIsToldOnceAMinute() {
        int lines = 0;
        for (int i = 0; i < 600; i++) {
            lines += episode.failed() ? 1 : 0;
            now += 500;
            lines += episode.over() ? 1 : 0;
            now += 500;
        }
        assertThat(lines).isEqualTo(20);
    }

    @Test
    void oneThatComesBackSoonAndStaysIsToldAfterTheQuietMinute() {
        episode.failed();
        episode.over();
        now += 1000;
        assertThat(episode.failed()).isFalse();
        now += 60_000;
        assertThat(episode.failed()).isTrue();
        assertThat(episode.seconds()).isEqualTo(60);
    }
}
