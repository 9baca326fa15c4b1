package io.subscriptionrelay.onesignal;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import com.sun.net.httpserver.HttpServer;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.subscriptionrelay.delivery.Envelope;
import io.subscriptionrelay.delivery.Headers;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.RelayApp;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.support.DefaultExchange;
import org.apache.camel.support.DefaultMessage;
import org.apache.camel.support.UnitOfWorkHelper;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whatever OneSignal answers to updates of users, of players and to custom events: each record of a batch is settled exactly once, after as
 * many calls as it takes at most, and a reason is one short line.
 */
class AnswerFuzzTest {

    private static final int[] STATUSES = {200, 202, 400, 404, 409, 413};
    private static final int LONGEST_REASON = 300;

    @TempDir
    static Path folder;
    private static final AtomicInteger CALLS = new AtomicInteger();
    private static HttpServer destination;
    private static RelayApp relay;
    private static CamelContext camel;
    private static OneSignal oneSignal;
    private static volatile int status;
    private static volatile byte[] text;
    private static int runs;

    @BeforeAll
    static void start() throws IOException {
        destination = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        destination.setExecutor(Executors.newCachedThreadPool());
        destination.createContext("/", call -> {
            CALLS.incrementAndGet();
            call.getRequestBody().readAllBytes();
            call.sendResponseHeaders(status, text.length == 0 ? -1 : text.length);
            call.getResponseBody().write(text);
            call.close();
        });
        destination.start();
        relay = RelayApp.with(folder).oneSignal("http://127.0.0.1:" + destination.getAddress().getPort()).set("relay.trace.keep", "0").start();
        camel = relay.bean(CamelContext.class);
        oneSignal = relay.bean(OneSignal.class);
    }

    @AfterAll
    static void stop() {
        relay.close();
        destination.stop(0);
    }

    @FuzzTest(maxDuration = "2m")
    void eachUpdateAndCustomEventIsSettledOnceAndReasonsAreShort(FuzzedDataProvider data) {
        int records = data.consumeInt(1, 12);
        status = STATUSES[data.consumeInt(0, STATUSES.length - 1)];
        text = data.consumeRemainingAsBytes();
        runs++;
        CALLS.set(0);
        List<Message> batch = new ArrayList<>();
        int once = 0;
        int custom = 0;
        for (int i = 0; i < records; i++) {
            // of two updates in a row the second one is of the same user, and goes with the first
            switch (i % 5) {
                case 0 -> batch.add(update("onesignal_id", i, i));
                case 1 -> batch.add(update("onesignal_id", i - 1, i));
                case 2 -> batch.add(update("external_id", i, i));
                case 3 -> batch.add(update("player_id", i, i));
                default -> batch.add(customEvent(i));
            }
            once += i % 5 != 1 && i % 5 != 4 ? 1 : 0;
            custom += i % 5 == 4 ? 1 : 0;
        }
        Exchange exchange = new DefaultExchange(camel);
        exchange.getMessage().setBody(batch);
        double before = delivered();

        List<Message> sent = oneSignal.deliver(exchange, "production", 10, 950);

        UnitOfWorkHelper.doneSynchronizations(exchange, exchange.getExchangeExtension().handoverCompletions());
        int delivered = (int) (delivered() - before);
        if (sent.size() + delivered != records) {
            throw new AssertionError(records + " records, " + delivered + " delivered, " + sent.size() + " sent back or parked");
        }
        if (CALLS.get() > once + 2 * custom) {
            throw new AssertionError(CALLS.get() + " calls for " + once + " users and " + custom + " custom events");
        }
        for (Message message : sent) {
            String reason = message.getHeader(Headers.REASON, "", String.class);
            if (reason.length() > LONGEST_REASON || reason.chars().anyMatch(Character::isISOControl)) {
                throw new AssertionError(reason);
            }
        }
    }

    private static double delivered() {
        return relay.bean(MeterRegistry.class).find("relay.records.delivered").counters().stream().mapToDouble(Counter::count).sum();
    }

    /** Users of a run are met again in no other one: OneSignal would have to be left alone for a second. */
    private static Message update(String by, int user, int number) {
        return record("{\"by\":\"" + by + "\",\"id\":\"user-" + runs + "-" + user + "\",\"tags\":{\"a\":\"" + number + "\"}}", number);
    }

    private static Message customEvent(int number) {
        return record("{\"custom_event\":{\"name\":\"e\",\"external_id\":\"u" + number + "\",\"idempotency_key\":\"k" + number + "\"}}", number);
    }

    private static Message record(String record, int number) {
        Message message = new DefaultMessage(camel);
        message.setBody(Envelope.join(record.getBytes(StandardCharsets.UTF_8), "{}".getBytes(StandardCharsets.UTF_8)));
        message.setHeader(Headers.PROVIDER, "revenuecat");
        message.setHeader(Headers.EVENT_ID, "fuzz-" + number);
        message.setHeader(Headers.STEP, "renewal");
        message.setHeader(Headers.DESTINATION, "onesignal");
        message.setHeader(Headers.ACCOUNT, "production");
        message.setHeader(Headers.EVENT_TIME, Events.BASE + number);
        message.setHeader(Headers.PART, 0);
        return message;
    }
}
