package io.subscriptionrelay.history;

import io.subscriptionrelay.broker.EmbeddedBroker;
import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.event.Headers;
import io.subscriptionrelay.event.QueueNames;
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
import jakarta.jms.TextMessage;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.Collectors;
import org.apache.activemq.artemis.api.core.ActiveMQException;
import org.apache.activemq.artemis.api.core.SimpleString;
import org.apache.activemq.artemis.api.core.client.ClientSession;
import org.apache.activemq.artemis.core.server.ActiveMQServer;
import org.apache.activemq.artemis.jms.client.ActiveMQSession;
import org.messaginghub.pooled.jms.JmsPoolSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * The queues of the parked events: looks through them, and takes entries out of them in the transaction that sends what they become. Whatever ends
 * it half-way, an entry is in its queue or it is replayed or discarded, and never both.
 */
@Component
class ParkedQueues {

    private static final Logger LOG = LoggerFactory.getLogger(ParkedQueues.class);
    /** Names the turn that put an entry back at the end of its queue. */
    private static final String TURN = "turn";
    private static final int TRANSACTION = 500;
    /** The broker reads no further in a queue on disk while as much as it may have in memory is not committed. */
    private static final long TRANSACTION_BYTES = 1024 * 1024;
    /** How many entries are looked for at once; their ids are in memory. */
    private static final int PORTION = 10_000;
    /** For the next message of a queue that is known to have more. */
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(3);
    private static final long PAUSE = TimeUnit.MILLISECONDS.toNanos(2);
    /** So many are asked for by their ids, which leaves the others where they are. */
    private static final int FEW = 100;
    /** A message that is within reach is handed over at once; this is only for a slow cluster. */
    private static final long RECEIVE = 1000;

    private final ConnectionFactory connections;
    private final EmbeddedBroker broker;
    private final RelayProperties properties;
    private final HistoryFeed history;
    private final Clock clock;
    /** Whoever takes entries turns queues over; nobody looks into them meanwhile, who would miss some and see others twice. */
    private final ReadWriteLock lock = new ReentrantReadWriteLock(true);

    ParkedQueues(ConnectionFactory connections, EmbeddedBroker broker, RelayProperties properties, HistoryFeed history, Clock clock) {
        this.connections = connections;
        this.broker = broker;
        this.properties = properties;
        this.history = history;
        this.clock = clock;
    }

    /** A message in a queue of parked events. The broker hands over a large body once, and only until the next message is asked for. */
    static final class Entry {

        private final String queue;
        private final Message message;
        private byte[] body;

        Entry(String queue, Message message) {
            this.queue = queue;
            this.message = message;
        }

        String queue() {
            return queue;
        }

        Message message() {
            return message;
        }

        /** The entry's id in the list; the broker's own of a message that nobody parked. */
        String id() throws JMSException {
            String id = message.getStringProperty(Headers.PARKED_ID);
            return id == null ? message.getJMSMessageID() : id;
        }

        /** In milliseconds since 1970. */
        long parkedAt() throws JMSException {
            return message.propertyExists(Headers.PARKED_AT) ? message.getLongProperty(Headers.PARKED_AT) : message.getJMSTimestamp();
        }

        /** The webhook as it came. */
        byte[] body() throws JMSException {
            if (body == null && message instanceof BytesMessage bytes) {
                body = new byte[(int) bytes.getBodyLength()];
                bytes.readBytes(body);
            }
            return body == null ? new byte[0] : body;
        }
    }

    /** Looks at one entry; false when that is enough. */
    interface Look {
        boolean at(Entry entry) throws JMSException;
    }

    /** What becomes of an entry that is taken. */
    enum Fate {
        REPLAYED, DISCARDED
    }

    /**
     * Shows those that the filter means, queue by queue.
     *
     * @throws BrokerSilentException when the broker does not answer
     */
    void browse(ParkedFilter filter, Look look) {
        lock.readLock().lock();
        try (Connection connection = connections.createConnection();
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            connection.start();
            for (String queue : names(filter)) {
                if (!browse(session, queue, filter, look)) {
                    return;
                }
            }
        } catch (JMSException e) {
            throw new BrokerSilentException("the broker cannot be asked: " + e.getMessage(), e);
        } finally {
            lock.readLock().unlock();
        }
    }

    /**
     * A browser of Artemis says that there is no more whenever its request for more overtakes its leave to send more, about once in a megabyte:
     * so all are counted, and asked for until they have come.
     */
    private static boolean browse(Session session, String queue, ParkedFilter filter, Look look) throws JMSException {
        long left = count(session, queue);
        if (left == 0) {
            return true;
        }
        try (QueueBrowser browser = session.createBrowser(session.createQueue(queue))) {
            Enumeration<?> messages = browser.getEnumeration();
            long asked = System.nanoTime();
            while (left > 0 && System.nanoTime() - asked < PATIENCE) {
                if (messages.hasMoreElements()) {
                    Entry entry = new Entry(queue, (Message) messages.nextElement());
                    if (filter.fits(entry) && !look.at(entry)) {
                        return false;
                    }
                    left--;
                    asked = System.nanoTime();
                } else {
                    LockSupport.parkNanos(PAUSE);
                }
            }
        } catch (InvalidDestinationException goneMeanwhile) {
            LOG.debug("{} does not exist any more", queue);
        }
        return true;
    }

    /** How many messages are in a queue; 0 when there is no such queue yet. */
    static long count(Session session, String queue) throws JMSException {
        return query(session, queue).getMessageCount();
    }

    /** How many wait in a queue from which they are taken now; none where nobody takes them. */
    static long underWay(Session session, String queue) throws JMSException {
        ClientSession.QueueQuery found = query(session, queue);
        return found.getConsumerCount() == 0 ? 0 : found.getMessageCount();
    }

    private static ClientSession.QueueQuery query(Session session, String queue) throws JMSException {
        try {
            return ((ActiveMQSession) ((JmsPoolSession) session).getInternalSession()).getCoreSession().queueQuery(SimpleString.of(queue));
        } catch (ActiveMQException e) {
            throw (JMSException) new JMSException(e.getMessage()).initCause(e);
        }
    }

    /**
     * Takes those that the filter means, as far as they are replayed only those of providers that there are.
     *
     * @return how many were taken
     * @throws BrokerSilentException when the broker does not answer; the log says what was taken until then
     */
    int take(ParkedFilter filter, Fate fate) {
        lock.writeLock().lock();
        try (Taking taking = new Taking(filter, fate)) {
            return taking.all();
        } catch (JMSException e) {
            throw new BrokerSilentException("the broker cannot be asked: " + e.getMessage(), e);
        } finally {
            lock.writeLock().unlock();
        }
    }

    /** Those of today's routes and, in the embedded broker, those that older ones have left behind. */
    private List<String> names(ParkedFilter filter) {
        TreeSet<String> names = new TreeSet<>();
        properties.providers().keySet().forEach(provider -> names.add(QueueNames.PARKED + QueueNames.events(provider)));
        properties.destinations().forEach((destination, settings) -> settings.accounts().keySet()
                .forEach(account -> names.add(QueueNames.PARKED + QueueNames.deliver(destination, account))));
        broker.server().ifPresent(server -> existing(server, names));
        return names.stream().filter(filter::covers).toList();
    }

    private static void existing(ActiveMQServer server, TreeSet<String> names) {
        names.removeIf(name -> server.locateQueue(name) == null);
        server.getPostOffice().getAllBindings().forEach(binding -> {
            String name = binding.getUniqueName().toString();
            if (name.startsWith(QueueNames.PARKED) && server.locateQueue(name) != null) {
                names.add(name);
            }
        });
    }

    /** A walk through the queues that takes what the filter means. */
    private final class Taking implements AutoCloseable {

        private final ParkedFilter filter;
        private final Fate fate;
        private final Connection connection;
        private final Session session;
        private final MessageProducer producer;
        private final List<HistoryOutcome> uncommitted = new ArrayList<>();
        private int inTransaction;
        private long bytes;
        private int taken;

        Taking(ParkedFilter filter, Fate fate) throws JMSException {
            this.filter = filter;
            this.fate = fate;
            connection = connections.createConnection();
            session = connection.createSession(true, Session.SESSION_TRANSACTED);
            producer = session.createProducer(null);
            connection.start();
        }

        int all() throws JMSException {
            for (String queue : names(filter)) {
                boolean more = true;
                while (more) {
                    Set<String> ids = ids(queue);
                    int before = taken;
                    more = ids.size() == PORTION;
                    if (!ids.isEmpty() && ids.size() <= FEW) {
                        withinReach(queue, ids);
                    }
                    if (!ids.isEmpty()) {
                        turnOver(queue, ids);
                    }
                    more &= taken > before;
                }
                if (filter.id() != null && taken > 0) {
                    break;
                }
            }
            return taken;
        }

        private Set<String> ids(String queue) throws JMSException {
            Set<String> ids = new HashSet<>();
            browse(session, queue, filter, entry -> {
                String provider = entry.message().getStringProperty(Headers.PROVIDER);
                if (fate == Fate.DISCARDED || provider != null && properties.providers().containsKey(provider)) {
                    ids.add(entry.id());
                }
                return filter.id() == null && ids.size() < PORTION;
            });
            return ids;
        }

        /**
         * Takes what a consumer with a selector is handed. Of a queue that is too long for memory the broker reads only so much, and reads on when
         * that is consumed: entries that are not meant would keep those behind them out of reach for ever.
         */
        private void withinReach(String queue, Set<String> ids) throws JMSException {
            String list = ids.stream().map(id -> "'" + id.replace("'", "''") + "'").collect(Collectors.joining(", "));
            String selector = Headers.PARKED_ID + " IN (" + list + ")";
            try (MessageConsumer consumer = session.createConsumer(session.createQueue(queue), selector)) {
                Entry entry = next(consumer, queue);
                while (entry != null) {
                    ids.remove(entry.id());
                    take(entry);
                    entry = ids.isEmpty() ? null : next(consumer, queue);
                }
                commit();
            }
        }

        /** Reads the queue from its beginning and puts what is not meant back at its end, until all of these are found or it has been around once. */
        private void turnOver(String queue, Set<String> ids) throws JMSException {
            String turn = UUID.randomUUID().toString();
            try (MessageConsumer consumer = session.createConsumer(session.createQueue(queue))) {
                boolean around = false;
                while (!around && !ids.isEmpty()) {
                    Entry entry = next(consumer, queue);
                    around = entry == null || turn.equals(entry.message().getStringProperty(TURN));
                    if (entry != null && ids.remove(entry.id())) {
                        take(entry);
                    } else if (entry != null) {
                        putBack(entry, turn);
                    }
                }
                commit();
            }
        }

        private Entry next(MessageConsumer consumer, String queue) throws JMSException {
            Message message = consumer.receive(RECEIVE);
            if (message == null && inTransaction > 0) {
                commit();
                message = consumer.receive(RECEIVE);
            }
            return message == null ? null : new Entry(queue, message);
        }

        private void take(Entry entry) throws JMSException {
            Message message = entry.message();
            if (fate == Fate.REPLAYED) {
                replay(message, entry.body());
            }
            uncommitted.add(new HistoryOutcome(clock.millis(), fate == Fate.REPLAYED ? EventOutcome.REPLAYED : EventOutcome.DISCARDED,
                    message.getStringProperty(Headers.PROVIDER), message.getStringProperty(Headers.EVENT_ID),
                    message.propertyExists(Headers.RECEIVED_AT) ? message.getLongProperty(Headers.RECEIVED_AT) : 0,
                    message.getStringProperty(Headers.STEP), message.getStringProperty(Headers.DESTINATION),
                    message.getStringProperty(Headers.ACCOUNT),
                    message.propertyExists(Headers.PART) ? message.getIntProperty(Headers.PART) : null, null,
                    message.getStringProperty(Headers.REASON), entry.id(), null, null));
            handled(entry.body().length);
        }

        /**
         * Back to where it came in, for the one record that was parked: its other records, and the other destinations, have
         * theirs. It has no duplicate id, since the broker knows the event.
         */
        private void replay(Message parked, byte[] webhook) throws JMSException {
            BytesMessage event = session.createBytesMessage();
            event.writeBytes(webhook);
            for (String header : List.of(Headers.PROVIDER, Headers.EVENT_ID, Headers.RECEIVED_AT, Headers.DESTINATION, Headers.PART,
                    Headers.RECORD)) {
                if (parked.propertyExists(header)) {
                    event.setObjectProperty(header, parked.getObjectProperty(header));
                }
            }
            event.setBooleanProperty(Headers.REPLAYED, true);
            producer.send(session.createQueue(QueueNames.events(parked.getStringProperty(Headers.PROVIDER))), event);
        }

        private void putBack(Entry entry, String turn) throws JMSException {
            Map<String, Object> values = new LinkedHashMap<>();
            for (Object name : Collections.list(entry.message().getPropertyNames())) {
                // what the broker has added is about the old message
                if (!name.toString().startsWith("JMS") && !name.toString().contains("AMQ")) {
                    values.put(name.toString(), entry.message().getObjectProperty(name.toString()));
                }
            }
            values.put(Headers.PARKED_ID, entry.id());
            values.put(TURN, turn);
            Message copy = copy(entry);
            for (Map.Entry<String, Object> value : values.entrySet()) {
                copy.setObjectProperty(value.getKey(), value.getValue());
            }
            producer.send(session.createQueue(entry.queue()), copy);
            handled(entry.body().length);
        }

        private Message copy(Entry entry) throws JMSException {
            if (entry.message() instanceof BytesMessage) {
                BytesMessage copy = session.createBytesMessage();
                copy.writeBytes(entry.body());
                return copy;
            }
            if (entry.message() instanceof TextMessage text) {
                return session.createTextMessage(text.getText());
            }
            // nothing of the relay's: sent on as it is
            entry.message().clearProperties();
            return entry.message();
        }

        private void handled(int size) throws JMSException {
            bytes += size;
            if (++inTransaction >= TRANSACTION || bytes >= TRANSACTION_BYTES) {
                commit();
            }
        }

        private void commit() throws JMSException {
            history.send(session, producer, uncommitted);
            session.commit();
            taken += uncommitted.size();
            uncommitted.clear();
            inTransaction = 0;
            bytes = 0;
        }

        @Override
        public void close() throws JMSException {
            try {
                session.close();
            } finally {
                connection.close();
            }
            if (taken > 0) {
                LOG.info("{} {}", taken == 1 ? "1 parked event was" : taken + " parked events were",
                        fate == Fate.REPLAYED ? "replayed" : "discarded");
            }
        }
    }
}
