package io.subscriptionrelay.translate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.subscriptionrelay.simulator.CleverTapSimulator;
import io.subscriptionrelay.simulator.CleverTapSimulator.StoredRecord;
import io.subscriptionrelay.testing.Home;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import io.subscriptionrelay.testing.Webhook;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a provider's route says for one destination. Qonversion's own form has a CleverTap account for each platform. */
class PlatformAccountsTest {

    private static final String ANDROID_ACCOUNT = "AND-RO1-DDDZ";

    @TempDir
    Path folder;

    @Test
    void theEventsOfAPlatformGoToTheCleverTapAccountThatIsNamedForIt() throws IOException {
        Path home = Home.copyTo(folder.resolve("home"));
        try (CleverTapSimulator cleverTap = new CleverTapSimulator().account(Simulators.CLEVERTAP_ACCOUNT, Simulators.CLEVERTAP_PASSCODE)
                .account(ANDROID_ACCOUNT, "passcode-android").start()) {
            Files.writeString(home.resolve("application.yaml"), """
                    qonversion:
                      clevertap-account:
                        android: android
                    relay:
                      destinations:
                        clevertap:
                          accounts:
                            android:
                              id: %s
                              secret: passcode-android
                              url: %s
                    """.formatted(ANDROID_ACCOUNT, cleverTap.url()));
            Home.accountRoute(home, "clevertap", "android");
            try (RelayApp relay = RelayApp.with(folder.resolve("data")).home(home).cleverTap(cleverTap.url())
                    .set("QONVERSION_TOKEN", Webhook.QONVERSION_TOKEN).start()) {
                for (String platform : new String[] {"iOS", "Android", "Stripe"}) {
                    byte[] body = started(platform);
                    assertThat(relay.send("POST", "/webhooks/qonversion", body, Webhook.proof("qonversion", body)).statusCode()).isEqualTo(200);
                }
                await().atMost(Duration.ofSeconds(20)).until(() -> cleverTap.storedCount() == 3);
                assertThat(cleverTap.stored()).extracting(StoredRecord::id, StoredRecord::account).containsExactlyInAnyOrder(
                        org.assertj.core.groups.Tuple.tuple("iOS-user", Simulators.CLEVERTAP_ACCOUNT),
                        org.assertj.core.groups.Tuple.tuple("Android-user", ANDROID_ACCOUNT),
                        org.assertj.core.groups.Tuple.tuple("Stripe-user", Simulators.CLEVERTAP_ACCOUNT));
            }
        }
    }

    @Test
    void aRouteSkipsAnEventForOneDestinationAndSaysWhy() throws IOException {
        Path home = Home.copyTo(folder.resolve("home"));
        Path route = home.resolve("routes/translate/qonversion.camel.yaml");
        String last = "        - to:\n            id: qonversion-translate\n";
        assertThat(Files.readString(route)).containsOnlyOnce(last);
        Files.writeString(route, Files.readString(route).replace(last, """
                        - filter:
                            id: of-the-web
                            expression:
                              simple:
                                expression: ${exchangeProperty.platform} == 'Stripe'
                            steps:
                              - setProperty:
                                  id: of-the-web-skip
                                  name: onesignalSkip
                                  expression:
                                    constant:
                                      expression: has no app
                """ + last));
        try (Simulators simulators = new Simulators(); RelayApp relay = RelayApp.with(folder.resolve("data")).home(home)
                .cleverTap(simulators.cleverTap.url()).oneSignal(simulators.oneSignal.url()).set("QONVERSION_TOKEN", Webhook.QONVERSION_TOKEN).start()) {
            for (String platform : new String[] {"Stripe", "iOS"}) {
                byte[] body = started(platform);
                assertThat(relay.send("POST", "/webhooks/qonversion", body, Webhook.proof("qonversion", body)).statusCode()).isEqualTo(200);
            }
            await().atMost(Duration.ofSeconds(20)).until(() -> simulators.cleverTap.storedCount() == 2
                    && !simulators.oneSignal.updatesOf("external_id", "iOS-user").isEmpty());
            assertThat(simulators.oneSignal.updatesOf("external_id", "Stripe-user")).isEmpty();
            assertThat(relay.prometheus()).contains("reason=\"has no app\"");
        }
    }

    private static byte[] started(String platform) {
        return """
                {"event_name":"subscription_started","user_id":"q-%1$s","custom_user_id":"%1$s-user","platform":"%1$s",
                 "environment":"production","time":1790812800,"created_at":1790812801,"product_id":"plus"}"""
                .formatted(platform).getBytes(StandardCharsets.UTF_8);
    }
}
