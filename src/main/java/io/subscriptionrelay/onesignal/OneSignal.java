package io.subscriptionrelay.onesignal;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.subscriptionrelay.config.RelayProperties.Account;
import io.subscriptionrelay.delivery.AccountMonitor;
import io.subscriptionrelay.delivery.Accounts;
import io.subscriptionrelay.delivery.Answer;
import io.subscriptionrelay.delivery.ClaimGuard;
import io.subscriptionrelay.delivery.DestinationRules;
import io.subscriptionrelay.delivery.Headers;
import io.subscriptionrelay.delivery.Outage;
import io.subscriptionrelay.delivery.RecordMessage;
import io.subscriptionrelay.delivery.Settlement;
import io.subscriptionrelay.delivery.Settlements;
import io.subscriptionrelay.delivery.UserLanes;
import io.subscriptionrelay.jmsbatch.BatchLostException;
import io.subscriptionrelay.jmsbatch.BatchTurn;
import io.subscriptionrelay.logs.Causes;
import io.subscriptionrelay.logs.Episode;
import io.subscriptionrelay.onesignal.UserUpdate.Member;
import io.subscriptionrelay.onesignal.UserUpdate.Outcome;
import io.subscriptionrelay.state.AppliedState;
import io.subscriptionrelay.state.ClaimLostException;
import io.subscriptionrelay.state.UserClaims;
import io.subscriptionrelay.webhook.StrictJson;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.ProducerTemplate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.stereotype.Component;

/**
 * The steps of the OneSignal routes that YAML cannot say: fold what a batch has for a user into one update, make the calls
 * side by side within OneSignal's limits, and settle each record by the answer.
 */
@Component("oneSignal")
public class OneSignal implements DestinationRules, DisposableBean {

    private static final Logger LOG = LoggerFactory.getLogger(OneSignal.class);
    private static final String NAME = "onesignal";
    private static final String PLAYER = "player_id";
    private static final String ANSWER = "answer";
    /** Instead of a status: the call was not made, because the relay stops or others go first. */
    static final int GIVEN_UP = -1;
    /** Instead of a status: server errors for this call, while others succeed. */
    static final int FAILED_IN_COMPANY = -2;
    /** OneSignal rate limits: one update per user and second; counted from the end of a call, so that no delay on the way shortens it. */
    private static final Duration SPACING = Duration.ofMillis(1010);
    /** A user may be created after the purchase is reported; OneSignal forgets nobody that it may still get to know. */
    static final Duration UNKNOWN_USER = Duration.ofHours(24);

    private final Accounts accounts;
    private final AccountMonitor monitor;
    private final Settlements settlements;
    private final AppliedState state;
    private final UserClaims claims;
    private final MeterRegistry metrics;
    private final CamelContext camel;
    private final ProducerTemplate template;
    private final UserLanes lanes = new UserLanes(SPACING);
    private final Episode unmade = new Episode(Clock.systemUTC());
    private final Map<String, Calls> calls = new ConcurrentHashMap<>();

    OneSignal(Accounts accounts, AccountMonitor monitor, Settlements settlements, AppliedState state, UserClaims claims,
            MeterRegistry metrics, CamelContext camel, ProducerTemplate template) {
        this.accounts = accounts;
        this.monitor = monitor;
        this.settlements = settlements;
        this.state = state;
        this.claims = claims;
        this.metrics = metrics;
        this.camel = camel;
        this.template = template;
    }

    @Override
    public String destination() {
        return NAME;
    }

    @Override
    public Optional<String> refusal(JsonNode record) {
        if (record.path(CustomEvents.KEY).isObject()) {
            return CustomEvents.refusal(record);
        }
        String id = record.path("id").asText("");
        if (!record.path("by").isTextual() || id.isBlank() || !record.path("tags").isObject()) {
            return Optional.of("the mapping gave a OneSignal record without `by`, `id` or `tags`");
        }
        // as a part of a path they mean another path, even encoded
        return id.equals(".") || id.equals("..") ? Optional.of("OneSignal cannot be asked for a user whose id is " + id) : Optional.empty();
    }

    @Override
    public String kind(JsonNode record) {
        return record.has(CustomEvents.KEY) ? "custom-event" : "tags";
    }

    @Override
    public String user(JsonNode record) {
        JsonNode event = record.path(CustomEvents.KEY);
        return record.path("id").asText(event.path("onesignal_id").asText(event.path("external_id").asText("")));
    }

    /**
     * Delivers a batch and settles it.
     *
     * @param account the app
     * @param inFlight how many calls may be under way at once
     * @param perSecond how many calls a second the app allows
     * @return what the route has to send before the batch is committed
     */
    public List<Message> deliver(Exchange exchange, String account, int inFlight, int perSecond) {
        Calls app = calls.computeIfAbsent(account, name -> new Calls("onesignal-" + name, inFlight, perSecond));
        Settlement settlement = settlements.begin(exchange);
        List<UserUpdate> updates = new ArrayList<>();
        CustomEvents events = new CustomEvents();
        read(exchange.getMessage().getBody(List.class), updates, events);
        for (UserUpdate update : updates) {
            update.pass(lanes.enter(account + '/' + update.key()));
        }
        BatchTurn.release(exchange);
        Map<String, Long> applied = new HashMap<>();
        try {
            // the spacing holds for all relays
            UserClaims.Claim claim = ClaimGuard.guard(exchange,
                    claims.claim(NAME, account, updates.stream().map(UserUpdate::key).toList()), SPACING);
            leaveToOthers(updates, claim, settlement);
            Map<String, Long> newest = state.newest(NAME, account, updates.stream().map(UserUpdate::key).toList());
            List<CompletableFuture<Void>> ends = new ArrayList<>(updates.size());
            for (UserUpdate update : updates) {
                ends.add(update.pass().turn().thenCompose(ignored ->
                        run(app, account, update, newest.getOrDefault(update.key(), Long.MIN_VALUE), settlement, applied, exchange)));
            }
            try {
                deliver(app, account, events, settlement, exchange);
            } finally {
                CompletableFuture.allOf(ends.toArray(CompletableFuture[]::new)).join();
            }
            synchronized (settlement) {
                state.applied(NAME, account, applied);
            }
        } finally {
            updates.forEach(update -> update.pass().close());
        }
        return settlement.messages();
    }

    /** Leaves the users to another relay that is delivering to them. */
    private static void leaveToOthers(List<UserUpdate> updates, UserClaims.Claim claim, Settlement settlement) {
        updates.removeIf(update -> {
            boolean elsewhere = claim.elsewhere().contains(update.key());
            if (elsewhere) {
                update.takeRest().forEach(member -> settlement.leaveToOther(member.message()));
                update.pass().close();
            }
            return elsewhere;
        });
    }

    private static void read(List<?> messages, List<UserUpdate> updates, CustomEvents events) {
        Map<String, UserUpdate> users = new LinkedHashMap<>();
        for (Object message : messages) {
            RecordMessage record = new RecordMessage((Message) message);
            JsonNode json = record.record();
            if (json.has(CustomEvents.KEY)) {
                events.add(record, json.get(CustomEvents.KEY));
            } else {
                String by = json.path("by").asText();
                String id = json.path("id").asText();
                users.computeIfAbsent(AppliedState.key(by, id), key -> new UserUpdate(key, by, id))
                        .add(record, json.path("tags"), record.number(Headers.EVENT_TIME), record.flag(Headers.ALONE));
            }
        }
        updates.addAll(users.values());
    }

    private void deliver(Calls app, String account, CustomEvents events, Settlement settlement, Exchange batch) {
        while (events.isUnfinished()) {
            ObjectNode body = events.next();
            Answer answer = call(app, account, accounts.url(NAME, account), events.current().size(), batch, message -> {
                Account settings = accounts.account(NAME, account);
                message.setHeader(Exchange.HTTP_METHOD, "POST");
                message.setHeader(Exchange.HTTP_PATH, "/apps/" + segment(settings.id()) + "/custom_events");
                message.setHeader("Authorization", "Key " + settings.secret());
                message.setBody(bytes(body));
            });
            synchronized (settlement) {
                events.settle(answer, settlement);
            }
        }
    }

    /** One call after the other, until the user's events are all settled. */
    private CompletableFuture<Void> run(Calls app, String account, UserUpdate update, long newest, Settlement settlement,
            Map<String, Long> applied, Exchange batch) {
        return app.after(update.pass().spacing(System.nanoTime()), () -> {
            List<Member> older = update.takeOlderThan(Math.max(newest, update.pass().applied()));
            synchronized (settlement) {
                older.forEach(member -> settlement.skipped(member.message(), Settlement.STALE));
            }
            if (!update.isEmpty()) {
                call(app, account, update, batch);
                synchronized (settlement) {
                    settle(update, settlement, applied);
                }
                if (update.outcome() == Outcome.GIVEN_UP) {
                    synchronized (settlement) {
                        update.takeRest().forEach(member -> settlement.putBack(member.message()));
                    }
                }
            }
        }).thenCompose(ignored -> {
            if (update.isEmpty()) {
                // the user's records in the next batch need not wait for the others of this one
                update.pass().leave();
                return CompletableFuture.completedFuture(null);
            }
            return run(app, account, update, newest, settlement, applied, batch);
        });
    }

    private void call(Calls app, String account, UserUpdate update, Exchange batch) {
        ObjectNode tags = update.fold();
        Answer answer = call(app, account, url(account, update), update.current().size(), batch,
                message -> request(message, account, update, tags));
        update.pass().done();
        update.repeats(answer.repeats());
        String text = text(answer.json());
        if (answer.status() == GIVEN_UP) {
            update.ended(Outcome.GIVEN_UP, null);
        } else if (answer.status() == FAILED_IN_COMPANY) {
            update.ended(Outcome.FAILED_IN_COMPANY, null);
        } else if (answer.success() && !(answer.json().path("success").isBoolean() && !answer.json().path("success").booleanValue())) {
            update.ended(Outcome.ACCEPTED, null);
        } else if (answer.status() == 404 || (PLAYER.equals(update.by()) && text.contains("No user with this id found"))) {
            update.ended(Outcome.NO_SUCH_USER, "OneSignal " + answer.status() + ": it does not know the user");
        } else {
            update.ended(Outcome.REFUSED, "OneSignal " + answer.status() + ": " + text);
        }
    }

    /** One call through the route, which waits for as long as an outage lasts. */
    private Answer call(Calls app, String account, String url, int records, Exchange batch, Consumer<Message> request) {
        if (stopping() || !app.acquire()) {
            return Answer.none(GIVEN_UP);
        }
        ClaimGuard.check(batch);
        DistributionSummary.builder("relay.call.records").description("Records in a call to a destination")
                .tag("destination", NAME).tag("account", account).register(metrics).record(records);
        Exchange end = template.send("direct:onesignal-update", exchange -> {
            exchange.setProperty(Headers.DESTINATION, NAME);
            exchange.setProperty(Headers.ACCOUNT, account);
            exchange.setProperty("url", url);
            ClaimGuard.accompany(exchange, batch);
            Outage.begin(exchange);
            exchange.getMessage().setHeader(Exchange.CONTENT_TYPE, "application/json; charset=utf-8");
            request.accept(exchange.getMessage());
        });
        if (end.getException() == null) {
            if (unmade.over()) {
                LOG.info("Calls to OneSignal are made again");
            }
            return end.getProperty(ANSWER, Answer.class);
        }
        if (end.getException() instanceof ClaimLostException || end.getException() instanceof BatchLostException) {
            throw (RuntimeException) end.getException();
        }
        if (!stopping()) {
            if (unmade.failed()) {
                LOG.error("Calls to OneSignal cannot be made and are tried again later: {}", Causes.of(end.getException()));
            }
        }
        return Answer.none(stopping() ? GIVEN_UP : FAILED_IN_COMPANY);
    }

    private boolean stopping() {
        return camel.isStopping() || camel.isStopped() || camel.isSuspending();
    }

    private String url(String account, UserUpdate update) {
        String url = accounts.url(NAME, account);
        // the players endpoint lives on the older host only
        return PLAYER.equals(update.by()) ? url.replace("https://api.onesignal.com", "https://onesignal.com") : url;
    }

    /** The API key stands in no route and no placeholder, only in the message for this call. */
    private void request(Message message, String account, UserUpdate update, ObjectNode tags) {
        Account app = accounts.account(NAME, account);
        ObjectNode body = StrictJson.mapper().createObjectNode();
        if (PLAYER.equals(update.by())) {
            body.put("app_id", app.id()).set("tags", tags);
            message.setHeader(Exchange.HTTP_METHOD, "PUT");
            message.setHeader(Exchange.HTTP_PATH, "/api/v1/players/" + segment(update.id()));
            message.setHeader("Authorization", (app.secret().startsWith("os_v2_") ? "Key " : "Basic ") + app.secret());
        } else {
            body.putObject("properties").set("tags", tags);
            message.setHeader(Exchange.HTTP_METHOD, "PATCH");
            message.setHeader(Exchange.HTTP_PATH,
                    "/apps/" + segment(app.id()) + "/users/by/" + segment(update.by()) + "/" + segment(update.id()));
            message.setHeader("Authorization", "Key " + app.secret());
        }
        message.setBody(bytes(body));
    }

    private static byte[] bytes(ObjectNode body) {
        try {
            return StrictJson.mapper().writeValueAsBytes(body);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("what was read as JSON can be written as JSON", e);
        }
    }

    private static String segment(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** Reads the answer to a call, for the one who made it. */
    public void answer(Exchange exchange) {
        Answer answer = Answer.of(exchange);
        if (Outage.givenUp(exchange)) {
            answer = Answer.none(FAILED_IN_COMPANY);
        } else if (Outage.putOff(exchange) || answer.brokenOff()) {
            answer = Answer.none(GIVEN_UP);
        } else {
            monitor.succeeded(NAME, exchange.getProperty(Headers.ACCOUNT, String.class), Outage.begun(exchange));
        }
        exchange.setProperty(ANSWER, answer);
    }

    /** Of both of OneSignal's shapes of an error: {@code {"errors":[{"code","title"}]}} and {@code {"errors":["…"]}}. */
    static String text(JsonNode json) {
        JsonNode first = json.path("errors").path(0);
        return Answer.line(first.isTextual() ? first.textValue()
                : (first.path("code").asText("") + " " + first.path("title").asText("")));
    }

    private static void settle(UserUpdate update, Settlement settlement, Map<String, Long> applied) {
        List<Member> members = update.current();
        switch (update.outcome()) {
            case ACCEPTED -> members.forEach(member -> {
                settlement.delivered(member.message(), update.repeats());
                applied.merge(update.key(), member.time(), Math::max);
                update.pass().applied(member.time());
            });
            case NO_SUCH_USER -> members.forEach(member ->
                    settlement.sendBackFor(UNKNOWN_USER, member.message(), update.reason()));
            case FAILED_IN_COMPANY -> members.forEach(member -> settlement.sendBack(member.message()));
            case GIVEN_UP -> members.forEach(member -> settlement.putBack(member.message()));
            case REFUSED -> {
                if (members.size() == 1) {
                    settlement.park(members.get(0).message(), update.reason());
                } else {
                    // one of them is at fault: each is tried alone, in their order
                    for (int i = 0; i < members.size(); i++) {
                        settlement.sendBackAlone(members.get(i).message(), Duration.ofSeconds(1).plusMillis(1200L * i));
                    }
                }
            }
            default -> throw new IllegalStateException("no rule for " + update.outcome());
        }
    }

    @Override
    public void destroy() {
        calls.values().forEach(Calls::close);
    }
}
