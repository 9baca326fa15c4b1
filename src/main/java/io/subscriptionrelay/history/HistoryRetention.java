package io.subscriptionrelay.history;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.logs.Causes;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/** Drops the oldest events of history once they are older than {@code relay.history.keep}, or take more than {@code relay.history.max-size}. */
@Component
class HistoryRetention implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(HistoryRetention.class);
    private static final Duration PAUSE = Duration.ofMinutes(1);

    private final HistoryStore store;
    private final RelayProperties.History settings;
    private final Clock clock;
    private final ScheduledExecutorService looks;
    private volatile long bytes;

    HistoryRetention(HistoryStore store, RelayProperties properties, MeterRegistry metrics, Clock clock) {
        this.store = store;
        this.clock = clock;
        settings = properties.history();
        Gauge.builder("relay.history.bytes", this, retention -> retention.bytes).description("How much history takes on disk").baseUnit("bytes")
                .register(metrics);
        looks = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "history-retention");
            thread.setDaemon(true);
            return thread;
        });
        looks.scheduleWithFixedDelay(this::look, 0, PAUSE.toMillis(), TimeUnit.MILLISECONDS);
    }

    void look() {
        try {
            if (settings.on()) {
                long tooLarge = store.trim(clock.millis() - settings.keep().toMillis(), settings.maxSize().toBytes());
                if (tooLarge > 0) {
                    LOG.warn("History was larger than relay.history.max-size ({}), so its {} oldest events are dropped before they were {} days old; it now"
                            + " begins at {}", settings.maxSize(), tooLarge, settings.keep().toDays(), java.time.Instant.ofEpochMilli(store.begins()));
                }
            } else if (store.begins() != Long.MAX_VALUE) {
                store.trim(Long.MAX_VALUE, 0);
            }
            store.check();
            bytes = store.bytes();
        } catch (RuntimeException e) {
            LOG.debug("History cannot be looked at now: {}", Causes.of(e));
        }
    }

    @Override
    public void close() {
        looks.shutdownNow();
    }
}
