package io.subscriptionrelay.broker;

import io.subscriptionrelay.config.RelayProperties;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.actuate.health.Health;
import org.springframework.boot.actuate.health.HealthIndicator;
import org.springframework.stereotype.Component;

/**
 * Whether events can be stored: the broker runs and its disk has room. Readiness and the webhooks follow it. The limit
 * is far above what the journal needs, because a journal that meets a full disk stops the broker. An external broker watches its
 * disk itself.
 */
@Component("storage")
public class StorageHealth implements HealthIndicator {

    private static final Logger LOG = LoggerFactory.getLogger(StorageHealth.class);
    private static final long LOOK_AGAIN = TimeUnit.MILLISECONDS.toNanos(500);

    private final EmbeddedBroker broker;
    private final ExternalBroker external;
    private final Path folder;
    private final long minFree;
    private final AtomicLong lookedAt = new AtomicLong(System.nanoTime() - LOOK_AGAIN);
    private volatile String problem;

    StorageHealth(EmbeddedBroker broker, ExternalBroker external, RelayProperties properties) {
        this.broker = broker;
        this.external = external;
        this.folder = properties.dataFolder();
        this.minFree = properties.broker().minDiskFree().toBytes();
    }

    /**
     * Throws when nothing can be stored now.
     *
     * @throws NotStorableException naming what is missing
     */
    public void check() {
        String found = problem();
        if (found != null) {
            throw new NotStorableException(found);
        }
    }

    private String problem() {
        long now = System.nanoTime();
        long last = lookedAt.get();
        if (now - last >= LOOK_AGAIN && lookedAt.compareAndSet(last, now)) {
            String found = look();
            if (found != null && problem == null) {
                LOG.error("Webhooks are answered with 503: {}", found);
            } else if (found == null && problem != null) {
                LOG.info("Webhooks are accepted again");
            }
            problem = found;
        }
        return problem;
    }

    private String look() {
        String stopped = broker.problem();
        if (stopped != null) {
            return stopped;
        }
        if (broker.server().isPresent()) {
            try {
                long free = Files.getFileStore(folder).getUsableSpace();
                if (free < minFree) {
                    return "the data directory has %d MB free, fewer than relay.broker.min-disk-free (%d MB)"
                            .formatted(free >> 20, minFree >> 20);
                }
            } catch (IOException e) {
                return "the data directory cannot be read (" + e.getClass().getSimpleName() + ")";
            }
        }
        return external.problem();
    }

    @Override
    public Health health() {
        String found = problem();
        return found == null ? Health.up().build() : Health.down().withDetail("problem", found).build();
    }
}
