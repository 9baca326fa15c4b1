package io.subscriptionrelay.operations;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.subscriptionrelay.commands.Commands;
import io.subscriptionrelay.testing.RawHttp;
import io.subscriptionrelay.testing.RawHttp.Answer;
import io.subscriptionrelay.testing.RelayApp;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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

/** Who gets what from the operations port, wherever it is bound. */
class OperationsAccessTest {

    private static final String PASSWORD = "p\u00e4ssword:with colon";

    private static final String JOLOKIA = "/actuator/hawtio/jolokia";
    private static final String VERSION = "{\"type\":\"version\"}";
    private static final String[][] OTHER_SITES = {{"Origin", "https://evil.example"}, {"Origin", "null"}, {"Referer", "https://evil.example/page"},
        {"Referer", "about:blank"}, {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}};

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

        /** The session of who typed user and password into the login page, and the token that its forms carry. */
        String[] session(String user, String password) {
            Answer page = get("/login", "Accept", "text/html");
            String token = hidden(page.body());
            Answer in = post("/login", "username=" + encoded(user) + "&password=" + encoded(password) + "&_csrf=" + token,
                    "Content-Type", "application/x-www-form-urlencoded", "Cookie", "XSRF-TOKEN=" + token);
            assertThat(in.status()).isEqualTo(302);
            assertThat(in.header("Location")).endsWith("/overview");
            String session = cookie(in, "JSESSIONID");
            return new String[] {session, cookie(get("/actuator/parked", "Cookie", session), "XSRF-TOKEN")};
        }

        static String hidden(String page) {
            Matcher found = Pattern.compile("type=\"hidden\" name=\"_csrf\" value=\"([^\"]{1,100})\"").matcher(page);
            assertThat(found.find()).as(page).isTrue();
            return found.group(1);
        }

        static String cookie(Answer answer, String name) {
            return answer.headers().getOrDefault("set-cookie", List.of()).stream().filter(cookie -> cookie.startsWith(name + "="))
                    .map(cookie -> cookie.split(";")[0]).findFirst().orElseThrow(() -> new AssertionError(answer.head()));
        }

        static String encoded(String text) {
            return URLEncoder.encode(text, StandardCharsets.UTF_8);
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
        void letsInWhoReadItByTheLoginPage() {
            String[] session = session("relay", password);
            assertThat(post(JOLOKIA, VERSION, "Cookie", session[0] + "; " + session[1], "X-XSRF-TOKEN", session[1].split("=")[1]).body())
                    .contains("\"agent\"");
            assertThat(get("/actuator/hawtio/", "Cookie", session[0]).status()).as("one login is enough").isEqualTo(200);
        }

        @Test
        void letsInWhoReadItByHawtiosOwnLogin() {
            Answer login = login("relay", password);
            assertThat(login.status()).isEqualTo(200);
            assertThat(login.body()).doesNotContain(password);
            assertThat(login.headers().get("set-cookie")).anySatisfy(cookie ->
                    assertThat(cookie).startsWith("JSESSIONID=").containsIgnoringCase("SameSite=Strict").containsIgnoringCase("HttpOnly"));
            String token = cookie(login, "XSRF-TOKEN");
            assertThat(post(JOLOKIA, VERSION, "Cookie", cookie(login, "JSESSIONID") + "; " + token, "X-XSRF-TOKEN", token.split("=")[1]).body())
                    .contains("\"agent\"");
        }

        @Test
        void letsInWhoReadItByHttpBasic() {
            assertThat(post("/actuator/jolokia", VERSION, "Authorization", basic("relay", password)).body()).contains("\"agent\"");
            assertThat(post(JOLOKIA, VERSION, "Authorization", basic("relay", password)).body()).contains("\"agent\"");
        }

        @Test
        void endsTheSessionWithTheLogout() {
            String[] session = session("relay", password);
            String cookies = session[0] + "; " + session[1];
            assertThat(post("/logout", "", "Cookie", cookies).status()).as("without the form's token").isEqualTo(403);
            assertThat(post("/logout", "", "Accept", "text/html", "Cookie", cookies, "X-XSRF-TOKEN", session[1].split("=")[1]).status())
                    .isEqualTo(302);
            assertThat(post(JOLOKIA, VERSION, "Cookie", cookies, "X-XSRF-TOKEN", session[1].split("=")[1]).status()).isIn(401, 403);
        }

        @Test
        void leadsAPersonToTheLoginAndBack() {
            for (String path : new String[] {"/actuator/hawtio", "/actuator/hawtio/", "/actuator/hawtio/jmx"}) {
                Answer sent = get(path, "Accept", "text/html,*/*");
                assertThat(sent.status()).isEqualTo(302);
                assertThat(sent.header("Location")).endsWith("/login");
            }
        }

        @Test
        void leadsFromTheBareAddressToTheLogin() {
            for (String accept : List.of("text/html", "*/*")) {
                Answer sent = get("/", "Accept", accept);
                assertThat(sent.status()).isEqualTo(302);
                assertThat(sent.header("Location")).endsWith("/login");
            }
        }

        @Test
        void saysNothingButTheStatusOfAnError() {
            Answer missing = get("/actuator/parked/<script>alert(1)</script>".replace("<", "%3C").replace(">", "%3E"));
            assertThat(missing.body()).doesNotContain("<", "Exception", "\tat ");
            assertThat(get("/actuator/nothing").header("Content-Type")).contains("json");
            assertThat(get("/actuator/nothing").body()).contains("\"status\":404").doesNotContain("Exception", "<");
        }

        @Test
        void takesNoLoginWithoutTheFormsToken() {
            assertThat(post("/login", "username=relay&password=" + encoded(password), "Content-Type", "application/x-www-form-urlencoded").status())
                    .isEqualTo(403);
        }

        @Test
        void allowsNoScriptThatStandsInAPage() {
            assertThat(get("/login", "Accept", "text/html").header("Content-Security-Policy")).contains("default-src 'none'").doesNotContain("unsafe");
            assertThat(get("/actuator/hawtio/", "Authorization", basic("relay", password)).header("Content-Security-Policy"))
                    .as("Hawtio's own").contains("default-src 'self'");
            assertThat(get("/login", "Accept", "text/html").header("X-Frame-Options")).isEqualTo("DENY");
        }

        @ParameterizedTest
        @ValueSource(strings = {"/actuator/jolokia", "/actuator/jolokia/version", "/actuator/hawtio/jolokia/version", "//actuator/jolokia/version",
            "/actuator/jolokia;a=b/version", "/actuator/./jolokia/version", "/actuator/%6aolokia/version", "/actuator/health/../jolokia/version",
            "/actuator/health/..;/jolokia/version", "/actuator/hawtio/jolokia/../../jolokia/version", "/actuator/JOLOKIA/version"})
        void hasNoWayRoundTheLogin(String path) {
            for (Answer answer : List.of(get(path), post(path, VERSION), get(path, "Accept", "text/html,*/*;q=0.8"))) {
                assertThat(answer.status()).isIn(302, 400, 401, 403, 404);
                assertThat(answer.body()).doesNotContain("agent");
            }
        }

        @ParameterizedTest
        @ValueSource(strings = {"/actuator/jolokia/version", "/actuator/jolokia/exec/java.lang:type=Memory/gc", "/actuator/hawtio/jolokia/version"})
        void takesNoGetForJolokiaWhateverTheLogin(String path) {
            Answer answer = get(path, "Authorization", basic("relay", password));
            assertThat(answer.status()).isEqualTo(403);
            assertThat(answer.body()).contains("Jolokia takes POST only");
        }

        @Test
        void deniesWhatNobodyThoughtOf() {
            assertThat(get("/actuator/env").status()).isIn(401, 404);
            assertThat(get("/actuator/heapdump", "Host", "rebound.example").status()).isEqualTo(401);
            assertThat(get("/something", "Host", "rebound.example").status()).isEqualTo(401);
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
        void showsDetailsOfTheHealthToThisMachine() {
            assertThat(get("/actuator/health").body()).contains("\"components\"", "\"details\"");
            assertThat(get("/actuator/health", "Host", "relay.example").body()).contains("\"status\"").doesNotContain("\"components\"", "\"details\"");
        }

        @Test
        void showsNoParkedEventsToAPageWhoseNameWasMadeToPointHere() {
            Answer answer = get("/actuator/parked", "Host", "rebound.example:8081");
            assertThat(answer.status()).isEqualTo(401);
            assertThat(answer.body()).contains("for this machine only");
            assertThat(get("/actuator/parked", "Host", "rebound.example:8081", "Authorization", basic("relay", password)).status()).isEqualTo(200);
        }

        @ParameterizedTest
        @ValueSource(strings = {"X-Forwarded-For: 127.0.0.1", "X-Forwarded-For: 203.0.113.7", "Forwarded: for=127.0.0.1", "X-Real-IP: 127.0.0.1", "Via: 1.1 proxy"})
        void givesNoRightsOfThisMachineToWhomAProxyAsksFor(String header) {
            assertThat(get("/actuator/parked", header.split(": ")[0], header.split(": ")[1]).status()).isEqualTo(401);
        }

        @Test
        void replaysNothingForAPageOfAnotherSite() {
            for (String[] header : OTHER_SITES) {
                assertThat(post("/actuator/parked", "", header[0], header[1]).status()).as(header[0]).isEqualTo(403);
                assertThat(get("/actuator/parked", header[0], header[1]).status()).as(header[0]).isEqualTo(403);
            }
            assertThat(post("/actuator/parked", "", "Origin", "http://127.0.0.1", "Referer", "http://127.0.0.1/parked", "Sec-Fetch-Site", "same-origin")
                    .status()).isEqualTo(200);
        }

        @Test
        void runsNothingForAPageOfAnotherSiteWhateverTheLogin() {
            String[] session = session("relay", password);
            String[][] logins = {{"Authorization", basic("relay", password)}, {"Cookie", session[0] + "; " + session[1]}};
            for (String[] login : logins) {
                for (String path : new String[] {"/actuator/jolokia", JOLOKIA}) {
                    assertThat(post(path, VERSION, login[0], login[1], "X-XSRF-TOKEN", session[1].split("=")[1]).status()).isEqualTo(200);
                    for (String[] header : OTHER_SITES) {
                        Answer forged = post(path, VERSION, login[0], login[1], "X-XSRF-TOKEN", session[1].split("=")[1], header[0], header[1]);
                        assertThat(forged.status()).as("%s %s", login[0], header[0]).isEqualTo(403);
                        assertThat(get(path + "/exec/java.lang:type=Memory/gc", login[0], login[1], header[0], header[1]).status()).isEqualTo(403);
                    }
                }
            }
            assertThat(post(JOLOKIA, VERSION, logins[1][0], logins[1][1]).status()).as("without the token").isEqualTo(403);
        }

        @Test
        void letsALinkOfAnotherSiteLeadToAPageButNotIntoAFrame() {
            String[] link = {"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document", "Referer", "https://wiki.example/"};
            assertThat(get("/login", link).status()).isEqualTo(200);
            assertThat(get("/actuator/jolokia/version", link).status()).isEqualTo(403);
            link[5] = "iframe";
            assertThat(get("/login", link).status()).isEqualTo(403);
        }

        @Test
        void readsNoEndlessLogin() {
            assertThat(login("relay", "x".repeat(10_000)).status()).isEqualTo(413);
        }

        @Test
        void callsNoOtherJolokia() {
            assertThat(get("/actuator/hawtio/proxy/http/127.0.0.1/8080/jolokia", "Authorization", basic("relay", password)).status()).isEqualTo(404);
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
            assertThat(get(path).status()).isEqualTo(403);
            assertThat(get(path, "Accept", "text/html").body()).contains("set CONSOLE_PASSWORD");
            assertThat(get(path, "Authorization", basic("relay", "")).status()).isEqualTo(403);
        }

        @Test
        void saysAtTheBareAddressWhatToSet() {
            Answer answer = get("/", "Accept", "text/html");
            assertThat(answer.status()).isEqualTo(403);
            assertThat(answer.body()).contains("set CONSOLE_PASSWORD");
        }

        @Test
        void letsNobodyLogIn() {
            assertThat(login("relay", "").status()).isEqualTo(403);
            assertThat(login("relay", "null").status()).isEqualTo(403);
        }

        @Test
        void refusesParkedEventsAndSaysWhy() {
            for (String path : new String[] {"/actuator/parked", "/actuator/parked/1", "/actuator"}) {
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
            // where Spring Boot would trust forwarded headers by itself
            relay = relay(data).set("management.server.address", "0.0.0.0").set("relay.console.user", "operator").set("CONSOLE_PASSWORD", PASSWORD)
                    .set("spring.main.cloud-platform", "kubernetes").start();
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
        void showsDetailsOfTheHealthToTheUserOnly() {
            assertThat(get("/actuator/health").body()).doesNotContain("\"components\"", "\"details\"");
            assertThat(get("/actuator/health", "Authorization", basic("operator", PASSWORD)).body()).contains("\"components\"", "\"details\"");
        }

        @Test
        void opensTheConsoleToTheUserOnly(CapturedOutput output) {
            assertThat(login("operator", "wrong").status()).isEqualTo(403);
            assertThat(login("operator", PASSWORD).status()).isEqualTo(200);
            session("operator", PASSWORD);
            assertThat(post("/actuator/jolokia", VERSION).status()).isEqualTo(401);
            assertThat(output).doesNotContain(PASSWORD);
        }

        @Test
        void asksAScriptOfAPageForNoPasswordInAWindowOfTheBrowser() {
            Answer asked = get("/actuator/parked", "Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "cors");
            assertThat(asked.status()).isEqualTo(401);
            assertThat(asked.headers()).doesNotContainKey("www-authenticate");
        }

        @Test
        void slowsDownWhoGuessesWhateverElseHeAsks() {
            for (int i = 0; i < 12; i++) {
                Answer guess = switch (i % 3) {
                    case 0 -> get("/actuator/parked", "Authorization", basic("operator", "guess-" + i), "X-Forwarded-For", "203.0.113." + i);
                    case 1 -> get("/actuator/hawtio/nothing", "Authorization", basic("operator", "guess-" + i), "Forwarded", "for=203.0.113." + i);
                    default -> login("operator", "guess-" + i);
                };
                assertThat(guess.status()).isIn(401, 403, 429);
                // answers that say nothing of a password
                assertThat(get("/actuator/hawtio", "Accept", "text/html").status()).isEqualTo(302);
                assertThat(get("/actuator/health").status()).isIn(200, 503);
            }
            Answer locked = get("/actuator/parked", "Authorization", basic("operator", PASSWORD));
            assertThat(locked.status()).isEqualTo(429);
            assertThat(Integer.parseInt(locked.header("Retry-After"))).isPositive();
            assertThat(post("/actuator/jolokia", VERSION, "Authorization", basic("operator", PASSWORD)).status()).isEqualTo(429);
            assertThat(login("operator", PASSWORD).status()).isEqualTo(429);
            showsHealthAndNumbersToEverybody();
            await().atMost(Duration.ofSeconds(20)).until(() ->
                    get("/actuator/parked", "Authorization", basic("operator", PASSWORD)).status() == 200);
        }

        @Test
        void answersTheCommandLineThatHasTheLogin() {
            Map<String, String> here = Map.of("MANAGEMENT_SERVER_PORT", Integer.toString(relay.managementPort()), "MANAGEMENT_SERVER_ADDRESS", "0.0.0.0");
            assertThat(trace(here, 2)).contains("asks for a login: set CONSOLE_PASSWORD");
            Map<String, String> login = new HashMap<>(here);
            login.put("CONSOLE_USER", "operator");
            login.put("CONSOLE_PASSWORD", PASSWORD);
            assertThat(trace(login, 1)).startsWith("Nothing fits: no such event came");
        }

        private static String trace(Map<String, String> environment, int status) {
            ByteArrayOutputStream said = new ByteArrayOutputStream();
            PrintStream stream = new PrintStream(said, true, StandardCharsets.UTF_8);
            assertThat(new Commands(null, environment, stream, stream).run("trace", "unheard-of")).hasValue(status);
            return said.toString(StandardCharsets.UTF_8);
        }

        @Test
        void showsHealthAndNumbersAsBefore() {
            showsHealthAndNumbersToEverybody();
        }
    }
}
