package io.subscriptionrelay.mapping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.commands.Commands;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.testing.Home;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.util.FileSystemUtils;

/** A schema says what its settings file says. */
class SettingsSchemaTest {

    private static final Path MAPPINGS = Path.of("mappings");
    private static final String CLEVERTAP_EVENT = "../clevertap-names.schema.json#/$defs/event-name";

    @TempDir
    Path folder;

    @Test
    void theShippedSchemasSayWhatTheirSettingsSay() throws Exception {
        for (Map.Entry<Path, String> schema : SettingsSchemas.of(MAPPINGS).entrySet()) {
            assertThat(Files.exists(schema.getKey()) ? Files.readString(schema.getKey()) : "")
                    .as("%s is not as the settings beside it; write it with %s", schema.getKey(),
                            "./mvnw -q -DskipTests package && java -jar target/subscription-relay.jar schemas").isEqualTo(schema.getValue());
        }
    }

    @Test
    void everyShippedOptionIsDescribed() throws Exception {
        for (Map.Entry<Path, String> schema : SettingsSchemas.of(MAPPINGS).entrySet()) {
            for (Map.Entry<String, JsonNode> option : json(schema.getValue()).path("properties").properties()) {
                assertThat(option.getValue().path("description").asText()).as("the comment of %s in %s", option.getKey(), schema.getKey())
                        .isNotEmpty();
                if (!option.getKey().equals("platforms")) {
                    option.getValue().path("properties").properties().forEach(entry -> assertThat(entry.getValue().path("description").asText())
                            .as("the comment of %s.%s in %s", option.getKey(), entry.getKey(), schema.getKey()).isNotEmpty());
                }
            }
        }
    }

    @Test
    void anEditedValueChangesItsDefaultAndNothingElse() throws Exception {
        Path settings = Home.copyTo(folder).resolve("mappings/revenuecat/clevertap.yaml");
        String before = SettingsSchema.of(settings);
        edit(settings, "refunds: zero", "refunds: negative");
        edit(settings, "renewal: rc_renewal_event  ", "renewal: off  ");
        edit(settings, "cancellation: rc_cancellation_event  ", "cancellation:  ");
        edit(settings, "transfer: off ", "transfer: Moved ");
        edit(settings, "deliver: on", "deliver: off");
        assertThat(SettingsSchema.of(settings)).isEqualTo(before
                .replace("\"default\": \"zero\"", "\"default\": \"negative\"")
                .replace("\"default\": \"rc_renewal_event\"", "\"default\": false")
                .replace("\"default\": \"rc_cancellation_event\"", "\"default\": null")
                .replaceAll("(\"transfer\": .*\"default\": )false", "$1\"Moved\"")
                .replaceAll("(\"deliver\": .*\"default\": )true", "$1false"));
    }

    @Test
    void theFileIsDescribedByItsFirstCommentAndAnOptionByTheOneAboveOrBesideIt() throws Exception {
        JsonNode schema = schema("clevertap", """
                # yaml-language-server: $schema=./clevertap.schema.json
                # What becomes of it,
                # in CleverTap.

                # Whether anything
                # is sent. For example
                #   deliver: off
                deliver: on

                # A section, for those who read.

                charged: off  # whether Charged is sent
                # Seconds.
                wait: 5
                """);
        assertThat(schema.path("description").asText()).isEqualTo("What becomes of it, in CleverTap.");
        assertThat(schema.path("properties")).isEqualTo(json("""
                {"deliver": {"description": "Whether anything is sent. For example", "type": "boolean", "default": true},
                 "charged": {"description": "whether Charged is sent", "type": "boolean", "default": false},
                 "wait": {"description": "Seconds.", "type": "integer", "default": 5}}"""));
        assertThat(schema.path("additionalProperties").asText()).isEqualTo("false");
    }

    @Test
    void whatIsWithinAnOptionIsDescribedBesideItBecauseAboveIsTheHeadingOfAGroup() throws Exception {
        assertThat(schema("clevertap", """
                # Names.
                events:
                  # Trials
                  trial_started: Trial   # a trial began
                  trial_expired: off
                  # Money
                  renewal: { enabled: on, name: Renewed, send-revenue: on }  # a payment
                """).at("/properties/events/properties")).isEqualTo(json("""
                {"trial_started": {"description": "a trial began", "$ref": "REF", "default": "Trial"},
                 "trial_expired": {"$ref": "REF", "default": false},
                 "renewal": {"description": "a payment", "type": "object", "additionalProperties": false, "properties": {
                    "enabled": {"description": "Names.", "type": "boolean", "default": true},
                    "name": {"description": "Names.", "$ref": "REF", "default": "Renewed"},
                    "send-revenue": {"description": "Names.", "type": "boolean", "default": true}}}}""".replace("REF", CLEVERTAP_EVENT)));
    }

    @Test
    void namesAreHeldAgainstTheRulesOfTheDestinationWhereItHasSome() throws Exception {
        String settings = "events:\n  renewal: on\ntags:\n  plan: Plan\nuser-properties:\n  plan: Plan\n";
        JsonNode cleverTap = schema("clevertap", settings).path("properties");
        assertThat(cleverTap.at("/events/properties/renewal/$ref").asText()).isEqualTo(CLEVERTAP_EVENT);
        assertThat(cleverTap.at("/user-properties/properties/plan/$ref").asText())
                .isEqualTo("../clevertap-names.schema.json#/$defs/user-property-name");
        assertThat(cleverTap.at("/user-properties/type")).as("off in place of all names").isEqualTo(json("[\"object\",\"boolean\"]"));
        JsonNode oneSignal = schema("onesignal", settings).path("properties");
        assertThat(oneSignal.at("/events/properties/renewal/type").asText()).isEqualTo("boolean");
        assertThat(oneSignal.at("/tags/properties/plan/$ref").asText()).isEqualTo("../onesignal-names.schema.json#/$defs/tag-name");
        JsonNode braze = schema("braze", "attributes:\n  plan: Plan\nuser-properties:\n  plan: Plan\n").path("properties");
        for (String section : List.of("attributes", "user-properties")) {
            assertThat(braze.at("/" + section + "/properties/plan/$ref").asText()).startsWith("../braze-names.schema.json#/$defs/");
            assertThat(braze.at("/" + section + "/type")).as("off in place of all names").isEqualTo(json("[\"object\",\"boolean\"]"));
        }
        JsonNode another = schema("another", settings).path("properties");
        assertThat(another.at("/tags/properties/plan/type").asText()).isEqualTo("string");
    }

    @Test
    void aCommentThatEndsInOneOfHasTheValues() throws Exception {
        assertThat(schema("clevertap", """
                # How it is counted.
                revenue: gross  # one of: gross, after_commission

                # What is sent. One of: off, some,
                # all.
                sent: off

                # Names of events. One of: started, ended
                provider-names: {}

                # Whatever there is.
                others: {}
                """).path("properties")).isEqualTo(json("""
                {"revenue": {"description": "How it is counted.", "enum": ["gross", "after_commission"], "default": "gross"},
                 "sent": {"description": "What is sent.", "enum": [false, "some", "all"], "default": false},
                 "provider-names": {"description": "Names of events.", "type": "object",
                    "additionalProperties": {"enum": ["started", "ended"]}, "default": {}},
                 "others": {"description": "Whatever there is.", "type": "object", "default": {}}}"""));
    }

    @Test
    void aPlatformMayHaveEveryOptionOfTheFileAndARemovedOneIsRefused() throws Exception {
        JsonNode schema = schema("clevertap", """
                deliver: on

                # Removed: always. Write `deliver: off`.

                charged: off
                platforms:
                  iOS: { charged: on }

                # Removed: "often". Write nothing.
                """);
        assertThat(schema.at("/$defs/platform")).isEqualTo(json("""
                {"type": "object", "additionalProperties": false,
                 "properties": {"deliver": {"$ref": "#/properties/deliver"}, "charged": {"$ref": "#/properties/charged"}}}"""));
        assertThat(schema.at("/properties/platforms/properties")).isEqualTo(json("{\"iOS\": {\"$ref\": \"#/$defs/platform\"}}"));
        assertThat(schema.at("/properties/\"often\"/description").asText()).isEqualTo("nothing.");
        assertThat(schema.at("/properties/always")).isEqualTo(json("{\"description\": \"`deliver: off`.\", \"deprecated\": true, \"not\": {}}"));
    }

    @Test
    void theSchemaOfNewSettingsIsWrittenAndTheOthersStay() throws Exception {
        Path mappings = Home.copyTo(folder).resolve("mappings");
        Path settings = Files.createDirectory(mappings.resolve("adapty")).resolve("onesignal.yaml");
        Files.writeString(settings, "# Tags.\ntags:\n  plan: on\n");
        assertThat(run(0).lines()).containsExactly(settings.resolveSibling("onesignal.schema.json") + " is written");
        Files.writeString(settings, "tags:\n  paln: Plan\n");
        BrokenMappingException refused = catchThrowableOfType(BrokenMappingException.class,
                () -> SettingsFile.read(settings, settings.resolveSibling("onesignal.schema.json")));
        assertThat(refused.problems()).extracting(Problem::message).containsExactly("unknown key `paln` under `tags`; known are: plan");
        assertThat(run(0).lines()).hasSize(1);
        assertThat(SettingsFile.read(settings, settings.resolveSibling("onesignal.schema.json")).at("/tags/paln").asText()).isEqualTo("Plan");
    }

    @Test
    void settingsThatCannotBeReadAreNamedAndNoSchemaIsWritten() throws Exception {
        Path mappings = Home.copyTo(folder).resolve("mappings");
        edit(mappings.resolve("purchasely/clevertap.yaml"), "charged: off", "charged: on");
        Files.writeString(mappings.resolve("qonversion/onesignal.yaml"), "deliver: on\n  tags: {}\n");
        String before = Files.readString(mappings.resolve("purchasely/clevertap.schema.json"));
        assertThat(run(2).lines()).singleElement().asString().startsWith(mappings.resolve("qonversion/onesignal.yaml") + ":2:")
                .contains("not valid YAML");
        Files.writeString(mappings.resolve("qonversion/onesignal.yaml"), "tags:\n  no: on\n");
        assertThat(run(2).lines()).singleElement().asString().startsWith(mappings.resolve("qonversion/onesignal.yaml") + ":2:")
                .contains("write it in quotes");
        Files.writeString(mappings.resolve("qonversion/onesignal.yaml"), "sent: all  # one of: [all\n");
        assertThat(run(2).lines()).singleElement().asString().contains("qonversion/onesignal.yaml: the comment `one of: [all` has no values; write");
        assertThat(mappings.resolve("purchasely/clevertap.schema.json")).hasContent(before);
        assertThat(FileSystemUtils.deleteRecursively(mappings)).isTrue();
        assertThat(run(2)).startsWith(mappings + " cannot be read or written").contains("Set RELAY_HOME");
    }

    private String run(int status) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PrintStream print = new PrintStream(out, true, StandardCharsets.UTF_8);
        assertThat(new Commands(null, Map.of("RELAY_HOME", folder.toString()), print, print).run("schemas")).hasValue(status);
        return out.toString(StandardCharsets.UTF_8);
    }

    private JsonNode schema(String destination, String settings) throws Exception {
        for (String names : List.of("clevertap", "onesignal", "braze")) {
            Path file = folder.resolve(names + "-names.schema.json");
            if (!Files.exists(file)) {
                Files.copy(MAPPINGS.resolve(file.getFileName()), file);
            }
        }
        Path file = Files.createDirectories(folder.resolve("provider")).resolve(destination + ".yaml");
        return json(SettingsSchema.of(Files.writeString(file, settings)));
    }

    private static JsonNode json(String text) throws IOException {
        return StrictJson.mapper().readTree(text);
    }

    private static void edit(Path file, String what, String with) throws IOException {
        String before = Files.readString(file);
        assertThat(before).contains(what);
        Files.writeString(file, before.replaceFirst(Pattern.quote(what), with));
    }
}
