package io.subscriptionrelay.broker;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.subscriptionrelay.event.Headers;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.apache.activemq.artemis.api.core.Message;
import org.apache.activemq.artemis.core.postoffice.RoutingStatus;
import org.apache.activemq.artemis.core.server.ServerSession;
import org.apache.activemq.artemis.core.server.plugin.ActiveMQServerMessagePlugin;
import org.apache.activemq.artemis.core.transaction.Transaction;

/** Counts the repeated webhooks that the embedded broker recognises. */
public final class Duplicates implements ActiveMQServerMessagePlugin {

    /** A repeat whose webhook gave up waiting is never asked for. */
    private static final int MOST = 10_000;

    private final MeterRegistry metrics;
    private final Set<String> repeats = Collections.newSetFromMap(Collections.synchronizedMap(new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
            return size() > MOST;
        }
    }));

    Duplicates(MeterRegistry metrics) {
        this.metrics = metrics;
    }

    @Override
    public void afterSend(ServerSession session, Transaction transaction, Message message, boolean direct, boolean noAutoCreateQueue,
            RoutingStatus result) {
        if (result == RoutingStatus.DUPLICATED_ID) {
            repeats.add(key(message.getStringProperty(Headers.PROVIDER), message.getStringProperty(Headers.EVENT_ID),
                    message.getObjectProperty(Headers.RECEIVED_AT)));
            Counter.builder("relay.webhooks.repeated").description("Webhooks that were known already, and so not kept again")
                    .tag("provider", String.valueOf(message.getStringProperty(Headers.PROVIDER))).register(metrics).increment();
        }
    }

    /** Whether the webhook that was received then was a repeat. True once; an external broker does not say. */
    public boolean known(String provider, String eventId, long receivedAt) {
        return repeats.remove(key(provider, eventId, receivedAt));
    }

    private static String key(String provider, String eventId, Object receivedAt) {
        return provider + '\n' + eventId + '\n' + receivedAt;
    }
}
