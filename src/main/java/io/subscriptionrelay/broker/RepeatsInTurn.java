package io.subscriptionrelay.broker;

import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.apache.activemq.artemis.api.core.Message;
import org.apache.activemq.artemis.api.core.SimpleString;
import org.apache.activemq.artemis.core.postoffice.DuplicateIDCache;
import org.apache.activemq.artemis.core.postoffice.RoutingStatus;
import org.apache.activemq.artemis.core.server.ActiveMQServer;
import org.apache.activemq.artemis.core.server.ServerSession;
import org.apache.activemq.artemis.core.server.plugin.ActiveMQServerMessagePlugin;
import org.apache.activemq.artemis.core.server.plugin.ActiveMQServerPlugin;
import org.apache.activemq.artemis.core.transaction.Transaction;

/**
 * Sees to it that a broker recognises repeats that come at the same instant. Artemis looks for an id first and adds it later, so
 * that of two at once neither would see the other: they take turns. A turn ends before the disk is waited for.
 * <p>
 * The embedded broker has it built in; an external one loads it from {@code subscription-relay-artemis-plugin.jar}, so it uses
 * nothing but Artemis.
 */
public final class RepeatsInTurn implements ActiveMQServerPlugin, ActiveMQServerMessagePlugin {

    private static final int TURNS = 64;

    private final ReentrantLock[] turns = Stream.generate(ReentrantLock::new).limit(TURNS).toArray(ReentrantLock[]::new);
    private final Map<SimpleString, DuplicateIDCache> remembered = new ConcurrentHashMap<>();
    private volatile ActiveMQServer server;

    @Override
    public void registered(ActiveMQServer broker) {
        // an embedded broker that starts again is another one, with this plugin
        remembered.clear();
        server = broker;
    }

    @Override
    public void beforeSend(ServerSession session, Transaction transaction, Message message, boolean direct, boolean noAutoCreateQueue) {
        if (message.getDuplicateIDBytes() != null && message.getAddressSimpleString() != null) {
            remember(message.getAddressSimpleString());
            turn(message).lock();
        }
    }

    /**
     * Artemis makes the memory of an address's ids with its first message; if several come at once, each gets one of its own and
     * all but one are thrown away.
     */
    private void remember(SimpleString address) {
        if (server != null && !remembered.containsKey(address)) {
            remembered.computeIfAbsent(address, name -> server.getPostOffice().getDuplicateIDCache(name));
        }
    }

    @Override
    public void onSendException(ServerSession session, Transaction transaction, Message message, boolean direct, boolean noAutoCreateQueue,
            Exception cause) {
        endTurn(message);
    }

    @Override
    public void afterSend(ServerSession session, Transaction transaction, Message message, boolean direct, boolean noAutoCreateQueue,
            RoutingStatus result) {
        endTurn(message);
    }

    private ReentrantLock turn(Message message) {
        return turns[Math.floorMod(Arrays.hashCode(message.getDuplicateIDBytes()), TURNS)];
    }

    private void endTurn(Message message) {
        if (message.getDuplicateIDBytes() != null && turn(message).isHeldByCurrentThread()) {
            turn(message).unlock();
        }
    }
}
