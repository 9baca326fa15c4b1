package io.subscriptionrelay.history;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.subscriptionrelay.config.RelayProperties;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.springframework.util.unit.DataSize;

/** What a relay tells history, without an application. */
public final class HistoryForTests {

    public static final String QUEUE = HistoryFeed.QUEUE;

    private static final HistoryFeed FEED = new HistoryFeed(null, new RelayProperties(null, null, null, null, null, null, null,
            new RelayProperties.History(Duration.ofDays(1), DataSize.ofGigabytes(1)), null, null), new SimpleMeterRegistry());

    private HistoryForTests() {
    }

    /** Outcomes that are told with the transaction of their batch, and counted nowhere. */
    public static Outcomes outcomes(Clock clock) {
        return new Outcomes(null, FEED, null, clock);
    }

    /** What a message in the queue says. */
    public static List<HistoryOutcome> outcomes(byte[] message) {
        try {
            return HistoryBytes.read(message).outcomes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
