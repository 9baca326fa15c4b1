package io.subscriptionrelay.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.subscriptionrelay.testing.RawHttp;
import io.subscriptionrelay.testing.RawHttp.Answer;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.trace.TraceCommand;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** Who gets what from the management port, wherever it is bound. */
class ManagementAccessTest {

    private static final String PASSWORD = "p\u00e4ssword:with colon";

    private static RelayApp.Builder relay(Path data) {
        return RelayApp.with(data).cleverTap("http://127.0.0.1:1");
    }

    private static String basic(String user, String password) {
        return "Basic " + Base64.getEncoder().encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
    }

    abstract static class Started {

        RelayApp relay;

        Answer get(String path, String... headers) {
            return RawHttp.send(relay.managementPort(), "GET", path, null, headers);
        }

        Answer post(String path, String body, String... headers) {
            return RawHttp.send(relay.managementPort(), "POST", path, body.getBytes(StandardCharsets.UTF_8), headers);
        }

        Answer login(String user, String password) {
            return post("/actuator/hawtio/auth/login", "{\"username\":\"" + user + "\",\"password\":\"" + password + "\"}",
                    "Content-Type", "application/json");
        }

        void showsHealthAndNumbersToEverybody() {
            assertThat(get("/actuator/health").status()).isIn(200, 503);
            assertThat(get("/actuator/health/liveness").status()).isEqualTo(200);
            assertThat(get("/actuator/prometheus").status()).isEqualTo(200);
            assertThat(get("/actuator/prometheus", "Host", "relay.example:8081").status()).isEqualTo(200);
        }

        @AfterAll
        void stop() {
            relay.close();
        }
    }

    @Nested
    @TestInstance(Lifecycle.PER_CLASS)
    class OnLoopbackWithoutAPassword extends Started {

        private Path data;
        private String password;

        @BeforeAll
        void start(@TempDir Path data) throws IOException {
            this.data = data;
            relay = relay(data).start();
            password = Files.readString(data.resolve("console.password")).strip();
        }

        @Test
        void makesOneUpThatOnlyItsOwnerReads() throws IOException {
            assertThat(password).hasSizeGreaterThan(20);
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(data.resolve("console.password")))).isEqualTo("rw-------");
        }

        @Test
        void letsInWhoReadIt() {
            Answer login = login("relay", password);
            assertThat(login.status()).isEqualTo(200);
            assertThat(login.body()).doesNotContain(password);
            assertThat(login.header("Set-Cookie")).containsIgnoringCase("SameSite=Strict").containsIgnoringCase("HttpOnly");
            String session = login.header("Set-Cookie").split(";")[0];
            assertThat(get("/actuator/hawtio/jolokia/version", "Cookie", session).body()).contains("\"agent\"");
        }

        @ParameterizedTest
        @ValueSource(strings = {"/actuator/jolokia", "/actuator/jolokia/version", "/actuator/hawtio/jolokia/version", "//actuator/jolokia/version",
            "/actuator/jolokia;a=b/version", "/actuator/./jolokia/version", "/actuator/%6aolokia/version", "/actuator/health/../jolokia/version",
            "/actuator/health/..;/jolokia/version", "/actuator/hawtio/jolokia/../../jolokia/version", "/actuator/JOLOKIA/version"})
        void hasNoWayRoundTheLogin(String path) {
            Answer answer = get(path);
            assertThat(answer.status()).isIn(400, 403, 404);
            assertThat(answer.body()).doesNotContain("agent");
        }

        @Test
        void showsHealthAndNumbersAsBefore() {
            showsHealthAndNumbersToEverybody();
        }

        @Test
        void showsParkedEventsToThisMachine() {
            assertThat(get("/actuator/parked").status()).isEqualTo(200);
            assertThat(get("/actuator/parked", "Host", "localhost:" + relay.managementPort()).status()).isEqualTo(200);
            assertThat(get("/actuator/parked", "Host", "[::1]:8081").status()).isEqualTo(200);
        }

        @Test
        void showsNoParkedEventsToAPageWhoseNameWasMadeToPointHere() {
            Answer answer = get("/actuator/parked", "Host", "rebound.example:8081");
            assertThat(answer.status()).isEqualTo(403);
            assertThat(answer.body()).contains("for this machine only");
            assertThat(get("/actuator/parked", "Host", "rebound.example:8081", "Authorization", basic("relay", password)).status()).isEqualTo(200);
        }

        @Test
        void replaysNothingForAPageOfAnotherSite() {
            assertThat(post("/actuator/parked", "", "Origin", "https://evil.example").status()).isEqualTo(403);
            assertThat(post("/actuator/parked", "", "Origin", "null").status()).isEqualTo(403);
            assertThat(post("/actuator/parked", "", "Origin", "http://127.0.0.1").status()).isEqualTo(200);
        }

        @Test
        void runsNothingForAPageOfAnotherSite() {
            String session = login("relay", password).header("Set-Cookie").split(";")[0];
            String version = "{\"type\":\"version\"}";
            assertThat(post("/actuator/hawtio/jolokia", version, "Cookie", session).status()).isEqualTo(200);
            assertThat(post("/actuator/hawtio/jolokia", version, "Cookie", session, "Origin", "https://evil.example").status()).isEqualTo(403);
        }

        @Test
        void readsNoEndlessLogin() {
            assertThat(login("relay", "x".repeat(10_000)).status()).isEqualTo(413);
        }

        @Test
        void callsNoOtherJolokia() {
            String session = login("relay", password).header("Set-Cookie").split(";")[0];
            assertThat(get("/actuator/hawtio/proxy/http/127.0.0.1/8080/jolokia", "Cookie", session).status()).isEqualTo(404);
        }

        @Test
        void namesTheCamelContextAndTheBrokerAfterTheRelay() throws Exception {
            MBeanServer beans = ManagementFactory.getPlatformMBeanServer();
            Set<ObjectName> context = beans.queryNames(new ObjectName("org.apache.camel:type=context,*"), null);
            assertThat(context).extracting(ObjectName::getCanonicalName)
                    .containsExactly("org.apache.camel:context=subscription-relay,name=\"subscription-relay\",type=context");
            ObjectName broker = new ObjectName("org.apache.activemq.artemis:broker=\"subscription-relay\"");
            assertThat(beans.getAttribute(broker, "Name")).isEqualTo("subscription-relay");
            ObjectName queue = new ObjectName("org.apache.activemq.artemis:broker=\"subscription-relay\",component=addresses,"
                    + "address=\"events.revenuecat\",subcomponent=queues,routing-type=\"anycast\",queue=\"events.revenuecat\"");
            assertThat(beans.getAttribute(queue, "MessageCount")).isEqualTo(0L);
        }
    }

    @Nested
    @TestInstance(Lifecycle.PER_CLASS)
    @ExtendWith(OutputCaptureExtension.class)
    class OpenToOtherMachinesWithoutAPassword extends Started {

        @BeforeAll
        void start(@TempDir Path data, CapturedOutput output) {
            relay = relay(data).set("management.server.address", "0.0.0.0").start();
            assertThat(output).contains("set CONSOLE_PASSWORD to switch them on");
            assertThat(data.resolve("console.password")).doesNotExist();
        }

        @ParameterizedTest
        @ValueSource(strings = {"/actuator/hawtio", "/actuator/hawtio/", "/actuator/hawtio/index.html", "/actuator/jolokia", "/actuator/jolokia/version",
            "/actuator/hawtio/jolokia/version"})
        void hasNoConsole(String path) {
            assertThat(get(path).status()).isEqualTo(404);
            assertThat(get(path, "Authorization", basic("relay", "")).status()).isEqualTo(404);
        }

        @Test
        void letsNobodyLogIn() {
            assertThat(login("relay", "").status()).isEqualTo(404);
        }

        @Test
        void refusesParkedEventsAndSaysWhy() {
            for (String path : new String[] {"/actuator/parked", "/actuator/parked/1", "/actuator", "/actuator/health/..;/parked"}) {
                Answer answer = get(path);
                assertThat(answer.status()).isEqualTo(403);
                assertThat(answer.body()).contains("set CONSOLE_PASSWORD");
            }
            assertThat(post("/actuator/parked", "").status()).isEqualTo(403);
            assertThat(get("/actuator/parked", "Authorization", basic("relay", "")).status()).isEqualTo(403);
        }

        @Test
        void showsHealthAndNumbersAsBefore() {
            showsHealthAndNumbersToEverybody();
        }
    }

    @Nested
    @TestInstance(Lifecycle.PER_CLASS)
    @ExtendWith(OutputCaptureExtension.class)
    class OpenToOtherMachinesWithAPassword extends Started {

        @BeforeAll
        void start(@TempDir Path data) {
            relay = relay(data).set("management.server.address", "0.0.0.0").set("relay.console.user", "operator").set("CONSOLE_PASSWORD", PASSWORD)
                    .start();
            assertThat(data.resolve("console.password")).doesNotExist();
        }

        @Test
        void showsParkedEventsToTheUserOnly() {
            Answer asked = get("/actuator/parked");
            assertThat(asked.status()).isEqualTo(401);
            assertThat(asked.header("WWW-Authenticate")).startsWith("Basic");
            for (String wrong : new String[] {basic("operator", "wrong"), basic("relay", PASSWORD), basic("operator", ""), "Basic !", "Basic", "Bearer x"}) {
                assertThat(get("/actuator/parked", "Authorization", wrong).status()).isEqualTo(401);
            }
            assertThat(get("/actuator/parked", "Authorization", basic("operator", PASSWORD)).status()).isEqualTo(200);
        }

        @Test
        void opensTheConsoleToTheUserOnly(CapturedOutput output) {
            assertThat(login("operator", "wrong").status()).isEqualTo(403);
            assertThat(login("operator", PASSWORD).status()).isEqualTo(200);
            assertThat(get("/actuator/jolokia/version").status()).isEqualTo(403);
            assertThat(output).doesNotContain(PASSWORD);
        }

        @Test
        void slowsDownWhoGuesses() {
            for (int i = 0; i < 11; i++) {
                assertThat(get("/actuator/parked", "Authorization", basic("operator", "guess-" + i)).status()).isEqualTo(401);
            }
            Answer locked = get("/actuator/parked", "Authorization", basic("operator", PASSWORD));
            assertThat(locked.status()).isEqualTo(429);
            assertThat(Integer.parseInt(locked.header("Retry-After"))).isPositive();
            assertThat(get("/actuator/jolokia/version", "Authorization", basic("operator", PASSWORD)).status()).isEqualTo(429);
            assertThat(login("operator", PASSWORD).status()).isEqualTo(429);
            showsHealthAndNumbersToEverybody();
            await().atMost(Duration.ofSeconds(10)).until(() ->
                    get("/actuator/parked", "Authorization", basic("operator", PASSWORD)).status() == 200);
        }

        @Test
        void answersTheCommandLineThatHasTheLogin() {
            Map<String, String> here = Map.of("MANAGEMENT_SERVER_PORT", Integer.toString(relay.managementPort()), "MANAGEMENT_SERVER_ADDRESS", "0.0.0.0");
            assertThat(trace(here, 2)).contains("asks for a login: set CONSOLE_PASSWORD");
            Map<String, String> login = new HashMap<>(here);
            login.put("CONSOLE_USER", "operator");
            login.put("CONSOLE_PASSWORD", PASSWORD);
            assertThat(trace(login, 1)).startsWith("Nothing is known of an event with this id");
        }

        private static String trace(Map<String, String> environment, int status) {
            ByteArrayOutputStream said = new ByteArrayOutputStream();
            PrintStream stream = new PrintStream(said, true, StandardCharsets.UTF_8);
            assertThat(new TraceCommand(environment, stream, stream).run(new String[] {"trace", "unheard-of"})).isEqualTo(status);
            return said.toString(StandardCharsets.UTF_8);
        }

        @Test
        void showsHealthAndNumbersAsBefore() {
            showsHealthAndNumbersToEverybody();
        }
    }
}
