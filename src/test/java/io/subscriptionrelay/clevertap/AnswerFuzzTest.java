package io.subscriptionrelay.clevertap;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.subscriptionrelay.delivery.Envelope;
import io.subscriptionrelay.testing.RelayApp;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.support.DefaultExchange;
import org.apache.camel.support.DefaultMessage;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** Whatever CleverTap answers, each record is settled exactly once, after as many calls as halving needs at most. */
class AnswerFuzzTest {

    private static final int[] STATUSES = {200, 202, 299, 400, 413, 422};

    @TempDir
    static Path folder;
    private static RelayApp relay;
    private static CleverTap cleverTap;
    private static CamelContext camel;

    @BeforeAll
    static void start() {
        relay = RelayApp.with(folder).cleverTap("http://127.0.0.1:9").set("relay.trace.keep", "0").start();
        cleverTap = relay.bean(CleverTap.class);
        camel = relay.bean(CamelContext.class);
    }

    @AfterAll
    static void stop() {
        relay.close();
    }

    @FuzzTest(maxDuration = "2m")
    void eachRecordIsSettledOnce(FuzzedDataProvider data) {
        int records = data.consumeInt(1, 20);
        int status = STATUSES[data.consumeInt(0, STATUSES.length - 1)];
        byte[] answer = data.consumeRemainingAsBytes();
        List<Message> batch = new ArrayList<>();
        for (int i = 0; i < records; i++) {
            batch.add(record(i));
        }
        Exchange exchange = new DefaultExchange(camel);
        exchange.getMessage().setBody(batch);
        double before = delivered();
        cleverTap.begin(exchange, "production");
        int calls = 0;
        while (exchange.getProperty("upload", Upload.class).isUnfinished()) {
            if (++calls > 2 * records) {
                throw new AssertionError("more calls than halving needs");
            }
            cleverTap.next(exchange);
            exchange.getMessage().removeHeaders("*");
            exchange.getMessage().setHeader(Exchange.HTTP_RESPONSE_CODE, status);
            exchange.getMessage().setBody(new ByteArrayInputStream(answer));
            cleverTap.answer(exchange);
        }
        int sent = cleverTap.settle(exchange).size();
        int delivered = (int) (delivered() - before);
        if (sent + delivered != records) {
            throw new AssertionError(records + " records, " + delivered + " delivered, " + sent + " sent back or parked");
        }
    }

    private static double delivered() {
        return relay.bean(MeterRegistry.class).find("relay.records.delivered").counters().stream().mapToDouble(Counter::count).sum();
    }

    private static Message record(int number) {
        Message message = new DefaultMessage(camel);
        message.setBody(Envelope.join("{\"type\":\"event\"}".getBytes(StandardCharsets.UTF_8), "{}".getBytes(StandardCharsets.UTF_8)));
        message.setHeader("provider", "revenuecat");
        message.setHeader("eventId", "fuzz-" + number);
        message.setHeader("step", "renewal");
        message.setHeader("destination", "clevertap");
        message.setHeader("account", "production");
        message.setHeader("part", 0);
        return message;
    }
}
