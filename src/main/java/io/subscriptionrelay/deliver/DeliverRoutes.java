package io.subscriptionrelay.deliver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.subscriptionrelay.broker.UnderWay;
import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.deliver.AccountMonitor.Problem;
import io.subscriptionrelay.event.Headers;
import io.subscriptionrelay.event.QueueNames;
import io.subscriptionrelay.event.RecordMessage;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.history.HeldRecords;
import io.subscriptionrelay.history.Outcomes;
import io.subscriptionrelay.history.Parking;
import io.subscriptionrelay.jmsbatch.BatchAdmission;
import io.subscriptionrelay.jmsbatch.BatchPermit;
import io.subscriptionrelay.jmsbatch.BatchTransaction;
import io.subscriptionrelay.jmsbatch.JmsBatchEndpoint;
import io.subscriptionrelay.logs.Causes;
import io.subscriptionrelay.mapping.Accounts;
import io.subscriptionrelay.mapping.Destination;
import io.subscriptionrelay.mapping.Mapper;
import io.subscriptionrelay.mapping.MappingFailedException;
import io.subscriptionrelay.order.AppliedState;
import io.subscriptionrelay.order.UserLeases;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.apache.camel.AsyncCallback;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.support.AsyncProcessorSupport;
import org.apache.camel.support.SynchronizationAdapter;
import org.apache.hc.client5.http.ConnectTimeoutException;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.stereotype.Component;

/**
 * The steps of the deliver routes that YAML cannot say. A batch becomes groups of records whose calls are made side by side; each call waits
 * until it may be made, and its answer settles its records. What a destination wants stands in its files.
 */
@Component("deliver")
public class DeliverRoutes implements BatchAdmission, DisposableBean {

    /** Property of a group's exchange: its calls. */
    private static final String CALLS = "calls";
    private static final String DELIVERY = "relayDelivery";
    private static final String SETTLEMENT = "relaySettlement";
    private static final String SIZE = "relayBatchSize";
    /** So many batches of an account that does not answer are under way: they could only wait, each in memory and as small as it was. */
    private static final int DURING_AN_OUTAGE = 2;
    /** An answer about 1000 records repeats each of them. */
    private static final int LARGEST_ANSWER = 16 * 1024 * 1024;

    private final Mapper mapper;
    private final Accounts accounts;
    private final AccountMonitor monitor;
    private final Outcomes outcomes;
    private final Parking parking;
    private final HeldRecords held;
    private final AppliedState state;
    private final UserLeases leases;
    private final MeterRegistry metrics;
    private final Clock clock;
    private final int mostUnderWay;
    private final RetryAfter retryAfter;
    private final ScheduledThreadPoolExecutor timer;
    private final Scheduler scheduler;
    private final KeyQueues queues;
    private final Map<String, AccountCalls> calls = new ConcurrentHashMap<>();
    private final List<CallThreads> threads = new CopyOnWriteArrayList<>();

    DeliverRoutes(Mapper mapper, Accounts accounts, AccountMonitor monitor, Outcomes outcomes, Parking parking, HeldRecords held, AppliedState state,
            UserLeases leases, MeterRegistry metrics, Clock clock, RelayProperties properties) {
        this.mapper = mapper;
        this.accounts = accounts;
        this.monitor = monitor;
        this.outcomes = outcomes;
        this.parking = parking;
        this.held = held;
        this.state = state;
        this.leases = leases;
        this.metrics = metrics;
        this.clock = clock;
        mostUnderWay = UnderWay.records(properties);
        retryAfter = new RetryAfter(clock);
        timer = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "deliver-timer");
            thread.setDaemon(true);
            return thread;
        });
        timer.setRemoveOnCancelPolicy(true);
        scheduler = new Scheduler() {
            @Override
            public long nanos() {
                return System.nanoTime();
            }

            @Override
            public void after(long nanos, Runnable task) {
                timer.schedule(task, nanos, TimeUnit.NANOSECONDS);
            }
        };
        queues = new KeyQueues(scheduler::nanos);
    }

    private AccountCalls calls(String destination, String account) {
        return calls.computeIfAbsent(QueueNames.deliver(destination, account), name -> {
            CallThreads own = new CallThreads(name, () -> mapper.destination(destination).inFlight());
            threads.add(own);
            return new AccountCalls(() -> mapper.destination(destination), leases::relays, scheduler, own);
        });
    }

    /** How many records the next batch of this account may have. */
    @Override
    public int admits(String queue, int wanted, int batches, int records) {
        AccountCalls known = calls.get(queue);
        boolean answers = batches < DURING_AN_OUTAGE || known == null || known.gate().open();
        return answers ? UnderWay.room(mostUnderWay, wanted, records) : 0;
    }

    /**
     * Divides the batch in the body into groups, each with calls that are made one after the other, which then are the body. What is
     * older than what their user already has is left out when it is their turn; records whose user another relay is delivering to
     * are left to it.
     */
    public List<Calls> group(Exchange exchange) {
        List<?> messages = exchange.getMessage().getBody(List.class);
        List<RecordMessage> records = new ArrayList<>(messages.size());
        messages.forEach(message -> records.add(new RecordMessage((Message) message)));
        records.sort(Comparator.comparingLong(record -> record.number(Headers.EVENT_TIME)));
        String[] queue = queue(exchange, records).split("\\.", 3);
        String name = queue[1];
        String accountName = queue[2];
        for (RecordMessage record : records) {
            // whatever has come into the account's queue is the account's
            record.set(Headers.DESTINATION, name);
            record.set(Headers.ACCOUNT, accountName);
        }
        Destination destination = mapper.destination(name);
        BatchSettlement settlement = new BatchSettlement(exchange, destination, outcomes, parking, clock);
        Delivery delivery = new Delivery(destination, accounts.account(name, accountName), calls(name, accountName), settlement, scheduler,
                new Monitor(name, accountName), () -> BatchTransaction.ending(exchange));
        exchange.setProperty(DELIVERY, delivery);
        exchange.setProperty(SETTLEMENT, settlement);
        exchange.setProperty(SIZE, records.size());
        exchange.setProperty(Headers.DESTINATION, name);
        exchange.setProperty(Headers.ACCOUNT, accountName);

        records.removeIf(record -> !understood(destination, record, settlement));
        List<Delivery.Group> groups = Delivery.groups(destination, records);
        List<Map<String, KeyQueues.Ticket>> tickets = groups.stream().map(group -> tickets(name, accountName, group)).toList();
        Set<String> keys = new HashSet<>();
        tickets.forEach(taken -> keys.addAll(taken.keySet()));
        exchange.getExchangeExtension().addOnCompletion(new SynchronizationAdapter() {
            @Override
            public void onDone(Exchange done) {
                tickets.forEach(taken -> taken.values().forEach(KeyQueues.Ticket::close));
            }
        });
        BatchPermit.release(exchange);

        UserLeases.Lease lease = leases.lease(name, accountName, keys);
        Duration rest = groups.stream().map(group -> destination.kind(group.kind()).gap()).max(Comparator.naturalOrder()).orElse(Duration.ZERO);
        exchange.getExchangeExtension().addOnCompletion(new SynchronizationAdapter() {
            @Override
            public void onDone(Exchange done) {
                // the gap holds for all relays
                lease.release(rest);
            }
        });
        delivery.lease(new BatchLease(exchange, lease));
        keys.removeAll(lease.elsewhere());
        delivery.known(keys.isEmpty() ? Map.of() : state.times(name, accountName, keys));

        List<Calls> all = new ArrayList<>(groups.size());
        for (int i = 0; i < groups.size(); i++) {
            Map<String, KeyQueues.Ticket> mine = tickets.get(i);
            groups.get(i).records().removeIf(record -> {
                boolean elsewhere = lease.elsewhere().contains(String.valueOf(record.text(Headers.STATE_KEY)));
                if (elsewhere) {
                    settlement.leaveToOther(record);
                }
                return elsewhere;
            });
            lease.elsewhere().forEach(key -> {
                KeyQueues.Ticket ticket = mine.remove(key);
                if (ticket != null) {
                    ticket.leave();
                }
            });
            if (!groups.get(i).records().isEmpty()) {
                all.add(new Calls(delivery, groups.get(i), mine));
            }
        }
        return all;
    }

    /** The queue that the batch comes from; in a test of the route, the one that its first record names. */
    private static String queue(Exchange exchange, List<RecordMessage> records) {
        return exchange.getFromEndpoint() instanceof JmsBatchEndpoint consumed ? consumed.getQueueName()
                : QueueNames.deliver(records.get(0).text(Headers.DESTINATION), records.get(0).text(Headers.ACCOUNT));
    }

    private Map<String, KeyQueues.Ticket> tickets(String destination, String account, Delivery.Group group) {
        Map<String, KeyQueues.Ticket> tickets = new HashMap<>();
        group.keys().forEach(key -> tickets.put(key, queues.take(destination + '/' + account + '/' + key)));
        return tickets;
    }

    /**
     * Whether it is known how the record is carried; a record of an older version is looked at now. Otherwise it is parked, as is one that
     * is damaged.
     */
    private static boolean understood(Destination destination, RecordMessage record, Settlement settlement) {
        if (record.damaged()) {
            settlement.park(record, "the stored record is damaged: its bytes are not those that were queued. A replay makes it anew of its webhook", null);
            return false;
        }
        try {
            if (record.text(Headers.CALL) == null) {
                Destination.Description about = destination.describe(record.record());
                record.set(Headers.CALL, about.call());
                if (about.id() != null) {
                    record.set(Headers.STATE_KEY, AppliedState.key(about.by(), about.id()));
                    if (!about.state()) {
                        record.set(Headers.ORDER_ONLY, true);
                    }
                }
            }
            destination.kind(record.text(Headers.CALL));
            return true;
        } catch (MappingFailedException | RuntimeException e) {
            settlement.park(record, e instanceof RuntimeException && !(e instanceof IllegalArgumentException)
                    ? "the record cannot be read (" + e.getClass().getSimpleName() + ")" : e.getMessage(), null);
            return false;
        }
    }

    /** Puts the next call into the message, or nothing if there is none any more. */
    private void request(Exchange exchange, Calls of) {
        Message message = exchange.getMessage();
        message.removeHeaders("*");
        exchange.removeProperty(Exchange.EXCEPTION_CAUGHT);
        Destination.Request request = of.request();
        if (request == null) {
            message.setBody(null);
            return;
        }
        // a secret stands in no route and no placeholder, only in the message for this call
        request.headers().forEach(message::setHeader);
        message.setHeader(Exchange.HTTP_METHOD, request.method());
        message.setHeader(Exchange.HTTP_PATH, request.path());
        exchange.setProperty("url", request.url());
        message.setBody(request.body());
    }

    /** Reads the answer to the call in the property {@code calls}, and settles its records by it. */
    public void answer(Exchange exchange) {
        Calls of = exchange.getProperty(CALLS, Calls.class);
        Message message = exchange.getMessage();
        Integer status = message.getHeader(Exchange.HTTP_RESPONSE_CODE, Integer.class);
        Exception failure = exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Exception.class);
        if (status == null) {
            of.ended(new Answer(0, Map.of(), MissingNode.getInstance(), "", 0, problem(failure), !neverSent(failure)));
            return;
        }
        // the client leaves those of the request in the message, and with them the secret
        Set<String> sent = of.request().headers().keySet();
        Map<String, String> headers = new LinkedHashMap<>();
        message.getHeaders().forEach((header, value) -> {
            if (value instanceof String text && !header.startsWith("Camel") && sent.stream().noneMatch(header::equalsIgnoreCase)) {
                headers.put(header, text);
            }
        });
        byte[] bytes = bytes(message);
        JsonNode body = json(bytes);
        String text = body.isMissingNode() ? new String(bytes, StandardCharsets.UTF_8) : null;
        of.ended(new Answer(status, headers, body, text, retryAfter.nanos(headers), null, true));
    }

    private static String problem(Exception failure) {
        if (failure == null) {
            return "no answer";
        }
        return failure instanceof SSLException ? "no trusted connection: " + Causes.of(failure) : failure.getClass().getSimpleName();
    }

    /** Whether there was not even a connection. */
    private static boolean neverSent(Exception failure) {
        return failure instanceof ConnectException || failure instanceof UnknownHostException || failure instanceof ConnectTimeoutException
                || failure instanceof SSLHandshakeException;
    }

    private static byte[] bytes(Message message) {
        try (InputStream body = message.getBody(InputStream.class)) {
            return body == null ? new byte[0] : body.readNBytes(LARGEST_ANSWER);
        } catch (IOException brokenOff) {
            return new byte[0];
        }
    }

    private static JsonNode json(byte[] bytes) {
        try {
            return bytes.length == 0 ? MissingNode.getInstance() : StrictJson.mapper().readTree(bytes);
        } catch (IOException | NumberFormatException notJson) {
            return MissingNode.getInstance();
        }
    }

    /**
     * Ends the batch: what was applied is noted, and what has to be sent before the batch is committed is the body.
     *
     * @throws RuntimeException when the batch has to be rolled back
     */
    public List<Message> settle(Exchange exchange) {
        Delivery delivery = exchange.getProperty(DELIVERY, Delivery.class);
        delivery.check();
        BatchSettlement settlement = exchange.getProperty(SETTLEMENT, BatchSettlement.class);
        int left = exchange.getProperty(SIZE, Integer.class) - settlement.settled();
        if (left != 0) {
            // a step that was taken out of the route, or failed: what is committed now would be lost
            throw new IllegalStateException(left + " records of the batch are not settled; each group has to be sent to direct:deliver-calls");
        }
        state.applied(exchange.getProperty(Headers.DESTINATION, String.class), exchange.getProperty(Headers.ACCOUNT, String.class),
                delivery.applied(), delivery.lease()::checkUsers);
        delivery.mayStillBeCommitted();
        return settlement.messages();
    }

    /**
     * Sends records that have waited long enough to the queues of their accounts. One that is held back goes on waiting, or is skipped when a newer
     * event has superseded it.
     */
    public List<Message> due(Exchange exchange) {
        List<Message> due = new ArrayList<>();
        for (Object message : exchange.getMessage().getBody(List.class)) {
            Message back = (Message) message;
            back.removeHeader(Headers.NOT_BEFORE);
            back.setHeader(Headers.QUEUE, QueueNames.deliver(back.getHeader(Headers.DESTINATION, String.class),
                    back.getHeader(Headers.ACCOUNT, String.class)));
            if (back.getHeader(Headers.HELD_UNTIL) == null || held.due(exchange, back)) {
                due.add(back);
            }
        }
        return due;
    }

    @Override
    public void destroy() {
        timer.shutdownNow();
        threads.forEach(CallThreads::close);
    }

    /** Waits, without a thread, until the next call of the group in the property {@code calls} may be made, and puts it into the message. */
    @Component("permit")
    static final class Permit extends AsyncProcessorSupport {

        private final DeliverRoutes routes;

        Permit(DeliverRoutes routes) {
            this.routes = routes;
        }

        @Override
        public boolean process(Exchange exchange, AsyncCallback callback) {
            Calls of = exchange.getProperty(CALLS, Calls.class);
            of.whenAllowed(() -> {
                try {
                    routes.request(exchange, of);
                } catch (RuntimeException e) {
                    exchange.setException(e);
                }
                callback.done(false);
            });
            return false;
        }
    }

    /** The batch's lease of its users and its transaction. */
    private record BatchLease(Exchange batch, UserLeases.Lease lease) implements Lease {

        @Override
        public void check() {
            checkUsers();
            BatchTransaction.check(batch);
        }

        @Override
        public void checkUsers() {
            lease.check();
        }

        @Override
        public void begins(Object call) {
            lease.begins(call);
        }

        @Override
        public void ends(Object call) {
            lease.ends(call);
        }
    }

    private final class Monitor implements CallMonitor {

        private final String destination;
        private final String account;

        Monitor(String destination, String account) {
            this.destination = destination;
            this.account = account;
        }

        @Override
        public void called(int records) {
            DistributionSummary.builder("relay.call.records").description("Records in a call to a destination")
                    .tag("destination", destination).tag("account", account).register(metrics).record(records);
        }

        @Override
        public void answered() {
            monitor.succeeded(destination, account);
        }

        @Override
        public void failed(Answer answer, boolean blamesAccount) {
            Counter.builder("relay.calls.failed").description("Calls that a destination did not answer as it should, and that are repeated")
                    .tag("destination", destination).tag("account", account)
                    .tag("answer", answer.status() == 0 ? "none" : Integer.toString(answer.status())).register(metrics).increment();
            if (blamesAccount) {
                monitor.failed(destination, account, answer.credentialsRefused() ? Problem.CREDENTIALS : Problem.OUTAGE, answer.said());
            }
        }
    }
}
