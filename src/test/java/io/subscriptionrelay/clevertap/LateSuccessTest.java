package io.subscriptionrelay.clevertap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.Home;
import io.subscriptionrelay.testing.Queues;
import io.subscriptionrelay.testing.RelayApp;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.apache.camel.CamelContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An outage begins while a call is under way, which is still answered as it should be. */
class LateSuccessTest {

    private static final int BATCH = 8;

    @TempDir
    Path folder;
    /** How many records each call had. */
    private final List<Integer> calls = new CopyOnWriteArrayList<>();
    private final CountDownLatch failed = new CountDownLatch(1);

    @Test
    void aCallThatBeganBeforeTheOutageIsNoReasonToTakeABatchApart() throws Exception {
        Path home = Home.copyTo(folder.resolve("home"));
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        ExecutorService threads = Executors.newFixedThreadPool(4);
        server.setExecutor(threads);
        server.createContext("/", this::answer);
        server.start();
        try (RelayApp relay = RelayApp.with(folder.resolve("data")).home(home)
                .cleverTap("http://127.0.0.1:" + server.getAddress().getPort()).start()) {
            assertThat(relay.revenueCat(Events.renewal("first", "first", Events.BASE))).isEqualTo(200);
            await().atMost(Duration.ofSeconds(10)).until(() -> calls.size() == 1);
            CamelContext camel = relay.bean(CamelContext.class);
            camel.getRouteController().stopRoute("translate-revenuecat-events");
            for (int i = 0; i < BATCH; i++) {
                assertThat(relay.revenueCat(Events.renewal("late-" + i, "late-" + i, Events.BASE))).isEqualTo(200);
            }
            await().atMost(Duration.ofSeconds(10)).until(() -> new Queues(relay).count("events.revenuecat") == BATCH);
            camel.getRouteController().startRoute("translate-revenuecat-events");
            await().atMost(Duration.ofSeconds(20)).until(() -> calls.size() > 4);
            // as it is, and then with one record, each time another
            assertThat(calls.subList(1, 5)).containsExactly(BATCH, 1, 1, 1);
            assertThat(relay.prometheus().lines().filter(line -> line.startsWith("relay_records_delivered_total"))).singleElement()
                    .asString().endsWith(" 1.0");
        } finally {
            server.stop(0);
            threads.shutdownNow();
        }
    }

    /** The first call is answered well, but only after another one has met a server error, as all others do. */
    private void answer(HttpExchange exchange) throws IOException {
        int records = StrictJson.mapper().readTree(exchange.getRequestBody().readAllBytes()).path("d").size();
        calls.add(records);
        if (calls.size() == 1) {
            try {
                failed.await(30, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            send(exchange, 200, "{\"status\":\"success\",\"processed\":1,\"unprocessed\":[]}");
        } else {
            send(exchange, 500, "oops");
            if (calls.size() > 2) {
                // that it was repeated shows that its first failure was noted
                failed.countDown();
            }
        }
    }

    private static void send(HttpExchange exchange, int status, String text) throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }
}
