package io.subscriptionrelay.jmsbatch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.subscriptionrelay.broker.EmbeddedBroker;
import io.subscriptionrelay.testing.Queues;
import io.subscriptionrelay.testing.RelayApp;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.activemq.artemis.core.server.ActiveMQServer;
import org.apache.activemq.artemis.core.settings.impl.AddressFullMessagePolicy;
import org.apache.activemq.artemis.core.settings.impl.AddressSettings;
import org.apache.camel.CamelContext;
import org.apache.camel.CamelExecutionException;
import org.apache.camel.Message;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.support.DefaultMessage;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sending lists with {@code jms-batch:}: all of a list or nothing, and with what was consumed or not at all. */
class JmsBatchProducerTest {

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
    void bodiesAndPropertiesArriveInOrderAndControlHeadersDoNot() {
        send("jms-batch:*", List.of(
                message("text", Map.of("queue", "order", "n", 1, "flag", true, "CAmelJmsDestinationName", "elsewhere")),
                message("bytes".getBytes(StandardCharsets.UTF_8), Map.of("queue", "order", "n", 2L, "nothing", List.of()))));

        await().until(() -> queues.count("order") == 2);
        List<Queues.Stored> stored = queues.browse("order");
        assertThat(stored).extracting(one -> one.properties().get("n")).containsExactly(1, 2L);
        assertThat(stored.get(0).properties()).containsEntry("flag", true).doesNotContainKeys("queue", "CAmelJmsDestinationName");
        assertThat(new String(stored.get(1).body(), StandardCharsets.UTF_8)).isEqualTo("bytes");
        assertThat(stored.get(1).properties()).doesNotContainKey("nothing");
        assertThat(stored).allMatch(Queues.Stored::persistent);
    }

    @Test
    void aListWithoutABatchIsSentAsAWholeOrNotAtAll() {
        refuse("whole.refused");
        List<Message> list = new ArrayList<>();
        list.add(message("a", Map.of("queue", "whole.taken")));
        IntStream.range(0, 10).forEach(n -> list.add(message("b".repeat(20_000), Map.of("queue", "whole.refused"))));

        assertThat(catchFailure("jms-batch:*", list)).hasMessageContaining("full");
        assertThat(queues.count("whole.taken")).isZero();
    }

    @Test
    void aMessageThatTheBrokerRefusesKeepsTheWholeBatchWhereItWas() throws Exception {
        refuse("batch.refused");
        String text = "x".repeat(20_000);
        camel.addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                from("jms-batch:batch.in?maxMessages=10").routeId("refused").autoStartup(false).process(exchange -> {
                    List<Message> out = new ArrayList<>();
                    for (Object one : exchange.getMessage().getBody(List.class)) {
                        out.add(message("taken", Map.of("queue", "batch.taken")));
                        out.add(message(((Message) one).getBody(), Map.of("queue", "batch.refused")));
                    }
                    exchange.getMessage().setBody(out);
                }).to("jms-batch:*");
            }
        });
        send("jms-batch:batch.in", IntStream.range(0, 10).mapToObj(n -> message(text, Map.of())).toList());
        camel.getRouteController().startRoute("refused");
        JmsBatchConsumer consumer = (JmsBatchConsumer) camel.getRoute("refused").getConsumer();

        await().until(() -> consumer.getRolledBack() > 1);
        assertThat(consumer.getBatches()).isZero();
        assertThat(queues.count("batch.taken")).isZero();
        assertThat(queues.count("batch.in")).isEqualTo(10);

        accept("batch.refused");
        await().until(() -> queues.count("batch.refused") == 10 && queues.count("batch.in") == 0);
        assertThat(queues.count("batch.taken")).isEqualTo(10);
    }

    @Test
    void aBatchThatSendsMoreThanIsKeptInMemoryIsStillAllOrNothing() throws Exception {
        refuse("large.refused");
        byte[] megabyte = new byte[1 << 20];
        camel.addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                from("jms-batch:large.in").routeId("large").autoStartup(false).process(exchange -> {
                    List<Message> out = new ArrayList<>();
                    IntStream.range(0, 20).forEach(n -> out.add(message(megabyte, Map.of("queue", "large.taken", "n", n))));
                    IntStream.range(0, 5).forEach(n -> out.add(message("x".repeat(20_000), Map.of("queue", "large.refused"))));
                    exchange.getMessage().setBody(out);
                }).to("jms-batch:*");
            }
        });
        send("jms-batch:large.in", List.of(message("x", Map.of())));
        camel.getRouteController().startRoute("large");
        JmsBatchConsumer consumer = (JmsBatchConsumer) camel.getRoute("large").getConsumer();

        await().until(() -> consumer.getRolledBack() > 1);
        assertThat(queues.count("large.taken")).isZero();
        assertThat(queues.count("large.in")).isEqualTo(1);

        accept("large.refused");
        await().until(() -> queues.count("large.refused") == 5 && queues.count("large.in") == 0);
        // a browser sees messages some milliseconds after they are counted
        await().untilAsserted(() -> assertThat(queues.browse("large.taken")).extracting(stored -> stored.properties().get("n"))
                .containsExactlyElementsOf(IntStream.range(0, 20).boxed().toList()));
    }

    @Test
    void aSendInAnotherThreadIsInTheTransactionOfItsBatch() throws Exception {
        AtomicBoolean fails = new AtomicBoolean(true);
        AtomicInteger tries = new AtomicInteger();
        camel.addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                from("jms-batch:threads.in?parallel=true").routeId("threads").split(body()).parallelProcessing()
                        .process(exchange -> exchange.getMessage().setBody(List.of(message("x", Map.of())))).to("jms-batch:threads.out").end()
                        .process(exchange -> {
                            tries.incrementAndGet();
                            if (fails.get()) {
                                throw new IllegalStateException("after the sends");
                            }
                        });
            }
        });
        send("jms-batch:threads.in", List.of(message("x", Map.of()), message("y", Map.of()), message("z", Map.of())));

        await().until(() -> tries.get() > 1);
        assertThat(queues.count("threads.out")).isZero();
        fails.set(false);
        await().until(() -> queues.count("threads.out") == 3 && queues.count("threads.in") == 0);
        camel.getRouteController().stopRoute("threads");
    }

    @Test
    void whatIsNotAMessageOrHasNoQueueIsRefusedWithAReason() {
        assertThat(catchFailure("jms-batch:*", List.of("text"))).hasMessageContaining("a list of Camel messages, not of java.lang.String");
        assertThat(catchFailure("jms-batch:*", List.of(message("x", Map.of())))).hasMessageContaining("in the header `queue` of each message");
        assertThat(catchFailure("jms-batch:*?queueHeader=to", List.of(message("x", Map.of("queue", "q"))))).hasMessageContaining("`to`");
    }

    private static Message message(Object body, Map<String, Object> headers) {
        DefaultMessage message = new DefaultMessage(camel);
        message.setBody(body);
        headers.forEach(message::setHeader);
        return message;
    }

    private static void send(String uri, List<?> list) {
        relay.bean(ProducerTemplate.class).sendBody(uri, list);
    }

    private static Throwable catchFailure(String uri, List<?> list) {
        try {
            send(uri, list);
            throw new AssertionError("it was sent");
        } catch (CamelExecutionException e) {
            return e.getCause();
        }
    }

    private static void refuse(String queue) {
        broker().getAddressSettingsRepository().addMatch(queue, new AddressSettings().setMaxSizeBytes(60_000)
                .setAddressFullMessagePolicy(AddressFullMessagePolicy.FAIL));
    }

    private static void accept(String queue) {
        broker().getAddressSettingsRepository().addMatch(queue, new AddressSettings().setMaxSizeBytes(10_000_000)
                .setAddressFullMessagePolicy(AddressFullMessagePolicy.FAIL));
    }

    private static ActiveMQServer broker() {
        return relay.bean(EmbeddedBroker.class).server().orElseThrow();
    }
}
