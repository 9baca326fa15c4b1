package io.subscriptionrelay.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.subscriptionrelay.event.Headers;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.HeldJournal;
import io.subscriptionrelay.testing.Queues;
import io.subscriptionrelay.testing.RelayApp;
import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSException;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.camel.CamelContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;
import org.messaginghub.pooled.jms.JmsPoolConnectionFactory;

/** Duplicates of what the broker has taken and not yet written. */
class RepeatsInTurnTest {

    private static final Duration LONG = Duration.ofSeconds(20);
    private static final String EVENTS = "events.revenuecat";

    @TempDir
    static Path folder;
    private static RelayApp relay;
    private static Queues queues;

    private final ExecutorService senders = Executors.newCachedThreadPool();
    private String queue;
    private Connection connection;
    private Session plain;

    @BeforeAll
    static void start() throws Exception {
        relay = RelayApp.with(folder).cleverTap("http://127.0.0.1:9").set("relay.broker.store-timeout", "2s").start();
        queues = new Queues(relay);
        relay.bean(CamelContext.class).getRouteController().stopRoute("translate-revenuecat-events");
    }

    @AfterAll
    static void stop() {
        relay.close();
    }

    @BeforeEach
    void connect(TestInfo test) throws JMSException {
        queue = "repeats." + test.getTestMethod().orElseThrow().getName();
        connection = ((ConnectionFactory) relay.bean(JmsPoolConnectionFactory.class).getConnectionFactory()).createConnection();
        plain = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
    }

    @AfterEach
    void disconnect() throws JMSException {
        connection.close();
        senders.shutdownNow();
    }

    @Test
    void aRepeatIsNotAnsweredBeforeWhatItRepeatsIsOnDisk() throws Exception {
        Session other = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
        double repeated = repeated();
        List<Future<?>> both = new ArrayList<>();
        try (HeldJournal held = new HeldJournal(relay)) {
            both.add(senders.submit(() -> send(plain, "same")));
            both.add(senders.submit(() -> send(other, "same")));
            await().atMost(LONG).until(() -> repeated() > repeated);
            await().during(Duration.ofMillis(300)).atMost(LONG).until(() -> both.stream().noneMatch(Future::isDone));
        }
        for (Future<?> sent : both) {
            sent.get(20, TimeUnit.SECONDS);
        }
        send(plain, "next");
        awaitStored(2);
    }

    private static double repeated() {
        return relay.prometheus().lines().filter(line -> line.startsWith("relay_webhooks_repeated_total"))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ')))).sum();
    }

    @Test
    void twoOfAWebhookAtTheSameTimeGetTheir200WhenItIsOnDisk() throws Exception {
        long before = queues.count(EVENTS);
        List<Future<Integer>> both = new ArrayList<>();
        try (HeldJournal held = new HeldJournal(relay)) {
            Stream.generate(() -> senders.submit(() -> relay.revenueCat(Events.renewal("at-once", "user", Events.BASE)))).limit(2).forEach(both::add);
            await().during(Duration.ofMillis(300)).atMost(LONG).until(() -> both.stream().noneMatch(Future::isDone));
        }
        for (Future<Integer> answer : both) {
            assertThat(answer.get(20, TimeUnit.SECONDS)).isEqualTo(200);
        }
        assertThat(relay.revenueCat(Events.renewal("next", "user", Events.BASE))).isEqualTo(200);
        await().atMost(LONG).until(() -> queues.count(EVENTS) == before + 2);
    }

    @Test
    void whileTheDiskStandsStillRepeatsAreRefusedAsTheFirstWere() throws Exception {
        long before = queues.count(EVENTS);
        List<String> events = IntStream.range(0, 5).mapToObj(n -> Events.renewal("stands-still-" + n, "user", Events.BASE)).toList();
        try (HeldJournal held = new HeldJournal(relay)) {
            assertThat(sendAll(events)).containsOnly(503);
            assertThat(sendAll(events)).containsOnly(503);
        }
        await().atMost(LONG).until(() -> events.stream().allMatch(event -> relay.revenueCat(event) == 200));
        assertThat(relay.revenueCat(Events.renewal("after-them", "user", Events.BASE))).isEqualTo(200);
        await().atMost(LONG).until(() -> queues.count(EVENTS) >= before + events.size() + 1);
        assertThat(queues.browse(EVENTS)).hasSize((int) before + events.size() + 1);
    }

    /** All at the same time. */
    private List<Integer> sendAll(List<String> events) throws Exception {
        List<Future<Integer>> answers = events.stream().map(event -> senders.submit(() -> relay.revenueCat(event))).toList();
        List<Integer> codes = new ArrayList<>();
        for (Future<Integer> answer : answers) {
            codes.add(answer.get(60, TimeUnit.SECONDS));
        }
        return codes;
    }

    private Void send(Session session, String id) throws JMSException {
        TextMessage message = session.createTextMessage("the body of " + id);
        message.setStringProperty(Headers.DUPLICATE_ID, id);
        session.createProducer(session.createQueue(queue)).send(message);
        return null;
    }

    /** So many in the queue, and no more. */
    private void awaitStored(int count) {
        await().atMost(LONG).until(() -> queues.count(queue) >= count);
        assertThat(queues.browse(queue)).hasSize(count);
    }
}
