package io.subscriptionrelay.mapping;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.event.StrictJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Names in the settings of the shipped mappings, against what their destination takes. */
class SettingsNamesTest {

    private static final List<String> NO_EVENTS_OF_CLEVERTAP = List.of("Renewed & paid", "%x", "Renewed\nagain", "Renewed\tagain", "100 <b>", "it's",
            "a.b", "a:b", "$renewed", "a|b", "a\\b", "App Launched", "app launched", "AppLaunched", " App  Launched ", "Notification Sent",
            "UTM Visited", "Stayed", "wzrk_d", "App Uninstalled", "Identity Set", "x".repeat(513));
    private static final List<String> EVENTS_OF_CLEVERTAP = List.of("Renewed", "Renewed, again (2nd)", "Обновлено", "Charged", "App Launched again", "",
            "  ", "x".repeat(512));
    private static final List<String> NO_PROPERTIES_OF_CLEVERTAP = List.of("plan & price", "%x", "a\nb", "plan #1", "$plan", "Gender", "date.of", "DOB",
            "x".repeat(121));
    private static final List<String> PROPERTIES_OF_CLEVERTAP = List.of("Plan", "Plan of the app", "Name", "Email", "", "x".repeat(120));
    private static final List<String> NO_TAGS = List.of("plan & price", "%x", "a\nb", "plan.name", "{{plan}}", "subscription", "user", "template");
    private static final List<String> NO_EVENTS_OF_BRAZE = List.of("$renewed", " $renewed", "a\nb", "ecommerce.order_placed", "Ecommerce.x",
            "x".repeat(256));
    private static final List<String> EVENTS_OF_BRAZE = List.of("rc_renewal_event", "Renewed, 100 %", "email", "Обновлено", "", "  ", "x".repeat(255));
    private static final List<String> NO_ATTRIBUTES_OF_BRAZE = List.of("email", " country ", "external_id", "$plan", "a\nb", "_update_existing_only",
            "x".repeat(256));
    private static final List<String> ATTRIBUTES_OF_BRAZE = List.of("rc_plan", "Plan of the app", "Email of the shop", "Ürün", "", "x".repeat(255));
    private static final List<String> TAGS = List.of("plan", "plan_2", "rc-plan", "Subscription status", "Ürün", "Subscription", "");

    @TempDir
    Path folder;

    /** Where the settings of a pair have a name, and which names its destination takes. */
    private record Place(String provider, String destination, List<String> path, List<String> refused, List<String> taken) {
    }

    static Stream<Place> places() throws IOException {
        List<Place> places = new ArrayList<>();
        for (String provider : List.of("revenuecat", "purchasely", "qonversion")) {
            for (String destination : List.of("clevertap", "onesignal")) {
                JsonNode schema = StrictJson.mapper().readTree(schema(provider, destination).toFile()).path("properties");
                for (Map.Entry<String, JsonNode> event : schema.path("events").path("properties").properties()) {
                    if (destination.equals("clevertap") && !event.getValue().has("enum")) {
                        List<String> path = event.getValue().has("properties") ? List.of("events", event.getKey(), "name")
                                : List.of("events", event.getKey());
                        places.add(new Place(provider, destination, path, NO_EVENTS_OF_CLEVERTAP, EVENTS_OF_CLEVERTAP));
                    }
                }
                schema.path("tags").path("properties").fieldNames().forEachRemaining(tag ->
                        places.add(new Place(provider, destination, List.of("tags", tag), NO_TAGS, TAGS)));
                schema.path("user-properties").path("properties").fieldNames().forEachRemaining(property -> places.add(new Place(provider,
                        destination, List.of("user-properties", property), NO_PROPERTIES_OF_CLEVERTAP, PROPERTIES_OF_CLEVERTAP)));
            }
        }
        for (String provider : List.of("revenuecat", "purchasely", "qonversion")) {
            JsonNode schema = StrictJson.mapper().readTree(schema(provider, "braze").toFile()).path("properties");
            schema.path("events").path("properties").fieldNames().forEachRemaining(event ->
                    places.add(new Place(provider, "braze", List.of("events", event), NO_EVENTS_OF_BRAZE, EVENTS_OF_BRAZE)));
            for (String attributes : List.of("attributes", "user-properties")) {
                schema.path(attributes).path("properties").fieldNames().forEachRemaining(attribute ->
                        places.add(new Place(provider, "braze", List.of(attributes, attribute), NO_ATTRIBUTES_OF_BRAZE, ATTRIBUTES_OF_BRAZE)));
            }
        }
        places.add(new Place("qonversion", "braze", List.of("platforms", "iOS", "attributes", "platform"), NO_ATTRIBUTES_OF_BRAZE,
                ATTRIBUTES_OF_BRAZE));
        places.add(new Place("qonversion", "clevertap", List.of("platforms", "iOS", "events", "trial_started", "name"), NO_EVENTS_OF_CLEVERTAP,
                EVENTS_OF_CLEVERTAP));
        places.add(new Place("qonversion", "onesignal", List.of("platforms", "Stripe", "tags", "platform"), NO_TAGS, TAGS));
        return places.stream();
    }

    @ParameterizedTest
    @MethodSource("places")
    void everyNameIsHeldAgainstWhatTheDestinationTakes(Place place) throws Exception {
        assertRefused(place, place.refused().get(0));
        assertThat(problems(place, place.taken().get(0))).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void aNameThatTheDestinationDoesNotTakeIsRefusedWithLineAndAdvice(Place place) throws Exception {
        for (String name : place.refused()) {
            assertRefused(place, name);
        }
        for (String name : place.taken()) {
            assertThat(problems(place, name)).as(name).isEmpty();
        }
    }

    static Stream<Place> kinds() {
        return Stream.of(
                new Place("revenuecat", "clevertap", List.of("events", "renewal"), NO_EVENTS_OF_CLEVERTAP, EVENTS_OF_CLEVERTAP),
                new Place("purchasely", "clevertap", List.of("user-properties", "plan"), NO_PROPERTIES_OF_CLEVERTAP, PROPERTIES_OF_CLEVERTAP),
                new Place("revenuecat", "onesignal", List.of("tags", "product_id"), NO_TAGS, TAGS),
                new Place("qonversion", "braze", List.of("events", "trial_started"), NO_EVENTS_OF_BRAZE, EVENTS_OF_BRAZE),
                new Place("purchasely", "braze", List.of("user-properties", "plan"), NO_ATTRIBUTES_OF_BRAZE, ATTRIBUTES_OF_BRAZE));
    }

    private void assertRefused(Place place, String name) throws IOException {
        assertThat(problems(place, name)).as(name).isNotEmpty().allSatisfy(problem -> {
            assertThat(problem.line()).isEqualTo(place.path().size());
            assertThat(problem.message()).startsWith("`" + String.join(".", place.path()) + "` is \"").contains("; write a");
        });
    }

    @Test
    void theMessageSaysWhatWasFoundAndWhatToWriteInstead() throws Exception {
        Place renewal = new Place("revenuecat", "clevertap", List.of("events", "renewal"), List.of(), List.of());
        assertThat(problems(renewal, "Renewed & paid")).hasToString("[" + folder.resolve("settings.yaml") + ", line 2, column 12: "
                + "`events.renewal` is \"Renewed & paid\"; write a name without % > < ! | & . : ; $ ' \" \\ and line breaks: CleverTap does not take them]");
        assertThat(problems(renewal, "App Launched")).extracting(Problem::message).containsExactly("`events.renewal` is \"App Launched\"; "
                + "write another name: CleverTap keeps this one for an event of its own, whatever its case and blanks");
    }

    @Test
    void aNameForAnEventThatIsAlwaysLeftOutIsRefused() throws Exception {
        Path settings = Files.writeString(folder.resolve("settings.yaml"), "events:\n  paywall_close: Closed\n");
        assertThat(problems(settings, schema("revenuecat", "clevertap"))).singleElement().satisfies(problem ->
                assertThat(problem.message()).startsWith("`events.paywall_close` does not have a value in the enumeration [false]"));
    }

    @Test
    void theRemovedListOfStepsIsRefusedWithWhatToWriteInstead() throws Exception {
        Path settings = Files.writeString(folder.resolve("settings.yaml"), "charged: off\nalways: [activate, deactivate]\n");
        assertThat(problems(settings, schema("purchasely", "clevertap"))).singleElement().satisfies(problem -> {
            assertThat(problem.line()).isEqualTo(2);
            assertThat(problem.message()).startsWith("`always` is [\"activate\",\"deactivate\"]; write ").contains("`user-properties: off`", "remove");
        });
        Files.writeString(settings, "allways: []\n");
        assertThat(problems(settings, schema("purchasely", "clevertap"))).singleElement().satisfies(problem ->
                assertThat(problem.message()).startsWith("unknown key `allways`; known are: deliver, events,").doesNotContain("always,"));
    }

    @Test
    void aSchemaThatRefersToNothingIsNamed() throws Exception {
        Path schema = Files.writeString(folder.resolve("settings.schema.json"), """
                {"properties": {"tags": {"properties": {"plan": {"$ref": "onesignal-names.schema.json#/$defs/tag-name"}}}}}""");
        Path settings = Files.writeString(folder.resolve("settings.yaml"), "tags:\n  plan: a\n");
        assertThat(problems(settings, schema)).singleElement().satisfies(problem -> {
            assertThat(problem.file()).isEqualTo(schema);
            assertThat(problem.line()).isEqualTo(1);
            assertThat(problem.message()).isEqualTo("`$ref` onesignal-names.schema.json#/$defs/tag-name leads nowhere;"
                    + " there is no such file, so mend its name");
        });
        Files.writeString(folder.resolve("onesignal-names.schema.json"), "{");
        assertThat(problems(settings, schema)).extracting(Problem::file).containsExactly(schema);
        Files.copy(Path.of("mappings/onesignal-names.schema.json"), folder.resolve("onesignal-names.schema.json"), StandardCopyOption.REPLACE_EXISTING);
        assertThat(problems(settings, schema)).isEmpty();
    }

    @Test
    void aKeyThatAPlatformDoesNotKnowIsRefused() throws Exception {
        Path settings = Files.writeString(folder.resolve("settings.yaml"), "platforms:\n  Android:\n    sandbox: off\n    sandboxes: off\n");
        assertThat(problems(settings, schema("qonversion", "clevertap"))).singleElement().satisfies(problem -> {
            assertThat(problem.line()).isEqualTo(4);
            assertThat(problem.message()).startsWith("unknown key `sandboxes` under `platforms.Android`; known are: deliver, events,");
        });
    }

    private List<Problem> problems(Place place, String name) throws IOException {
        StringBuilder yaml = new StringBuilder();
        for (int i = 0; i < place.path().size(); i++) {
            yaml.append("  ".repeat(i)).append(place.path().get(i)).append(':').append(i < place.path().size() - 1 ? "\n" : " ");
        }
        // a JSON text is a YAML text too
        yaml.append(StrictJson.mapper().writeValueAsString(name)).append('\n');
        return problems(Files.writeString(folder.resolve("settings.yaml"), yaml), schema(place.provider(), place.destination()));
    }

    private static List<Problem> problems(Path settings, Path schema) {
        try {
            SettingsFile.read(settings, schema);
            return List.of();
        } catch (BrokenMappingException e) {
            return e.problems();
        }
    }

    private static Path schema(String provider, String destination) {
        return Path.of("mappings", provider, destination + ".schema.json");
    }
}
