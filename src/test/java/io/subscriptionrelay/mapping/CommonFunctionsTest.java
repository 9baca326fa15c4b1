package io.subscriptionrelay.mapping;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.subscriptionrelay.event.StrictJson;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The functions that the shipped mappings share, in a mapping of its own. */
class CommonFunctionsTest {

    @TempDir
    Path root;

    @Test
    void aTagThatTheSettingsDoNotKnowKeepsItsNameAndOneThatIsOffIsLeftOut() throws Exception {
        assertThat(applied("common:renamed(., $settings.tags)", "tags: { plan: Plan, store: off, country: , status: on }",
                "{\"plan\":\"yearly\",\"store\":\"s\",\"country\":\"FR\",\"status\":\"active\",\"added\":\"1\",\"nothing\":null}"))
                .isEqualTo(json("{\"Plan\":\"yearly\",\"status\":\"active\",\"added\":\"1\"}"));
    }

    @Test
    void anAttributeOfBrazeIsRemovedByNullUnderTheNameThatItHas() throws Exception {
        assertThat(applied("common:braze-attributes(., [\"ends\", \"grace\", \"plan \\\"b\\\"\"], $settings.attributes)",
                "attributes: { plan: Plan, ends: Ends, grace: off }", "{\"plan\":\"yearly\",\"nothing\":null}"))
                .isEqualTo(json("{\"Plan\":\"yearly\",\"Ends\":null,\"plan \\\"b\\\"\":null}"));
    }

    @Test
    void aTimeIsInWholeSecondsOfIso8601() throws Exception {
        assertThat(applied("[common:iso-time(.ms), common:iso-time(.text), common:iso-time(.none)]", "{}",
                "{\"ms\":1718000012999,\"text\":\"1718000012000\"}"))
                .isEqualTo(json("[\"2024-06-10T06:13:32Z\",\"2024-06-10T06:13:32Z\",null]"));
    }

    @Test
    void aTimeThatIso8601HasNoNotationForIsAbsent() throws Exception {
        assertThat(applied("[for (.) common:iso-time(.)]", "{}", "[-1000, 0, 253402300799999, 253402300800000, 1e300, "
                + "99999999999999999999999999999999, \"99999999999999999999999999999999\", \"x\", true, [], {}]"))
                .isEqualTo(json("[\"1969-12-31T23:59:59Z\",\"1970-01-01T00:00:00Z\",\"9999-12-31T23:59:59Z\",null,null,null,null,null,null,null,null]"));
    }

    @Test
    void whatHoldsForAPlatformGoesOverTheOtherSettings() throws Exception {
        String settings = "tags: { plan: Plan, store: Store }\ncharged: off\nplatforms: { iOS: { charged: on, tags: { store: off } } }";
        Mapping mapping = mapping("$settings", settings);
        assertThat(settings(mapping, "ios")).isEqualTo(json("{\"tags\":{\"plan\":\"Plan\",\"store\":false},\"charged\":true}"));
        assertThat(settings(mapping, "Android")).isEqualTo(json("{\"tags\":{\"plan\":\"Plan\",\"store\":\"Store\"},\"charged\":false}"));
        assertThat(settings(mapping, null)).isEqualTo(settings(mapping, "Android"));
    }

    private static JsonNode settings(Mapping mapping, String platform) throws Exception {
        Facts facts = Facts.of(StrictJson.mapper().createObjectNode().put("platform", platform), new byte[0]);
        return ((ObjectNode) mapping.settings(facts).deepCopy()).without("platforms");
    }

    private JsonNode applied(String expression, String settings, String webhook) throws Exception {
        Mapping mapping = mapping(expression, settings);
        return mapping.apply(Map.of("settings", mapping.settings()), json(webhook));
    }

    private Mapping mapping(String expression, String settings) throws Exception {
        Files.copy(Path.of("mappings/common.jslt"), root.resolve("common.jslt"));
        Path folder = Files.createDirectory(root.resolve("provider"));
        Files.writeString(folder.resolve("destination.jslt"), "import \"common.jslt\" as common\n" + expression);
        Files.writeString(folder.resolve("destination.yaml"), settings);
        return Mapping.compile(root, folder, "destination");
    }

    private static JsonNode json(String text) throws Exception {
        return StrictJson.mapper().readTree(text);
    }
}
