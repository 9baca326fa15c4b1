package io.subscriptionrelay.pages;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.RawHttp;
import io.subscriptionrelay.testing.RawHttp.Answer;
import io.subscriptionrelay.testing.RelayApp;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.web.bind.annotation.RequestMethod;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;

/** Who sees which page, and what no page has. */
class PagesTest {

    private static final String OPERATOR = basic("relay", "an operator's password");
    private static final String VIEWER = basic("viewer", "a viewer's password");
    private static final List<String> PAGES = List.of("/overview");
    private static RelayApp relay;

    @BeforeAll
    static void start(@TempDir Path data) {
        relay = RelayApp.with(data).cleverTap("http://127.0.0.1:1").set("CONSOLE_PASSWORD", "an operator's password")
                .set("VIEWER_PASSWORD", "a viewer's password").start();
    }

    @AfterAll
    static void stop() {
        relay.close();
    }

    @Test
    void leadsWhoeverHasNotLoggedInToTheLogin() {
        for (String page : PAGES) {
            Answer answer = ask("GET", page, "Accept", "text/html");
            assertThat(answer.status()).as(page).isEqualTo(302);
            assertThat(answer.header("Location")).as(page).endsWith("/login");
            assertThat(ask("GET", page).status()).as(page).isEqualTo(401);
        }
    }

    @Test
    void showsEveryPageToTheOperatorAndTheViewer() {
        for (String page : PAGES) {
            assertThat(ask("GET", page, "Accept", "text/html", "Authorization", OPERATOR).status()).as(page).isEqualTo(200);
            Answer seen = ask("GET", page, "Accept", "text/html", "Authorization", VIEWER);
            assertThat(seen.status()).as(page).isEqualTo(200);
            assertThat(seen.body()).as(page).contains("may only look").doesNotContain("/actuator/hawtio");
        }
    }

    /** Of every page and action that there is, those included that somebody adds later. */
    @Test
    void asksForALoginEverywhereAndForATokenWhereverASessionActs() {
        Map<String, Set<RequestMethod>> all = handled();
        assertThat(all.keySet()).as("the search finds what is there").contains("/overview", "/events", "/parked/1/replay", "/replays", "/mappings/playground", "/test-event");
        String token = cookie(ask("GET", "/login", "Accept", "text/html"), "XSRF-TOKEN");
        Answer in = RawHttp.send(relay.managementPort(), "POST", "/login", ("username=relay&password=" + URLEncoder.encode("an operator's password", StandardCharsets.UTF_8)
                + "&_csrf=" + token).getBytes(StandardCharsets.UTF_8), "Cookie", "XSRF-TOKEN=" + token, "Content-Type", "application/x-www-form-urlencoded");
        String session = "JSESSIONID=" + cookie(in, "JSESSIONID");
        assertThat(ask("GET", "/overview", "Accept", "text/html", "Cookie", session).status()).as("logged in").isEqualTo(200);
        all.forEach((path, methods) -> {
            if (methods.contains(RequestMethod.POST)) {
                assertThat(ask("POST", path).status()).as("POST %s by nobody", path).isIn(302, 401, 403);
                assertThat(ask("POST", path, "Authorization", VIEWER).status()).as("POST %s by the viewer", path).isEqualTo(403);
                assertThat(ask("POST", path, "Cookie", session).status()).as("POST %s by a session without a token", path).isEqualTo(403);
            }
            if (methods.contains(RequestMethod.GET)) {
                assertThat(ask("GET", path).status()).as("GET %s by nobody", path).isEqualTo(401);
                assertThat(ask("GET", path, "Authorization", VIEWER).status()).as("GET %s by the viewer", path).isIn(200, 400, 403, 404);
            }
        });
    }

    /** What pages answer to, but the login and what it is made of. */
    private static Map<String, Set<RequestMethod>> handled() {
        Map<String, Set<RequestMethod>> handled = new TreeMap<>();
        relay.operationsContext().getBeansOfType(RequestMappingHandlerMapping.class).values().forEach(mapping -> mapping.getHandlerMethods().forEach((info, method) -> {
            if (method.getBeanType().getPackage().equals(PagesTest.class.getPackage())) {
                info.getPatternValues().forEach(pattern -> handled.computeIfAbsent(pattern.replaceAll("\\{[^}]*}", "1"), path -> new TreeSet<>())
                        .addAll(info.getMethodsCondition().getMethods()));
            }
        }));
        assertThat(ask("GET", "/")).as("it leads elsewhere and has nothing").extracting(Answer::status, Answer::body).containsExactly(302, "");
        handled.keySet().removeIf(path -> path.equals("/") || path.equals("/login") || path.startsWith("/assets/"));
        return handled;
    }

    @Test
    void hasNoScriptOrStyleInsideAPage() {
        for (String page : List.of("/login", "/overview", "/test-event", "/nothing")) {
            Answer answer = ask("GET", page, "Accept", "text/html", "Authorization", OPERATOR);
            assertThat(answer.body()).as(page).doesNotContain("<style", " style=", " onclick=", "javascript:", "http://", "https://")
                    .doesNotContainPattern("<script(?! defer src=\"/assets/)");
        }
    }

    @Test
    void tellsAPersonWhatIsNotThere() {
        Answer answer = ask("GET", "/nothing", "Accept", "text/html", "Authorization", OPERATOR);
        assertThat(answer.status()).isEqualTo(404);
        assertThat(answer.body()).contains("There is nothing here", "/overview");
    }

    @Test
    void letsAViewerLookAtTheEndpointsButNotAtContent() {
        for (String path : List.of("/actuator/parked", "/actuator/parked/reasons", "/actuator/events", "/actuator/replays")) {
            assertThat(ask("GET", path, "Authorization", VIEWER).status()).as(path).isEqualTo(200);
        }
        for (String path : List.of("/actuator/parked/1", "/actuator/events?content=true", "/actuator/events?q=a*", "/actuator/events?user=mia",
                "/actuator/parked?user=mia", "/actuator/hawtio/", "/actuator/jolokia")) {
            assertThat(ask("GET", path, "Authorization", VIEWER).status()).as(path).isIn(401, 403);
        }
    }

    @Test
    void letsAViewerChangeNothing() {
        for (String path : List.of("/actuator/parked", "/actuator/parked?dry-run=true", "/actuator/replays", "/actuator/jolokia", "/actuator/hawtio/jolokia",
                "/overview", "/parked", "/replays", "/events", "/test-event", "/mappings/playground")) {
            for (String method : List.of("POST", "PUT", "PATCH", "DELETE")) {
                assertThat(ask(method, path, "Authorization", VIEWER).status()).as("%s %s", method, path).isEqualTo(403);
            }
        }
        assertThat(RawHttp.send(relay.managementPort(), "POST", "/actuator/hawtio/auth/login",
                "{\"username\":\"viewer\",\"password\":\"a viewer's password\"}".getBytes(StandardCharsets.UTF_8), "Content-Type", "application/json").status())
                .as("Hawtio's own login").isEqualTo(403);
    }

    @Test
    void sendsAfterAComparisonNoMoreAndNoFasterThanWasCompared() throws IOException {
        String begun = relay.manageLoggedIn("POST", "/replays?dry-run=true&destination=clevertap&limit=3&rate=50").body();
        String page = "/replays/" + StrictJson.mapper().readTree(begun).path("id").asText();
        await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertThat(ask("GET", page, "Accept", "text/html", "Authorization", OPERATOR).body())
                .contains("the oldest 3", "name=\"limit\" value=\"3\"", "name=\"rate\" value=\"50.0\""));
    }

    @Test
    void saysWhichDestinationAnEventWaitsFor() {
        assertThat(relay.revenueCat(Events.renewal("waits", "mia", System.currentTimeMillis()))).isEqualTo(200);
        for (String page : List.of("/events", "/events/revenuecat?id=waits")) {
            await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertThat(ask("GET", page, "Accept", "text/html", "Authorization", OPERATOR).body())
                    .as(page).containsPattern("(?s)>clevertap<.{0,160}in its queue|>waits<.{0,160}>clevertap<.{0,80}in its queue").doesNotContain("no destination is on"));
        }
    }

    private static String cookie(Answer answer, String name) {
        return answer.headers().get("set-cookie").stream().filter(cookie -> cookie.startsWith(name + "=") && !cookie.startsWith(name + "=;"))
                .map(cookie -> cookie.substring(name.length() + 1, cookie.indexOf(';'))).findFirst().orElseThrow();
    }

    private static Answer ask(String method, String path, String... headers) {
        return RawHttp.send(relay.managementPort(), method, path, null, headers);
    }

    private static String basic(String user, String password) {
        return "Basic " + Base64.getEncoder().encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
    }
}
