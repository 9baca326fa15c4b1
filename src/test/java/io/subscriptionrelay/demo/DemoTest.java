package io.subscriptionrelay.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.subscriptionrelay.SubscriptionRelayApplication;
import io.subscriptionrelay.demo.DemoTable.Row;
import io.subscriptionrelay.mapping.Accounts;
import io.subscriptionrelay.simulator.CleverTapSimulator;
import io.subscriptionrelay.simulator.OneSignalSimulator;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.Home;
import io.subscriptionrelay.testing.RelayApp;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.beans.factory.NoSuchBeanDefinitionException;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;

@ExtendWith(OutputCaptureExtension.class)
class DemoTest {

    /** What a person may have set for a real relay in the same shell. */
    private static final String[] REAL_SURROUNDINGS = {
        "REVENUECAT_AUTHORIZATION=a real secret",
        "CLEVERTAP_ACCOUNT_ID=RRR-EEE-AL12",
        "CLEVERTAP_URL=http://real.invalid",
        "ONESIGNAL_API_KEY=a real key",
        "ONESIGNAL_SANDBOX=drop",
        "BRAZE_INSTANCE=us-01",
        "BRAZE_API_KEY=a real key",
        "BROKER_URL=tcp://real.invalid:61616",
        "STATE_JDBC_URL=jdbc:postgresql://real.invalid/relay"};
    /** The same, with the highest precedence that there is. */
    private static final String[] REAL_ARGUMENTS = {
        "--relay.data-dir=/real/data",
        "--relay.broker.url=tcp://real.invalid:61616",
        "--spring.datasource.url=jdbc:postgresql://real.invalid/relay",
        "--relay.destinations.clevertap.accounts.production.url=http://real.invalid",
        "--relay.destinations.clevertap.accounts.kids-app.id=RRR-EEE-AL34",
        "--relay.destinations.clevertap.accounts.kids-app.secret=a real passcode"};

    @Test
    void showsWhatBecomesOfEachWebhookAndThenOfAnEdit(@TempDir Path folder, CapturedOutput output) throws Exception {
        Path home = Home.copyTo(Files.createDirectory(folder.resolve("home")));
        Path route = home.resolve("routes/deliver/clevertap-sandbox.camel.yaml");
        Files.writeString(route.resolveSibling("clevertap-kids-app.camel.yaml"), Files.readString(route).replace("sandbox", "kids-app"));
        try (ConfigurableApplicationContext demo = start(home, folder.resolve("demo"))) {
            List<Row> rows = demo.getBean(Demo.class).printed().get(60, TimeUnit.SECONDS);

            assertThat(rows).containsExactly(
                    row("revenuecat", "trial started", "rc_trial_started_event 0 EUR", "subscription_status=trial +11"),
                    row("revenuecat", "trial converted", "rc_trial_converted_event 9.99 EUR", "subscription_status=active +11"),
                    nothing("revenuecat", "the same again", 200, "a repeat, not kept again"),
                    row("revenuecat", "refund", "rc_cancellation_event 0 EUR", "subscription_status=cancelled +11"),
                    row("revenuecat", "expiration", "rc_expiration_event 0 EUR", "subscription_status=expired +11"),
                    new Row("revenuecat", "older event arrives late", 200, List.of("rc_uncancellation_event 0 EUR"), List.of(),
                            List.of("skipped for OneSignal: older than what the user already has")),
                    row("revenuecat", "renewal in yen", "rc_renewal_event 980 JPY", "subscription_status=active +11"),
                    row("revenuecat", "sandbox purchase", "rc_initial_purchase_event 9.99 USD (sandbox account)",
                            "subscription_status=active +11"),
                    new Row("revenuecat", "no OneSignal ID", 200, List.of("rc_renewal_event 59.99 USD"), List.of(),
                            List.of("skipped for OneSignal: no onesignal id")),
                    new Row("revenuecat", "billing issue", 200, List.of(),
                            List.of("subscription_status=grace_period +11"),
                            List.of("parked for CleverTap: CleverTap 528: Discarded event. ErrorCode: 528 - Trying to raise a discarded"
                                    + " event.")),
                    nothing("revenuecat", "event without type", 200, "parked: the webhook has no event type"),
                    nothing("revenuecat", "unknown type", 200, "skipped: unknown event type LOYALTY_TIER_REACHED"),
                    nothing("revenuecat", "test event", 200, "skipped: test event"),
                    nothing("revenuecat", "wrong secret", 401, "refused, nothing kept"),
                    new Row("purchasely", "trial started", 200, List.of("profile with 10 properties", "TRIAL_STARTED"),
                            List.of("SUBSCRIPTION_STATUS=AUTO_RENEWING +11"), List.of()),
                    new Row("purchasely", "transaction processed", 200, List.of("TRANSACTION_PROCESSED 59.99 EUR"), List.of(),
                            List.of("skipped for OneSignal: event switched off")),
                    nothing("qonversion", "activation call", 200, "skipped: test event"),
                    row("qonversion", "trial converted", "trial_converted 39.99 EUR", "subscription_status=active +7"),
                    row("qonversion", "subscription refunded", "subscription_refunded -39.99 EUR", "subscription_status=expired +7"));
            assertThat(output).contains("  renewal in yen           | 200  | rc_renewal_event 980 JPY        | subscription_status=active +11");

            assertThat(demo.getBean(Accounts.class).account("clevertap", "kids-app").url()).isEqualTo(demo.getBean(CleverTapSimulator.class).url());

            assertThat(demo.getBean(Accounts.class).on("braze")).as("Braze, which is not simulated").isFalse();

            int port = demo.getEnvironment().getRequiredProperty("local.server.port", Integer.class);
            assertThat(output).contains("curl -i http://localhost:" + port + "/webhooks/revenuecat");
            post(demo, port, "again-1");
            await(output, "CleverTap stored rc_renewal_event 9.99 EUR of user-1");
            await(output, "OneSignal updated " + Events.oneSignalId("user-1") + ": subscription_status=active");

            Path settings = home.resolve("mappings/revenuecat/clevertap.yaml");
            Files.writeString(settings, Files.readString(settings).replace("renewal: rc_renewal_event ", "renewal: Renewed "));
            await(output, "The edited mappings are in use");
            post(demo, port, "again-2");
            await(output, "CleverTap stored Renewed 9.99 EUR of user-1");
        }
    }

    @Test
    void withoutTheProfileThereIsNeitherDemoNorSimulator(@TempDir Path data) {
        try (RelayApp app = RelayApp.with(data).cleverTap("http://127.0.0.1:9").start()) {
            for (Class<?> type : List.of(CleverTapSimulator.class, OneSignalSimulator.class, Demo.class, DemoConfiguration.class)) {
                assertThatThrownBy(() -> app.bean(type)).isInstanceOf(NoSuchBeanDefinitionException.class);
            }
        }
    }

    private static ConfigurableApplicationContext start(Path home, Path folder) {
        return new SpringApplicationBuilder(SubscriptionRelayApplication.class).profiles("demo").properties(REAL_SURROUNDINGS)
                .run(Stream.concat(Stream.of(REAL_ARGUMENTS), Stream.of("--relay.home=" + home, "--demo.folder=" + folder,
                        "--server.port=0", "--management.server.port=0", "--spring.jmx.unique-names=true")).toArray(String[]::new));
    }

    private static void post(ConfigurableApplicationContext demo, int port, String id) throws Exception {
        String body = Events.renewal(id, "user-1", System.currentTimeMillis());
        assertThat(demo.getBean(Providers.class).post(new Sample(id, "revenuecat", false, body), port)).isEqualTo(200);
    }

    private static void await(CapturedOutput output, String text) {
        Awaitility.await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThat(output).contains(text));
    }

    private static Row row(String provider, String title, String cleverTap, String oneSignal) {
        return new Row(provider, title, 200, List.of(cleverTap), List.of(oneSignal), List.of());
    }

    private static Row nothing(String provider, String title, int status, String why) {
        return new Row(provider, title, status, List.of(), List.of(), List.of(why));
    }
}
