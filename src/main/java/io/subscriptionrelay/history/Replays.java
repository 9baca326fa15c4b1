package io.subscriptionrelay.history;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.event.Headers;
import io.subscriptionrelay.event.QueueNames;
import io.subscriptionrelay.logs.Causes;
import io.subscriptionrelay.logs.Incident;
import io.subscriptionrelay.order.AppliedState;
import jakarta.jms.BytesMessage;
import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSException;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.dao.DataAccessException;
import org.springframework.jmx.export.annotation.ManagedOperation;
import org.springframework.jmx.export.annotation.ManagedOperationParameter;
import org.springframework.jmx.export.annotation.ManagedResource;
import org.springframework.stereotype.Component;
import org.springframework.web.util.UriComponentsBuilder;
import org.springframework.web.util.UriUtils;

/**
 * Sends events of history through today's routes and mappings once more, or finds out what that would change. One replay at a time, as fast as it may
 * be, the oldest event first; it goes on after a restart, and with two relays on one database where the other one has left off. What it sends goes
 * the way of every webhook, so the order of a user's records and the newest state hold for it too.
 */
@Component
@ManagedResource(objectName = "subscription-relay:type=Replays", description = "Replays of events from history")
public class Replays implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Replays.class);
    static final double RATE = 200;
    private static final double FASTEST = 10_000;
    private static final int PORTION = 200;
    /** How long another relay waits before it goes on with a replay of one that does not answer. */
    private static final long ALIVE = TimeUnit.SECONDS.toMillis(20);
    private static final long LOOK = TimeUnit.SECONDS.toNanos(2);
    private static final long SAVE_EVERY = TimeUnit.SECONDS.toNanos(1);
    /** Beside the filters of events. */
    static final Set<String> OPTIONS = Set.of("dry-run", "events", "rate", "limit");
    private static final long LONGEST_STOP = 5_000;
    /** What the value of a filter is when it was a user who is forgotten. */
    private static final String FORGOTTEN = "…";
    private static final Pattern BETWEEN_WORDS = Pattern.compile("[\\s*]+");

    private final HistoryStore store;
    private final HistoryFeed feed;
    private final ReplayTable table;
    private final ReplayComparison comparison;
    private final ConnectionFactory connections;
    private final RelayProperties properties;
    private final Clock clock;
    private final String runner = UUID.randomUUID().toString();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition asked = lock.newCondition();
    private final Incident failures;
    private final Thread worker = new Thread(this::run, "replays");
    private volatile boolean running = true;

    Replays(HistoryStore store, HistoryFeed feed, ReplayTable table, DryRun dryRun, ConnectionFactory connections, RelayProperties properties, Clock clock) {
        this.store = store;
        this.feed = feed;
        this.table = table;
        this.comparison = new ReplayComparison(dryRun);
        this.connections = connections;
        this.properties = properties;
        this.clock = clock;
        failures = new Incident(clock);
        worker.setDaemon(true);
    }

    /** Its routes have to be there. */
    @EventListener(ApplicationReadyEvent.class)
    void ready() {
        if (worker.getState() == Thread.State.NEW) {
            worker.start();
        }
    }

    /**
     * Asks for a replay.
     *
     * @param query the filters of events; {@code destination}, the only one that it is for; {@code dry-run}; {@code events=again}, to send also what
     *         would be counted twice; {@code rate}, events a second; {@code limit}, how many at the most, the oldest first
     * @param by who asks
     * @return how it stands
     * @throws IllegalArgumentException saying what to write instead
     */
    public ReplayJob start(Map<String, String> query, String by) {
        ReplayJob job = read(query);
        job.id = UUID.randomUUID().toString();
        job.by = by;
        job.at = clock.millis();
        job.to = job.at;
        job.total = Math.min(job.most(), store.count(job.filter()));
        table.add(job);
        LOG.info("{} was asked for: {} events, {}", job.dryRun ? "A comparison" : "A replay", job.total, job.id);
        lock.lock();
        try {
            asked.signalAll();
        } finally {
            lock.unlock();
        }
        return job;
    }

    private ReplayJob read(Map<String, String> query) {
        if (!feed.on()) {
            throw new IllegalArgumentException("no events are kept, because relay.history.keep is 0; set it to a time, and replay what comes from then on");
        }
        Map<String, String> filters = new TreeMap<>();
        query.forEach((name, value) -> {
            if (HistoryFilter.NAMES.contains(name)) {
                if (value != null && !value.isBlank()) {
                    filters.put(name, value.trim());
                }
            } else if (!OPTIONS.contains(name)) {
                TreeSet<String> names = new TreeSet<>(HistoryFilter.NAMES);
                names.addAll(OPTIONS);
                throw new IllegalArgumentException("there is no option with this name; write one of " + String.join(", ", names));
            }
        });
        ReplayJob job = new ReplayJob();
        job.destination = filters.remove("destination");
        job.filters = filters;
        if (job.destination != null && !properties.destinations().containsKey(job.destination)) {
            throw new IllegalArgumentException("there is no destination with this name; write one of "
                    + properties.destinations().keySet().stream().sorted().collect(Collectors.joining(", ")) + ", or leave it out for all");
        }
        HistoryFilter.of(filters);
        job.dryRun = flag(query, "dry-run");
        String events = query.getOrDefault("events", "");
        if (!events.isEmpty() && !events.equals("again")) {
            throw new IllegalArgumentException("`events` is `again`, or left out: then only states are sent, which may come twice");
        }
        job.again = events.equals("again");
        job.rate = rate(query.get("rate"));
        job.limit = limit(query.get("limit"));
        return job;
    }

    /** 0 when there is none. */
    private static long limit(String text) {
        if (text == null || text.isBlank()) {
            return 0;
        }
        try {
            long limit = Long.parseLong(text);
            if (limit > 0) {
                return limit;
            }
        } catch (NumberFormatException e) {
            // told below
        }
        throw new IllegalArgumentException("`limit` is how many events at the most, above 0; leave it out for all");
    }

    private static boolean flag(Map<String, String> query, String name) {
        String text = query.getOrDefault(name, "false");
        if (!text.equals("true") && !text.equals("false") && !text.isEmpty()) {
            throw new IllegalArgumentException("`" + name + "` is true or false");
        }
        return !text.equals("false");
    }

    private static double rate(String text) {
        if (text == null || text.isBlank()) {
            return RATE;
        }
        try {
            double rate = Double.parseDouble(text);
            if (rate > 0 && rate <= FASTEST) {
                return rate;
            }
        } catch (NumberFormatException e) {
            // told below
        }
        throw new IllegalArgumentException("`rate` is a number of events a second, above 0 and up to " + (int) FASTEST);
    }

    /**
     * What today's mappings would make of one event, beside what was delivered of it.
     *
     * @param found with content
     */
    public ReplayJob compare(HistoryStore.Found found) {
        ReplayJob job = new ReplayJob();
        job.again = true;
        comparison.compare(found, job);
        return job;
    }

    /** All that were asked for, the newest first. */
    public List<ReplayJob> list() {
        return table.newest();
    }

    /** One of them. */
    public Optional<ReplayJob> find(String id) {
        return table.find(id);
    }

    /** Ends it where it is; what it has sent stays sent. */
    public Optional<ReplayJob> cancel(String id) {
        table.cancel(id);
        return table.find(id);
    }

    /**
     * Takes out of all replays what is personal of events that history holds no longer: whose they were cannot be told any more. Of a filter that is this
     * user only the name stays, because without it a replay would be of all users; one that runs with it is cancelled, as nothing is left for it.
     *
     * @param user whom history has forgotten already
     */
    void forget(String user) {
        Map<List<String>, Boolean> held = new HashMap<>();
        table.changeAll(job -> {
            job.differences.replaceAll(difference -> mayStay(difference, user, held) ? difference : difference.without(user));
            if (job.afterKey != null && job.afterKey.contains(user) && !holds(job.afterProvider, job.afterKey, held)) {
                job.afterKey = EventKey.without(user, job.afterKey);
            }
            Map<String, String> filters = new TreeMap<>(job.filters);
            filters.replaceAll((name, value) -> names(user, name, value) ? FORGOTTEN : value);
            if (job.running() && !filters.equals(job.filters)) {
                job.end(ReplayJob.CANCELLED, clock.millis());
            }
            job.filters = filters;
        });
    }

    private boolean mayStay(ReplayJob.Difference difference, String user, Map<List<String>, Boolean> held) {
        boolean empty = difference.was() == null && difference.now() == null && !difference.eventId().contains(user);
        return empty || holds(difference.provider(), difference.eventId(), held) && !has(difference.was(), user) && !has(difference.now(), user);
    }

    /** Whether history has the content of an event. */
    private boolean holds(String provider, String key, Map<List<String>, Boolean> held) {
        return held.computeIfAbsent(List.of(provider, key), event -> store.newest(HistoryFilter.of(Map.of("provider", provider, "id", key)), null, 1, true)
                .stream().anyMatch(found -> found.event().webhook() != null));
    }

    private static boolean has(JsonNode record, String user) {
        return record != null && EventUsers.has(record.toString().getBytes(StandardCharsets.UTF_8), user);
    }

    /** Whether the value of a filter names this user: his id, the id of an event that is made of it, or words of which it is one. */
    private static boolean names(String user, String filter, String value) {
        return switch (filter) {
            case "user" -> EventUsers.same(user, value);
            case "id" -> value.contains(user);
            case "q" -> value.equalsIgnoreCase(user) || BETWEEN_WORDS.splitAsStream(value).anyMatch(user::equalsIgnoreCase);
            default -> false;
        };
    }

    /** Asks for a replay. */
    @ManagedOperation(description = "Replays events from history, or compares what was sent with what today's mappings make; gives the replay's id")
    @ManagedOperationParameter(name = "query", description = "As at /actuator/replays, like destination=onesignal&from=2026-10-01T12:00:00Z&dry-run=true")
    public String start(String query) {
        Map<String, String> values = new TreeMap<>();
        UriComponentsBuilder.newInstance().query(query).build().getQueryParams().toSingleValueMap()
                .forEach((name, value) -> values.put(name, value == null ? "" : UriUtils.decode(value, StandardCharsets.UTF_8)));
        return start(values, "JMX").id;
    }

    /** How a replay stands. */
    @ManagedOperation(description = "Shows how a replay stands")
    @ManagedOperationParameter(name = "id", description = "The replay's id")
    public String show(String id) {
        return find(id).map(job -> job.state + ", " + job.done + " of " + job.total + " events, " + job.sent + " sent"
                + (job.problem == null ? "" : ": " + job.problem))
                .orElseThrow(() -> new IllegalArgumentException("no replay has this id"));
    }

    /** Ends a replay where it is. */
    @ManagedOperation(description = "Ends a replay where it is; what it has sent stays sent")
    @ManagedOperationParameter(name = "id", description = "The replay's id")
    public boolean end(String id) {
        return cancel(id).isPresent();
    }

    private void run() {
        try {
            while (running) {
                try {
                    Optional<ReplayJob> next = table.claim(runner, ALIVE);
                    if (next.isPresent()) {
                        carryOut(next.get());
                        failures.over();
                        continue;
                    }
                } catch (DataAccessException | UncheckedStoreException | JMSException e) {
                    if (failures.failed()) {
                        LOG.warn("A replay cannot go on now and is tried again: {}", Causes.of(e));
                    }
                } catch (RuntimeException e) {
                    LOG.error("The next replay cannot be taken up and is tried again", e);
                }
                await(LOOK);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void await(long nanos) throws InterruptedException {
        lock.lock();
        try {
            if (running) {
                asked.awaitNanos(nanos);
            }
        } finally {
            lock.unlock();
        }
    }

    /** What is wrong with this replay ends it, so that the next one goes on; what passes is the caller's. */
    private void carryOut(ReplayJob job) throws JMSException, InterruptedException {
        try {
            replay(job);
        } catch (DataAccessException | UncheckedStoreException passing) {
            throw passing;
        } catch (RuntimeException e) {
            if (!running) {
                // what it needs is stopping too, and the next start goes on with it
                throw e;
            }
            LOG.debug("The replay {} has failed", job.id, e);
            job.problem = Causes.of(e);
            if (end(job, ReplayJob.FAILED)) {
                LOG.error("{} has failed and is not tried again: {}, {}", job.dryRun ? "A comparison" : "A replay", job.id, job.problem);
            }
        }
    }

    private boolean end(ReplayJob job, String state) {
        job.end(state, clock.millis());
        return table.save(job, runner, ALIVE);
    }

    private void replay(ReplayJob job) throws JMSException, InterruptedException {
        HistoryFilter filter = job.filter();
        long saved = System.nanoTime();
        long next = System.nanoTime();
        List<HistoryStore.Found> portion = store.oldest(filter, job.after(), PORTION);
        try (Connection connection = connections.createConnection(); Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
                MessageProducer producer = session.createProducer(null)) {
            while (!portion.isEmpty() && job.done < job.most()) {
                for (HistoryStore.Found found : portion.subList(0, (int) Math.min(portion.size(), job.most() - job.done))) {
                    if (!job.dryRun) {
                        next = Math.max(next, System.nanoTime() - TimeUnit.SECONDS.toNanos(1)) + (long) (TimeUnit.SECONDS.toNanos(1) / job.rate);
                        awaitUntil(next);
                    }
                    if (!running) {
                        table.save(job, runner, ALIVE);
                        return;
                    }
                    // after the wait: what was cancelled or forgotten meanwhile is not sent
                    if (System.nanoTime() - saved > SAVE_EVERY) {
                        saved = System.nanoTime();
                        if (!table.save(job, runner, ALIVE)) {
                            LOG.info("The replay {} was cancelled, or is begun anew from where it was saved", job.id);
                            return;
                        }
                    }
                    // what would only be parked again, or sent to nobody, stays where it is
                    if (comparison.compare(found, job)) {
                        if (job.dryRun) {
                            job.wouldSend++;
                        } else {
                            send(found.event(), job, session, producer);
                        }
                    }
                    job.isAt(found.event());
                }
                portion = store.oldest(filter, job.after(), PORTION);
            }
        }
        job.total = Math.max(job.total, job.done);
        if (end(job, ReplayJob.DONE)) {
            LOG.info("{} is done: {}", job.dryRun ? "A comparison" : "A replay", job.id);
        }
    }

    private void awaitUntil(long time) throws InterruptedException {
        long left = time - System.nanoTime();
        while (running && left > 0) {
            await(left);
            left = time - System.nanoTime();
        }
    }

    /** A relay that was killed sends its last events again; the broker knows them by the replay and the event. */
    private void send(HistoryEvent event, ReplayJob job, Session session, MessageProducer producer) throws JMSException {
        BytesMessage message = session.createBytesMessage();
        message.writeBytes(event.webhook());
        message.setStringProperty(Headers.PROVIDER, event.provider());
        message.setStringProperty(Headers.EVENT_ID, event.eventId());
        message.setLongProperty(Headers.RECEIVED_AT, event.receivedAt());
        message.setBooleanProperty(Headers.REPLAYED, true);
        if (job.destination != null) {
            message.setStringProperty(Headers.DESTINATION, job.destination);
        }
        if (!job.again) {
            message.setBooleanProperty(Headers.STATE_ONLY, true);
        }
        message.setStringProperty(Headers.DUPLICATE_ID, AppliedState.key("replay", job.id + '\n' + event.provider() + '\n' + event.eventId()));
        producer.send(session.createQueue(QueueNames.events(event.provider())), message);
        job.sent++;
        feed.soon(new HistoryOutcome(clock.millis(), EventOutcome.REPLAYED, event.provider(), event.eventId(), event.receivedAt(), null, job.destination,
                null, null, null, "replay " + job.id, null, null, null));
    }

    /** Before the routes stop, without which nothing can be compared. Another relay, or the next start, goes on where it is. */
    @EventListener(ContextClosedEvent.class)
    void closing() throws InterruptedException {
        close();
    }

    @Override
    public void close() throws InterruptedException {
        if (!running) {
            return;
        }
        running = false;
        lock.lock();
        try {
            asked.signalAll();
        } finally {
            lock.unlock();
        }
        if (worker.isAlive()) {
            worker.join(Duration.ofMillis(LONGEST_STOP).toMillis());
        }
        try {
            table.release(runner);
        } catch (DataAccessException e) {
            LOG.debug("The replay of this relay goes on once it counts as silent", e);
        }
    }
}
