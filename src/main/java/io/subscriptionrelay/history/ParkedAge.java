package io.subscriptionrelay.history;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.subscriptionrelay.config.RelayProperties;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * How long events have been parked. What nobody wanted for {@code relay.parked.keep} is discarded, if that is set; how much that will be within a day
 * is told beforehand.
 */
@Component
class ParkedAge implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(ParkedAge.class);
    private static final Duration FIRST_LOOK = Duration.ofSeconds(10);
    private static final Duration SHORTEST_PAUSE = Duration.ofMinutes(1);
    /** All parked events are read, so a look takes its time when there are many: this much of the time at the most. */
    private static final int PAUSES_PER_LOOK = 50;
    private static final Duration WARNED_BEFORE = Duration.ofDays(1);

    private final ParkedQueues queues;
    private final Duration keep;
    private final Clock clock;
    private final ScheduledExecutorService looks;
    private volatile double oldestSeconds;
    private volatile int expiring;

    ParkedAge(ParkedQueues queues, RelayProperties properties, MeterRegistry metrics, Clock clock) {
        this.queues = queues;
        this.clock = clock;
        keep = properties.parked().keep();
        Gauge.builder("relay.parked.oldest.seconds", this, age -> age.oldestSeconds)
                .description("For how long the oldest parked event has been parked; 0 when there is none").register(metrics);
        Gauge.builder("relay.parked.expiring", this, age -> age.expiring)
                .description("Parked events that relay.parked.keep will discard within a day").register(metrics);
        looks = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "parked-age");
            thread.setDaemon(true);
            return thread;
        });
        looks.schedule(this::lookAgain, FIRST_LOOK.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void lookAgain() {
        long begun = System.nanoTime();
        try {
            look();
        } catch (RuntimeException e) {
            LOG.debug("The parked events cannot be looked at now", e);
        }
        long pause = Math.max(SHORTEST_PAUSE.toNanos(), PAUSES_PER_LOOK * (System.nanoTime() - begun));
        looks.schedule(this::lookAgain, pause, TimeUnit.NANOSECONDS);
    }

    /** Looks how old the parked events are, and discards what is too old. */
    void look() {
        long now = clock.millis();
        if (count(now) > 0) {
            int discarded = queues.take(ParkedFilter.ANY.before(now - keep.toMillis()), ParkedQueues.Fate.DISCARDED);
            LOG.warn("{} parked for longer than relay.parked.keep ({} h), and nobody wanted {}", discarded == 1 ? "It had been" : "They had been",
                    keep.toHours(), discarded == 1 ? "it" : "them");
            count(now);
        }
    }

    /** Gives how many are too old. */
    private int count(long now) {
        long expired = keep == null ? Long.MIN_VALUE : now - keep.toMillis();
        long[] oldest = {now};
        int[] found = new int[2];
        queues.browse(ParkedFilter.ANY, entry -> {
            long at = entry.parkedAt();
            oldest[0] = Math.min(oldest[0], at);
            found[0] += at < expired ? 1 : 0;
            found[1] += keep != null && at < expired + WARNED_BEFORE.toMillis() ? 1 : 0;
            return true;
        });
        oldestSeconds = (now - oldest[0]) / 1000.0;
        expiring = found[1];
        return found[0];
    }

    @Override
    public void close() {
        looks.shutdownNow();
    }
}
