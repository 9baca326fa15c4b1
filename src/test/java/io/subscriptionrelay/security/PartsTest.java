package io.subscriptionrelay.security;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.event.StrictJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the jar is made of, by the list of parts that stands in it. */
class PartsTest {

    /** Of several licences of a part one of these is enough: all of them go together with Apache-2.0. */
    private static final Set<String> LICENCES = Set.of("Apache-2.0", "0BSD", "MIT", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "EPL-1.0", "EPL-2.0", "MPL-2.0");

    private static JsonNode parts;

    @BeforeAll
    static void read() throws IOException {
        parts = StrictJson.mapper().readTree(Path.of("target/classes/META-INF/sbom/application.cdx.json").toFile());
    }

    @Test
    void everyPartHasALicenceThatGoesTogetherWithApache2() {
        assertThat(parts.path("components").size()).isGreaterThan(150);
        List<String> others = new ArrayList<>();
        for (JsonNode part : parts.path("components")) {
            Set<String> licences = new TreeSet<>();
            part.path("licenses").forEach(licence -> licences.add(licence.path("license").path("id").asText(
                    licence.path("license").path("name").asText(licence.path("expression").asText()))));
            if (licences.stream().noneMatch(LICENCES::contains)) {
                others.add(name(part) + " " + licences);
            }
        }
        assertThat(others).isEmpty();
    }

    /** Simulators know passwords of nobody, and a demo empties its folder: neither has anything to do where real webhooks come in. */
    @Test
    void holdsNeitherSimulatorsNorDemo() throws IOException {
        try (Stream<Path> files = Files.walk(Path.of("target/classes"))) {
            assertThat(files.map(file -> Path.of("target/classes").relativize(file).toString())).contains("application.yaml")
                    .noneMatch(file -> file.contains("simulator") || file.contains("demo"));
        }
    }

    /** An advisory that is answered in SECURITY.md is answered for a version; with another one the answer is to be looked at again. */
    @Test
    void theAnswersToOpenAdvisoriesAreAboutTheVersionsThatAreInUse() throws IOException {
        String page = Files.readString(Path.of("SECURITY.md"));
        for (String part : List.of("camel-jms", "camel-http", "camel-platform-http", "artemis-server", "tomcat-embed-core", "spring-boot",
                "hawtio-springboot", "jolokia-server-core")) {
            assertThat(page).contains("`" + part + "` " + version(part));
        }
    }

    /** What the check of known vulnerabilities passes over is answered. */
    @Test
    void everyVulnerabilityThatIsPassedOverIsAnswered() throws IOException {
        String page = Files.readString(Path.of("SECURITY.md"));
        Matcher numbers = Pattern.compile("<cve>([^<]+)</cve>").matcher(Files.readString(Path.of("deploy/known-vulnerabilities.xml")));
        List<String> found = new ArrayList<>();
        while (numbers.find()) {
            found.add(numbers.group(1));
        }
        assertThat(found).isNotEmpty().allSatisfy(number -> assertThat(page).contains(number));
    }

    /** Every test that is called as a witness is there. */
    @ParameterizedTest
    @ValueSource(strings = {"SECURITY.md", "docs/reliability.md"})
    void everyTestThatProvesSomethingIsThere(String page) throws IOException {
        Matcher names = Pattern.compile("`((?:\\w+/)?[A-Z]\\w+Test)`").matcher(Files.readString(Path.of(page)));
        List<String> found = new ArrayList<>();
        while (names.find()) {
            found.add(names.group(1));
        }
        assertThat(found).hasSizeGreaterThan(8)
                .allSatisfy(name -> assertThat(Path.of("src/test/java/io/subscriptionrelay", name + ".java")).exists());
    }

    private static String version(String name) {
        for (JsonNode part : parts.path("components")) {
            if (part.path("name").asText().equals(name)) {
                return part.path("version").asText();
            }
        }
        throw new AssertionError(name + " is no part of the jar");
    }

    private static String name(JsonNode part) {
        return part.path("group").asText() + ":" + part.path("name").asText() + ":" + part.path("version").asText();
    }
}
