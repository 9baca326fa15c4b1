package io.subscriptionrelay.parked;

import io.subscriptionrelay.broker.EmbeddedBroker;
import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.delivery.Accounts;
import io.subscriptionrelay.delivery.Headers;
import io.subscriptionrelay.trace.Happening;
import io.subscriptionrelay.trace.Trace;
import io.subscriptionrelay.trace.Traces;
import jakarta.jms.BytesMessage;
import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.InvalidDestinationException;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.MessageProducer;
import jakarta.jms.QueueBrowser;
import jakarta.jms.Session;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.apache.activemq.artemis.core.server.ActiveMQServer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jmx.export.annotation.ManagedAttribute;
import org.springframework.jmx.export.annotation.ManagedOperation;
import org.springframework.jmx.export.annotation.ManagedOperationParameter;
import org.springframework.jmx.export.annotation.ManagedResource;
import org.springframework.stereotype.Component;

/**
 * The parked events: look at them, replay them from the raw webhook through today's mapping, discard them. The same as at
 * {@code /actuator/parked}, for JMX.
 */
@Component
@ManagedResource(objectName = "subscription-relay:type=Parked", description = "Events that were set aside, with their reason")
public class ParkedEvents {

    private static final Logger LOG = LoggerFactory.getLogger(ParkedEvents.class);
    private static final int TRANSACTION = 500;
    /** A message that was there when it was looked for is handed over at once; this is only for a slow cluster. */
    private static final long RECEIVE = 1000;

    private final ConnectionFactory connections;
    private final EmbeddedBroker broker;
    private final RelayProperties properties;
    private final Traces traces;
    private final Rehearsal rehearsal;
    private final Clock clock;

    ParkedEvents(ConnectionFactory connections, EmbeddedBroker broker, RelayProperties properties, Traces traces, Rehearsal rehearsal,
            Clock clock) {
        this.connections = connections;
        this.broker = broker;
        this.properties = properties;
        this.traces = traces;
        this.rehearsal = rehearsal;
        this.clock = clock;
    }

    /** How many events are parked. */
    @ManagedAttribute(description = "How many events are parked")
    public int getTotal() {
        return (int) list(ParkedFilter.ANY, 0, 0).get("total");
    }

    /** The parked events from this position on, as {@code total} and {@code entries}; no personal data. */
    @ManagedOperation(description = "Lists the parked events")
    @ManagedOperationParameter(name = "offset", description = "How many to leave out")
    @ManagedOperationParameter(name = "limit", description = "How many to list at the most")
    public Map<String, Object> list(int offset, int limit) {
        return list(ParkedFilter.ANY, offset, limit);
    }

    /** One parked event with its raw webhook. */
    @ManagedOperation(description = "Shows one parked event with its raw webhook")
    @ManagedOperationParameter(name = "id", description = "The entry's id in the list")
    public Map<String, Object> show(String id) {
        return find(id).orElseThrow(() -> noneWith(id));
    }

    /** Replays one. */
    @ManagedOperation(description = "Replays one parked event through today's mapping")
    @ManagedOperationParameter(name = "id", description = "The entry's id in the list")
    public boolean replay(String id) {
        return move(ParkedFilter.ANY, id, true) > 0;
    }

    /** Replays all. */
    @ManagedOperation(description = "Replays all parked events through today's mappings")
    public int replayAll() {
        return replay(ParkedFilter.ANY);
    }

    /** Replays those that fit. */
    @ManagedOperation(description = "Replays the parked events that fit through today's mappings; leave empty what should not matter")
    @ManagedOperationParameter(name = "reason", description = "The beginning of the reason")
    @ManagedOperationParameter(name = "provider", description = "The provider's name")
    @ManagedOperationParameter(name = "destination", description = "The destination's name")
    @ManagedOperationParameter(name = "account", description = "The account's name")
    @ManagedOperationParameter(name = "from", description = "Parked from this time on, like 2026-10-01T12:00:00Z")
    @ManagedOperationParameter(name = "to", description = "Parked before this time")
    public int replayWhere(String reason, String provider, String destination, String account, String from, String to) {
        return replay(filter(reason, provider, destination, account, from, to));
    }

    /** What a replay of one would send, without sending it. */
    @ManagedOperation(description = "Shows what a replay of one parked event would send, without sending it")
    @ManagedOperationParameter(name = "id", description = "The entry's id in the list")
    public Map<String, Object> dryRun(String id) {
        return rehearse(id).orElseThrow(() -> noneWith(id));
    }

    /** What a replay of those that fit would send, without sending it. */
    @ManagedOperation(description = "Shows what a replay of the parked events that fit would send, without sending it; a page of them")
    @ManagedOperationParameter(name = "reason", description = "The beginning of the reason")
    @ManagedOperationParameter(name = "provider", description = "The provider's name")
    @ManagedOperationParameter(name = "destination", description = "The destination's name")
    @ManagedOperationParameter(name = "account", description = "The account's name")
    @ManagedOperationParameter(name = "from", description = "Parked from this time on, like 2026-10-01T12:00:00Z")
    @ManagedOperationParameter(name = "to", description = "Parked before this time")
    @ManagedOperationParameter(name = "offset", description = "How many to leave out")
    @ManagedOperationParameter(name = "limit", description = "How many to show at the most")
    public Map<String, Object> dryRunWhere(String reason, String provider, String destination, String account, String from, String to,
            int offset, int limit) {
        return rehearse(filter(reason, provider, destination, account, from, to), offset, limit);
    }

    /** The reasons, the most frequent first. */
    @ManagedOperation(description = "Counts the parked events by reason")
    public Map<String, Object> reasons() {
        return reasons(ParkedFilter.ANY);
    }

    private static ParkedFilter filter(String reason, String provider, String destination, String account, String from, String to) {
        Map<String, String> values = new TreeMap<>();
        put(values, "reason", reason);
        put(values, "provider", provider);
        put(values, "destination", destination);
        put(values, "account", account);
        put(values, "from", from);
        put(values, "to", to);
        return ParkedFilter.of(values);
    }

    private static void put(Map<String, String> values, String name, String value) {
        if (value != null && !value.isBlank()) {
            values.put(name, value);
        }
    }

    private static IllegalArgumentException noneWith(String id) {
        return new IllegalArgumentException("no parked event has the id " + id);
    }

    /** Discards one. */
    @ManagedOperation(description = "Discards one parked event for good")
    @ManagedOperationParameter(name = "id", description = "The entry's id in the list")
    public boolean discard(String id) {
        return move(ParkedFilter.ANY, id, false) > 0;
    }

    /** Replays those that the filter means, of what is parked now. */
    public int replay(ParkedFilter filter) {
        return move(filter.before(clock.millis() + 1), null, true);
    }

    /** Those that the filter means: how many in all, and a page of them. */
    public Map<String, Object> list(ParkedFilter filter, int offset, int limit) {
        List<Map<String, Object>> entries = new ArrayList<>();
        int[] total = new int[1];
        browse(filter, filter.selector(), (queue, message) -> {
            if (total[0]++ >= offset && entries.size() < limit) {
                entries.add(entry(queue, message));
            }
            return true;
        });
        Map<String, Object> list = new LinkedHashMap<>();
        list.put("total", total[0]);
        list.put("entries", entries);
        return list;
    }

    /** Why those that the filter means were parked: a group for each reason and place, the largest first. */
    Map<String, Object> reasons(ParkedFilter filter) {
        ReasonGroups groups = new ReasonGroups();
        browse(filter, filter.selector(), (queue, message) -> groups.add(message));
        return groups.answer();
    }

    /** One parked event with its raw webhook, or empty. */
    public Optional<Map<String, Object>> find(String id) {
        List<Map<String, Object>> found = new ArrayList<>();
        browse(ParkedFilter.ANY, byId(id), (queue, message) -> {
            Map<String, Object> entry = entry(queue, message);
            entry.put("event", new String(body(message), StandardCharsets.UTF_8));
            found.add(entry);
            return false;
        });
        return found.stream().findFirst();
    }

    /** What a replay of one would make of it, or empty. */
    Optional<Map<String, Object>> rehearse(String id) {
        List<Map<String, Object>> found = new ArrayList<>();
        browse(ParkedFilter.ANY, byId(id), (queue, message) -> {
            found.add(rehearsed(queue, message));
            return false;
        });
        return found.stream().findFirst();
    }

    /** What a replay would make of those that the filter means: how many there are in all, and the results of a page of them. */
    Map<String, Object> rehearse(ParkedFilter filter, int offset, int limit) {
        List<Map<String, Object>> entries = new ArrayList<>();
        Map<String, Integer> summary = new TreeMap<>();
        int[] total = new int[1];
        browse(filter, filter.selector(), (queue, message) -> {
            if (total[0]++ >= offset && entries.size() < limit) {
                Map<String, Object> entry = rehearsed(queue, message);
                ((List<?>) entry.get("results")).forEach(result ->
                        summary.merge(String.valueOf(((Map<?, ?>) result).get("outcome")), 1, Integer::sum));
                entries.add(entry);
            }
            return true;
        });
        Map<String, Object> list = new LinkedHashMap<>();
        list.put("dryRun", true);
        list.put("total", total[0]);
        list.put("outcomes", summary);
        list.put("entries", entries);
        return list;
    }

    private Map<String, Object> rehearsed(String queue, Message message) throws JMSException {
        Map<String, Object> entry = entry(queue, message);
        entry.put("results", rehearsal.of(new Rehearsal.Replay(message.getStringProperty(Headers.PROVIDER),
                message.getStringProperty(Headers.EVENT_ID),
                message.propertyExists(Headers.RECEIVED_AT) ? message.getLongProperty(Headers.RECEIVED_AT) : 0,
                message.getStringProperty(Headers.DESTINATION),
                message.propertyExists(Headers.PART) ? message.getIntProperty(Headers.PART) : null, body(message))));
        return entry;
    }

    /** Looks at one parked message; false when that is enough. */
    private interface Look {
        boolean at(String queue, Message message) throws JMSException;
    }

    private void browse(ParkedFilter filter, String selector, Look look) {
        try (Connection connection = connections.createConnection();
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            connection.start();
            for (String queue : queues(filter)) {
                try (QueueBrowser browser = session.createBrowser(session.createQueue(queue), selector)) {
                    Enumeration<?> messages = browser.getEnumeration();
                    while (messages.hasMoreElements()) {
                        if (!look.at(queue, (Message) messages.nextElement())) {
                            return;
                        }
                    }
                } catch (InvalidDestinationException nothingParkedHereYet) {
                    LOG.debug("{} does not exist yet", queue);
                }
            }
        } catch (JMSException e) {
            throw new BrokerSilentException("the broker cannot be asked: " + e.getMessage(), e);
        }
    }

    private int move(ParkedFilter filter, String id, boolean replay) {
        String selector = id == null ? filter.selector() : byId(id);
        int moved = 0;
        Happening what = replay ? Happening.REPLAYED : Happening.DISCARDED;
        List<Message> uncommitted = new ArrayList<>();
        try (Connection connection = connections.createConnection();
                Session session = connection.createSession(true, Session.SESSION_TRANSACTED)) {
            connection.start();
            for (String queue : queues(filter)) {
                if (!holds(session, queue, selector)) {
                    continue;
                }
                try (MessageConsumer consumer = session.createConsumer(session.createQueue(queue), selector)) {
                    Message message = consumer.receive(RECEIVE);
                    while (message != null) {
                        if (replay) {
                            send(session, message);
                        }
                        moved++;
                        uncommitted.add(message);
                        if (moved % TRANSACTION == 0 || id != null) {
                            commit(session, uncommitted, what);
                        }
                        message = id != null ? null : consumer.receiveNoWait();
                    }
                    commit(session, uncommitted, what);
                }
            }
        } catch (JMSException e) {
            throw new BrokerSilentException("the broker cannot be asked; " + moved + " were done: " + e.getMessage(), e);
        }
        if (moved > 0) {
            LOG.info("{} {}", moved == 1 ? "1 parked event was" : moved + " parked events were", replay ? "replayed" : "discarded");
        }
        return moved;
    }

    private void commit(Session session, List<Message> messages, Happening what) throws JMSException {
        session.commit();
        for (Message message : messages) {
            traces.add(what, message.getStringProperty(Headers.PROVIDER), message.getStringProperty(Headers.EVENT_ID),
                    message.getStringProperty(Headers.STEP), message.getStringProperty(Headers.DESTINATION),
                    message.getStringProperty(Headers.ACCOUNT),
                    message.propertyExists(Headers.PART) ? message.getIntProperty(Headers.PART) : null, null,
                    message.getStringProperty(Headers.REASON), message.getStringProperty(Headers.PARKED_ID));
        }
        messages.clear();
    }

    /** Looks before it consumes, so that a consumer need not wait for what is not there. */
    private static boolean holds(Session session, String queue, String selector) throws JMSException {
        try (QueueBrowser browser = session.createBrowser(session.createQueue(queue), selector)) {
            return browser.getEnumeration().hasMoreElements();
        } catch (InvalidDestinationException nothingParkedHereYet) {
            return false;
        }
    }

    /**
     * Back to where it came in, for the one record that was parked: its other records, and the other destinations, have
     * theirs. It has no duplicate id, since the broker knows the event.
     */
    private static void send(Session session, Message parked) throws JMSException {
        BytesMessage event = session.createBytesMessage();
        event.writeBytes(body(parked));
        for (String header : List.of(Headers.PROVIDER, Headers.EVENT_ID, Headers.RECEIVED_AT, Headers.DESTINATION, Headers.PART)) {
            if (parked.propertyExists(header)) {
                event.setObjectProperty(header, parked.getObjectProperty(header));
            }
        }
        event.setBooleanProperty(Headers.REPLAYED, true);
        try (MessageProducer producer = session.createProducer(
                session.createQueue("events." + parked.getStringProperty(Headers.PROVIDER)))) {
            producer.send(event);
        }
    }

    private static byte[] body(Message message) throws JMSException {
        if (!(message instanceof BytesMessage bytes)) {
            return new byte[0];
        }
        bytes.reset();
        byte[] body = new byte[(int) bytes.getBodyLength()];
        bytes.readBytes(body);
        return body;
    }

    private static Map<String, Object> entry(String queue, Message message) throws JMSException {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("id", message.getStringProperty(Headers.PARKED_ID));
        entry.put("queue", queue);
        for (String header : List.of(Headers.REASON, Headers.PROVIDER, Headers.EVENT_ID, Headers.STEP, Headers.DESTINATION, Headers.ACCOUNT)) {
            String text = message.getStringProperty(header);
            entry.put(header, header.equals(Headers.EVENT_ID) && text != null ? Trace.eventKey(text) : text);
        }
        entry.put("parkedAt", message.propertyExists(Headers.PARKED_AT)
                ? Instant.ofEpochMilli(message.getLongProperty(Headers.PARKED_AT)).toString() : null);
        return entry;
    }

    private static String byId(String id) {
        try {
            return Headers.PARKED_ID + " = '" + UUID.fromString(id) + "'";
        } catch (IllegalArgumentException notAnId) {
            return "1 = 0";
        }
    }

    /** Those of today's routes and, in the embedded broker, those that older ones have left behind. */
    private List<String> queues(ParkedFilter filter) {
        TreeSet<String> names = new TreeSet<>();
        properties.providers().keySet().forEach(provider -> names.add(Parking.PREFIX + "events." + provider));
        properties.destinations().forEach((destination, settings) -> settings.accounts().keySet()
                .forEach(account -> names.add(Parking.PREFIX + Accounts.queue(destination, account))));
        broker.server().ifPresent(server -> existing(server, names));
        return names.stream().filter(filter::covers).toList();
    }

    private static void existing(ActiveMQServer server, TreeSet<String> names) {
        names.removeIf(name -> server.locateQueue(name) == null);
        server.getPostOffice().getAllBindings().forEach(binding -> {
            String name = binding.getUniqueName().toString();
            if (name.startsWith(Parking.PREFIX) && server.locateQueue(name) != null) {
                names.add(name);
            }
        });
    }
}
