package io.subscriptionrelay.routes;

import static org.apache.camel.builder.AdviceWith.adviceWith;
import static org.assertj.core.api.Assertions.assertThat;

import io.subscriptionrelay.SubscriptionRelayApplication;
import io.subscriptionrelay.testing.Simulators;
import io.subscriptionrelay.testing.Webhook;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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

/** One event of each provider through the shipped files of {@code routes/webhooks} and {@code routes/translate}, past HTTP and the destinations. */
@CamelSpringBootTest
@UseAdviceWith
@SpringBootTest(classes = SubscriptionRelayApplication.class, webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT, properties = {
    "management.server.port=0", "REVENUECAT_AUTHORIZATION=any text of at least 16 characters", "PURCHASELY_SHARED_SECRET=" + Webhook.PURCHASELY_SECRET,
    "QONVERSION_TOKEN=" + Webhook.QONVERSION_TOKEN,
    "CLEVERTAP_ACCOUNT_ID=" + Simulators.CLEVERTAP_ACCOUNT, "CLEVERTAP_PASSCODE=any", "ONESIGNAL_APP_ID=" + Simulators.ONESIGNAL_APP,
    "ONESIGNAL_API_KEY=any"})
class ProviderRoutesTest {

    private static final List<String> PROVIDERS = List.of("revenuecat", "purchasely", "qonversion");

    @Autowired
    private CamelContext camel;
    @Autowired
    private ProducerTemplate template;
    @EndpointInject("mock:records")
    private MockEndpoint records;

    @DynamicPropertySource
    static void dataOfItsOwn(DynamicPropertyRegistry properties) {
        properties.add("relay.data-dir", () -> "target/provider-routes-test/" + UUID.randomUUID());
    }

    /** Changes the routes before they start, which they do once for all tests. */
    @BeforeEach
    void goAroundHttpAndDestinations() throws Exception {
        records.reset();
        if (!camel.isStarted()) {
            for (String provider : PROVIDERS) {
                adviceWith(camel, "webhooks-" + provider, false, route -> route.replaceFromWith("direct:post-" + provider));
            }
            adviceWith(camel, "webhook", false, route -> route.weaveById("authenticate").remove());
            adviceWith(camel, "translate", false, route -> route.weaveById("queue-records").replace().to(records));
            camel.start();
        }
    }

    @Test
    void everyProviderThatIsShippedIsTriedBelow() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("routes/webhooks"))) {
            assertThat(files.map(file -> file.getFileName().toString().replace(".camel.yaml", "")).filter(name -> !name.equals("webhook")))
                    .containsExactlyInAnyOrderElementsOf(PROVIDERS);
        }
    }

    @ParameterizedTest
    @CsvSource({"revenuecat, renewal, renewal", "purchasely, subscription-renewed, subscription_renewed",
        "qonversion, subscription-renewed, subscription_renewed"})
    void anEventIsKeptAndBecomesRecordsForBothDestinations(String provider, String example, String step) throws Exception {
        byte[] webhook = Files.readAllBytes(Path.of("mappings", provider, "examples", example + ".webhook.json"));
        NotifyBuilder translated = new NotifyBuilder(camel).fromRoute("translate-" + provider + "-events").whenCompleted(1).create();
        records.expectedMessageCount(1);

        Exchange answer = template.request("direct:post-" + provider, exchange -> exchange.getMessage().setBody(webhook));

        assertThat(answer.getMessage().getHeader(Exchange.HTTP_RESPONSE_CODE)).isEqualTo("200");
        assertThat(translated.matches(20, TimeUnit.SECONDS)).isTrue();
        records.assertIsSatisfied();
        List<?> messages = records.getExchanges().get(0).getMessage().getBody(List.class);
        assertThat(messages).extracting(message -> ((Message) message).getHeader("queue"))
                .contains("deliver.clevertap.production", "deliver.onesignal.production");
        assertThat(messages).extracting(message -> ((Message) message).getHeader("step")).containsOnly(step);
    }
}
