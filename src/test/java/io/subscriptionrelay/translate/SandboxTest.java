package io.subscriptionrelay.translate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where sandbox events go when there are no accounts for them. */
class SandboxTest {

    private static final String WEBHOOK = Events.renewal("sandbox-1", "tester", Events.BASE).replace("PRODUCTION", "SANDBOX");

    @TempDir
    Path folder;

    @Test
    void withoutSandboxAccountsCleverTapSkipsThemAndOneSignalTakesThemIntoTheProductionApp() {
        try (Simulators simulators = new Simulators();
                RelayApp relay = RelayApp.with(folder).cleverTap(simulators.cleverTap.url()).oneSignal(simulators.oneSignal.url()).start()) {
            assertThat(relay.revenueCat(WEBHOOK)).isEqualTo(200);
            await().atMost(Duration.ofSeconds(20)).until(() ->
                    "SANDBOX".equals(simulators.oneSignal.tags(Simulators.ONESIGNAL_APP, "onesignal_id", Events.oneSignalId("tester")).get("environment")));
            assertThat(relay.prometheus()).containsPattern("relay_events_skipped_total\\{destination=\"clevertap\".*reason=\"no sandbox account\"");
            assertThat(simulators.cleverTap.callCount()).isZero();
        }
    }

    @Test
    void oneSignalLeavesThemOutWhenToldTo() {
        try (Simulators simulators = new Simulators();
                RelayApp relay = RelayApp.with(folder).oneSignal(simulators.oneSignal.url())
                        .set("ONESIGNAL_SANDBOX_APP_ID", "a2d6f6b1-7a1c-4f0e-8a55-2f0b6a9f1c12").set("ONESIGNAL_SANDBOX_API_KEY", "x")
                        .set("ONESIGNAL_SANDBOX", "drop").start()) {
            assertThat(relay.revenueCat(WEBHOOK)).isEqualTo(200);
            await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThat(relay.prometheus())
                    .containsPattern("relay_events_skipped_total\\{destination=\"onesignal\".*reason=\"sandbox events left out\""));
            assertThat(simulators.oneSignal.callCount()).isZero();
        }
    }
}
