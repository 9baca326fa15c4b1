package io.subscriptionrelay.routes;

import static org.apache.camel.builder.AdviceWith.adviceWith;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.SubscriptionRelayApplication;
import io.subscriptionrelay.event.Envelope;
import io.subscriptionrelay.event.Headers;
import io.subscriptionrelay.event.QueueNames;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.testing.Simulators;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.camel.CamelContext;
import org.apache.camel.EndpointInject;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.builder.NotifyBuilder;
import org.apache.camel.component.mock.MockEndpoint;
import org.apache.camel.test.spring.junit5.CamelSpringBootTest;
import org.apache.camel.test.spring.junit5.UseAdviceWith;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** One record through each of the shipped files of {@code routes/deliver}, with a destination that is a mock. */
@CamelSpringBootTest
@UseAdviceWith
@SpringBootTest(classes = SubscriptionRelayApplication.class, webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT, properties = {
    "management.server.port=0", "REVENUECAT_AUTHORIZATION=any text of at least 16 characters",
    "CLEVERTAP_ACCOUNT_ID=" + Simulators.CLEVERTAP_ACCOUNT, "CLEVERTAP_PASSCODE=any", "CLEVERTAP_SANDBOX_ACCOUNT_ID=TEST-111-222Z",
    "CLEVERTAP_SANDBOX_PASSCODE=any", "ONESIGNAL_APP_ID=" + Simulators.ONESIGNAL_APP, "ONESIGNAL_API_KEY=any",
    "ONESIGNAL_SANDBOX_APP_ID=a2d6f6b1-7a1c-4f0e-8a55-2f0b6a9f1c12", "ONESIGNAL_SANDBOX_API_KEY=any", "BRAZE_INSTANCE=us-01", "BRAZE_API_KEY=any",
    "BRAZE_SANDBOX_INSTANCE=us-02", "BRAZE_SANDBOX_API_KEY=any"})
class DeliverRoutesTest {

    private static final List<String> ACCOUNTS = List.of("clevertap-production", "clevertap-sandbox", "onesignal-production", "onesignal-sandbox",
            "braze-production", "braze-sandbox");
    private static final String USER = "5b0d9c1e-42f7-4a86-9d33-8e6f0a1c7b24";
    private static final Map<String, String> ANSWERS = Map.of("clevertap", "{\"status\":\"success\",\"processed\":1,\"unprocessed\":[]}",
            "onesignal", "{\"properties\":{}}", "braze", "{\"message\":\"success\"}");

    @Autowired
    private CamelContext camel;
    @Autowired
    private ProducerTemplate template;
    @EndpointInject("mock:calls")
    private MockEndpoint calls;

    @DynamicPropertySource
    static void dataOfItsOwn(DynamicPropertyRegistry properties) {
        properties.add("relay.data-dir", () -> "target/deliver-routes-test/" + UUID.randomUUID());
    }

    /** Changes the route before it starts, which it does once for all tests. */
    @BeforeEach
    void answerInPlaceOfDestinations() throws Exception {
        calls.reset();
        if (!camel.isStarted()) {
            adviceWith(camel, "deliver-calls", false, route -> route.weaveById("call").replace().to(calls));
            camel.start();
        }
    }

    @Test
    void everyFileThatIsShippedIsTriedBelow() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("routes/deliver"))) {
            assertThat(files.map(file -> file.getFileName().toString().replace(".camel.yaml", ""))
                    .filter(name -> !name.equals("calls") && !name.equals("later"))).containsExactlyInAnyOrderElementsOf(ACCOUNTS);
        }
    }

    @ParameterizedTest
    @CsvSource({"clevertap, production, POST https://api.clevertap.com/1/upload", "clevertap, sandbox, POST https://api.clevertap.com/1/upload",
        "onesignal, production, PATCH https://api.onesignal.com/apps/" + Simulators.ONESIGNAL_APP + "/users/by/onesignal_id/" + USER,
        "onesignal, sandbox, PATCH https://api.onesignal.com/apps/a2d6f6b1-7a1c-4f0e-8a55-2f0b6a9f1c12/users/by/onesignal_id/" + USER,
        "braze, production, POST https://rest.iad-01.braze.com/users/track", "braze, sandbox, POST https://rest.iad-02.braze.com/users/track"})
    void aRecordIsCarriedByACallAndSettledByItsAnswer(String destination, String account, String call) throws Exception {
        answer(destination);
        NotifyBuilder delivered = new NotifyBuilder(camel).fromRoute("deliver-" + destination + "-" + account).whenCompleted(1).create();

        send(QueueNames.deliver(destination, account), destination, account, Map.of());

        assertThat(delivered.matches(20, TimeUnit.SECONDS)).isTrue();
        calls.assertIsSatisfied();
        Exchange made = calls.getExchanges().get(0);
        Message message = made.getMessage();
        assertThat(message.getHeader(Exchange.HTTP_METHOD) + " " + made.getProperty("url") + message.getHeader(Exchange.HTTP_PATH)).isEqualTo(call);
        carries(made, destination);
    }

    @ParameterizedTest
    @CsvSource({"deliver.later.1m, deliver-later-minute, clevertap, production", "deliver.later.10m, deliver-later-ten-minutes, braze, sandbox"})
    void aRecordThatIsDueComesBackToItsAccount(String queue, String route, String destination, String account) throws Exception {
        answer(destination);
        NotifyBuilder back = new NotifyBuilder(camel).fromRoute(route).whenCompleted(1).and()
                .fromRoute("deliver-" + destination + "-" + account).whenCompleted(1).create();

        send(queue, destination, account, Map.of(Headers.NOT_BEFORE, System.currentTimeMillis()));

        assertThat(back.matches(20, TimeUnit.SECONDS)).isTrue();
        calls.assertIsSatisfied();
        carries(calls.getExchanges().get(0), destination);
    }

    private void answer(String destination) {
        calls.expectedMessageCount(1);
        calls.whenAnyExchangeReceived(exchange -> {
            exchange.getMessage().setHeader(Exchange.HTTP_RESPONSE_CODE, 200);
            exchange.getMessage().setBody(ANSWERS.get(destination).getBytes(StandardCharsets.UTF_8));
        });
    }

    private static void carries(Exchange call, String destination) throws IOException {
        JsonNode body = StrictJson.mapper().readTree(call.getMessage().getBody(byte[].class));
        JsonNode record = record(destination);
        switch (destination) {
            case "clevertap" -> assertThat(body.at("/d")).containsExactly(record);
            case "onesignal" -> assertThat(body.at("/properties/tags")).isEqualTo(record.get("tags"));
            default -> assertThat(body.at("/attributes")).containsExactly(record.get("attributes"));
        }
    }

    private void send(String queue, String destination, String account, Map<String, Object> more) throws IOException {
        Map<String, Object> headers = new HashMap<>(more);
        headers.putAll(Map.of(Headers.PROVIDER, "revenuecat", Headers.EVENT_ID, UUID.randomUUID().toString(), Headers.STEP, "renewal",
                Headers.DESTINATION, destination, Headers.ACCOUNT, account, Headers.PART, 0, Headers.EVENT_TIME, System.currentTimeMillis(),
                Headers.RECEIVED_AT, System.currentTimeMillis()));
        template.sendBodyAndHeaders("jms:queue:" + queue, Envelope.join(StrictJson.mapper().writeValueAsBytes(record(destination)),
                Files.readAllBytes(Path.of("mappings/revenuecat/examples/renewal.webhook.json"))), headers);
    }

    /** The first record that a renewal becomes. */
    private static JsonNode record(String destination) throws IOException {
        JsonNode expected = StrictJson.mapper().readTree(Path.of("mappings/revenuecat/examples/renewal.expected.json").toFile());
        return expected.at("/" + destination + "/records/0");
    }
}
