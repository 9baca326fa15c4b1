package io.subscriptionrelay.jmsbatch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.subscriptionrelay.testing.Queues;
import io.subscriptionrelay.testing.RelayApp;
import jakarta.jms.Session;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.camel.CamelContext;
import org.apache.camel.Message;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.spi.RouteStartupOrder;
import org.apache.camel.support.DefaultMessage;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** When a batch of {@code jms-batch:} is complete. */
class JmsBatchConsumerTest {

    /** Longer than the test would wait. */
    private static final Duration BUSY = Duration.ofMinutes(10);

    @TempDir
    static Path folder;
    private static RelayApp relay;
    private static CamelContext camel;
    private static Queues queues;

    @BeforeAll
    static void start() {
        relay = RelayApp.with(folder).cleverTap("http://127.0.0.1:9").start();
        camel = relay.bean(CamelContext.class);
        queues = new Queues(relay);
    }

    @AfterAll
    static void stop() {
        relay.close();
    }

    @Test
    void fewMessagesAreABatchAfterTheOrdinaryWait() throws Exception {
        List<Integer> batches = batches("few");
        send("few", 3);
        await().until(() -> batches.equals(List.of(3)));
    }

    @Test
    void whileManyComeABatchWaitsLongerUntilItIsFull() throws Exception {
        List<Integer> batches = batches("many");
        send("many", 20);
        // many have come and the ordinary wait is over: what comes one by one now is waited for all the same
        await().during(Duration.ofMillis(1500)).until(batches::isEmpty);
        send("many", 20);
        await().until(() -> batches.equals(List.of(40)));
        await().until(() -> queues.count("many") == 0);
    }

    @Test
    void aBatchHasAsManyAsAreAdmittedBesideThoseUnderWay() throws Exception {
        List<Integer> sizes = new CopyOnWriteArrayList<>();
        CountDownLatch held = new CountDownLatch(1);
        BatchAdmission roomForTen = (queue, wanted, batches, messages) -> Math.min(7, 10 - messages);
        camel.getRegistry().bind("roomForTen", roomForTen);
        camel.addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                from("jms-batch:admitted?maxMessages=40&maxWait=500&workers=3&admission=#roomForTen").routeId("admitted").process(exchange -> {
                    sizes.add(exchange.getMessage().getBody(List.class).size());
                    held.await();
                });
            }
        });
        send("admitted", 20);

        await().until(() -> sizes.equals(List.of(7, 3)));
        await().during(Duration.ofSeconds(1)).until(() -> sizes.size() == 2);
        held.countDown();
        await().until(() -> queues.count("admitted") == 0);
        assertThat(sizes.stream().mapToInt(Integer::intValue).sum()).isEqualTo(20);
        assertThat(sizes).allSatisfy(size -> assertThat(size).isLessThanOrEqualTo(7));
    }

    /** Of what runs after a commit each is alone, and none of it is the broker's fault. */
    @Test
    @ExtendWith(OutputCaptureExtension.class)
    void whatThrowsAfterACommitKeepsNothingElseFromRunningAndIsToldOnceAndCounted(CapturedOutput log) throws Exception {
        List<String> ran = new CopyOnWriteArrayList<>();
        List<Session> sessions = new CopyOnWriteArrayList<>();
        camel.addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                from("jms-batch:counted?maxMessages=1").routeId("counted").process(exchange -> {
                    sessions.add(BatchTransaction.of(exchange).session().session());
                    BatchTransaction.afterCommit(exchange, () -> ran.add("before"));
                    BatchTransaction.afterCommit(exchange, () -> {
                        throw new IllegalArgumentException("a meter that throws");
                    });
                    BatchTransaction.afterCommit(exchange, () -> {
                        throw new StackOverflowError("a trace without end");
                    });
                    BatchTransaction.afterCommit(exchange, () -> ran.add("after"));
                });
            }
        });
        send("counted", 3);
        await().untilAsserted(() -> assertThat(ran).containsExactly("before", "after", "before", "after", "before", "after"));
        await().until(() -> queues.count("counted") == 0);
        assertThat(sessions).hasSize(3).containsOnly(sessions.get(0));
        assertThat(relay.prometheus()).contains("relay_after_commit_failed_total 6.0");
        assertThat(log.getAll()).containsOnlyOnce("a meter that throws").doesNotContain("a trace without end", "has lost the broker");
    }

    /** What has been taken from the queue is no exchange yet; the routes that it would be sent to stop meanwhile, and a sender to them waits for half a minute. */
    @Test
    void aStopWhileABatchIsFilledGivesItBackAtOnce() throws Exception {
        List<Integer> batches = new CopyOnWriteArrayList<>();
        camel.addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                from("jms-batch:filling?maxMessages=40&maxWait=" + BUSY.toMillis()).routeId("filling").to("direct:filled");
                from("direct:filled").routeId("filled").process(exchange -> batches.add(exchange.getMessage().getBody(List.class).size()));
            }
        });
        send("filling", 3);
        await().until(() -> queues.delivering("filling") == 3);

        List<RouteStartupOrder> both = camel.getCamelContextExtension().getRouteStartupOrder().stream()
                .filter(route -> List.of("filling", "filled").contains(route.getRoute().getRouteId())).toList();
        long begun = System.nanoTime();
        camel.getShutdownStrategy().shutdown(camel, both);

        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(5));
        await().until(() -> queues.count("filling") == 3);
        assertThat(batches).isEmpty();
    }

    /** What a batch says of itself is there exactly if the batch was committed. */
    @Test
    void whatABatchCollectsIsSentWithItAndForgottenWhenItIsRolledBack() throws Exception {
        AtomicInteger attempts = new AtomicInteger();
        camel.addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                from("jms-batch:collecting?maxMessages=10&maxWait=200").routeId("collecting").process(exchange -> {
                    for (Object message : exchange.getMessage().getBody(List.class)) {
                        BatchTransaction.companion(exchange, Collected.class, () -> new Collected(exchange.getContext())).orElseThrow()
                                .bodies.add(((Message) message).getBody());
                    }
                    if (attempts.incrementAndGet() == 1) {
                        throw new IllegalStateException("the first attempt fails");
                    }
                });
            }
        });
        send("collecting", 3);
        await().untilAsserted(() -> assertThat(queues.count("collected")).isEqualTo(3));
        assertThat(attempts).hasValue(2);
        assertThat(queues.count("collecting")).isZero();
    }

    private static final class Collected implements BatchCompanion {

        private final CamelContext context;
        private final List<Object> bodies = new CopyOnWriteArrayList<>();

        Collected(CamelContext context) {
            this.context = context;
        }

        @Override
        public List<Message> messages() {
            return bodies.stream().<Message>map(body -> {
                Message message = new DefaultMessage(context);
                message.setBody(body);
                message.setHeader("queue", "collected");
                return message;
            }).toList();
        }
    }

    private static List<Integer> batches(String queue) throws Exception {
        List<Integer> sizes = new CopyOnWriteArrayList<>();
        camel.addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                from("jms-batch:" + queue + "?maxMessages=40&maxWait=500&busyWait=" + BUSY.toMillis()).routeId(queue)
                        .process(exchange -> sizes.add(exchange.getMessage().getBody(List.class).size()));
            }
        });
        return sizes;
    }

    private static void send(String queue, int messages) {
        List<Message> list = IntStream.range(0, messages).mapToObj(n -> {
            Message message = new DefaultMessage(camel);
            message.setBody("message " + n);
            return message;
        }).toList();
        camel.createProducerTemplate().sendBody("jms-batch:" + queue, list);
    }
}
