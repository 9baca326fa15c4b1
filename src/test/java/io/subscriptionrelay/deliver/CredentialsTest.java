package io.subscriptionrelay.deliver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Refused credentials pause one account, visibly, and it goes on by itself. */
class CredentialsTest {

    @TempDir
    Path folder;

    @Test
    void refusedCredentialsPauseTheAccountKeepItsQueueAndShowInHealthUntilTheyWorkAgain() {
        try (Simulators simulators = new Simulators();
                RelayApp relay = RelayApp.with(folder).cleverTap(simulators.cleverTap.url()).oneSignal(simulators.oneSignal.url()).start()) {
            simulators.cleverTap.account(Simulators.CLEVERTAP_ACCOUNT, "another passcode");
            assertThat(relay.revenueCat(Events.renewal("c-1", "somebody", Events.BASE))).isEqualTo(200);
            await().atMost(Duration.ofSeconds(20)).until(() -> relay.manage("GET", "/health").statusCode() == 503);
            assertThat(relay.actuator("/health").path("status").asText()).isEqualTo("DOWN");
            assertThat(relay.actuator("/health").path("components").path("clevertap-production").path("status").asText()).isEqualTo("DOWN");
            assertThat(relay.actuator("/health").path("components").path("onesignal-production").path("status").asText()).isEqualTo("UP");
            assertThat(relay.manage("GET", "/health/readiness").statusCode()).isEqualTo(200);
            assertThat(relay.manage("GET", "/health/liveness").statusCode()).isEqualTo(200);
            assertThat(relay.prometheus()).contains("relay_account_paused{account=\"production\",destination=\"clevertap\"} 1.0");
            assertThat(relay.parked().path("total").asInt()).isZero();
            // the other destination has its update meanwhile
            await().atMost(Duration.ofSeconds(10)).until(() ->
                    !simulators.oneSignal.updatesOf("onesignal_id", Events.oneSignalId("somebody")).isEmpty());
            assertThat(relay.manage("GET", "/health").body()).doesNotContain(Simulators.CLEVERTAP_PASSCODE);

            simulators.cleverTap.account(Simulators.CLEVERTAP_ACCOUNT, Simulators.CLEVERTAP_PASSCODE);
            await().atMost(Duration.ofSeconds(40)).until(() -> simulators.cleverTap.storedCount() == 1);
            await().atMost(Duration.ofSeconds(10)).until(() -> relay.manage("GET", "/health").statusCode() == 200);
        }
    }
}
