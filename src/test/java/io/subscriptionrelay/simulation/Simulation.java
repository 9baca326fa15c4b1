package io.subscriptionrelay.simulation;

import io.subscriptionrelay.auditor.Auditor;
import io.subscriptionrelay.auditor.Journal;
import io.subscriptionrelay.deliver.VirtualRelay;
import io.subscriptionrelay.deliver.VirtualServer.Reply;
import io.subscriptionrelay.deliver.VirtualTime;
import io.subscriptionrelay.event.Envelope;
import io.subscriptionrelay.event.Headers;
import io.subscriptionrelay.event.QueueNames;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.history.HistoryForTests;
import io.subscriptionrelay.history.OutcomeLog;
import io.subscriptionrelay.jmsbatch.VirtualTransaction;
import io.subscriptionrelay.mapping.Destination;
import io.subscriptionrelay.mapping.ShippedDestinations;
import io.subscriptionrelay.order.AppliedState;
import io.subscriptionrelay.order.StateTimes;
import io.subscriptionrelay.simulation.Plan.Fault;
import io.subscriptionrelay.simulation.Plan.Kind;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.camel.CamelContext;
import org.apache.camel.Message;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultMessage;

/** Runs a plan: relays that are made of the product's code, in surroundings that fail by it. */
final class Simulation {

    private static final CamelContext CAMEL = new DefaultCamelContext();
    private static final Map<String, Destination> DESTINATIONS = Map.of("clevertap", ShippedDestinations.load("clevertap"), "onesignal",
            ShippedDestinations.load("onesignal"));
    private static final Map<String, Journal.Limits> LIMITS = Map.of("clevertap", new Journal.Limits(1000, 15, 0, Duration.ZERO, 3), "onesignal",
            new Journal.Limits(Integer.MAX_VALUE, Integer.MAX_VALUE, 1000, Duration.ofSeconds(1), 1));
    private static final Map<String, Integer> WORKERS = Map.of("clevertap", 15, "onesignal", 4);
    private static final String ACCOUNT = "production";
    /** What a state may set of its user. */
    private static final List<Set<String>> KEYS = List.of(Set.of("a"), Set.of("a", "b"), Set.of("b"), Set.of("a", "b", "c"));
    private static final Duration STOP = Duration.ofSeconds(20);
    /** Before a batch that was rolled back is tried again. */
    private static final Duration PAUSE = Duration.ofSeconds(1);
    private static final Duration OTHERS = Duration.ofSeconds(45);
    private static final Duration LONGEST = Duration.ofHours(60);

    private final Plan plan;
    private final VirtualTime time = new VirtualTime();
    private final Destination destination;
    private final Journal journal;
    private final SimulatedBroker broker;
    private final SimulatedDatabase database;
    private final SimulatedDestination server;
    private final Instance[] relays;
    private final List<String> broken = new ArrayList<>();
    private int started;
    private int put;
    private int others;

    private Simulation(Plan plan) {
        this.plan = plan;
        destination = DESTINATIONS.get(plan.destination());
        journal = new Journal(LIMITS.get(plan.destination()));
        broker = new SimulatedBroker(time, plan.largestBatch());
        database = new SimulatedDatabase(time, plan.relays() > 1);
        server = new SimulatedDestination(time, plan, journal);
        relays = new Instance[plan.relays()];
    }

    /** What is found when the plan is run; empty when each promise is kept. */
    static List<String> run(Plan plan) {
        return new Simulation(plan).run();
    }

    /** All that a run leaves behind, in words. */
    static String trace(Plan plan) {
        Simulation simulation = new Simulation(plan);
        List<String> found = simulation.run();
        return simulation.journal.calls + "\n" + simulation.journal.ends + "\n" + simulation.journal.history + "\n" + found;
    }

    private List<String> run() {
        try {
            for (int i = 0; i < relays.length; i++) {
                start(i);
            }
            plan.events().forEach(event -> time.after(event.at(), () -> {
                put++;
                put(event.id(), event.user(), event.time(), event.state());
            }));
            plan.faults().forEach(this::schedule);
            if (plan.needsOthers()) {
                time.every(OTHERS, () -> put("r" + (1_000_000 + others++), "other", 0, false), () -> !settled());
            }
            time.until(this::settled, LONGEST);
            // a call that nobody waits for may still be carried out
            time.advance(Duration.ofMinutes(2));
            List<String> found = new ArrayList<>(broken);
            found.addAll(Auditor.audit(journal));
            return found;
        } catch (RuntimeException | AssertionError e) {
            StackTraceElement[] trace = e.getStackTrace();
            return List.of("an exception: " + e + " at " + (trace.length == 0 ? "" : trace[0]));
        }
    }

    private boolean settled() {
        return put == plan.events().size() && time.elapsed().compareTo(plan.over()) > 0
                && broker.idle();
    }

    private boolean databaseAway(int relay) {
        return plan.faults().stream().anyMatch(fault -> fault.kind() == Kind.DATABASE_AWAY && (fault.relay() < 0 || fault.relay() == relay)
                && fault.at(time.elapsed()));
    }

    private void schedule(Fault fault) {
        if (fault.kind().outage()) {
            journal.outages.add(new Journal.Outage(fault.from(), fault.until()));
        } else {
            journal.otherTrouble.add(new Journal.Outage(fault.from(), fault.until()));
        }
        Runnable strikes = switch (fault.kind()) {
            case KILL -> () -> kill(fault.relay(), fault.length());
            case STOP -> () -> stop(fault.relay(), fault.length());
            case SESSION_LOST -> () -> {
                if (relays[fault.relay()] != null) {
                    relays[fault.relay()].loseSession();
                }
            };
            case CLOCK -> () -> {
                journal.clockJumps += fault.number() > 0 ? 1 : 0;
                time.setClock(Duration.ofSeconds(fault.number()));
                broker.takeIn(0);
            };
            default -> () -> {
            };
        };
        time.after(fault.from(), strikes);
    }

    private void start(int number) {
        if (plan.relays() > 1 && databaseAway(number)) {
            time.after(PAUSE, () -> start(number));
            return;
        }
        relays[number] = new Instance(number);
        broker.connect(relays[number]);
    }

    private void kill(int number, Duration length) {
        Instance relay = relays[number];
        if (relay == null) {
            return;
        }
        relays[number] = null;
        relay.gone();
        time.after(length, () -> start(number));
    }

    private void stop(int number, Duration length) {
        Instance relay = relays[number];
        if (relay == null || relay.ending) {
            return;
        }
        relay.ending = true;
        broker.disconnect(relay);
        time.after(STOP.dividedBy(2), () -> {
            if (!relay.relay.killed()) {
                server.brokenOff(relay.name, plan.relays() > 1);
            }
        });
        time.after(STOP, () -> {
            if (relays[number] == relay) {
                relay.session.close();
                kill(number, length);
            }
        });
    }

    /** Counts commits and notes, for faults that strike at one of them. */
    private boolean strikes(Kind kind, int relay, int count) {
        for (Fault fault : plan.faults()) {
            if (fault.kind() == kind && fault.relay() == relay && fault.number() == count && time.elapsed().compareTo(fault.from()) >= 0
                    && time.elapsed().compareTo(fault.until()) < 0) {
                kill(relay, fault.length());
                return true;
            }
        }
        return false;
    }

    private void put(String id, String user, long eventTime, boolean state) {
        Set<String> keys = state ? KEYS.get(Math.floorMod(id.hashCode(), KEYS.size())) : Set.of();
        String values = keys.stream().sorted().map(key -> '"' + key + "\":\"#%1$s#\"").collect(Collectors.joining(","));
        String json = plan.destination().equals("clevertap")
                ? state ? "{\"type\":\"profile\",\"identity\":\"" + user + "\",\"profileData\":{" + values + "}}"
                        : "{\"type\":\"event\",\"identity\":\"" + user + "\",\"evtName\":\"x\",\"evtData\":{\"n\":\"#%s#\"}}"
                : state ? "{\"by\":\"external_id\",\"id\":\"" + user + "\",\"tags\":{" + values + ",\"#%1$s#\":\"1\"}}"
                        : "{\"custom_event\":{\"name\":\"x\",\"external_id\":\"" + user + "\",\"payload\":{\"n\":\"#%s#\"}}}";
        byte[] record = json.formatted(id).getBytes(StandardCharsets.UTF_8);
        Message message = new DefaultMessage(CAMEL);
        message.setBody(Envelope.join(record, "{}".getBytes(StandardCharsets.UTF_8)));
        message.setHeader(Headers.PROVIDER, "revenuecat");
        message.setHeader(Headers.EVENT_ID, id);
        message.setHeader(Headers.STEP, "renewal");
        message.setHeader(Headers.DESTINATION, plan.destination());
        message.setHeader(Headers.ACCOUNT, ACCOUNT);
        message.setHeader(Headers.QUEUE, QueueNames.deliver(plan.destination(), ACCOUNT));
        message.setHeader(Headers.PART, 0);
        message.setHeader(Headers.EVENT_TIME, eventTime);
        message.setHeader(Headers.RECEIVED_AT, time.millis());
        try {
            Destination.Description about = destination.describe(StrictJson.mapper().readTree(record));
            message.setHeader(Headers.CALL, about.call());
            if (about.id() != null) {
                message.setHeader(Headers.STATE_KEY, AppliedState.key(about.by(), about.id()));
            }
        } catch (Exception e) {
            throw new AssertionError(e);
        }
        journal.accepted.add(new Journal.Accepted(id, user, eventTime, keys, time.elapsed()));
        broker.send(message);
    }

    /** A relay from its start until it is gone. */
    private final class Instance implements SimulatedBroker.Consumer, VirtualRelay.Surroundings {

        private final int number;
        private final String name;
        private final VirtualRelay relay;
        private final SimulatedDatabase.Session session;
        private final Set<Handed> batches = new LinkedHashSet<>();
        private boolean ending;
        private boolean pausing;
        private int noted;
        private int commits;

        private Instance(int number) {
            this.number = number;
            name = "relay-" + number + '.' + started++;
            session = database.new Session(() -> databaseAway(number), this::interrupted);
            relay = new VirtualRelay(time, destination, this);
        }

        private void gone() {
            relay.kill();
            session.kill();
            broker.disconnect(this);
            interrupted();
            server.broken(name, plan.relays() > 1);
            List.copyOf(batches).forEach(Handed::comesBack);
        }

        private void loseSession() {
            interrupted();
            List.copyOf(batches).forEach(Handed::comesBack);
        }

        private void interrupted() {
            journal.interruptions.add(new Journal.Interruption(name, time.elapsed()));
        }

        @Override
        public int relays() {
            return plan.relays();
        }

        @Override
        public boolean admits() {
            return !pausing && !ending && batches.size() < WORKERS.get(plan.destination()) && relay.admits(batches.size());
        }

        @Override
        public void take(List<SimulatedBroker.Held> messages) {
            Handed batch = new Handed(messages);
            batches.add(batch);
            relay.deliver(batch);
        }

        @Override
        public Map<String, StateTimes> known(Collection<String> keys) {
            return session.known(keys);
        }

        @Override
        public void applied(Map<String, StateTimes> times, VirtualRelay.Claim of, Runnable then, Consumer<RuntimeException> lost) {
            if (!strikes(Kind.KILL_BEFORE_NOTED, number, ++noted)) {
                session.applied(times, of, then, lost);
            }
        }

        @Override
        public VirtualRelay.Claim claim(Collection<String> keys) {
            return session.claim(keys);
        }

        @Override
        public void call(String path, byte[] body, Consumer<Reply> answered) {
            server.call(name, body, () -> !relay.killed(), answered);
        }

        /** A batch, until it is committed or has come back. */
        private final class Handed implements VirtualRelay.Batch {

            private final List<SimulatedBroker.Held> held;
            private boolean back;

            private Handed(List<SimulatedBroker.Held> held) {
                this.held = held;
            }

            @Override
            public List<Message> messages() {
                return held.stream().map(SimulatedBroker.Held::message).toList();
            }

            @Override
            public boolean ending() {
                return ending;
            }

            @Override
            public void check() {
                if (back) {
                    throw new Trouble("the broker gives the batch to somebody again");
                }
            }

            private void comesBack() {
                if (!back) {
                    back = true;
                    broker.rolledBack(held);
                }
            }

            @Override
            public void commit(List<Message> messages, OutcomeLog outcomes, Supplier<List<VirtualTransaction.Sent>> sent) {
                if (strikes(Kind.KILL_BEFORE_COMMIT, number, ++commits)) {
                    return;
                }
                batches.remove(this);
                if (back) {
                    return;
                }
                back = true;
                int ends = outcomes.delivered.size() + outcomes.skipped.size() + outcomes.parked.size();
                long again = messages.stream().filter(message -> !parked(message)).count();
                if (ends + again != held.size()) {
                    broken.add("a batch of " + held.size() + " has " + ends + " ends, and " + again + " come back");
                }
                outcomes.delivered.forEach(id -> end(id, "delivered", ""));
                outcomes.skipped.forEach(id -> end(id, "skipped", ""));
                outcomes.parked.forEach((id, reason) -> end(id, "parked", reason));
                sent.get().stream().filter(message -> message.queue().equals(HistoryForTests.QUEUE)).forEach(message -> HistoryForTests
                        .outcomes(message.body()).forEach(told -> journal.history.add(new Journal.Told(told.eventId(), told.what().text(), time.elapsed()))));
                messages.stream().filter(message -> !parked(message)).forEach(broker::send);
                broker.committed();
            }

            private static boolean parked(Message message) {
                return message.getHeader(Headers.QUEUE, "", String.class).startsWith(QueueNames.PARKED);
            }

            private void end(String id, String what, String reason) {
                journal.ends.add(new Journal.End(id, what, reason, time.elapsed()));
            }

            @Override
            public void rollBack(RuntimeException why) {
                if (!(why instanceof Trouble)) {
                    broken.add("a batch is rolled back: " + why + (why.getStackTrace().length == 0 ? "" : " at " + why.getStackTrace()[0]));
                }
                interrupted();
                batches.remove(this);
                comesBack();
                pausing = true;
                time.after(PAUSE, () -> {
                    pausing = false;
                    broker.takeIn(0);
                });
            }
        }
    }
}
