package io.subscriptionrelay.deliver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.RelayApp;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** Reasons quote what providers send, so they may be alike. */
@ExtendWith(OutputCaptureExtension.class)
class SkipReasonsTest {

    @TempDir
    Path folder;

    @Test
    void eventTypesThatDifferOnlyByABlankAreCountedEachAndHoldUpNothing(CapturedOutput output) {
        try (RelayApp relay = RelayApp.with(folder).cleverTap("http://127.0.0.1:9").start()) {
            List<String> types = List.of("NEW KIND", "NEW_KIND", "NEW.KIND");
            types.forEach(type -> assertThat(relay.revenueCat(Events.event(type, type, "u", Events.BASE, "\"a\":1"))).isEqualTo(200));
            await().atMost(Duration.ofSeconds(10)).untilAsserted(() -> assertThat(types).allSatisfy(type ->
                    assertThat(relay.prometheus()).contains("reason=\"unknown event type " + type + "\"")));
            assertThat(output).doesNotContain("has lost the broker");
        }
    }
}
