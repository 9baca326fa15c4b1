package io.subscriptionrelay.webhook;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.subscriptionrelay.broker.StorageHealth;
import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.config.SettingsCheck;
import io.subscriptionrelay.config.StartRefusedException;
import io.subscriptionrelay.event.Checksum;
import io.subscriptionrelay.event.Headers;
import io.subscriptionrelay.event.NotAJsonObjectException;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.mapping.Facts;
import io.subscriptionrelay.mapping.Mapper;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.springframework.stereotype.Component;

/** The steps of the webhook route that YAML cannot say: is it authentic, what is it, can it be kept. */
@Component("webhooks")
public class Webhooks {

    /** Property of an exchange: whether there is an event to keep. */
    public static final String EVENT = "event";

    private final Map<String, Authentication> authentications = new HashMap<>();
    private final Set<String> activationCalls = new HashSet<>();
    private final Mapper mapper;
    private final StorageHealth storage;
    private final Clock clock;

    Webhooks(RelayProperties properties, Mapper mapper, StorageHealth storage, Clock clock) {
        properties.providers().forEach((name, provider) -> {
            if (provider.open()) {
                authentications.put(name, new Authentication(provider, clock));
                if (provider.activationCalls()) {
                    activationCalls.add(name);
                }
            }
        });
        this.mapper = mapper;
        this.storage = storage;
        this.clock = clock;
    }

    /** The secrets that nothing could be checked with, as a start would say it. */
    public static List<StartRefusedException> refusals(RelayProperties properties) {
        List<StartRefusedException> refusals = new ArrayList<>();
        properties.providers().values().stream().filter(RelayProperties.Provider::open)
                .forEach(provider -> SettingsCheck.collect(refusals, () -> new Authentication(provider, Clock.systemUTC())));
        return refusals;
    }

    /** Whether the provider's path answers; a closed one is not found. */
    boolean open(String provider) {
        return authentications.containsKey(provider);
    }

    /** The only request headers that the provider's proof needs, in lower case. */
    Set<String> headers(String provider) {
        return authentications.get(provider).headers();
    }

    /**
     * Checks what can be checked before the body of a webhook is here.
     *
     * @param header the value of a request header, however its name is written, or null
     * @return whether the sender has shown the token of the provider
     * @throws NotAuthenticException when no body could make it authentic
     */
    boolean checkHead(String provider, Function<String, String> header) throws NotAuthenticException {
        return authentications.get(provider).checkHead(header);
    }

    /**
     * Lets an authentic webhook pass.
     *
     * @throws NotAuthenticException when the provider's secret or signature is missing or wrong
     */
    public void authenticate(Exchange exchange) throws NotAuthenticException {
        Authentication authentication = authentications.get(provider(exchange));
        if (authentication == null) {
            throw new NotAuthenticException("the provider is closed");
        }
        Message message = exchange.getMessage();
        authentication.check(name -> message.getHeader(name, String.class), body(message));
    }

    /**
     * Puts beside the raw body what is kept with it: the id that a repeat of this event has too, the provider and the time. The property
     * {@code event} tells whether there is something to keep; there is not in an activation call.
     *
     * @throws NotAJsonObjectException when the body is not a JSON object, which only a provider with activation calls may send
     */
    public void read(Exchange exchange) throws NotAJsonObjectException {
        exchange.setProperty(EVENT, isEvent(exchange, provider(exchange)));
    }

    private boolean isEvent(Exchange exchange, String provider) throws NotAJsonObjectException {
        Message message = exchange.getMessage();
        byte[] body = body(message);
        Facts facts;
        try {
            Optional<ObjectNode> webhook = StrictJson.object(body);
            facts = webhook.isPresent() ? mapper.facts(provider, webhook.get(), body) : Facts.unreadable(body);
        } catch (NotAJsonObjectException e) {
            if (activationCalls.contains(provider)) {
                return false;
            }
            throw e;
        }
        if (facts.notAnEvent()) {
            return false;
        }
        message.setHeader(Headers.PROVIDER, provider);
        message.setHeader(Headers.EVENT_ID, facts.id());
        message.setHeader(Headers.RECEIVED_AT, clock.millis());
        message.setHeader(Headers.SUM, Checksum.of(body, body.length));
        message.setHeader(Headers.DUPLICATE_ID, facts.duplicateId(provider));
        return true;
    }

    /** Set by the route, because a literal in the call of a method would be parsed for each webhook. */
    private static String provider(Exchange exchange) {
        return exchange.getProperty(Headers.PROVIDER, String.class);
    }

    /** The raw bytes; Camel has nothing for an empty body. */
    private static byte[] body(Message message) {
        byte[] body = message.getBody(byte[].class);
        return body == null ? new byte[0] : body;
    }

    /**
     * Refuses what could not be kept.
     *
     * @throws io.subscriptionrelay.broker.NotStorableException when the broker or its disk cannot take an event now
     */
    public void checkStorage() {
        storage.check();
    }
}
