package io.subscriptionrelay.deliver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.subscriptionrelay.config.RelayProperties.Account;
import io.subscriptionrelay.event.Envelope;
import io.subscriptionrelay.event.Headers;
import io.subscriptionrelay.event.QueueNames;
import io.subscriptionrelay.event.RecordMessage;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.history.OutcomeLog;
import io.subscriptionrelay.history.ParkingForTests;
import io.subscriptionrelay.mapping.Destination;
import io.subscriptionrelay.mapping.ShippedDestinations;
import io.subscriptionrelay.order.AppliedState;
import io.subscriptionrelay.order.StateTimes;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.apache.camel.support.DefaultMessage;

/**
 * An account of a destination in virtual time, with the shipped files: a broker that holds its records, batches of them, and the calls to a
 * destination that a test scripts. The same steps always run in the same order.
 */
final class VirtualDelivery {

    private static final CamelContext CAMEL = new DefaultCamelContext();
    private static final Map<String, Destination> DESTINATIONS = new HashMap<>();
    private static final Pattern ID = Pattern.compile("#(r\\d+)#");

    /** A record that was put into the queue at this moment. */
    record Put(String id, String user, long time, boolean state, Duration at) {
    }

    final VirtualTime time;
    final Destination destination;
    final OutcomeLog outcomes;
    final AccountCalls calls;
    final Map<String, Put> puts = new LinkedHashMap<>();
    /** In the order in which they began. */
    final List<VirtualServer.Call> made = new ArrayList<>();
    /** How records were settled, batch by batch: {@code retry r1}. */
    final List<String> settled = new ArrayList<>();
    final Map<String, Duration> deliveredAt = new HashMap<>();
    VirtualServer server;
    boolean ending;
    int inFlight;
    int mostInFlight;
    private final String account;
    private final VirtualBroker broker;
    private final VirtualThreads threads;
    private final KeyQueues queues;
    private final Map<String, StateTimes> stateDatabase = new HashMap<>();

    VirtualDelivery(VirtualTime time, String destination, String account, VirtualServer server) {
        this.time = time;
        this.account = account;
        this.server = server;
        this.destination = DESTINATIONS.computeIfAbsent(destination, ShippedDestinations::load);
        int workers = destination.equals("clevertap") ? 15 : 4;
        broker = new VirtualBroker(time, destination.equals("clevertap") ? 1000 : 2500,
                underWay -> underWay < workers && (underWay < 2 || gate().open()), this::begin);
        threads = new VirtualThreads(time, this.destination::inFlight);
        outcomes = new OutcomeLog(time);
        queues = new KeyQueues(time::nanos);
        calls = new AccountCalls(() -> this.destination, () -> 1, time, threads);
    }

    static VirtualDelivery cleverTap(VirtualServer server) {
        return new VirtualDelivery(new VirtualTime(), "clevertap", "production", server);
    }

    static VirtualDelivery oneSignal(VirtualServer server) {
        return new VirtualDelivery(new VirtualTime(), "onesignal", "production", server);
    }

    /** A profile at CleverTap, or tags at OneSignal, one of which is the record's own, by which it is seen in an update of several. Returns its id. */
    String state(String user, long eventTime) {
        return put(user, eventTime, destination.name().equals("clevertap")
                ? "{\"type\":\"profile\",\"identity\":\"" + user + "\",\"profileData\":{\"n\":\"#%s#\"}}"
                : "{\"by\":\"external_id\",\"id\":\"" + user + "\",\"tags\":{\"n\":\"#%1$s#\",\"#%1$s#\":\"1\"}}", Map.of());
    }

    /** An event at CleverTap, or a custom event at OneSignal. */
    String event(String user, long eventTime) {
        return put(user, eventTime, destination.name().equals("clevertap")
                ? "{\"type\":\"event\",\"identity\":\"" + user + "\",\"evtName\":\"x\",\"evtData\":{\"n\":\"#%s#\"}}"
                : "{\"custom_event\":{\"name\":\"x\",\"external_id\":\"" + user + "\",\"payload\":{\"n\":\"#%s#\"}}}", Map.of());
    }

    /** @param more headers that it comes with, as if it had been sent back before */
    String put(String user, long eventTime, String json, Map<String, Object> more) {
        String id = "r" + puts.size();
        Message message = new DefaultMessage(CAMEL);
        byte[] record = json.formatted(id).getBytes(StandardCharsets.UTF_8);
        message.setBody(Envelope.join(record, "{}".getBytes(StandardCharsets.UTF_8)));
        message.setHeader(Headers.PROVIDER, "revenuecat");
        message.setHeader(Headers.EVENT_ID, id);
        message.setHeader(Headers.STEP, "renewal");
        message.setHeader(Headers.DESTINATION, destination.name());
        message.setHeader(Headers.ACCOUNT, account);
        message.setHeader(Headers.QUEUE, QueueNames.deliver(destination.name(), account));
        message.setHeader(Headers.PART, 0);
        message.setHeader(Headers.EVENT_TIME, eventTime);
        message.setHeader(Headers.RECEIVED_AT, time.millis());
        try {
            Destination.Description about = destination.describe(StrictJson.mapper().readTree(record));
            message.setHeader(Headers.CALL, about.call());
            if (about.id() != null) {
                message.setHeader(Headers.STATE_KEY, AppliedState.key(about.by(), about.id()));
            }
            puts.put(id, new Put(id, user, eventTime, about.state(), time.elapsed()));
        } catch (Exception e) {
            throw new AssertionError(e);
        }
        more.forEach(message::setHeader);
        broker.send(message);
        return id;
    }

    /** Lets time go by until every record is delivered, skipped or parked, or for so long. */
    boolean settle(Duration atMost) {
        return time.until(() -> broker.idle(), atMost);
    }

    /** How long it took until this record was delivered, or takes up to now. */
    Duration wait(String id) {
        return deliveredAt.getOrDefault(id, time.elapsed()).minus(puts.get(id).at);
    }

    VirtualBroker broker() {
        return broker;
    }

    AccountGate gate() {
        return calls.gate();
    }

    /** As {@link DeliverRoutes#group} and {@link DeliverRoutes#settle} do, for one relay alone. */
    private void begin(List<Message> batch) {
        Exchange exchange = new DefaultExchange(CAMEL);
        List<RecordMessage> records = new ArrayList<>(batch.stream().map(RecordMessage::new).toList());
        records.sort(Comparator.comparingLong(record -> record.number(Headers.EVENT_TIME)));
        BatchSettlement settlement = new BatchSettlement(exchange, destination, outcomes, ParkingForTests.with(outcomes, time), time);
        Delivery delivery = new Delivery(destination, new Account("an-id", "a-secret", null, "http://destination.invalid"), calls,
                oncePerRecord(settlement), time, ignoring(CallMonitor.class), () -> ending);
        delivery.lease(ignoring(Lease.class));
        List<Calls> groups = new ArrayList<>();
        List<KeyQueues.Ticket> tickets = new ArrayList<>();
        Map<String, StateTimes> known = new HashMap<>();
        for (Delivery.Group group : Delivery.groups(destination, records)) {
            Map<String, KeyQueues.Ticket> mine = new LinkedHashMap<>();
            group.keys().forEach(key -> mine.put(key, queues.take(key)));
            mine.keySet().stream().filter(stateDatabase::containsKey).forEach(key -> known.put(key, stateDatabase.get(key)));
            tickets.addAll(mine.values());
            groups.add(new Calls(delivery, group, mine));
        }
        delivery.known(known);
        int[] left = {groups.size()};
        groups.forEach(group -> drive(group, () -> {
            if (--left[0] == 0) {
                delivery.check();
                if (settlement.settled() != batch.size()) {
                    throw new AssertionError(settlement.settled() + " of " + batch.size() + " records are settled");
                }
                delivery.applied().forEach((key, applied) -> stateDatabase.merge(key, applied, StateTimes::and));
                tickets.forEach(KeyQueues.Ticket::close);
                settlement.messages().stream().filter(message -> !message.getHeader(Headers.QUEUE, "", String.class).startsWith("parked."))
                        .forEach(broker::send);
                broker.committed();
            }
        }));
    }

    private Settlement oncePerRecord(Settlement settlement) {
        Set<String> seen = new HashSet<>();
        return (Settlement) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] {Settlement.class}, (any, method, arguments) -> {
            String id = ((RecordMessage) arguments[0]).text(Headers.EVENT_ID);
            settled.add(method.getName() + ' ' + id);
            if (method.getName().equals("delivered")) {
                deliveredAt.put(id, time.elapsed());
            }
            if (!seen.add(id)) {
                throw new AssertionError(id + " is settled twice in a batch: " + settled.stream().filter(one -> one.endsWith(' ' + id)).toList());
            }
            return method.invoke(settlement, arguments);
        });
    }

    private static <T> T ignoring(Class<T> type) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (any, method, arguments) -> null));
    }

    private void drive(Calls group, Runnable done) {
        if (!group.isUnfinished()) {
            done.run();
            return;
        }
        group.whenAllowed(() -> {
            if (group.isCalling()) {
                call(group, () -> drive(group, done));
            } else {
                drive(group, done);
            }
        });
    }

    private void call(Calls group, Runnable next) {
        String body = new String(group.request().body(), StandardCharsets.UTF_8);
        List<String> ids = ID.matcher(body).results().map(id -> id.group(1)).distinct().toList();
        VirtualServer.Call call = new VirtualServer.Call(time.elapsed(), group.request().path(), ids, body);
        made.add(call);
        mostInFlight = Math.max(mostInFlight, ++inFlight);
        VirtualServer.Reply reply = server.answer(call);
        threads.call(reply.latency(), () -> {
            inFlight--;
            group.ended(new Answer(Math.max(0, reply.status()), reply.headers(), json(reply.body()), null, new RetryAfter(time).nanos(reply.headers()),
                    reply.status() > 0 ? null : "no answer", reply.status() >= 0));
            next.run();
        });
    }

    /** Bytes as the relay reads them. */
    private static JsonNode json(byte[] body) {
        try {
            return body.length == 0 ? MissingNode.getInstance() : StrictJson.mapper().readTree(body);
        } catch (IOException | NumberFormatException notJson) {
            return MissingNode.getInstance();
        }
    }
}
