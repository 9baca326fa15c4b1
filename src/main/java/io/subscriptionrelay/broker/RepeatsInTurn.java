package io.subscriptionrelay.broker;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.activemq.artemis.api.core.Message;
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

/**
 * Closes the gaps in which Artemis is mistaken about a repeat, whose sender takes "known already" for "stored":
 * <ul>
 * <li>It looks for an id first and adds it later, so that of two at the same instant neither would see the other. They take turns; a turn ends
 * before the disk is waited for.
 * <li>It knows the id of a message from the moment it came, and answers a repeat at once, when what it repeats may not be on disk yet. The repeat is
 * answered when that is.
 * </ul>
 * A message is sent by itself: of those in a transaction Artemis learns the ids when the commit is on disk, and a repeat meanwhile is kept too.
 * The embedded broker has it built in; an external one loads it from {@code subscription-relay-artemis-plugin.jar}, so it uses
 * nothing but Artemis.
 */
public final class RepeatsInTurn implements ActiveMQServerPlugin, ActiveMQServerMessagePlugin {

    private static final int TURNS = 64;

    private final Turn[] turns = Stream.generate(Turn::new).limit(TURNS).toArray(Turn[]::new);
    private final Map<SimpleString, DuplicateIDCache> remembered = new ConcurrentHashMap<>();
    private final Map<Id, UnderWay> underWay = new ConcurrentHashMap<>();
    private volatile ActiveMQServer server;

    @Override
    public void registered(ActiveMQServer broker) {
        // an embedded broker that starts again is another one, with this plugin
        remembered.clear();
        underWay.clear();
        server = broker;
    }

    @Override
    public void beforeSend(ServerSession session, Transaction transaction, Message message, boolean direct, boolean noAutoCreateQueue) {
        byte[] bytes = message.getDuplicateIDBytes();
        SimpleString address = message.getAddressSimpleString();
        if (bytes == null || address == null || server == null) {
            return;
        }
        remember(address);
        Turn turn = turn(bytes);
        turn.lock();
        turn.mine = new UnderWay(new Id(address, ByteBuffer.wrap(bytes)));
        turn.first = underWay.putIfAbsent(turn.mine.id, turn.mine);
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
        endTurn(message, turn -> turn.mine.forget());
    }

    @Override
    public void afterSend(ServerSession session, Transaction transaction, Message message, boolean direct, boolean noAutoCreateQueue,
            RoutingStatus result) {
        endTurn(message, turn -> {
            StorageManager storage = server.getStorageManager();
            if (turn.first != null) {
                turn.first.answerLater(storage.getContext());
            } else if (result == RoutingStatus.DUPLICATED_ID) {
                turn.mine.forget();
            } else {
                storage.afterCompleteOperations(turn.mine);
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

    /** A message that may not be on disk yet. */
    private final class UnderWay implements IOCallback {

        private final Id id;
        /** How whoever waits for it is told. */
        private final CompletableFuture<Consumer<IOCallback>> outcome = new CompletableFuture<>();

        UnderWay(Id id) {
            this.id = id;
        }

        /** Unless the id is another one's. */
        void forget() {
            underWay.remove(id, this);
        }

        /** Has whatever the repeat's session answers from now on wait until this message is stored. */
        void answerLater(OperationContext repeat) {
            CompletableFuture<Void> before = new CompletableFuture<>();
            // a context counts what has been done, so what it waits for already has to come first
            repeat.executeOnCompletion(new IOCallback() {
                @Override
                public void done() {
                    before.complete(null);
                }

                @Override
                public void onError(int code, String reason) {
                    // which the context has from there
                }
            });
            repeat.storeLineUp();
            outcome.thenAcceptBoth(before, (told, nothing) -> told.accept(repeat));
        }

        @Override
        public void done() {
            forget();
            outcome.complete(IOCallback::done);
        }

        @Override
        public void onError(int code, String reason) {
            outcome.complete(waiting -> waiting.onError(code, reason));
        }
    }
}
