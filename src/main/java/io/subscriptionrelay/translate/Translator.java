package io.subscriptionrelay.translate;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.subscriptionrelay.config.RelayProperties.Sandbox;
import io.subscriptionrelay.delivery.Accounts;
import io.subscriptionrelay.delivery.DestinationRules;
import io.subscriptionrelay.delivery.Envelope;
import io.subscriptionrelay.delivery.Headers;
import io.subscriptionrelay.delivery.Outcomes;
import io.subscriptionrelay.mapping.Facts;
import io.subscriptionrelay.mapping.Mapper;
import io.subscriptionrelay.mapping.MappingFailedException;
import io.subscriptionrelay.parked.Parking;
import io.subscriptionrelay.webhook.StrictJson;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.support.DefaultMessage;
import org.springframework.stereotype.Component;

/**
 * The steps of the translate routes that YAML cannot say: read a stored webhook, and turn it into records for one
 * destination by the rules that hold for every pair of provider and destination.
 */
@Component("translator")
public class Translator {

    /** Property of an exchange: what the event means; named by the provider's route. */
    static final String STEP = "step";
    /** Property of an exchange: why the event is left out; set by the provider's route. */
    static final String SKIP = "skip";
    /**
     * Property of an exchange: the account that the provider's route chose, for all destinations. {@code <destination>Account}
     * says it for one.
     */
    static final String ACCOUNT = "account";

    private static final ObjectMapper JSON = StrictJson.mapper();
    private static final String SANDBOX = "sandbox";
    private static final String PRODUCTION = "production";
    private static final long EARLIEST = Instant.parse("2000-01-01T00:00:00Z").toEpochMilli();
    private static final Duration FARTHEST_AHEAD = Duration.ofDays(1);

    private final Mapper mapper;
    private final Accounts accounts;
    private final Outcomes outcomes;
    private final Parking parking;
    private final Clock clock;
    private final Map<String, DestinationRules> rules;

    Translator(Mapper mapper, Accounts accounts, Outcomes outcomes, Parking parking, Clock clock, List<DestinationRules> rules) {
        this.mapper = mapper;
        this.accounts = accounts;
        this.outcomes = outcomes;
        this.parking = parking;
        this.clock = clock;
        this.rules = rules.stream().collect(Collectors.toMap(DestinationRules::destination, Function.identity()));
    }

    /**
     * Reads a stored webhook. Its facts become properties of the exchange, which the route decides by.
     *
     * @return the event, or null when it cannot be understood and waits to be parked
     */
    public WebhookEvent read(Exchange exchange) {
        Message message = exchange.getMessage();
        byte[] raw = message.getBody(byte[].class);
        String provider = message.getHeader(Headers.PROVIDER, String.class);
        JsonNode webhook = null;
        Facts facts;
        try {
            webhook = JSON.readTree(raw);
            facts = mapper.facts(provider, (com.fasterxml.jackson.databind.node.ObjectNode) webhook, raw);
        } catch (IOException | IllegalArgumentException | ClassCastException e) {
            facts = Facts.unreadable(raw);
        }
        facts.scalars().forEach(exchange::setProperty);
        return new WebhookEvent(provider, message.getHeader(Headers.EVENT_ID, String.class), facts, webhook, raw,
                message.getHeader(Headers.RECEIVED_AT, 0L, Long.class), message.getHeader(Headers.DESTINATION, String.class),
                message.getHeader(Headers.PART, Integer.class));
    }

    /** The message that parks an event as a whole. */
    public List<Message> park(Exchange exchange, String reason) {
        WebhookEvent event = exchange.getMessage().getBody(WebhookEvent.class);
        return unlessDryRun(exchange, List.of(parked(exchange, event, event.only(), null, null, reason)));
    }

    /**
     * What an event becomes for the destination in the property {@code destination}, where the route has set it, because a literal in the
     * call of a method would be parsed for each event: messages for its account's queue or for the parked ones, and nothing for what is
     * skipped.
     */
    public List<Message> translate(Exchange exchange) {
        return unlessDryRun(exchange, translated(exchange, exchange.getProperty(Headers.DESTINATION, String.class)));
    }

    private static List<Message> unlessDryRun(Exchange exchange, List<Message> messages) {
        DryRun.Results results = DryRun.of(exchange);
        if (results == null) {
            return messages;
        }
        results.take(messages);
        return List.of();
    }

    private List<Message> translated(Exchange exchange, String destination) {
        WebhookEvent event = exchange.getMessage().getBody(WebhookEvent.class);
        if (event.only() != null && !event.only().equals(destination)) {
            return List.of();
        }
        if (!accounts.on(destination)) {
            return event.only() == null ? List.of() : List.of(parked(exchange, event, destination, null, null,
                    destination + " is off, because no account of it is configured; it was on when this event was parked"));
        }
        if (!mapper.has(event.provider(), destination)) {
            return skipped(exchange, event, destination, null, "no mapping for " + destination);
        }
        String step = exchange.getProperty(STEP, String.class);
        String skip = exchange.getProperty(SKIP, String.class);
        if (skip != null) {
            return skipped(exchange, event, destination, null, skip);
        }
        if (step != null && mapper.switchedOff(event.provider(), destination, step, event.facts(), event.webhook())) {
            return skipped(exchange, event, destination, step, Mapper.SWITCHED_OFF);
        }
        if (mapper.deliversNothing(event.provider(), destination, event.facts())) {
            return skipped(exchange, event, destination, step, "pair switched off");
        }
        if (step == null) {
            return List.of(parked(exchange, event, destination, null, null,
                    "the route translate-" + event.provider() + " named no step for this event"));
        }
        String account = exchange.getProperty(destination + "Account", exchange.getProperty(ACCOUNT, PRODUCTION, String.class),
                String.class);
        if (SANDBOX.equals(account)) {
            Sandbox rule = accounts.sandbox(destination);
            if (rule == Sandbox.DROP) {
                return skipped(exchange, event, destination, step, "sandbox events left out");
            }
            if (!accounts.configured(destination, SANDBOX)) {
                if (rule == Sandbox.SKIP) {
                    return skipped(exchange, event, destination, step, "no sandbox account");
                }
                account = PRODUCTION;
            }
        }
        if (!accounts.configured(destination, account)) {
            return List.of(parked(exchange, event, destination, account, step,
                    "the " + destination + " account `" + account + "` that the route chose is not configured"));
        }
        Optional<String> untimely = untimely(event.facts().time());
        if (untimely.isPresent()) {
            return List.of(parked(exchange, event, destination, account, step, untimely.get()));
        }
        try {
            JsonNode output = mapper.apply(event.provider(), destination, step, event.facts(), event.webhook());
            return messages(exchange, event, destination, account, step, output);
        } catch (MappingFailedException e) {
            return List.of(parked(exchange, event, destination, account, step, e.getMessage()));
        }
    }

    private Optional<String> untimely(Long time) {
        if (time == null) {
            return Optional.of("the event has no time");
        }
        if (time < EARLIEST) {
            return Optional.of("the event time is before the year 2000");
        }
        if (time > clock.millis() + FARTHEST_AHEAD.toMillis()) {
            return Optional.of("the event time is more than a day in the future");
        }
        return Optional.empty();
    }

    private List<Message> messages(Exchange exchange, WebhookEvent event, String destination, String account, String step,
            JsonNode output) {
        if (output.isObject() && output.path("skip").isTextual()) {
            return skipped(exchange, event, destination, step, output.get("skip").textValue());
        }
        if (output.isObject() && output.path("park").isTextual()) {
            return List.of(parked(exchange, event, destination, account, step, output.get("park").textValue()));
        }
        if (!output.isArray() || output.isEmpty()) {
            return List.of(parked(exchange, event, destination, account, step, "the mapping " + event.provider() + "/" + destination
                    + ".jslt gave neither a list of records nor a reason to skip"));
        }
        List<Message> messages = new ArrayList<>(output.size());
        for (int part = 0; part < output.size(); part++) {
            if (event.part() == null || event.part() == part) {
                messages.add(message(exchange, event, destination, account, step, part, output.get(part)));
            }
        }
        return messages.isEmpty() ? List.of(parked(exchange, event, destination, account, step,
                "today's mapping makes " + output.size() + " records of this event; the replayed one is not among them")) : messages;
    }

    private Message message(Exchange exchange, WebhookEvent event, String destination, String account, String step, int part,
            JsonNode record) {
        Optional<String> refusal = rules.containsKey(destination) ? rules.get(destination).refusal(record) : Optional.empty();
        byte[] json;
        try {
            json = JSON.writeValueAsBytes(record);
        } catch (JsonProcessingException e) {
            json = null;
            refusal = Optional.of("the record cannot be written as JSON: a number is too large");
        }
        if (refusal.isPresent()) {
            Message parked = parked(exchange, event, destination, account, step, refusal.get());
            parked.setHeader(Headers.PART, part);
            return parked;
        }
        Message message = new DefaultMessage(exchange.getContext());
        message.setBody(Envelope.join(json, event.raw()));
        headers(message, event, destination, account, step);
        message.setHeader(Headers.EVENT_TIME, event.facts().time());
        message.setHeader(Headers.PART, part);
        if (rules.containsKey(destination)) {
            rules.get(destination).stateKey(record).ifPresent(key -> message.setHeader(Headers.STATE_KEY, key));
        }
        message.setHeader(Headers.QUEUE, Accounts.queue(destination, account));
        return message;
    }

    private List<Message> skipped(Exchange exchange, WebhookEvent event, String destination, String step, String reason) {
        DryRun.Results dryRun = DryRun.of(exchange);
        if (dryRun != null) {
            dryRun.skipped(destination, step, reason);
        }
        outcomes.skipped(exchange, event.provider(), event.id(), step, destination, reason);
        return List.of();
    }

    private Message parked(Exchange exchange, WebhookEvent event, String destination, String account, String step, String reason) {
        Message message = new DefaultMessage(exchange.getContext());
        message.setBody(event.raw());
        headers(message, event, destination, account, step);
        if (event.part() != null) {
            message.setHeader(Headers.PART, event.part());
        }
        parking.address(exchange, message, "events." + event.provider(), reason);
        return message;
    }

    private static void headers(Message message, WebhookEvent event, String destination, String account, String step) {
        message.setHeader(Headers.PROVIDER, event.provider());
        message.setHeader(Headers.EVENT_ID, event.id());
        message.setHeader(Headers.RECEIVED_AT, event.receivedAt());
        set(message, Headers.DESTINATION, destination);
        set(message, Headers.ACCOUNT, account);
        set(message, Headers.STEP, step);
    }

    private static void set(Message message, String name, String value) {
        if (value != null) {
            message.setHeader(name, value);
        }
    }
}
