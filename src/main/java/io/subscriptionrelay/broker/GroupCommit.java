package io.subscriptionrelay.broker;

import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.Destination;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import jakarta.jms.TransactionRolledBackException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiPredicate;
import java.util.stream.Stream;
import org.apache.activemq.artemis.api.core.ActiveMQException;
import org.apache.activemq.artemis.api.core.ActiveMQExceptionType;
import org.apache.activemq.artemis.api.core.SimpleString;
import org.apache.activemq.artemis.api.core.client.ClientMessage;
import org.apache.activemq.artemis.jms.client.ActiveMQDestination;
import org.apache.activemq.artemis.jms.client.ActiveMQMessage;

/**
 * Stores the messages that are sent at the same time in one transaction: each alone, with an id by which repeats are recognised, is a
 * transaction of its own in the broker, handed from thread to thread a dozen times. No thread of its own is needed for it: of the senders that
 * wait, the first that finds a session free sends what all of them have, and wakes them up. A sender that finds nobody else waiting sends as if
 * this were not here.
 * <p>
 * A repeat has the whole transaction rolled back, and all of it sent again one by one. So an id is under way only once at a time, and what the broker
 * may know already is sent alone. That saves work, and lets a repeat wait where the broker would refuse it; that none is kept twice, also when a
 * transaction ends after its senders have given up, is what {@link RepeatsInTurn} sees to.
 */
final class GroupCommit implements AutoCloseable {

    /** A second group is made while the first waits for the disk. */
    private static final int LANES = 2;
    private static final int LARGEST_GROUP = 64;
    /** The broker keeps larger ones in a file each, which the others need not wait for. */
    private static final int LARGEST_BODY = 64 * 1024;

    private static final Set<ActiveMQExceptionType> REFUSALS = EnumSet.of(ActiveMQExceptionType.DUPLICATE_ID_REJECTED,
            ActiveMQExceptionType.TRANSACTION_ROLLED_BACK, ActiveMQExceptionType.ADDRESS_FULL, ActiveMQExceptionType.ADDRESS_DOES_NOT_EXIST,
            ActiveMQExceptionType.QUEUE_DOES_NOT_EXIST, ActiveMQExceptionType.SECURITY_EXCEPTION);

    private final ConnectionFactory factory;
    private final BiPredicate<SimpleString, byte[]> known;
    private final long longestWait;
    private final Queue<Sender> waiting = new ConcurrentLinkedQueue<>();
    private final Map<String, Sender> underWay = new ConcurrentHashMap<>();
    private final List<Lane> lanes;

    /** Sends a message without the others. */
    @FunctionalInterface
    interface Alone {
        void send() throws JMSException;
    }

    private enum Outcome { STORED, ALONE, FAILED }

    /**
     * Connects with the first group.
     *
     * @param factory of the connections
     * @param known whether the broker may know an id, of those that came to an address
     * @param longestWait how long a message may wait until its group is sent; sending it may take as long as a call to the broker once more
     */
    GroupCommit(ConnectionFactory factory, BiPredicate<SimpleString, byte[]> known, Duration longestWait) {
        this.factory = factory;
        this.known = known;
        this.longestWait = longestWait.toNanos();
        this.lanes = Stream.generate(Lane::new).limit(LANES).toList();
    }

    /**
     * Returns once the message is on disk, or has been recognised as a repeat.
     *
     * @param id by which a repeat is recognised
     * @param alone sends this message and no other
     * @throws JMSException when the message is not stored, or nobody knows whether it is
     */
    void send(String id, Destination destination, Message message, Alone alone) throws JMSException {
        if (!(message instanceof ActiveMQMessage artemis && destination instanceof ActiveMQDestination queue)) {
            alone.send();
            return;
        }
        ClientMessage core = artemis.getCoreMessage();
        Sender sender = new Sender(destination, message, alone, System.nanoTime() + longestWait);
        enter(id, sender);
        try {
            if (core.getBodyBuffer().writerIndex() > LARGEST_BODY || known.test(queue.getSimpleAddress(), core.getDuplicateIDBytes())) {
                alone.send();
            } else {
                together(sender);
            }
        } finally {
            underWay.remove(id);
            sender.left();
        }
    }

    /** A repeat of what is under way waits until the broker knows it, or until it is known not to have been stored. */
    private void enter(String id, Sender sender) throws JMSException {
        for (Sender other = underWay.putIfAbsent(id, sender); other != null; other = underWay.putIfAbsent(id, sender)) {
            other.awaitLeaving(sender.deadline);
        }
    }

    private void together(Sender sender) throws JMSException {
        waiting.add(sender);
        boolean interrupted = false;
        while (sender.outcome == null) {
            Lane lane = freeLane();
            if (lane != null) {
                lane.send(sender);
            } else {
                await(sender);
                interrupted |= Thread.interrupted();
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (sender.outcome == Outcome.ALONE) {
            sender.alone.send();
        } else if (sender.outcome == Outcome.FAILED) {
            throw sender.failure();
        }
    }

    private void await(Sender sender) {
        long left = sender.deadline - System.nanoTime();
        if (left > 0) {
            LockSupport.parkNanos(this, left);
        } else if (waiting.remove(sender)) {
            sender.end(Outcome.FAILED, new JMSException("the broker has not taken what was sent before within "
                    + TimeUnit.NANOSECONDS.toMillis(longestWait) + " ms"));
            // it may have been woken up to send what waits
            wakeNext(sender);
        } else {
            // in a group, whose call to the broker has a limit of its own
            LockSupport.park(this);
        }
    }

    /** Whoever waits has found no lane free. */
    private void wakeNext(Sender self) {
        Sender next = waiting.peek();
        if (next != null && next != self) {
            LockSupport.unpark(next.thread);
        }
    }

    /** Whether the broker has answered that it does not want one of a group, so that surely none is stored. */
    private static boolean refused(Exception failure) {
        return failure instanceof TransactionRolledBackException
                || failure.getCause() instanceof ActiveMQException answer && REFUSALS.contains(answer.getType());
    }

    private Lane freeLane() {
        for (Lane lane : lanes) {
            if (lane.take()) {
                return lane;
            }
        }
        return null;
    }

    @Override
    public void close() {
        lanes.forEach(Lane::close);
    }

    /** A message, and the thread that waits until it is stored. */
    private static final class Sender {

        private final Destination destination;
        private final Message message;
        private final Alone alone;
        private final long deadline;
        private final Thread thread = Thread.currentThread();
        private Exception cause;
        private volatile Outcome outcome;
        private boolean left;

        Sender(Destination destination, Message message, Alone alone, long deadline) {
            this.destination = destination;
            this.message = message;
            this.alone = alone;
            this.deadline = deadline;
        }

        void end(Outcome end, Exception why) {
            cause = why;
            outcome = end;
            if (thread != Thread.currentThread()) {
                LockSupport.unpark(thread);
            }
        }

        /** An exception for this thread alone, as its route adds to it. */
        JMSException failure() {
            if (cause == null) {
                return new JMSException("the sender that it was sent together with has failed");
            }
            JMSException failure = new JMSException(cause.getMessage(), cause instanceof JMSException jms ? jms.getErrorCode() : null);
            failure.initCause(cause);
            return failure;
        }

        synchronized void left() {
            left = true;
            notifyAll();
        }

        synchronized void awaitLeaving(long until) throws JMSException {
            try {
                while (!left) {
                    long millis = TimeUnit.NANOSECONDS.toMillis(until - System.nanoTime());
                    if (millis <= 0) {
                        throw new JMSException("the broker has not taken the event that this is a repeat of");
                    }
                    wait(millis);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                JMSException failure = new JMSException("interrupted while the event that this is a repeat of was under way");
                failure.initCause(e);
                throw failure;
            }
        }
    }

    /** A transacted session, used by one sender at a time. */
    private final class Lane {

        private final AtomicBoolean taken = new AtomicBoolean();
        private Connection connection;
        private Session session;
        private MessageProducer producer;

        boolean take() {
            return !taken.get() && taken.compareAndSet(false, true);
        }

        /** Sends what waits, whosever it is, and lets go of the lane. */
        void send(Sender self) {
            try {
                List<Sender> group = new ArrayList<>();
                for (Sender next = waiting.poll(); next != null; next = group.size() < LARGEST_GROUP ? waiting.poll() : null) {
                    group.add(next);
                }
                if (group.size() == 1) {
                    single(group.get(0));
                } else if (!group.isEmpty()) {
                    all(group);
                }
            } finally {
                taken.set(false);
                wakeNext(self);
            }
        }

        private void single(Sender sender) {
            Outcome outcome = Outcome.FAILED;
            Exception cause = null;
            try {
                sender.alone.send();
                outcome = Outcome.STORED;
            } catch (JMSException | RuntimeException e) {
                cause = e;
            } finally {
                sender.end(outcome, cause);
            }
        }

        private void all(List<Sender> group) {
            Outcome outcome = Outcome.FAILED;
            Exception cause = null;
            try {
                connect();
                for (Sender sender : group) {
                    producer.send(sender.destination, sender.message);
                }
                session.commit();
                outcome = Outcome.STORED;
            } catch (JMSException | RuntimeException e) {
                cause = e;
                outcome = refused(e) && rollback() ? Outcome.ALONE : Outcome.FAILED;
            } finally {
                for (Sender sender : group) {
                    sender.end(outcome, cause);
                }
                if (outcome == Outcome.FAILED) {
                    // a broker that does not answer may take as long for this again
                    disconnect();
                }
            }
        }

        private boolean rollback() {
            try {
                session.rollback();
                return true;
            } catch (JMSException e) {
                return false;
            }
        }

        private void connect() throws JMSException {
            if (session == null) {
                connection = factory.createConnection();
                session = connection.createSession(true, Session.SESSION_TRANSACTED);
                producer = session.createProducer(null);
            }
        }

        private void disconnect() {
            Connection last = connection;
            connection = null;
            session = null;
            producer = null;
            if (last != null) {
                try {
                    last.close();
                } catch (JMSException e) {
                    // it was broken in any case
                }
            }
        }

        /** Waits for a group that is being sent. */
        void close() {
            while (!take()) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
            }
            try {
                disconnect();
            } finally {
                taken.set(false);
            }
        }
    }
}
