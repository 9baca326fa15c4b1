package io.subscriptionrelay.mapping;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.testing.Home;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Another tag or property is one line in the mapping; the settings may name it. */
class AddedLinesTest {

    private static final String LINE = "\n  \"added\": \"yes\",";

    @TempDir
    Path folder;

    /**
     * Where something is added.
     *
     * @param after what stands before it in the mapping
     * @param section under which the settings have names of its kind; blank when they have none
     */
    private record Place(String provider, String destination, String after, String added, String section) {

        Place(String provider, String destination, String after, String section) {
            this(provider, destination, after, LINE, section);
        }
    }

    static Stream<Place> places() {
        return Stream.of(
                new Place("revenuecat", "clevertap", "let event-keys = {", ""),
                new Place("revenuecat", "clevertap", "let extras = if ($settings.extras == \"none\") {} else {", ""),
                new Place("revenuecat", "clevertap", "let profile-data = {", ""),
                new Place("revenuecat", "onesignal", "let values = {", "tags"),
                new Place("revenuecat", "braze", "let of-purchase = {", ""),
                new Place("purchasely", "clevertap", "$revenue + event-properties(.)", " + { \"added\": \"yes\" }", ""),
                new Place("purchasely", "clevertap", "let of-user = {", "user-properties"),
                new Place("purchasely", "onesignal", "let of-user = {", "tags"),
                new Place("purchasely", "braze", "let of-user = {", "user-properties"),
                new Place("qonversion", "clevertap", "let event-data = {", ""),
                new Place("qonversion", "onesignal", "let tags = common:renamed({", "tags"),
                new Place("qonversion", "braze", "common:braze-attributes({", "attributes"));
    }

    @ParameterizedTest
    @MethodSource("places")
    void isSentUnderItsOwnName(Place place) throws Exception {
        assertThat(sent(place, "")).contains("\"added\":\"yes\"");
    }

    @ParameterizedTest
    @MethodSource("places")
    void isRenamedOrSwitchedOffByTheSettingsOnceTheirSchemaKnowsIt(Place place) throws Exception {
        if (!place.section().isEmpty()) {
            assertThat(sent(place, "Another name")).contains("\"Another name\":\"yes\"").doesNotContain("\"added\"");
            assertThat(sent(place, "on")).contains("\"added\":\"yes\"");
            assertThat(sent(place, "off")).isNotEmpty().doesNotContain("yes");
        }
    }

    /** The records of a renewal, with the line in the mapping, and with a name in the settings if there is one. */
    private String sent(Place place, String name) throws Exception {
        Path mappings = Home.copyTo(folder.resolve("home-" + name)).resolve("mappings");
        Path provider = mappings.resolve(place.provider());
        edit(provider.resolve(place.destination() + ".jslt"), place.after(), place.after() + place.added());
        Path settings = provider.resolve(place.destination() + ".yaml");
        if (Files.readString(settings).contains("\nprofile: off")) {
            edit(settings, "\nprofile: off", "\nprofile: on");
        }
        if (!name.isEmpty()) {
            edit(settings, "\n" + place.section() + ":", "\n" + place.section() + ":\n  added: " + name + "  # whether it was added");
            for (Map.Entry<Path, String> schema : SettingsSchemas.of(mappings).entrySet()) {
                Files.writeString(schema.getKey(), schema.getValue());
            }
        }
        String step = place.provider().equals("revenuecat") ? "renewal" : "subscription_renewed";
        JsonNode webhook = StrictJson.mapper().readTree(provider.resolve("examples/" + step.replace('_', '-') + ".webhook.json").toFile());
        Mapping event = Mapping.compile(mappings, provider, "event");
        Mapping mapping = Mapping.compile(mappings, provider, place.destination());
        return mapping.apply(Map.of("step", TextNode.valueOf(step), "settings", mapping.settings(),
                "facts", event.apply(Map.of("settings", event.settings()), webhook)), webhook).toString();
    }

    private static void edit(Path file, String what, String with) throws IOException {
        String before = Files.readString(file);
        assertThat(before).containsOnlyOnce(what);
        Files.writeString(file, before.replace(what, with));
    }
}
