package io.subscriptionrelay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.subscriptionrelay.simulator.CleverTapSimulator.StoredRecord;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.Home;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Takes the README at its word. */
class ReadmeTest {

    private static final Pattern VARIABLE = Pattern.compile("\\$\\{([A-Z][A-Z_]+)[:}]");

    @Test
    void aSecondCleverTapAccountForOneAppIsWhatItSays(@TempDir Path folder) {
        Path home = Home.withTheSecondAccountOfTheReadme(folder.resolve("home"));
        try (Simulators simulators = new Simulators()) {
            simulators.cleverTap.account(Home.SECOND_ACCOUNT, "passcode");
            try (RelayApp relay = RelayApp.with(folder.resolve("data")).home(home).set("FITNESS_PASSCODE", "passcode")
                    .cleverTap(simulators.cleverTap.url()).oneSignal(simulators.oneSignal.url()).start()) {
                relay.revenueCat(Home.ofItsApp(Events.renewal("1", "of-fitness", Events.BASE)));
                relay.revenueCat(Events.renewal("2", "of-another-app", Events.BASE));
                await().atMost(Duration.ofSeconds(30)).until(() -> simulators.cleverTap.storedCount() == 2
                        && simulators.oneSignal.appliedCount() == 2);
            }
            assertThat(simulators.cleverTap.eventsOf("of-fitness")).singleElement().extracting(StoredRecord::account).isEqualTo(Home.SECOND_ACCOUNT);
            assertThat(simulators.cleverTap.eventsOf("of-another-app")).singleElement().extracting(StoredRecord::account)
                    .isEqualTo(Simulators.CLEVERTAP_ACCOUNT);
        }
    }

    @Test
    void namesEveryVariable() throws IOException {
        String settings = Files.readString(Path.of("src/main/resources/application.yaml"));
        assertThat(VARIABLE.matcher(settings).results().map((MatchResult found) -> found.group(1)).distinct()).hasSizeGreaterThan(20)
                .allSatisfy(name -> assertThat(Files.readString(Path.of("README.md"))).contains("`" + name + "`"));
    }

    @Test
    void showsTheRowsThatTheDemoPrints() throws IOException {
        String readme = Files.readString(Path.of("README.md"));
        assertThat(readme).contains("webhook                    | HTTP | CleverTap stored ");
        Pattern.compile("^- title: (.*)$", Pattern.MULTILINE).matcher(Files.readString(Path.of("src/demo/resources/demo/webhooks.yaml")))
                .results().forEach(title -> assertThat(readme).contains("\n  " + title.group(1) + " "));
    }
}
