package io.subscriptionrelay.translate;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.config.RelayProperties.Sandbox;
import io.subscriptionrelay.event.Checksum;
import io.subscriptionrelay.event.Envelope;
import io.subscriptionrelay.event.Headers;
import io.subscriptionrelay.event.QueueNames;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.history.HeldRecords;
import io.subscriptionrelay.history.Outcomes;
import io.subscriptionrelay.history.Parking;
import io.subscriptionrelay.jmsbatch.BatchLostException;
import io.subscriptionrelay.mapping.Accounts;
import io.subscriptionrelay.mapping.Attempt;
import io.subscriptionrelay.mapping.Destination.Description;
import io.subscriptionrelay.mapping.Facts;
import io.subscriptionrelay.mapping.Mapper;
import io.subscriptionrelay.mapping.MappingFailedException;
import io.subscriptionrelay.order.AppliedState;
import jakarta.jms.JMSException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.support.DefaultMessage;
import org.apache.camel.util.ObjectHelper;
import org.springframework.stereotype.Component;

/**
 * The steps of the translate routes that YAML cannot say: read a stored webhook, and turn it into records for each
 * destination by the rules that hold for every pair of provider and destination.
 */
@Component("translator")
public class Translator {

    /** Property of an exchange: the stored webhook as it came, in bytes. */
    static final String RAW = "raw";
    /** Property of an exchange: what the event means, where the provider's route names it; otherwise it is the type in lower case. */
    static final String STEP = "step";
    /**
     * Property of an exchange: why the event is left out, for all destinations; set by the provider's route. {@code <destination>Skip} says it for
     * one.
     */
    static final String SKIP = "skip";
    /**
     * Property of an exchange: the account that the provider's route chose, for all destinations. {@code <destination>Account}
     * says it for one.
     */
    static final String ACCOUNT = "account";

    /** Property of an exchange: the event, and the destinations that its route has led to so far; copies of the exchange share it. */
    private static final String UNDER_WAY = "relayEvent";
    private static final String DAMAGED = "the stored webhook is damaged: its bytes are not those that came. A replay sends it as it is now";
    private static final ObjectMapper JSON = StrictJson.mapper();
    /** Each has the whole webhook with it: 12,000 users in 144 kB would become gigabytes. */
    private static final int MOST_RECORDS = 100;
    private static final String SANDBOX = "sandbox";
    private static final String PRODUCTION = "production";
    private static final long EARLIEST = Instant.parse("2000-01-01T00:00:00Z").toEpochMilli();
    private static final Duration FARTHEST_AHEAD = Duration.ofDays(1);

    private final Mapper mapper;
    private final Accounts accounts;
    private final Outcomes outcomes;
    private final Parking parking;
    private final HeldRecords held;
    private final Clock clock;
    private final List<String> destinations;

    Translator(Mapper mapper, Accounts accounts, Outcomes outcomes, Parking parking, HeldRecords held, Clock clock, RelayProperties properties) {
        this.mapper = mapper;
        this.accounts = accounts;
        this.outcomes = outcomes;
        this.parking = parking;
        this.held = held;
        this.clock = clock;
        destinations = List.copyOf(properties.destinations().keySet());
    }

    /**
     * Reads a stored webhook: its JSON is in the body, its bytes are in the property {@code raw}. Its facts become properties of the exchange,
     * which the route decides by.
     *
     * @throws IllegalStateException when the bytes are not those that were kept
     */
    public WebhookEvent read(Exchange exchange) {
        if (damaged(exchange)) {
            throw new IllegalStateException(DAMAGED);
        }
        JsonNode json = exchange.getMessage().getBody(JsonNode.class);
        byte[] raw = raw(exchange);
        Facts facts = json instanceof ObjectNode webhook ? mapper.facts(exchange.getMessage().getHeader(Headers.PROVIDER, String.class), webhook, raw)
                : Facts.unreadable(raw);
        WebhookEvent event = underWay(exchange, facts, json);
        // last, so that no fact takes the place of the webhook
        facts.scalars().forEach(exchange::setProperty);
        return event;
    }

    private WebhookEvent underWay(Exchange exchange, Facts facts, JsonNode webhook) {
        Message message = exchange.getMessage();
        WebhookEvent event = new WebhookEvent(message.getHeader(Headers.PROVIDER, String.class), message.getHeader(Headers.EVENT_ID, String.class),
                facts, webhook, raw(exchange), message.getHeader(Headers.RECEIVED_AT, 0L, Long.class),
                message.getHeader(Headers.DESTINATION, String.class), message.getHeader(Headers.PART, Integer.class),
                message.getHeader(Headers.RECORD, String.class), message.getHeader(Headers.STATE_ONLY, false, Boolean.class));
        exchange.setProperty(UNDER_WAY, new UnderWay(event, ConcurrentHashMap.newKeySet()));
        outcomes.read(exchange, event.provider(), event.id(), facts.type(), event.receivedAt(), event.raw(), () -> bytes(facts.json()));
        return event;
    }

    private static byte[] bytes(JsonNode json) {
        try {
            return JSON.writeValueAsBytes(json);
        } catch (JsonProcessingException unwritable) {
            // a number that nobody can hold; the webhook itself says what it was
            return null;
        }
    }

    private static boolean damaged(Exchange exchange) {
        byte[] raw = raw(exchange);
        Integer sum = exchange.getMessage().getHeader(Headers.SUM, Integer.class);
        return raw != null && sum != null && sum != Checksum.of(raw, raw.length);
    }

    private static byte[] raw(Exchange exchange) {
        return exchange.getProperty(RAW, byte[].class);
    }

    /**
     * What parks a replayed event again when the routes did not lead to the destination that it is for; nothing otherwise. Called after the
     * provider's route.
     */
    public List<Message> unreached(Exchange exchange) {
        UnderWay underWay = exchange.getProperty(UNDER_WAY, UnderWay.class);
        WebhookEvent event = underWay.event();
        if (event.only() == null || underWay.reached().contains(event.only())) {
            return List.of();
        }
        return unlessDryRun(exchange, List.of(parked(exchange, event, event.only(), null, null, "the routes lead no " + event.provider()
                + " event to " + event.only() + " any more; they did when this one was parked")));
    }

    /** The message that parks an event as a whole; if {@code event.jslt} failed on it, that is the reason. */
    public List<Message> park(Exchange exchange, String reason) {
        WebhookEvent event = exchange.getMessage().getBody(WebhookEvent.class);
        destinations.forEach(destination -> reached(exchange, destination));
        if (event.only() != null) {
            reached(exchange, event.only());
        }
        String failure = event.facts().failure();
        return unlessDryRun(exchange, List.of(parked(exchange, event, event.only(), null, null, failure == null ? reason : failure)));
    }

    /**
     * What an event becomes for all destinations: messages for the queues of their accounts or for the parked ones, and nothing for a
     * destination that it is skipped for.
     */
    public List<Message> translate(Exchange exchange) {
        RouteDryRun.Results dryRun = RouteDryRun.of(exchange);
        if (dryRun == null) {
            return translate(exchange, destinations);
        }
        try (Attempt.Running attempt = dryRun.begin()) {
            dryRun.take(translate(exchange, Attempt.toEveryAccount() ? mapper.destinations().stream().sorted().toList() : destinations));
            return List.of();
        }
    }

    private List<Message> translate(Exchange exchange, List<String> to) {
        List<Message> messages = new ArrayList<>();
        to.forEach(destination -> messages.addAll(translate(exchange, destination)));
        return messages;
    }

    private List<Message> translate(Exchange exchange, String destination) {
        try {
            return translated(exchange, destination);
        } catch (RuntimeException | StackOverflowError e) {
            // of this event alone: the batch goes on. The message of the exception may quote the event
            return List.of(parked(exchange, exchange.getMessage().getBody(WebhookEvent.class), destination, null,
                    exchange.getProperty(STEP, String.class), "the translation for " + destination + " failed on this event ("
                    + e.getClass().getSimpleName() + ")"));
        }
    }

    /**
     * What parks an event that cannot be read, or on which a step of its provider's route failed, an expression for example: for the destinations
     * that the route has not reached yet, because a replay must not send it again to the others. The batch goes on.
     *
     * @throws Exception the failure, when it is the broker's and not the event's: then the batch is rolled back and comes again
     */
    public List<Message> failed(Exchange exchange) throws Exception {
        Throwable cause = exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Throwable.class);
        if (ObjectHelper.getException(JMSException.class, cause) != null || ObjectHelper.getException(BatchLostException.class, cause) != null) {
            throw exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Exception.class);
        }
        boolean read = exchange.getProperty(UNDER_WAY) != null;
        if (!read) {
            underWay(exchange, Facts.unreadable(raw(exchange)), null);
        }
        UnderWay underWay = exchange.getProperty(UNDER_WAY, UnderWay.class);
        WebhookEvent event = underWay.event();
        String reason = read ? "the route translate-" + event.provider() + " failed on this event (" + cause.getClass().getSimpleName() + ")"
                : damaged(exchange) ? DAMAGED : unreadable(cause);
        boolean whole = underWay.reached().isEmpty() && event.only() == null;
        List<String> left = event.only() != null ? List.of(event.only()) : destinations;
        List<Message> parked = new ArrayList<>();
        if (whole) {
            parked.add(parked(exchange, event, null, null, null, reason));
        } else {
            left.stream().filter(destination -> accounts.on(destination) && !underWay.reached().contains(destination))
                    .forEach(destination -> parked.add(parked(exchange, event, destination, null, null, reason)));
        }
        underWay.reached().addAll(left);
        return unlessDryRun(exchange, parked);
    }

    /** Why a stored webhook cannot be read; not the message of the cause, which quotes it. */
    static String unreadable(Throwable cause) {
        return "the stored webhook cannot be read (" + cause.getClass().getSimpleName() + ")";
    }

    private static void reached(Exchange exchange, String destination) {
        exchange.getProperty(UNDER_WAY, UnderWay.class).reached().add(destination);
    }

    private record UnderWay(WebhookEvent event, Set<String> reached) {
    }

    private static List<Message> unlessDryRun(Exchange exchange, List<Message> messages) {
        RouteDryRun.Results results = RouteDryRun.of(exchange);
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
        reached(exchange, destination);
        if (!accounts.on(destination)) {
            return event.only() == null ? List.of() : List.of(parked(exchange, event, destination, null, null,
                    destination + " is off, because no account of it is configured; it was on when this event was parked"));
        }
        if (!mapper.has(event.provider(), destination)) {
            String missing = "no mapping for " + destination;
            return event.only() == null ? skipped(exchange, event, destination, null, missing)
                    : List.of(parked(exchange, event, destination, null, null, missing + "; there was one when this event was parked"));
        }
        String skip = ofDestination(exchange, destination, SKIP, null);
        if (skip != null) {
            return skipped(exchange, event, destination, null, skip);
        }
        String step = step(exchange, event);
        if (step == null) {
            return skipped(exchange, event, destination, null, "unknown event type " + event.facts().type());
        }
        if (mapper.switchedOff(event.provider(), destination, step, event.facts(), event.webhook())) {
            return skipped(exchange, event, destination, step, Mapper.SWITCHED_OFF);
        }
        if (mapper.deliversNothing(event.provider(), destination, event.facts())) {
            return skipped(exchange, event, destination, step, "pair switched off");
        }
        String account = ofDestination(exchange, destination, ACCOUNT, PRODUCTION);
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

    /** As the provider's route has named it, or as its type; null when the type is none that the provider's settings know. */
    private String step(Exchange exchange, WebhookEvent event) {
        String named = exchange.getProperty(STEP, String.class);
        String type = event.facts().type();
        if (named != null || type == null) {
            return named;
        }
        String step = type.toLowerCase(Locale.ROOT);
        return mapper.knows(event.provider(), step) ? step : null;
    }

    /** What the provider's route says for one destination, as {@code clevertapAccount}, or for all of them, as {@code account}. */
    private static String ofDestination(Exchange exchange, String destination, String property, String otherwise) {
        String own = destination + Character.toUpperCase(property.charAt(0)) + property.substring(1);
        return exchange.getProperty(own, exchange.getProperty(property, otherwise, String.class), String.class);
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
            JsonNode output) throws MappingFailedException {
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
        if (output.size() > MOST_RECORDS) {
            return List.of(parked(exchange, event, destination, account, step, "the mapping " + event.provider() + "/" + destination
                    + ".jslt makes more than " + MOST_RECORDS + " records of this event"));
        }
        List<Description> about = new ArrayList<>(output.size());
        for (JsonNode record : output) {
            about.add(mapper.destination(destination).describe(record));
        }
        if (RouteDryRun.of(exchange) == null) {
            mapper.lookAtFirst(event.provider(), destination, step, () -> IntStream.range(0, about.size())
                    .filter(part -> about.get(part).refusal() == null).mapToObj(output::get).toList());
        }
        List<RecordName> names = RecordName.of(about);
        if (event.part() != null) {
            RecordName parked = RecordName.parse(event.record());
            int part = parked == null ? event.part() : parked.in(names);
            return List.of(part >= 0 && part < output.size()
                    ? message(exchange, event, destination, account, step, part, output.get(part), about.get(part), names.get(part))
                    : parked(exchange, event, destination, account, step, "the replayed record is no longer made: today's mapping makes "
                            + output.size() + " of this event, and it is not among them"));
        }
        List<Message> messages = new ArrayList<>(output.size());
        for (int part = 0; part < output.size(); part++) {
            if (event.stateOnly() && !about.get(part).state()) {
                continue;
            }
            messages.add(message(exchange, event, destination, account, step, part, output.get(part), about.get(part), names.get(part)));
        }
        return messages;
    }

    private Message message(Exchange exchange, WebhookEvent event, String destination, String account, String step, int part,
            JsonNode record, Description about, RecordName name) {
        Optional<String> refusal = Optional.ofNullable(about.refusal());
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
            parked.setHeader(Headers.RECORD, name.toString());
            return parked;
        }
        Message message = new DefaultMessage(exchange.getContext());
        message.setBody(Envelope.join(json, event.raw()));
        message.setHeader(Headers.SUM, Checksum.of(json, json.length));
        headers(message, event, destination, account, step);
        message.setHeader(Headers.EVENT_TIME, event.facts().time());
        message.setHeader(Headers.PART, part);
        message.setHeader(Headers.RECORD, name.toString());
        message.setHeader(Headers.CALL, about.call());
        if (about.id() != null) {
            message.setHeader(Headers.STATE_KEY, AppliedState.key(about.by(), about.id()));
            if (!about.state()) {
                message.setHeader(Headers.ORDER_ONLY, true);
            }
        }
        message.setHeader(Headers.QUEUE, QueueNames.deliver(destination, account));
        long heldUntil = event.receivedAt() + mapper.hold(event.provider(), destination, step, event.facts()).toMillis();
        if (heldUntil > clock.millis() && RouteDryRun.of(exchange) == null) {
            held.hold(exchange, message, heldUntil);
        }
        return message;
    }

    private List<Message> skipped(Exchange exchange, WebhookEvent event, String destination, String step, String reason) {
        RouteDryRun.Results dryRun = RouteDryRun.of(exchange);
        if (dryRun != null) {
            dryRun.skipped(destination, step, reason);
        }
        outcomes.skipped(exchange, event.provider(), event.id(), event.receivedAt(), step, destination, reason);
        return List.of();
    }

    private Message parked(Exchange exchange, WebhookEvent event, String destination, String account, String step, String reason) {
        Message message = new DefaultMessage(exchange.getContext());
        message.setBody(event.raw());
        headers(message, event, destination, account, step);
        if (event.part() != null) {
            message.setHeader(Headers.PART, event.part());
        }
        set(message, Headers.RECORD, event.record());
        parking.address(exchange, message, QueueNames.events(event.provider()), reason);
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
