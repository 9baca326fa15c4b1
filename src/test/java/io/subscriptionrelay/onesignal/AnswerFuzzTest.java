package io.subscriptionrelay.onesignal;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.subscriptionrelay.delivery.Answer;
import io.subscriptionrelay.delivery.Envelope;
import io.subscriptionrelay.delivery.RecordMessage;
import io.subscriptionrelay.delivery.Settlement;
import io.subscriptionrelay.delivery.Settlements;
import io.subscriptionrelay.testing.RelayApp;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.support.DefaultExchange;
import org.apache.camel.support.DefaultMessage;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** Whatever OneSignal answers: a reason is one short line, and each custom event is settled exactly once. */
class AnswerFuzzTest {

    private static final int[] STATUSES = {200, 202, 400, 404, 409, 413};

    @TempDir
    static Path folder;
    private static RelayApp relay;
    private static CamelContext camel;

    @BeforeAll
    static void start() {
        relay = RelayApp.with(folder).oneSignal("http://127.0.0.1:9").set("relay.trace.keep", "0").start();
        camel = relay.bean(CamelContext.class);
    }

    @AfterAll
    static void stop() {
        relay.close();
    }

    @FuzzTest(maxDuration = "2m")
    void eachCustomEventIsSettledOnceAndReasonsAreShort(FuzzedDataProvider data) throws Exception {
        int records = data.consumeInt(1, 12);
        int status = STATUSES[data.consumeInt(0, STATUSES.length - 1)];
        byte[] text = data.consumeRemainingAsBytes();
        Exchange exchange = new DefaultExchange(camel);
        exchange.getMessage().setHeader(Exchange.HTTP_RESPONSE_CODE, status);
        exchange.getMessage().setBody(new ByteArrayInputStream(text));
        Answer answer = Answer.of(exchange);
        String reason = OneSignal.text(answer.json());
        if (reason.length() > 201 || reason.chars().anyMatch(Character::isISOControl)) {
            throw new AssertionError(reason);
        }
        Settlement settlement = relay.bean(Settlements.class).begin(exchange);
        CustomEvents events = new CustomEvents();
        for (int i = 0; i < records; i++) {
            String event = "{\"name\":\"e\",\"external_id\":\"u" + i + "\",\"idempotency_key\":\"k" + i + "\"}";
            events.add(new RecordMessage(record(event, i)), io.subscriptionrelay.webhook.StrictJson.mapper().readTree(event));
        }
        double before = delivered();
        int calls = 0;
        while (events.isUnfinished()) {
            if (++calls > 2 * records) {
                throw new AssertionError("more calls than halving needs");
            }
            events.next();
            events.settle(answer, settlement);
        }
        if (settlement.messages().size() + delivered() - before != records) {
            throw new AssertionError(records + " records, " + settlement.messages().size() + " sent back or parked");
        }
    }

    private static double delivered() {
        return relay.bean(MeterRegistry.class).find("relay.records.delivered").counters().stream().mapToDouble(Counter::count).sum();
    }

    private static Message record(String event, int number) {
        Message message = new DefaultMessage(camel);
        message.setBody(Envelope.join(("{\"custom_event\":" + event + "}").getBytes(StandardCharsets.UTF_8), "{}".getBytes(StandardCharsets.UTF_8)));
        message.setHeader("provider", "revenuecat");
        message.setHeader("eventId", "fuzz-" + number);
        message.setHeader("step", "renewal");
        message.setHeader("destination", "onesignal");
        message.setHeader("account", "production");
        message.setHeader("part", 0);
        return message;
    }
}
