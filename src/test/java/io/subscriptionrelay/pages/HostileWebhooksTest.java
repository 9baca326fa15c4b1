package io.subscriptionrelay.pages;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.testing.Home;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import io.subscriptionrelay.testing.Webhook;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.chrome.ChromeDriver;
import org.springframework.core.io.ClassPathResource;

/** Whatever stands in a field of a webhook is text on every page: no markup, no script, no address, and nothing that is evaluated. */
class HostileWebhooksTest {

    private static final String PASSWORD = "an operator's password";
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    /** Each with a marker in the place of {@code MARK}, which is another one in each field. */
    private static final List<String> TEXTS = List.of("<script>window.pwned='MARK'</script>", "\"><img src=x onerror=\"window.pwned='MARK'\">",
            "'><svg onload='window.pwned=1'>MARK", "</pre></textarea></title><b>MARK</b>", "zq[[${7*7}]]MARK", "zq[(${7*7})]MARK", "zq${7*7}MARK", "zq*{7*7}MARK",
            "__${7*7}__::.xMARK", "zq__${7*7}__MARK", "~{layout :: page}MARK", "javascript:window.pwned='MARK'", "\u202eMARK\u2066", "null MARK", "undefined\0MARK",
            "&lt;img src=x onerror=alert(1)&gt;MARK", "{{7*7}}MARK", "MARK\u2028\u2029<!--");
    /** Fields by which an event is understood. With a hostile text in them too, it is of an unknown type, or has no time. */
    private static final Set<String> UNDERSTOOD = Set.of("type", "event_name", "environment", "store", "period_type", "event_created_at", "purchased_at");
    private static final Set<String> TIMES = Set.of("event_timestamp_ms", "event_created_at", "event_created_at_ms", "time", "created_at");

    private static final List<String> marks = new ArrayList<>();
    private static Simulators simulators;
    private static RelayApp relay;
    private static ChromeDriver browser;

    @BeforeAll
    static void sendThem(@TempDir Path folder) throws IOException {
        browser = Chromium.start();
        simulators = new Simulators();
        Path home = Home.copyTo(folder.resolve("home"));
        relay = RelayApp.with(folder.resolve("data")).home(home).cleverTap(simulators.cleverTap.url()).oneSignal(simulators.oneSignal.url())
                .set("CONSOLE_PASSWORD", PASSWORD).set("PURCHASELY_SHARED_SECRET", Webhook.PURCHASELY_SECRET).set("QONVERSION_TOKEN", Webhook.QONVERSION_TOKEN).start();
        int sent = 0;
        for (Map.Entry<String, String> example : Map.of("revenuecat", "renewal", "purchasely", "subscription-renewed", "qonversion", "trial-converted").entrySet()) {
            JsonNode webhook = StrictJson.mapper().readTree(Path.of("mappings", example.getKey(), "examples", example.getValue() + ".webhook.json").toFile());
            for (String text : TEXTS) {
                post(example.getKey(), hostile("", webhook, text, Set.of(), Set.of()));
                post(example.getKey(), hostile("", webhook, text, UNDERSTOOD, Set.of()));
                post(example.getKey(), hostile("", webhook, text, UNDERSTOOD, TIMES));
                sent += 3;
            }
        }
        int all = sent;
        await().atMost(PATIENCE).until(() -> relay.prometheus().lines().filter(line -> line.startsWith("relay_events_received_total"))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ')))).sum() == all);
        await().atMost(PATIENCE).until(() -> relay.parked().path("total").asInt() >= 3 * TEXTS.size());
        // so that a comparison has differences to show
        Path settings = home.resolve("mappings/revenuecat/clevertap.yaml");
        Files.writeString(settings, Files.readString(settings).replace("renewal: rc_renewal_event", "renewal: Renewed"));
        await().atMost(PATIENCE).until(() -> relay.actuator("/events?outcome=delivered&limit=100").path("events").size() >= TEXTS.size());
        browser.get("http://127.0.0.1:" + relay.managementPort() + "/");
        browser.findElement(By.id("username")).sendKeys("relay");
        browser.findElement(By.id("password")).sendKeys(PASSWORD);
        browser.findElement(By.cssSelector("main button[type=submit]")).click();
        await().atMost(PATIENCE).until(() -> !browser.findElements(By.id("flow")).isEmpty());
    }

    /** The same with this text in each string and each key that is not left as it is; those that are left out are gone. */
    private static JsonNode hostile(String key, JsonNode json, String text, Set<String> left, Set<String> out) {
        if (json.isObject()) {
            ObjectNode object = StrictJson.mapper().createObjectNode();
            json.properties().stream().filter(field -> !out.contains(field.getKey())).forEach(field ->
                    object.set(field.getKey(), hostile(field.getKey(), field.getValue(), text, left, out)));
            return object.put(marked(text), marked(text));
        }
        if (json.isArray()) {
            ArrayNode array = StrictJson.mapper().createArrayNode();
            json.forEach(element -> array.add(hostile(key, element, text, left, out)));
            return array.add(marked(text));
        }
        return json.isTextual() && !left.contains(key) ? TextNode.valueOf(marked(text)) : json;
    }

    private static String marked(String text) {
        marks.add("mk" + marks.size() + "x");
        return text.replace("MARK", marks.get(marks.size() - 1));
    }

    private static void post(String provider, JsonNode webhook) {
        String body = webhook.toString();
        assertThat(relay.post(provider, body, Webhook.proof(provider, body.getBytes(StandardCharsets.UTF_8))).statusCode()).isEqualTo(200);
    }

    @AfterAll
    static void close() {
        if (browser != null) {
            browser.quit();
        }
        if (relay != null) {
            relay.close();
        }
        if (simulators != null) {
            simulators.close();
        }
    }

    @Test
    void everyFieldOfAWebhookIsTextOnEveryPage() throws IOException {
        List<String> pages = new ArrayList<>(List.of("/overview", "/events", "/parked", "/replays", "/mappings", "/test-event"));
        relay.manageLoggedIn("POST", "/replays?dry-run=true");
        for (String text : TEXTS) {
            String asked = URLEncoder.encode(text.replace("MARK", "mk0x"), StandardCharsets.UTF_8);
            relay.manageLoggedIn("POST", "/replays?dry-run=true&user=" + asked);
            for (String page : List.of("/events?search=", "/events?next=", "/events/revenuecat?id=", "/parked?reason=", "/parked/discard?reason=", "/parked/discard?id=",
                    "/test-event?user=", "/test-event?provider=", "/test-event?step=", "/test-event/sent?provider=revenuecat&id=", "/test-event/sent?id=x&provider=",
                    "/overview?fragment=", "/login?error=")) {
                pages.add(page + asked);
            }
        }
        await().atMost(PATIENCE).until(() -> relay.actuator("/replays").findValuesAsText("state").stream().noneMatch("running"::equals));
        Map<?, ?> found = look(pages);
        assertThat((List<?>) found.get("wrong")).isEmpty();
        Set<String> missing = new TreeSet<>(marks);
        ((List<?>) found.get("markers")).forEach(missing::remove);
        assertThat(missing).as("fields that were on no page").isEmpty();
        assertThat(found.get("pages").toString()).contains("/parked/", "/replays/", "/events/qonversion", "/events/purchasely", "next=", "/parked/discard?id=");
    }

    @Test
    void noScriptOfAWebhookRunsInABrowser() {
        String parked = relay.parked().path("entries").path(0).path("id").asText();
        String replay = relay.actuator("/replays").path("replays").path(0).path("id").asText();
        for (String page : List.of("/overview", "/events", "/events?live=on", "/parked", "/parked/" + parked, "/parked/discard?id=" + parked, "/replays/" + replay,
                "/test-event?user=" + URLEncoder.encode(TEXTS.get(1), StandardCharsets.UTF_8))) {
            browser.get("http://127.0.0.1:" + relay.managementPort() + page);
            await().atMost(PATIENCE).until(() -> !browser.findElements(By.tagName("h1")).isEmpty());
            assertThat(browser.executeScript("return window.pwned")).as(page).isNull();
        }
    }

    @Test
    void aWebhookThatIsNoneIsShownAgainAsItWas() {
        for (String text : TEXTS) {
            String body = "{\"event\": \"" + text + "\n";
            browser.get("http://127.0.0.1:" + relay.managementPort() + "/test-event");
            browser.executeScript("document.getElementById('body').value = arguments[0]", body);
            browser.findElement(By.cssSelector("main button.primary")).click();
            await().atMost(PATIENCE).until(() -> !browser.findElements(By.cssSelector("[role=alert]")).isEmpty());
            assertThat(browser.findElement(By.id("body")).getDomProperty("value")).isEqualTo(body.replace("\0", "\ufffd"));
            assertThat(browser.findElements(By.cssSelector("main img, main b, main svg"))).isEmpty();
        }
    }

    private static Map<?, ?> look(List<String> pages) throws IOException {
        browser.manage().timeouts().scriptTimeout(Duration.ofMinutes(4));
        return (Map<?, ?>) browser.executeAsyncScript(new ClassPathResource("io/subscriptionrelay/pages/look-at-every-page.js").getContentAsString(StandardCharsets.UTF_8),
                pages);
    }
}
