package io.subscriptionrelay.pages;

import static org.assertj.core.api.Assertions.assertThat;

import io.subscriptionrelay.testing.RawHttp;
import io.subscriptionrelay.testing.RawHttp.Answer;
import io.subscriptionrelay.testing.RelayApp;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
                "/overview", "/parked", "/replays", "/events", "/test-event")) {
            for (String method : List.of("POST", "PUT", "PATCH", "DELETE")) {
                assertThat(ask(method, path, "Authorization", VIEWER).status()).as("%s %s", method, path).isEqualTo(403);
            }
        }
        assertThat(RawHttp.send(relay.managementPort(), "POST", "/actuator/hawtio/auth/login",
                "{\"username\":\"viewer\",\"password\":\"a viewer's password\"}".getBytes(StandardCharsets.UTF_8), "Content-Type", "application/json").status())
                .as("Hawtio's own login").isEqualTo(403);
    }

    private static Answer ask(String method, String path, String... headers) {
        return RawHttp.send(relay.managementPort(), method, path, null, headers);
    }

    private static String basic(String user, String password) {
        return "Basic " + Base64.getEncoder().encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
    }
}
