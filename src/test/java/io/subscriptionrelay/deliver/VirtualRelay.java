package io.subscriptionrelay.deliver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.subscriptionrelay.config.RelayProperties.Account;
import io.subscriptionrelay.event.Headers;
import io.subscriptionrelay.event.RecordMessage;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.history.HistoryForTests;
import io.subscriptionrelay.history.OutcomeLog;
import io.subscriptionrelay.history.ParkingForTests;
import io.subscriptionrelay.jmsbatch.VirtualTransaction;
import io.subscriptionrelay.mapping.Destination;
import io.subscriptionrelay.order.StateTimes;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;

/**
 * One relay's delivery to one account in virtual time, from its start until it is killed, in surroundings that a simulation makes. It does what
 * {@link DeliverRoutes} does; calls, gate, order and settlement are the relay's own code.
 */
public final class VirtualRelay {

    private static final CamelContext CAMEL = new DefaultCamelContext();
    private static final Account ACCOUNT = new Account("an-id", "a-secret", null, "http://destination.invalid");

    /** What a relay reaches over the network. */
    public interface Surroundings {

        /** How many relays there are. */
        int relays();

        /** @throws RuntimeException when the state database is away */
        Map<String, StateTimes> known(Collection<String> keys);

        /**
         * Notes what was applied, then runs the task; not before the state database is there.
         *
         * @param lost told instead when others may have taken over the users meanwhile
         */
        void applied(Map<String, StateTimes> times, Claim of, Runnable noted, Consumer<RuntimeException> lost);

        /** @throws RuntimeException when the state database is away, or the relay stops */
        Claim claim(Collection<String> keys);

        /** A call is made. The consumer gets the answer. */
        void call(String path, byte[] body, Consumer<VirtualServer.Reply> answered);
    }

    /** The users of a batch. */
    public interface Claim {

        Set<String> elsewhere();

        /** Whether others may have taken over. */
        boolean lost();

        /** @throws RuntimeException when they may be another relay's */
        void check();

        void begins(Object call);

        void ends(Object call);

        void release(Duration rest);
    }

    /** A batch that the broker has handed out. */
    public interface Batch {

        List<Message> messages();

        /** Whether what takes long is better left to the next start. */
        boolean ending();

        /** @throws RuntimeException when it cannot be committed any more */
        void check();

        /**
         * What is settled is told now; the relay may be killed by this.
         *
         * @param sent gives what the transaction sends besides, once it is committed
         */
        void commit(List<Message> messages, OutcomeLog outcomes, Supplier<List<VirtualTransaction.Sent>> sent);

        void rollBack(RuntimeException why);
    }

    private final VirtualTime time;
    private final Scheduler scheduler;
    private final Destination destination;
    private final Surroundings surroundings;
    private final KeyQueues queues;
    private final VirtualThreads threads;
    private final AccountCalls calls;
    private boolean killed;

    public VirtualRelay(VirtualTime time, Destination destination, Surroundings surroundings) {
        this.time = time;
        this.destination = destination;
        this.surroundings = surroundings;
        scheduler = new Scheduler() {
            @Override
            public long nanos() {
                return time.nanos();
            }

            @Override
            public void after(long nanos, Runnable task) {
                time.after(nanos, () -> {
                    if (!killed) {
                        task.run();
                    }
                });
            }
        };
        queues = new KeyQueues(scheduler::nanos);
        threads = new VirtualThreads(scheduler, destination::inFlight);
        calls = new AccountCalls(() -> destination, surroundings::relays, scheduler, threads);
    }

    /** Nothing happens in it any more. */
    public void kill() {
        killed = true;
    }

    public boolean killed() {
        return killed;
    }

    /** As {@link DeliverRoutes#admits}, with room for every batch. */
    public boolean admits(int underWay) {
        return underWay < 2 || calls.gate().open();
    }

    /** As {@link DeliverRoutes#group}. */
    public void deliver(Batch batch) {
        Exchange exchange = new DefaultExchange(CAMEL);
        List<RecordMessage> records = new ArrayList<>(batch.messages().stream().map(RecordMessage::new).toList());
        records.sort(Comparator.comparingLong(record -> record.number(Headers.EVENT_TIME)));
        VirtualTransaction transaction = new VirtualTransaction(exchange);
        OutcomeLog outcomes = new OutcomeLog(time, HistoryForTests.outcomes(time));
        BatchSettlement settlement = new BatchSettlement(exchange, destination, outcomes, ParkingForTests.with(outcomes, time), time);
        Delivery delivery = new Delivery(destination, ACCOUNT, calls, settlement, scheduler, ignoring(CallMonitor.class), batch::ending);
        List<Delivery.Group> groups = Delivery.groups(destination, records);
        List<Map<String, KeyQueues.Ticket>> tickets = new ArrayList<>();
        Set<String> keys = new HashSet<>();
        groups.forEach(group -> {
            Map<String, KeyQueues.Ticket> mine = new LinkedHashMap<>();
            group.keys().forEach(key -> mine.put(key, queues.take(key)));
            tickets.add(mine);
            keys.addAll(mine.keySet());
        });
        List<KeyQueues.Ticket> taken = tickets.stream().flatMap(mine -> mine.values().stream()).toList();
        Claim claim = null;
        try {
            claim = surroundings.claim(keys);
            delivery.lease(new BatchLease(batch, claim));
            keys.removeAll(claim.elsewhere());
            delivery.known(keys.isEmpty() ? Map.of() : surroundings.known(keys));
        } catch (RuntimeException e) {
            taken.forEach(KeyQueues.Ticket::close);
            if (claim != null) {
                claim.release(Duration.ZERO);
            }
            batch.rollBack(e);
            return;
        }
        List<Calls> all = new ArrayList<>();
        for (int i = 0; i < groups.size(); i++) {
            Map<String, KeyQueues.Ticket> mine = tickets.get(i);
            Set<String> elsewhere = claim.elsewhere();
            groups.get(i).records().removeIf(record -> {
                boolean other = elsewhere.contains(String.valueOf(record.text(Headers.STATE_KEY)));
                if (other) {
                    settlement.leaveToOther(record);
                }
                return other;
            });
            elsewhere.forEach(key -> {
                KeyQueues.Ticket ticket = mine.remove(key);
                if (ticket != null) {
                    ticket.leave();
                }
            });
            if (!groups.get(i).records().isEmpty()) {
                all.add(new Calls(delivery, groups.get(i), mine));
            }
        }
        Claim held = claim;
        Duration rest = groups.stream().map(group -> destination.kind(group.kind()).gap()).max(Comparator.naturalOrder()).orElse(Duration.ZERO);
        Runnable done = () -> {
            taken.forEach(KeyQueues.Ticket::close);
            held.release(rest);
        };
        int[] left = {all.size()};
        if (all.isEmpty()) {
            settle(batch, held, transaction, delivery, settlement, outcomes, done);
        }
        all.forEach(group -> drive(group, () -> {
            if (--left[0] == 0) {
                settle(batch, held, transaction, delivery, settlement, outcomes, done);
            }
        }));
    }

    /** As {@link DeliverRoutes#settle}, and the end of the batch. */
    private void settle(Batch batch, Claim claim, VirtualTransaction transaction, Delivery delivery, BatchSettlement settlement, OutcomeLog outcomes,
            Runnable done) {
        try {
            delivery.check();
        } catch (RuntimeException e) {
            done.run();
            batch.rollBack(e);
            return;
        }
        surroundings.applied(delivery.applied(), claim, () -> {
            if (killed) {
                return;
            }
            try {
                delivery.mayStillBeCommitted();
                batch.commit(settlement.messages(), outcomes, transaction::commit);
            } catch (RuntimeException e) {
                batch.rollBack(e);
            }
            done.run();
        }, why -> {
            if (!killed) {
                done.run();
                batch.rollBack(why);
            }
        });
    }

    private record BatchLease(Batch batch, Claim claim) implements Lease {

        @Override
        public void check() {
            claim.check();
            batch.check();
        }

        @Override
        public void checkUsers() {
            claim.check();
        }

        @Override
        public void begins(Object call) {
            claim.begins(call);
        }

        @Override
        public void ends(Object call) {
            claim.ends(call);
        }
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
        if (killed) {
            return;
        }
        Consumer<Runnable> answered = threads.call();
        surroundings.call(group.request().path(), group.request().body(), reply -> {
            if (!killed) {
                answered.accept(() -> {
                    group.ended(new Answer(Math.max(0, reply.status()), reply.headers(), json(reply.body()), null,
                            new RetryAfter(time).nanos(reply.headers()), reply.status() > 0 ? null : "no answer", reply.status() >= 0));
                    next.run();
                });
            }
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
