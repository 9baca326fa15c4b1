package io.subscriptionrelay.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.subscriptionrelay.delivery.Headers;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.Queues;
import io.subscriptionrelay.testing.RelayApp;
import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSException;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.activemq.artemis.api.core.SimpleString;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;
import org.messaginghub.pooled.jms.JmsPoolConnectionFactory;

/** Messages that are sent at the same moment, at the embedded broker. Their senders are held up until all of them wait. */
class GroupCommitTest {

    private static final Duration LONG = Duration.ofSeconds(20);
    private static final int LANES = 2;

    @TempDir
    static Path folder;
    private static RelayApp relay;
    private static Queues queues;

    private final ExecutorService senders = Executors.newCachedThreadPool();
    private final CountDownLatch held = new CountDownLatch(1);
    private final Set<String> sentAlone = ConcurrentHashMap.newKeySet();
    private String queue;
    private GroupCommit groups;

    @BeforeAll
    static void start() {
        relay = RelayApp.with(folder).cleverTap("http://127.0.0.1:9").start();
        queues = new Queues(relay);
    }

    @AfterAll
    static void stop() {
        relay.close();
    }

    @BeforeEach
    void newQueue(TestInfo test) {
        queue = "groups." + test.getTestMethod().orElseThrow().getName();
        groups = new GroupCommit(factory(), (address, id) -> false, LONG);
    }

    @AfterEach
    void close() {
        held.countDown();
        groups.close();
        senders.shutdownNow();
    }

    @Test
    void whatWaitsAtTheSameMomentIsStoredInOneTransaction() throws Exception {
        for (Future<?> sender : inFirstLane(IntStream.range(0, 10).mapToObj(n -> "event-" + n).toList(), () -> { })) {
            sender.get(20, TimeUnit.SECONDS);
        }
        assertThat(relay.bean(RepeatsInTurn.class).mayKnow(SimpleString.of(queue), SimpleString.of("event-9").getData())).isTrue();
        storedIds(10);
        assertThat(sentAlone).isEmpty();
    }

    @Test
    void webhooksThatComeAtTheSameTimeAreAmongThem() throws Exception {
        groups.close();
        groups = relay.bean(GroupCommit.class);
        holdLanes();
        List<Future<Integer>> webhooks = IntStream.range(0, 5)
                .mapToObj(n -> senders.submit(() -> relay.revenueCat(Events.renewal("grouped-" + n, "user-" + n, Events.BASE)))).toList();
        awaitParked(5);

        held.countDown();
        for (Future<Integer> webhook : webhooks) {
            assertThat(webhook.get(20, TimeUnit.SECONDS)).isEqualTo(200);
        }
    }

    @Test
    void whatIsStoredTogetherSurvivesTheBroker() throws Exception {
        holdLanes();
        List<Future<?>> waiting = sendAll(IntStream.range(0, 10).mapToObj(n -> "event-" + n).toList());
        held.countDown();
        for (Future<?> sender : waiting) {
            sender.get(20, TimeUnit.SECONDS);
        }

        restartBroker();
        storedIds(10);
        send("event-3");
        assertThat(storedIds(10)).doesNotHaveDuplicates();
    }

    /** The whole transaction is rolled back by it. */
    @Test
    void aRepeatIsRefusedAndTheOthersOfItsGroupAreStored() throws Exception {
        send("repeated");
        for (Future<?> sender : inFirstLane(List.of("first", "repeated", "last"), () -> { })) {
            sender.get(20, TimeUnit.SECONDS);
        }
        assertThat(storedIds(3)).containsExactlyInAnyOrder("repeated", "first", "last");
        assertThat(sentAlone).contains("first", "repeated", "last");
    }

    @Test
    void aRepeatOfWhatIsUnderWayWaitsAndIsNotStored() throws Exception {
        holdLanes();
        List<Future<?>> waiting = sendAll(List.of("same", "other"));
        Future<?> repeat = senders.submit(() -> send("same"));
        awaitParked(3);

        held.countDown();
        repeat.get(20, TimeUnit.SECONDS);
        for (Future<?> sender : waiting) {
            sender.get(20, TimeUnit.SECONDS);
        }
        send("next");
        assertThat(storedIds(3)).containsExactlyInAnyOrder("same", "other", "next");
    }

    @Test
    void aRepeatIsStoredWhenTheFirstWasNot() throws Exception {
        CountDownLatch fails = new CountDownLatch(1);
        CountDownLatch underWay = new CountDownLatch(1);
        Future<?> first = senders.submit(() -> {
            send("same", () -> {
                underWay.countDown();
                awaitLatch(fails);
                throw new JMSException("not stored");
            });
            return null;
        });
        awaitLatch(underWay);
        Future<?> repeat = senders.submit(() -> send("same"));
        awaitParked(1);

        fails.countDown();
        assertThatThrownBy(() -> first.get(20, TimeUnit.SECONDS)).hasRootCauseMessage("not stored");
        repeat.get(20, TimeUnit.SECONDS);
        assertThat(storedIds(1)).containsExactly("same");
    }

    @Test
    void aBrokenConnectionFailsTheGroupAndTheNextOneConnectsAnew() throws Exception {
        List<Connection> connections = new CopyOnWriteArrayList<>();
        groups = new GroupCommit(remembering(connections), (address, id) -> false, LONG);
        for (Future<?> sender : inFirstLane(List.of("before-1", "before-2"), () -> { })) {
            sender.get(20, TimeUnit.SECONDS);
        }
        List<Future<?>> lost = inFirstLane(List.of("lost-1", "lost-2", "lost-3"), () -> connections.get(0).close());
        List<Throwable> failures = new ArrayList<>();
        for (Future<?> sender : lost) {
            assertThatThrownBy(() -> sender.get(20, TimeUnit.SECONDS)).isInstanceOf(ExecutionException.class)
                    .satisfies(failure -> failures.add(failure.getCause()));
        }
        assertThat(failures).hasSize(3).doesNotHaveDuplicates().allSatisfy(failure -> assertThat(failure).isInstanceOf(JMSException.class));

        for (Future<?> sender : inFirstLane(List.of("lost-1", "after-2"), () -> { })) {
            sender.get(20, TimeUnit.SECONDS);
        }
        assertThat(storedIds(4)).containsExactlyInAnyOrder("before-1", "before-2", "lost-1", "after-2");
        assertThat(connections).hasSize(2);
    }

    /** Has all of these wait, does something meanwhile, and then lets them have the first lane. */
    private List<Future<?>> inFirstLane(List<String> ids, Meanwhile meanwhile) throws Exception {
        CountDownLatch first = new CountDownLatch(1);
        CountDownLatch second = new CountDownLatch(1);
        Future<?> firstLane = holdLane("holds-0", first);
        Future<?> secondLane = holdLane("holds-1", second);
        List<Future<?>> waiting = sendAll(ids);
        meanwhile.happens();
        first.countDown();
        firstLane.get(20, TimeUnit.SECONDS);
        await().atMost(LONG).until(() -> waiting.stream().allMatch(Future::isDone));
        second.countDown();
        secondLane.get(20, TimeUnit.SECONDS);
        return waiting;
    }

    @FunctionalInterface
    private interface Meanwhile {
        void happens() throws Exception;
    }

    private static ConnectionFactory remembering(List<Connection> connections) {
        return (ConnectionFactory) Proxy.newProxyInstance(GroupCommitTest.class.getClassLoader(), new Class<?>[] {ConnectionFactory.class},
                (proxy, method, arguments) -> {
                    Connection connection = (Connection) method.invoke(factory(), arguments);
                    connections.add(connection);
                    return connection;
                });
    }

    @Test
    void whoHasWaitedTooLongIsToldAndNobodyElseIsHeldUp() throws Exception {
        groups = new GroupCommit(factory(), (address, id) -> false, Duration.ofMillis(300));
        holdLanes();
        assertThatThrownBy(() -> send("late")).isInstanceOf(JMSException.class).hasMessageContaining("within 300 ms");

        held.countDown();
        send("later");
        assertThat(storedIds(1)).containsExactly("later");
    }

    @Test
    void fromManySendersAllAreStoredAndEachOnce() throws Exception {
        int events = 600;
        List<Future<?>> all = new ArrayList<>();
        for (int n = 0; n < events; n++) {
            String id = "event-" + n;
            // a provider that repeats at once
            for (int times = 0; times <= (n % 7 == 0 ? 1 : 0); times++) {
                all.add(senders.submit(() -> send(id)));
            }
        }
        for (Future<?> sender : all) {
            sender.get(60, TimeUnit.SECONDS);
        }
        assertThat(storedIds(events)).doesNotHaveDuplicates();
    }

    private static ConnectionFactory factory() {
        return (ConnectionFactory) relay.bean(JmsPoolConnectionFactory.class).getConnectionFactory();
    }

    private void holdLanes() throws Exception {
        for (int lane = 0; lane < LANES; lane++) {
            holdLane("holds-" + lane, held);
        }
    }

    /** Sends a message that takes the next free lane, and does not arrive until the latch is released. It is never stored. */
    private Future<?> holdLane(String id, CountDownLatch release) throws Exception {
        CountDownLatch taken = new CountDownLatch(1);
        Future<?> holding = senders.submit(() -> {
            send(id, () -> {
                taken.countDown();
                awaitLatch(release);
            });
            return null;
        });
        awaitLatch(taken);
        return holding;
    }

    private static void awaitLatch(CountDownLatch latch) throws JMSException {
        try {
            if (!latch.await(20, TimeUnit.SECONDS)) {
                throw new JMSException("nothing has happened for 20 s");
            }
        } catch (InterruptedException e) {
            throw new JMSException("interrupted");
        }
    }

    private List<Future<?>> sendAll(List<String> ids) {
        List<Future<?>> sending = new ArrayList<>();
        for (String id : ids) {
            sending.add(senders.submit(() -> send(id)));
        }
        awaitParked(ids.size());
        return sending;
    }

    /** Until so many senders wait for a lane, or for a message with the same id. */
    private void awaitParked(int count) {
        await().atMost(LONG).until(() -> Thread.getAllStackTraces().entrySet().stream()
                .filter(thread -> thread.getKey().getState() == Thread.State.TIMED_WAITING)
                .filter(thread -> List.of(thread.getValue()).stream().limit(6).anyMatch(frame -> frame.getClassName().startsWith(
                        GroupCommit.class.getName()) && List.of("await", "awaitLeaving").contains(frame.getMethodName())))
                .count() >= count);
    }

    private Void send(String id) throws JMSException {
        try (Connection connection = factory().createConnection();
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
                MessageProducer producer = session.createProducer(session.createQueue(queue))) {
            TextMessage message = message(session, id);
            groups.send(id, producer.getDestination(), message, () -> {
                sentAlone.add(id);
                producer.send(message);
            });
            return null;
        }
    }

    private void send(String id, GroupCommit.Alone alone) throws JMSException {
        try (Connection connection = factory().createConnection();
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            groups.send(id, session.createQueue(queue), message(session, id), alone);
        }
    }

    private static TextMessage message(Session session, String id) throws JMSException {
        TextMessage message = session.createTextMessage("the body of " + id);
        message.setStringProperty(Headers.DUPLICATE_ID, id);
        message.setStringProperty("event", id);
        return message;
    }

    /** The ids in the queue, once there are so many. */
    private List<String> storedIds(int count) {
        await().atMost(LONG).until(() -> queues.count(queue) >= count && queues.browse(queue).size() >= count);
        return queues.browse(queue).stream().map(stored -> (String) stored.properties().get("event")).toList();
    }

    private static void restartBroker() throws Exception {
        EmbeddedBroker broker = relay.bean(EmbeddedBroker.class);
        broker.server().orElseThrow().stop();
        await().atMost(LONG).until(() -> broker.server().orElseThrow().isStarted());
    }
}
