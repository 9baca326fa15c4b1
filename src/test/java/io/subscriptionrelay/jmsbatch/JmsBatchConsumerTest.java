package io.subscriptionrelay.jmsbatch;

import static org.awaitility.Awaitility.await;

import io.subscriptionrelay.testing.Queues;
import io.subscriptionrelay.testing.RelayApp;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.apache.camel.CamelContext;
import org.apache.camel.Message;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.support.DefaultMessage;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
