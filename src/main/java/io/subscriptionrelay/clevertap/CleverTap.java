package io.subscriptionrelay.clevertap;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.config.RelayProperties.Account;
import io.subscriptionrelay.delivery.AccountMonitor;
import io.subscriptionrelay.delivery.Accounts;
import io.subscriptionrelay.delivery.Answer;
import io.subscriptionrelay.delivery.ClaimGuard;
import io.subscriptionrelay.delivery.DestinationRules;
import io.subscriptionrelay.delivery.Headers;
import io.subscriptionrelay.delivery.Outage;
import io.subscriptionrelay.delivery.Probe;
import io.subscriptionrelay.delivery.RecordMessage;
import io.subscriptionrelay.delivery.Settlement;
import io.subscriptionrelay.delivery.Settlements;
import io.subscriptionrelay.delivery.UserLanes;
import io.subscriptionrelay.jmsbatch.BatchTurn;
import io.subscriptionrelay.state.AppliedState;
import io.subscriptionrelay.state.UserClaims;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.support.SynchronizationAdapter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/** The steps of the CleverTap route that YAML cannot say: the body of a call, and what its answer means for each record. */
@Component("cleverTap")
public class CleverTap implements DestinationRules {

    private static final Logger LOG = LoggerFactory.getLogger(CleverTap.class);
    private static final String NAME = "clevertap";
    private static final String UPLOAD = "upload";
    private static final List<String> IDS = List.of("identity", "objectId");
    /** CleverTap upload API, error 523: an id must be under 120 characters. */
    private static final int ID_LIMIT = 120;
    /** CleverTap upload API: a miscellaneous server error, the only passing one about a single record. */
    private static final int SERVER_ERROR = 555;
    /** CleverTap answers 400 now and then without a reason; a lone record has this many attempts before it is believed. */
    private static final int ATTEMPTS_ALONE = 3;
    /** A record that CleverTap fails on is tried for as long as a user whom OneSignal does not know. */
    private static final Duration FAILING_ALONE = Duration.ofHours(24);
    private static final int FAILURES_ALONE = 12;
    private static final Pattern POSITION = Pattern.compile("Skipped record number\\s*:\\s*(\\d{1,9})");

    private final Accounts accounts;
    private final AccountMonitor monitor;
    private final Settlements settlements;
    private final AppliedState state;
    private final UserClaims claims;
    private final MeterRegistry metrics;
    private final UserLanes lanes = new UserLanes(Duration.ZERO);

    CleverTap(Accounts accounts, AccountMonitor monitor, Settlements settlements, AppliedState state, UserClaims claims,
            MeterRegistry metrics) {
        this.accounts = accounts;
        this.monitor = monitor;
        this.settlements = settlements;
        this.state = state;
        this.claims = claims;
        this.metrics = metrics;
    }

    @Override
    public String destination() {
        return NAME;
    }

    @Override
    public Optional<String> refusal(JsonNode record) {
        for (String key : IDS) {
            String id = record.path(key).asText("");
            if (id.codePointCount(0, id.length()) >= ID_LIMIT) {
                return Optional.of("CleverTap takes no " + key + " of " + ID_LIMIT + " or more characters");
            }
        }
        return Optional.empty();
    }

    @Override
    public Optional<String> stateKey(JsonNode record) {
        if (!record.path("type").asText().equals("profile")) {
            return Optional.empty();
        }
        return Optional.of(record.has("objectId") ? AppliedState.key("objectId", record.get("objectId").asText())
                : AppliedState.key("identity", record.path("identity").asText()));
    }

    /** A {@code Charged} event is a kind of its own, because it comes beside the event that it is made of. */
    @Override
    public String kind(JsonNode record) {
        return record.path("type").asText().equals("profile") ? "profile" : record.path("evtName").asText().equals("Charged") ? "charged" : "event";
    }

    @Override
    public String user(JsonNode record) {
        return record.path("objectId").asText(record.path("identity").asText(""));
    }

    /**
     * Takes the batch in the body; what follows works on the property {@code upload}. Profiles that are older than what a user
     * already has are left out, and those of one user go up one batch after the other, whichever relay has the batch.
     */
    public void begin(Exchange exchange, String account) {
        List<?> messages = exchange.getMessage().getBody(List.class);
        List<RecordMessage> records = messages.stream().map(message -> new RecordMessage((Message) message))
                .sorted(Comparator.comparingLong(record -> record.number(Headers.EVENT_TIME))).toList();
        exchange.setProperty(Headers.DESTINATION, NAME);
        exchange.setProperty(Headers.ACCOUNT, account);
        Settlement settlement = settlements.begin(exchange);
        Set<String> users = new LinkedHashSet<>();
        records.forEach(record -> Optional.ofNullable(record.text(Headers.STATE_KEY)).ifPresent(users::add));
        List<UserLanes.Pass> passes = users.stream().map(user -> lanes.enter(account + '/' + user)).toList();
        exchange.getExchangeExtension().addOnCompletion(new SynchronizationAdapter() {
            @Override
            public void onDone(Exchange done) {
                passes.forEach(UserLanes.Pass::close);
            }
        });
        BatchTurn.release(exchange);
        passes.forEach(pass -> pass.turn().join());
        UserClaims.Claim claim = ClaimGuard.guard(exchange, claims.claim(NAME, account, users), Duration.ZERO);
        List<RecordMessage> mine = ClaimGuard.mine(records, claim, settlement);
        users.removeAll(claim.elsewhere());
        exchange.setProperty(UPLOAD, new Upload(current(account, mine, users, settlement), settlement));
    }

    private List<RecordMessage> current(String account, List<RecordMessage> records, Set<String> users, Settlement settlement) {
        if (users.isEmpty()) {
            return records;
        }
        Map<String, Long> newest = state.newest(NAME, account, users);
        List<RecordMessage> current = new ArrayList<>(records.size());
        for (RecordMessage record : records) {
            String user = record.text(Headers.STATE_KEY);
            if (user != null && record.number(Headers.EVENT_TIME) < newest.getOrDefault(user, Long.MIN_VALUE)) {
                settlement.skipped(record, Settlement.STALE);
            } else {
                current.add(record);
            }
        }
        return current;
    }

    /** Makes the next call. The passcode stands in no route and no placeholder, only in the message for this call. */
    public void next(Exchange exchange) {
        ClaimGuard.check(exchange);
        Account account = accounts.account(NAME, account(exchange));
        Message message = exchange.getMessage();
        message.removeHeaders("*");
        message.setHeader("X-CleverTap-Account-Id", account.id());
        message.setHeader("X-CleverTap-Passcode", account.secret());
        message.setHeader(Exchange.CONTENT_TYPE, "application/json; charset=utf-8");
        Outage.begin(exchange);
        Upload upload = upload(exchange);
        message.setBody(upload.next());
        Probe.allow(exchange, upload::probe);
        if (upload.isFirstAlone()) {
            Outage.suspect(exchange);
        }
        DistributionSummary.builder("relay.call.records").description("Records in a call to a destination")
                .tag("destination", NAME).tag("account", account(exchange)).register(metrics).record(upload.current().size());
    }

    /** Reads the answer to a call and settles its records, or halves it. */
    public void answer(Exchange exchange) {
        Upload upload = upload(exchange);
        boolean probe = upload.wasProbe();
        if (Outage.putOff(exchange)) {
            upload.putOff();
            return;
        }
        if (Outage.givenUp(exchange)) {
            if (probe) {
                upload.later();
            } else {
                failedInCompany(exchange, upload);
            }
            return;
        }
        Answer answer = Answer.of(exchange);
        if (answer.brokenOff()) {
            upload.putOff();
            return;
        }
        if (answer.success()) {
            read(exchange, upload, answer.json());
        } else {
            refused(upload, answer);
        }
        if (probe) {
            // this one was understood, those before it were not
            Outage.suspect(exchange);
            upload.skipOlder();
        }
    }

    private void read(Exchange exchange, Upload upload, JsonNode json) {
        List<RecordMessage> records = upload.current();
        JsonNode unprocessed = json.path("unprocessed");
        Settlement settlement = upload.settlement();
        if (json.path("processed").asInt() == 0 && unprocessed.isEmpty()) {
            // neither stored nor refused, or no answer of CleverTap's at all
            records.forEach(settlement::sendBack);
            return;
        }
        monitor.succeeded(NAME, account(exchange), Outage.begun(exchange));
        JsonNode[] refusals = new JsonNode[records.size()];
        int unplaced = 0;
        for (JsonNode refusal : unprocessed) {
            int position = position(refusal, records.size());
            if (position > 0) {
                refusals[position - 1] = refusal;
            } else {
                unplaced++;
            }
        }
        for (int i = 0; i < refusals.length; i++) {
            if (refusals[i] != null) {
                settle(settlement, records.get(i), refusals[i]);
            } else if (unplaced > 0) {
                settlement.park(records.get(i), "CleverTap refused " + unplaced + " of " + records.size()
                        + " records without saying which; this one may be stored, so look before you replay it");
            } else {
                upload.delivered(records.get(i));
            }
        }
        if (unplaced > 0) {
            LOG.error("CleverTap refused {} of {} records of a call without their position; those not named are parked", unplaced,
                    records.size());
        }
    }

    /** By its number only: the record that CleverTap repeats is altered. */
    private static int position(JsonNode refusal, int size) {
        Matcher matcher = POSITION.matcher(error(refusal));
        if (!matcher.find()) {
            return size == 1 ? 1 : 0;
        }
        int position = Integer.parseInt(matcher.group(1));
        return position <= size ? position : 0;
    }

    private static void settle(Settlement settlement, RecordMessage record, JsonNode refusal) {
        int code = refusal.path("code").asInt();
        if (code == SERVER_ERROR) {
            settlement.sendBack(record);
        } else {
            settlement.park(record, "CleverTap " + code + ": " + text(refusal));
        }
    }

    private static String text(JsonNode refusal) {
        return Answer.line(POSITION.matcher(error(refusal)).replaceAll(""));
    }

    /** CleverTap has also answered with {@code {"<record>": "<error>"}}, without a code. */
    private static String error(JsonNode refusal) {
        if (!refusal.has("error") && refusal.size() == 1) {
            return refusal.elements().next().asText("");
        }
        return refusal.path("error").asText("");
    }

    private static void refused(Upload upload, Answer answer) {
        if (upload.current().size() > 1) {
            upload.halve();
            return;
        }
        RecordMessage record = upload.current().get(0);
        if (record.number(Headers.ATTEMPT) + 1 < ATTEMPTS_ALONE) {
            upload.settlement().sendBackAlone(record);
        } else {
            upload.settlement().park(record, "CleverTap HTTP " + answer.status() + ": " + text(answer.json()));
        }
    }

    private void failedInCompany(Exchange exchange, Upload upload) {
        if (upload.current().size() > 1) {
            upload.halve();
            return;
        }
        RecordMessage record = upload.current().get(0);
        Settlement settlement = upload.settlement();
        // during an outage nothing is parked: others must have been taken since this one failed before
        if (record.number(Headers.ATTEMPT) >= FAILURES_ALONE && settlement.refusedFor(record).compareTo(FAILING_ALONE) >= 0
                && monitor.succeededWithin(NAME, account(exchange), Settlement.LONGEST_DELAY)) {
            settlement.park(record, "CleverTap answers this record with a server error while it takes others, for "
                    + FAILING_ALONE.toHours() + " h");
        } else {
            settlement.sendBackAlone(record);
        }
    }

    /** What the route has to send before the batch is committed. */
    public List<Message> settle(Exchange exchange) {
        state.applied(NAME, account(exchange), upload(exchange).applied());
        return upload(exchange).settlement().messages();
    }

    private static Upload upload(Exchange exchange) {
        return exchange.getProperty(UPLOAD, Upload.class);
    }

    private static String account(Exchange exchange) {
        return exchange.getProperty(Headers.ACCOUNT, String.class);
    }
}
