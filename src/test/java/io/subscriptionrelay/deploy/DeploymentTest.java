package io.subscriptionrelay.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.config.YamlPropertiesFactoryBean;
import org.springframework.core.io.FileSystemResource;
import org.yaml.snakeyaml.Yaml;

/** What stands in deploy/ fits the application: its variables, ports, health paths and the time it needs to stop. */
class DeploymentTest {

    private static final Path APPLICATION = Path.of("src/main/resources/application.yaml");
    /** Of the JVM. */
    private static final List<String> OF_OTHERS = List.of("JDK_JAVA_OPTIONS");

    @ParameterizedTest
    @ValueSource(strings = {"one-instance", "two-instances"})
    void theManifestsUseTheVariablesPortsAndHealthPathsOfTheApplication(String name) throws IOException {
        Map<String, Object> pod = template(name);
        Map<String, Object> container = list(pod, "containers").get(0);
        list(container, "env").forEach(variable -> assertKnown((String) variable.get("name")));
        assertThat(list(container, "ports")).extracting(port -> port.get("containerPort"))
                .containsExactly(number("server.port"), number("management.server.port"));
        for (String probe : List.of("startupProbe", "livenessProbe", "readinessProbe")) {
            Map<String, Object> get = map(map(container, probe), "httpGet");
            String group = probe.equals("readinessProbe") ? "readiness" : "liveness";
            assertThat(get).containsEntry("path", "/actuator/health/" + group).containsEntry("port", "operations");
            assertThat(application()).containsKey("management.endpoint.health.group." + group + ".include");
        }
        assertThat((int) pod.get("terminationGracePeriodSeconds")).isGreaterThan(stopSeconds());
    }

    @ParameterizedTest
    @ValueSource(strings = {"one-instance", "two-instances"})
    void thePodsHaveNoMoreRightsThanTheyNeed(String name) throws IOException {
        Map<String, Object> pod = template(name);
        Map<String, Object> container = list(pod, "containers").get(0);
        assertThat(pod).containsEntry("automountServiceAccountToken", false);
        assertThat(map(pod, "securityContext")).containsEntry("runAsNonRoot", true);
        assertThat(map(container, "securityContext")).containsEntry("readOnlyRootFilesystem", true)
                .containsEntry("allowPrivilegeEscalation", false);
        assertThat(map(map(container, "securityContext"), "capabilities")).containsEntry("drop", List.of("ALL"));
        // what is written: the data directory of the container file, and the server's temporary files
        assertThat(list(container, "volumeMounts")).extracting(mount -> mount.get("mountPath")).containsExactly("/data", "/tmp");
        assertThat(Files.readString(Path.of("deploy/Containerfile"))).contains("RELAY_DATA_DIR=/data");
    }

    @ParameterizedTest
    @ValueSource(strings = {"one-instance", "two-instances"})
    void thePodsHaveRoomForTheHeapAndWhatTheJvmNeedsBesides(String name) throws IOException {
        Matcher heap = Pattern.compile("(?m)^-Xmx(\\d+)g$").matcher(Files.readString(Path.of("deploy/java-options")));
        assertThat(heap.find()).isTrue();
        Map<String, Object> resources = map(list(template(name), "containers").get(0), "resources");
        for (String kind : List.of("requests", "limits")) {
            String memory = (String) map(resources, kind).get("memory");
            assertThat(memory).endsWith("Mi");
            assertThat(Integer.parseInt(memory.replace("Mi", ""))).isGreaterThanOrEqualTo(Integer.parseInt(heap.group(1)) * 1024 + 768);
        }
    }

    @Test
    void theUnitUsesTheVariablesOfTheApplicationAndGivesItTheTimeToStop() throws IOException {
        String unit = Files.readString(Path.of("deploy/systemd/subscription-relay.service"));
        Matcher variable = Pattern.compile("(?m)^Environment=(\\w+)=").matcher(unit);
        List<String> found = new ArrayList<>();
        while (variable.find()) {
            found.add(variable.group(1));
        }
        assertThat(found).isNotEmpty().allSatisfy(DeploymentTest::assertKnown);
        Matcher stop = Pattern.compile("(?m)^TimeoutStopSec=(\\d+)$").matcher(unit);
        assertThat(stop.find()).isTrue();
        assertThat(Integer.parseInt(stop.group(1))).isGreaterThan(stopSeconds());
    }

    @Test
    void theUnitAndTheContainerStartTheJvmAsTheOptionsSay() throws IOException {
        assertThat(Files.readString(Path.of("deploy/systemd/subscription-relay.service")))
                .contains("ExecStart=/usr/bin/java @/usr/lib/subscription-relay/java-options -jar");
        assertThat(Files.readString(Path.of("deploy/Containerfile"))).contains("JDK_JAVA_OPTIONS=@/app/java-options");
        // a JVM that does not know one of them does not start
        Process java = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "@deploy/java-options", "-version")
                .redirectErrorStream(true).start();
        String said = new String(java.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(said).contains("version").doesNotContain("warning");
    }

    @Test
    void theContainerFileUsesTheVariablesAndPortsOfTheApplicationAndNoRoot() throws IOException {
        String file = Files.readString(Path.of("deploy/Containerfile"));
        Matcher variable = Pattern.compile("(?m)^(?:ENV)?\\s+(\\w+)=").matcher(file);
        Set<String> found = new TreeSet<>();
        while (variable.find()) {
            assertKnown(variable.group(1));
            found.add(variable.group(1));
        }
        assertThat(found).hasSize(3);
        assertThat(file).contains("EXPOSE " + number("server.port") + " " + number("management.server.port"), "USER 10001:10001");
    }

    private static void assertKnown(String variable) {
        try {
            boolean placeholder = Files.readString(APPLICATION).contains("${" + variable + ":");
            String property = variable.toLowerCase(Locale.ROOT).replace('_', '.');
            assertThat(placeholder || application().containsKey(property) || OF_OTHERS.contains(variable))
                    .as(variable + " means nothing to the application").isTrue();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** The phase of the routes and that of the web server follow one another. */
    private static int stopSeconds() {
        return Integer.parseInt(application().get("spring.lifecycle.timeout-per-shutdown-phase").toString().replace("s", ""));
    }

    private static int number(String property) {
        return (Integer) application().get(property);
    }

    private static Map<Object, Object> application() {
        YamlPropertiesFactoryBean yaml = new YamlPropertiesFactoryBean();
        yaml.setResources(new FileSystemResource(APPLICATION));
        return yaml.getObject();
    }

    /** The pod of the manifests' one workload. */
    private static Map<String, Object> template(String name) throws IOException {
        try (Stream<String> parts = Stream.of(Files.readString(Path.of("deploy/kubernetes", name + ".yaml")).split("(?m)^---$"))) {
            List<Map<String, Object>> workloads = parts.map(part -> new Yaml().<Map<String, Object>>load(part))
                    .filter(part -> List.of("StatefulSet", "Deployment").contains(part.get("kind"))).toList();
            assertThat(workloads).hasSize(1);
            return map(map(map(workloads.get(0), "spec"), "template"), "spec");
        }
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> map(Map<String, Object> parent, String name) {
        return (Map<String, Object>) parent.get(name);
    }

    @SuppressWarnings("unchecked")
    private static List<Map<String, Object>> list(Map<String, Object> parent, String name) {
        return (List<Map<String, Object>>) parent.get(name);
    }
}
