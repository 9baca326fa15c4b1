package io.subscriptionrelay.pages;

import static org.assertj.core.api.Assertions.assertThat;

import io.subscriptionrelay.mapping.Version;
import io.subscriptionrelay.pages.MappingsPage.File;
import io.subscriptionrelay.pages.MappingsPage.State;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class MappingsPageTest {

    private static final File MAPPING = file("revenuecat/clevertap.jslt");
    private static final File SETTINGS = file("revenuecat/clevertap.yaml");

    @Test
    void aProblemIsMarkedAtItsOwnFileAlone() {
        State state = state("/relay/mappings/revenuecat/clevertap.jslt, line 7, column 3: a comma is missing");
        assertThat(state.broken(MAPPING)).isTrue();
        assertThat(state.broken(SETTINGS)).isFalse();
    }

    @Test
    void aProblemThatNamesNoneOfTheFilesIsMarkedAtAllOfThem() {
        State state = state("/relay/mappings/destinations/clevertap/record.jslt: it is not there");
        assertThat(state.broken(MAPPING)).isTrue();
        assertThat(state.broken(SETTINGS)).isTrue();
        assertThat(state().broken(MAPPING)).isFalse();
    }

    private static State state(String... problems) {
        return new State("revenuecat/clevertap", null, List.of(problems), List.of(MAPPING, SETTINGS));
    }

    private static File file(String path) {
        return new File(path, path.substring(path.indexOf('/') + 1), "revenuecat", new Version("0123456789", Instant.EPOCH));
    }
}
