package io.subscriptionrelay.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.Queues;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Webhook;
import jakarta.jms.BytesMessage;
import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.QueueBrowser;
import jakarta.jms.Session;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import org.apache.camel.CamelContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** What is kept of a webhook, seen in its queue. */
@ExtendWith(OutputCaptureExtension.class)
class KeptMessageTest {

    @Test
    void nothingOfTheRequestIsKeptButItsBody(@TempDir Path data) throws Exception {
        String body = Events.renewal("kept-1", "user-1", Events.BASE);
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        try (RelayApp app = RelayApp.with(data).set("REVENUECAT_SIGNING_SECRET", "signing secret").cleverTap("http://127.0.0.1:9").start()) {
            app.bean(CamelContext.class).getRouteController().stopRoute("translate-revenuecat-events");
            String time = Long.toString(System.currentTimeMillis() / 1000);
            String signature = Webhook.hmac("signing secret", (time + ".").getBytes(StandardCharsets.UTF_8), bytes);
            assertThat(app.send("POST", "/webhooks/revenuecat?provider=other&_AMQ_DUPL_ID=x", bytes,
                    "Authorization", RelayApp.AUTHORIZATION, "X-RevenueCat-Webhook-Signature", "t=" + time + ",v1=" + signature,
                    "eventId", "other", "Cookie", "a=b", "X-Anything", "else").statusCode()).isEqualTo(200);
            try (Connection connection = app.bean(ConnectionFactory.class).createConnection();
                    Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
                    QueueBrowser browser = session.createBrowser(session.createQueue("events.revenuecat"))) {
                connection.start();
                List<?> kept = Collections.list(browser.getEnumeration());
                assertThat(kept).hasSize(1);
                BytesMessage message = (BytesMessage) kept.get(0);
                assertThat(Collections.list((Enumeration<?>) message.getPropertyNames()).stream().map(Object::toString)
                        .filter(name -> !name.startsWith("JMSX") && !name.startsWith("__")))
                        .containsExactlyInAnyOrder("provider", "eventId", "receivedAt", "sum", "_AMQ_DUPL_ID");
                assertThat(message.getStringProperty("provider")).isEqualTo("revenuecat");
                assertThat(message.getStringProperty("eventId")).isEqualTo("kept-1");
                byte[] raw = new byte[(int) message.getBodyLength()];
                message.readBytes(raw);
                assertThat(raw).isEqualTo(bytes);
            }
        }
    }

    @Test
    void aRepeatIsCountedAndNotLogged(@TempDir Path data, CapturedOutput output) {
        String body = Events.renewal("kept-2", "user-1", Events.BASE);
        try (RelayApp app = RelayApp.with(data).cleverTap("http://127.0.0.1:9").start()) {
            assertThat(app.revenueCat(body)).isEqualTo(200);
            assertThat(app.revenueCat(body)).isEqualTo(200);
            assertThat(app.prometheus()).contains("relay_webhooks_repeated_total{provider=\"revenuecat\"} 1.0");
        }
        assertThat(output).doesNotContain("Duplicate message").doesNotContain("kept-2");
    }

    @Test
    void anActivationCallWithoutBodyIsAnsweredAndNotKept(@TempDir Path data) throws Exception {
        try (RelayApp app = RelayApp.with(data).set("QONVERSION_TOKEN", Webhook.QONVERSION_TOKEN).cleverTap("http://127.0.0.1:9").start()) {
            app.bean(CamelContext.class).getRouteController().stopRoute("translate-qonversion-events");
            assertThat(app.post("qonversion", "", Webhook.proof("qonversion", new byte[0])).statusCode()).isEqualTo(200);
            assertThat(app.post("revenuecat", "", "Authorization", RelayApp.AUTHORIZATION).statusCode()).isEqualTo(400);
            assertThat(app.post("revenuecat", "").statusCode()).isEqualTo(401);
            String event = Events.renewal("qonversion", "after-it", "user-1", Events.BASE);
            assertThat(app.post("qonversion", event, Webhook.proof("qonversion", event.getBytes(StandardCharsets.UTF_8))).statusCode()).isEqualTo(200);
            Queues queues = new Queues(app);
            await().atMost(Duration.ofSeconds(10)).until(() -> queues.count("events.qonversion") > 0);
            assertThat(queues.browse("events.qonversion")).singleElement().satisfies(kept ->
                    assertThat(kept.body()).asString(StandardCharsets.UTF_8).isEqualTo(event));
            assertThat(queues.count("events.revenuecat")).isZero();
        }
    }
}
