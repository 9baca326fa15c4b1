package io.subscriptionrelay.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.subscriptionrelay.testing.Document;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.activemq.artemis.api.core.TransportConfiguration;
import org.apache.activemq.artemis.core.config.FileDeploymentManager;
import org.apache.activemq.artemis.core.config.impl.FileConfiguration;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.Driver;
import org.springframework.beans.factory.config.YamlPropertiesFactoryBean;
import org.springframework.core.io.FileSystemResource;
import org.yaml.snakeyaml.Yaml;

/**
 * What stands in deploy/ fits the application (its variables, ports, health paths and the time it needs to stop) and is as safe as SECURITY.md
 * says: who reaches which port, who talks to whom over what, and what a build takes from elsewhere.
 */
class DeploymentTest {

    private static final Path APPLICATION = Path.of("src/main/resources/application.yaml");
    /** Of the JVM. */
    private static final List<String> OF_OTHERS = List.of("JDK_JAVA_OPTIONS");
    private static final String UNSAFE = "--sun-misc-unsafe-memory-access=allow";
    private static final String PASS_OVER = "-XX:+IgnoreUnrecognizedVMOptions";

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
        assertThat(list(container, "volumeMounts")).filteredOn(mount -> !Boolean.TRUE.equals(mount.get("readOnly")))
                .extracting(mount -> mount.get("mountPath")).containsExactly("/data", "/tmp");
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
        assertThat(found).contains("RELAY_HOME", "RELAY_DATA_DIR", "JDK_JAVA_OPTIONS");
        assertThat(file).contains("EXPOSE " + number("server.port") + " " + number("management.server.port"), "USER 10001:10001");
    }

    // who reaches what

    @ParameterizedTest
    @ValueSource(strings = {"one-instance", "two-instances"})
    void operationsAreOnThePodsAddressAloneAndAskForAPasswordThatIsThere(String name) throws IOException {
        Map<String, Object> container = list(template(name), "containers").get(0);
        Map<String, Object> address = variable(container, "MANAGEMENT_SERVER_ADDRESS");
        assertThat(address).doesNotContainKey("value");
        assertThat(map(map(address, "valueFrom"), "fieldRef")).containsEntry("fieldPath", "status.podIP");
        Map<String, Object> password = map(map(variable(container, "CONSOLE_PASSWORD"), "valueFrom"), "secretKeyRef");
        assertThat(password).containsEntry("key", "CONSOLE_PASSWORD").doesNotContainKey("optional");
        assertThat(list(container, "envFrom").stream().map(source -> map(source, "secretRef").get("name"))).contains(password.get("name"));
    }

    @Test
    void operationsStayOnLoopbackWhereNothingHasToReachThem() throws IOException {
        assertThat(application()).containsEntry("management.server.address", "127.0.0.1")
                .containsEntry("management.endpoint.health.show-details", "when-authorized");
        for (String file : List.of("deploy/Containerfile", "deploy/systemd/subscription-relay.service")) {
            assertThat(Files.readString(Path.of(file))).doesNotContain("MANAGEMENT_SERVER_ADDRESS");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"one-instance", "two-instances"})
    void theNetworkPolicyIsThatOfThePodsAndLetsInTheIngressForWebhooksAndMonitoringForOperations(String name) throws IOException {
        Map<String, Object> policy = map(only(name, "NetworkPolicy"), "spec");
        Map<String, Object> workload = only(name, "StatefulSet", "Deployment");
        assertThat(map(policy, "podSelector")).containsEntry("matchLabels", map(map(map(map(workload, "spec"), "template"), "metadata"), "labels"));
        assertThat(policy).containsEntry("policyTypes", List.of("Ingress", "Egress"));
        Map<Object, Set<Object>> namespaces = new HashMap<>();
        for (Map<String, Object> rule : list(policy, "ingress")) {
            for (Map<String, Object> from : list(rule, "from")) {
                assertThat(from).containsOnlyKeys("namespaceSelector");
                Object namespace = map(map(from, "namespaceSelector"), "matchLabels").get("kubernetes.io/metadata.name");
                list(rule, "ports").forEach(port -> namespaces.computeIfAbsent(port.get("port"), ignored -> new HashSet<>()).add(namespace));
            }
        }
        assertThat(namespaces).containsOnly(Map.entry("webhooks", Set.of("ingress-nginx")), Map.entry("operations", Set.of("monitoring")));
        assertThat(list(map(only(name, "Service"), "spec"), "ports")).extracting(port -> port.get("targetPort")).containsExactly("webhooks");
    }

    @ParameterizedTest
    @ValueSource(strings = {"one-instance", "two-instances"})
    void theNetworkPolicyLetsOutToNameServiceDestinationsBrokerAndDatabaseAlone(String name) throws Exception {
        Set<Object> expected = new HashSet<>(Set.of(53, 443));
        if (name.equals("two-instances")) {
            Map<String, Object> container = list(template(name), "containers").get(0);
            brokers(value(container, "BROKER_URL")).forEach(broker -> expected.add(Integer.valueOf(broker.getParams().get("port").toString())));
            expected.add(Integer.valueOf(database(value(container, "STATE_JDBC_URL")).getProperty("PGPORT")));
        }
        Set<Object> found = new HashSet<>();
        for (Map<String, Object> rule : list(map(only(name, "NetworkPolicy"), "spec"), "egress")) {
            Set<Object> ports = list(rule, "ports").stream().map(port -> port.get("port")).collect(Collectors.toSet());
            assertThat(ports).hasSize(1);
            found.addAll(ports);
            for (Map<String, Object> to : list(rule, "to")) {
                if (ports.contains(443)) {
                    assertThat(to).containsOnlyKeys("ipBlock");
                    assertThat(to.get("ipBlock").toString()).as("the metadata of the cloud, and the cluster's own").containsAnyOf("169.254.0.0/16", "fe80::/10")
                            .containsAnyOf("10.0.0.0/8", "fc00::/7");
                } else {
                    assertThat(map(map(to, "podSelector"), "matchLabels")).isNotEmpty();
                }
            }
        }
        assertThat(found).isEqualTo(expected);
    }

    // connections

    @Test
    void theBrokerListensWithTlsAndOnOneAddress() throws Exception {
        List.of("artemis.listen", "artemis.port", "artemis.tls").forEach(System::clearProperty);
        FileConfiguration broker = new FileConfiguration();
        FileDeploymentManager manager = new FileDeploymentManager(Path.of("deploy/artemis/broker.xml").toUri().toString());
        manager.addDeployable(broker);
        manager.readConfiguration();
        assertThat(broker.getAcceptorConfigurations()).isNotEmpty().allSatisfy(acceptor -> assertThat(acceptor.getCombinedParams())
                .containsEntry("sslEnabled", "true").containsEntry("protocols", "CORE").containsKey("keyStorePath")
                .hasEntrySatisfying("host", host -> assertThat(host).isEqualTo("localhost")));
    }

    @Test
    void relaysOnKubernetesTalkToNobodyButTheBrokersAndTheDatabaseThatTheyMean() throws Exception {
        Map<String, Object> container = list(template("two-instances"), "containers").get(0);
        List<String> mounted = list(container, "volumeMounts").stream().filter(mount -> Boolean.TRUE.equals(mount.get("readOnly")))
                .map(mount -> mount.get("mountPath") + "/").toList();
        assertThat(areSure(value(container, "BROKER_URL"), value(container, "STATE_JDBC_URL")))
                .allSatisfy(file -> assertThat(mounted).anyMatch(file::startsWith));
    }

    @Test
    void relaysAsTheManualSetsThemUpTalkToNobodyButTheBrokersAndTheDatabaseThatTheyMean() throws Exception {
        Map<String, String> variables = Document.read("docs/operations.md").blocks("Two machines", "").get(0).lines()
                .collect(Collectors.toMap(line -> line.split("=", 2)[0], line -> line.split("=", 2)[1]));
        assertThat(areSure(variables.get("BROKER_URL"), variables.get("STATE_JDBC_URL"))).isNotEmpty();
        assertThat(variables.keySet()).allSatisfy(DeploymentTest::assertKnown);
    }

    /** Gives the files with the certificates that are trusted. */
    private static Set<String> areSure(String broker, String database) throws Exception {
        Set<String> files = new HashSet<>();
        TransportConfiguration[] brokers = brokers(broker).toArray(TransportConfiguration[]::new);
        assertThat(brokers).hasSize(2);
        for (TransportConfiguration connector : brokers) {
            assertThat(connector.getParams()).containsEntry("sslEnabled", "true").containsEntry("verifyHost", "true")
                    .containsEntry("trustStoreType", "PEM").doesNotContainKey("trustAll");
            files.add(connector.getParams().get("trustStorePath").toString());
        }
        Properties parameters = database(database);
        assertThat(parameters).containsEntry("sslmode", "verify-full");
        files.add(parameters.getProperty("sslrootcert"));
        return files;
    }

    private static List<TransportConfiguration> brokers(String url) {
        try (ActiveMQConnectionFactory factory = new ActiveMQConnectionFactory(url)) {
            return List.of(factory.getStaticConnectors());
        }
    }

    private static Properties database(String url) {
        return Objects.requireNonNull(Driver.parseURL(url, new Properties()), url);
    }

    // versions

    @Test
    void documentsAndSettingsDemandTheSameArtemis() throws IOException {
        String demanded = found("An external broker: ([0-9.]+) or newer", "SECURITY.md").get(0);
        List<String> said = new ArrayList<>();
        for (String file : List.of("deploy/artemis/broker.xml", "docs/operations.md", "README.md", "deploy/kubernetes/two-instances.yaml")) {
            said.addAll(found("Artemis (\\d[0-9.]*\\d)", file));
        }
        assertThat(said).hasSizeGreaterThanOrEqualTo(2).containsOnly(demanded);
    }

    @Test
    void whatABuildTakesFromElsewhereIsPinnedByItsDigest() throws IOException {
        String own = "subscription-relay:" + found("<version>([0-9.]+)-SNAPSHOT</version>", "pom.xml").get(0);
        List<String> images = new ArrayList<>(found("(?m)^\\s*FROM\\s+(\\S+)", "deploy/Containerfile"));
        assertThat(images).isNotEmpty().doesNotContain(own);
        try (Stream<Path> manifests = Files.list(Path.of("deploy/kubernetes"))) {
            for (Path manifest : manifests.toList()) {
                images.addAll(found("(?m)^\\s*(?:-\\s+)?image:\\s*(\\S+)", manifest.toString()));
            }
        }
        assertThat(images).hasSizeGreaterThanOrEqualTo(3).allSatisfy(image ->
                assertThat(image.equals(own) || image.matches("\\S+@sha256:[0-9a-f]{64}")).as(image).isTrue());

        Properties wrapper = new Properties();
        try (InputStream file = Files.newInputStream(Path.of(".mvn/wrapper/maven-wrapper.properties"))) {
            wrapper.load(file);
        }
        assertThat(wrapper.getProperty("distributionSha256Sum")).matches("[0-9a-f]{64}");
        assertThat(Files.readString(Path.of("mvnw"))).as("the script that compares it").contains("distributionSha256Sum");
    }

    // the JVM

    @Test
    void theJarMayLoadNativeCodeAndTheOptionsAreKnownToThisJvm() throws Exception {
        assertThat(found("<Enable-Native-Access>(\\S+)</Enable-Native-Access>", "pom.xml")).containsExactly("ALL-UNNAMED");
        List<String> options = Files.readAllLines(Path.of("deploy/java-options")).stream().filter(line -> !line.startsWith("#")).toList();
        assertThat(options).contains(UNSAFE, PASS_OVER);
        // without the option that hides typing errors, and without the one that is the reason for it where it is not known
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        options.stream().filter(option -> !option.equals(PASS_OVER) && (Runtime.version().feature() >= 23 || !option.equals(UNSAFE)))
                .forEach(command::add);
        command.add("-version");
        Process java = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(java.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(java.waitFor()).as(said).isZero();
        assertThat(said).doesNotContainIgnoringCase("warning");
    }

    private static List<String> found(String pattern, String file) throws IOException {
        return Pattern.compile(pattern).matcher(Files.readString(Path.of(file))).results().map(found -> found.group(1)).toList();
    }

    private static Map<String, Object> variable(Map<String, Object> container, String name) {
        return list(container, "env").stream().filter(variable -> variable.get("name").equals(name)).findFirst().orElseThrow();
    }

    private static String value(Map<String, Object> container, String name) {
        return (String) variable(container, name).get("value");
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
        return map(map(map(only(name, "StatefulSet", "Deployment"), "spec"), "template"), "spec");
    }

    /** The one document of these kinds. */
    private static Map<String, Object> only(String name, String... kinds) throws IOException {
        try (Stream<String> parts = Stream.of(Files.readString(Path.of("deploy/kubernetes", name + ".yaml")).split("(?m)^---$"))) {
            List<Map<String, Object>> documents = parts.map(part -> new Yaml().<Map<String, Object>>load(part))
                    .filter(part -> List.of(kinds).contains(part.get("kind"))).toList();
            assertThat(documents).as(String.join(" or ", kinds)).hasSize(1);
            return documents.get(0);
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
