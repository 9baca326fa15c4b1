package io.subscriptionrelay.pages;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.event.QueueNames;
import io.subscriptionrelay.mapping.Mapper;
import java.time.Clock;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.springframework.stereotype.Component;

/** What waits in the queues, and for which destinations, since when. The queues of an external broker are not seen. */
@Component
class Waiting {

    /** From a webhook to the record of it in a destination's queue, and until queues are looked at again. */
    private static final long MARGIN = TimeUnit.MINUTES.toMillis(1);

    private final RelayProperties properties;
    private final MeterRegistry metrics;
    private final Mapper mapper;
    private final Clock clock;

    Waiting(RelayProperties properties, MeterRegistry metrics, Mapper mapper, Clock clock) {
        this.properties = properties;
        this.metrics = metrics;
        this.mapper = mapper;
        this.clock = clock;
    }

    /** By destination the time, in milliseconds since 1970, from which on an event of this provider may wait for it that has no outcome there yet. */
    Map<String, Long> since(String provider) {
        Map<String, Long> since = new TreeMap<>();
        properties.destinations().forEach((destination, settings) -> {
            if (mapper.names().contains(provider + "/" + destination)) {
                settings.accounts().forEach((account, configured) -> {
                    String queue = QueueNames.deliver(destination, account);
                    if (configured.configured() && messages(queue) > 0) {
                        since.merge(destination, clock.millis() - (long) (oldestSeconds(queue) * 1000) - MARGIN, Math::min);
                    }
                });
            }
        });
        return since;
    }

    /** How many messages a queue has. */
    double messages(String queue) {
        return gauge("relay.queue.messages", queue);
    }

    /** For how long the oldest message of a queue has waited, in seconds. */
    double oldestSeconds(String queue) {
        return gauge("relay.queue.oldest.seconds", queue);
    }

    private double gauge(String meter, String queue) {
        Gauge gauge = metrics.find(meter).tag("queue", queue).gauge();
        return gauge == null ? 0 : gauge.value();
    }
}
