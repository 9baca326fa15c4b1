package io.subscriptionrelay.broker;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.activemq.artemis.api.core.ActiveMQException;
import org.apache.activemq.artemis.api.core.ActiveMQExceptionType;
import org.apache.activemq.artemis.api.core.Message;
import org.apache.activemq.artemis.api.core.RoutingType;
import org.apache.activemq.artemis.api.core.SimpleString;
import org.apache.activemq.artemis.core.io.IOCallback;
import org.apache.activemq.artemis.core.persistence.OperationContext;
import org.apache.activemq.artemis.core.persistence.StorageManager;
import org.apache.activemq.artemis.core.postoffice.DuplicateIDCache;
import org.apache.activemq.artemis.core.postoffice.RoutingStatus;
import org.apache.activemq.artemis.core.server.ActiveMQServer;
import org.apache.activemq.artemis.core.server.ServerSession;
import org.apache.activemq.artemis.core.server.plugin.ActiveMQServerMessagePlugin;
import org.apache.activemq.artemis.core.server.plugin.ActiveMQServerPlugin;
import org.apache.activemq.artemis.core.transaction.Transaction;
import org.apache.activemq.artemis.core.transaction.TransactionOperationAbstract;
import org.apache.activemq.artemis.spi.core.protocol.RemotingConnection;
import org.apache.activemq.artemis.spi.core.protocol.SessionCallback;

/**
 * Closes the gaps in which Artemis is mistaken about a repeat, whose sender takes "known already" for "stored":
 * <ul>
 * <li>It looks for an id first and adds it later, so that of two at the same instant neither would see the other. They take turns; a turn ends
 * before the disk is waited for.
 * <li>It knows the id of a message from the moment it came, and answers a repeat at once, when what it repeats may not be on disk yet. The repeat is
 * answered when that is.
 * <li>It learns the ids of a transaction when the commit is on disk, and would store a repeat meanwhile. The repeat is refused; its sender
 * may come again.
 * </ul>
 * The embedded broker has it built in; an external one loads it from {@code subscription-relay-artemis-plugin.jar}, so it uses
 * nothing but Artemis.
 */
public final class RepeatsInTurn implements ActiveMQServerPlugin, ActiveMQServerMessagePlugin {

    private static final int TURNS = 64;

    private final Turn[] turns = Stream.generate(Turn::new).limit(TURNS).toArray(Turn[]::new);
    private final Map<SimpleString, DuplicateIDCache> remembered = new ConcurrentHashMap<>();
    private final Map<Id, UnderWay> underWay = new ConcurrentHashMap<>();
    /** Names of the sessions that send without a transaction; they have an unused one. */
    private final Set<String> withoutTransactions = ConcurrentHashMap.newKeySet();
    private volatile ActiveMQServer server;

    @Override
    public void registered(ActiveMQServer broker) {
        // an embedded broker that starts again is another one, with this plugin
        remembered.clear();
        underWay.clear();
        withoutTransactions.clear();
        server = broker;
    }

    @Override
    public void beforeCreateSession(String name, String user, int minLargeMessageSize, RemotingConnection connection, boolean autoCommitSends,
            boolean autoCommitAcks, boolean preAcknowledge, boolean xa, String defaultAddress, SessionCallback callback, boolean autoCreateQueues,
            OperationContext context, Map<SimpleString, RoutingType> prefixes) {
        if (autoCommitSends) {
            withoutTransactions.add(name);
        }
    }

    @Override
    public void afterCloseSession(ServerSession session, boolean failed) {
        withoutTransactions.remove(session.getName());
    }

    /** @throws ActiveMQException when an open transaction may yet store a message with the same id */
    @Override
    public void beforeSend(ServerSession session, Transaction transaction, Message message, boolean direct, boolean noAutoCreateQueue)
            throws ActiveMQException {
        byte[] bytes = message.getDuplicateIDBytes();
        SimpleString address = message.getAddressSimpleString();
        if (bytes == null || address == null || server == null) {
            return;
        }
        remember(address);
        Turn turn = turn(bytes);
        turn.lock();
        UnderWay mine = new UnderWay(new Id(address, ByteBuffer.wrap(bytes)), withoutTransactions.contains(session.getName()) ? null : transaction);
        turn.mine = mine;
        turn.first = underWay.putIfAbsent(mine.id, mine);
        if (turn.first != null && mine.transaction != null) {
            // sends of a transaction are not answered one by one: its sender hears of it by the commit
            mine.transaction.markAsRollbackOnly(undecided(ActiveMQExceptionType.TRANSACTION_ROLLED_BACK));
        } else if (turn.first != null && turn.first.transaction != null) {
            turn.unlock();
            throw undecided(ActiveMQExceptionType.ILLEGAL_STATE);
        }
    }

    private static ActiveMQException undecided(ActiveMQExceptionType type) {
        return new ActiveMQException("It is not decided yet whether a message with the same id is stored", type);
    }

    /** Whether a message to this address with this id may be stored already, so that a transaction with another one would be rolled back. */
    boolean mayKnow(SimpleString address, byte[] id) {
        ActiveMQServer broker = server;
        if (broker == null || broker.getPostOffice() == null) {
            return false;
        }
        remember(address);
        DuplicateIDCache ids = remembered.get(address);
        return ids != null && ids.contains(id) || underWay.containsKey(new Id(address, ByteBuffer.wrap(id)));
    }

    /**
     * Artemis makes the memory of an address's ids with its first message; if several come at once, each gets one of its own and
     * all but one are thrown away.
     */
    private void remember(SimpleString address) {
        if (!remembered.containsKey(address)) {
            remembered.computeIfAbsent(address, name -> server.getPostOffice().getDuplicateIDCache(name));
        }
    }

    @Override
    public void onSendException(ServerSession session, Transaction transaction, Message message, boolean direct, boolean noAutoCreateQueue,
            Exception cause) {
        endTurn(message, turn -> {
            if (turn.first == null && turn.mine.transaction == null) {
                turn.mine.forget();
            } else if (turn.first == null) {
                turn.mine.transaction.afterStore(turn.mine);
            }
        });
    }

    @Override
    public void afterSend(ServerSession session, Transaction transaction, Message message, boolean direct, boolean noAutoCreateQueue,
            RoutingStatus result) {
        endTurn(message, turn -> {
            StorageManager storage = server.getStorageManager();
            if (turn.first != null && turn.mine.transaction == null) {
                turn.first.answerLater(storage.getContext());
            } else if (turn.first == null && result == RoutingStatus.DUPLICATED_ID) {
                turn.mine.forget();
            } else if (turn.first == null && turn.mine.transaction == null) {
                storage.afterCompleteOperations(turn.mine);
            } else if (turn.first == null) {
                // after the operation by which Artemis learns the id
                turn.mine.transaction.afterStore(turn.mine);
            }
        });
    }

    private Turn turn(byte[] id) {
        return turns[Math.floorMod(Arrays.hashCode(id), TURNS)];
    }

    private void endTurn(Message message, Consumer<Turn> last) {
        Turn turn = message.getDuplicateIDBytes() == null ? null : turn(message.getDuplicateIDBytes());
        if (turn != null && turn.isHeldByCurrentThread()) {
            try {
                last.accept(turn);
            } finally {
                turn.unlock();
            }
        }
    }

    /** One message with an id at a time, of those that share a turn. What is in it belongs to whoever holds it. */
    private static final class Turn extends ReentrantLock {

        private static final long serialVersionUID = 1;

        private transient UnderWay mine;
        /** Another one with the same id, which was there before. */
        private transient UnderWay first;
    }

    /** What a repeat is recognised by, among the messages to an address. */
    private record Id(SimpleString address, ByteBuffer bytes) {
    }

    /** A message that may not be on disk yet, alone or within a transaction. */
    private final class UnderWay extends TransactionOperationAbstract implements IOCallback {

        private final Id id;
        private final Transaction transaction;
        private List<IOCallback> repeats = List.of();
        private boolean stored;

        UnderWay(Id id, Transaction transaction) {
            this.id = id;
            this.transaction = transaction;
        }

        void forget() {
            underWay.remove(id, this);
        }

        /** Has whatever the repeat's session answers from now on wait until this message is stored. */
        void answerLater(OperationContext repeat) {
            AtomicInteger missing = new AtomicInteger(2);
            IOCallback part = new IOCallback() {
                @Override
                public void done() {
                    if (missing.decrementAndGet() == 0) {
                        repeat.done();
                    }
                }

                @Override
                public void onError(int code, String reason) {
                    repeat.onError(code, reason);
                }
            };
            // a context counts what has been done, so what it waits for already has to come first
            repeat.executeOnCompletion(part);
            repeat.storeLineUp();
            if (!joined(part)) {
                part.done();
            }
        }

        private synchronized boolean joined(IOCallback repeat) {
            if (!stored) {
                repeats = Stream.concat(repeats.stream(), Stream.of(repeat)).toList();
            }
            return !stored;
        }

        @Override
        public void done() {
            forget();
            synchronized (this) {
                stored = true;
            }
            // nobody joins any more
            repeats.forEach(IOCallback::done);
        }

        @Override
        public void onError(int code, String reason) {
            joinedSoFar().forEach(repeat -> repeat.onError(code, reason));
        }

        private synchronized List<IOCallback> joinedSoFar() {
            return repeats;
        }

        @Override
        public void afterCommit(Transaction ended) {
            forget();
        }

        @Override
        public void afterRollback(Transaction ended) {
            forget();
        }
    }
}
