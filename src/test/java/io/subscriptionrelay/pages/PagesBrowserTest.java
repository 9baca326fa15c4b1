package io.subscriptionrelay.pages;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.deque.html.axecore.results.Rule;
import com.deque.html.axecore.selenium.AxeBuilder;
import io.subscriptionrelay.mapping.Mapper;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.Home;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import io.subscriptionrelay.testing.Webhook;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.Dimension;
import org.openqa.selenium.Keys;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.interactions.Actions;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.support.ui.ExpectedConditions;
import org.openqa.selenium.support.ui.Select;
import org.openqa.selenium.support.ui.WebDriverWait;

/**
 * What a person sees and does on the pages, in a real browser: from the login to what it does at the destinations. With
 * {@code -Dpages.shots=docs/pages} the pictures of the documents are made anew.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class PagesBrowserTest {

    private static final String PASSWORD = "an operator's pässword";
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int PASSED = 60;
    private static final String REFUSED = "7A3F9C02-5B1E-4D6A-9C77-1F0E2D3C4B5A";
    /** Which pages are kept in docs/pages, and as what. */
    private static final Map<String, String> KEPT = Map.of("/overview", "overview", "/events", "events", "/events/revenuecat?id=" + REFUSED, "event", "/parked", "parked",
            "/parked/ID", "parked-event", "/replays", "replays", "/replays/ID", "replay", "/mappings", "mappings", "/test-event?step=renewal&user=lena.42", "test-event");
    /** The editor of the file, beside the one of the webhook. */
    private static final String EDITOR = "return document.querySelectorAll('.CodeMirror')[1].CodeMirror";
    private static final Set<String> GRAVE = Set.of("serious", "critical");

    private static Simulators simulators;
    private static RelayApp relay;
    private static Path home;
    private static Path downloads;
    private static ChromeDriver browser;

    @BeforeAll
    static void logIn(@TempDir Path folder) throws IOException {
        downloads = Files.createDirectories(folder.resolve("downloads"));
        browser = Chromium.start(downloads);
        simulators = new Simulators();
        simulators.cleverTap.discarded("rc_billing_issue_event");
        home = Home.copyTo(folder.resolve("home"));
        tagOfStore("shop");
        relay = RelayApp.with(folder.resolve("data")).home(home).cleverTap(simulators.cleverTap.url()).oneSignal(simulators.oneSignal.url())
                .set("CONSOLE_PASSWORD", PASSWORD).set("PURCHASELY_SHARED_SECRET", Webhook.PURCHASELY_SECRET).set("QONVERSION_TOKEN", Webhook.QONVERSION_TOKEN).start();
        new Afternoon(relay).pass(PASSED);
        assertThat(relay.revenueCat(Events.event("page-1", "CANCELLATION", "mia.1", System.currentTimeMillis(), "\"period_type\":\"NORMAL\""))).isEqualTo(200);
        assertThat(relay.revenueCat(Events.event(REFUSED, "BILLING_ISSUE", "lena@example.com", System.currentTimeMillis(), "\"period_type\":\"NORMAL\"")))
                .isEqualTo(200);
        assertThat(relay.post("revenuecat", "{}", "Authorization", "Bearer wrong").statusCode()).isEqualTo(401);
        relay.awaitParked(1);
        open("/");
        see(By.id("username")).sendKeys("relay");
        see(By.id("password")).sendKeys(PASSWORD);
        see(By.cssSelector("main button[type=submit]")).click();
        see(By.id("flow"));
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
    @Order(1)
    void aTestEventOfAProviderThatHasSentNothingIsFollowedToTheDestinations() throws IOException {
        open("/overview");
        see(By.xpath("//section[contains(., 'First webhook of qonversion')]//a[.='Send a test event']")).click();
        new Select(see(By.id("step"))).selectByValue("trial_converted");
        await().atMost(PATIENCE).until(() -> browser.getCurrentUrl().contains("step=trial_converted"));
        see(By.id("for-user")).sendKeys(Keys.chord(Keys.CONTROL, "a"), "runner-7", Keys.TAB);
        await().atMost(PATIENCE).until(() -> String.valueOf(browser.executeScript("return document.getElementById('body').value")).contains("\"custom_user_id\" : \"runner-7\""));
        assertThat(see(By.tagName("main")).getText()).contains("clevertap production, onesignal production");
        browser.executeScript("document.getElementById('body').value = document.getElementById('body').value.replace('run_yearly', 'run_forever')");
        see(By.cssSelector("main button.primary")).click();
        assertThat(see(By.cssSelector("[role=status].done")).getText()).startsWith("200: the relay has kept it");
        soon().untilAsserted(() -> assertThat(see(By.id("became")).getText())
                .containsPattern("clevertap\\s+✓\\s+delivered").containsPattern("onesignal\\s+✓\\s+delivered").doesNotContain("Look again"));
        for (int width : new int[] {1280, 390}) {
            browser.manage().window().setSize(new Dimension(width, 900));
            shot("test-event-sent", width, null);
            assertThat((Long) browser.executeScript("return document.documentElement.scrollWidth - document.documentElement.clientWidth")).as("pixels too wide at %d", width)
                    .isLessThan(2);
        }
        browser.manage().window().setSize(new Dimension(1280, 900));
        assertThat(graveViolations()).isEmpty();
        see(By.linkText("What was sent and answered")).click();
        await().atMost(PATIENCE).until(() -> browser.findElements(By.id("webhook")).size() == 1);
        assertThat(see(By.id("webhook")).getText()).contains("run_forever");
        assertThat(simulators.cleverTap.eventsOf("runner-7")).singleElement()
                .satisfies(record -> assertThat(record.data().path("product_id").asText()).isEqualTo("run_forever"));
        assertThat(simulators.oneSignal.tags(Simulators.ONESIGNAL_APP, "external_id", "runner-7")).containsEntry("product_id", "run_forever");
    }

    @Test
    @Order(2)
    void everyPageIsReadableForEverybodyAndTheBrowserRefusesNothingOnIt() throws IOException {
        await().atMost(PATIENCE).until(() -> relay.actuator("/events?limit=100").path("events").size() == PASSED + 3);
        String parked = relay.parked().path("entries").path(0).path("id").asText();
        String compared = mendATagAndCompare();
        List<String> wrong = new ArrayList<>();
        for (String page : List.of("/overview", "/events", "/events?search=outcome:parked", "/events?search=nobody", "/events?search=colour:red",
                "/events/revenuecat?id=" + REFUSED, "/parked", "/parked/" + parked, "/parked/discard?id=" + parked, "/replays",
                "/replays/" + compared, "/mappings", "/mappings?examples=revenuecat", "/mappings/playground?provider=revenuecat&event=" + REFUSED, "/test-event?step=renewal&user=lena.42", "/nothing")) {
            for (int width : new int[] {1280, 390}) {
                browser.manage().window().setSize(new Dimension(width, 900));
                open(page);
                see(By.cssSelector("main h1"));
                shot(page.replaceAll("[^a-z]+", "-").replaceAll("^-|-$", ""), width, KEPT.get(page.replace(parked, "ID").replace(compared, "ID")));
                if (width == 1280) {
                    graveViolations().stream().map(rule -> page + ": " + rule).forEach(wrong::add);
                }
                // a page may be scrolled down, and not sideways
                Long wider = (Long) browser.executeScript("return document.documentElement.scrollWidth - document.documentElement.clientWidth");
                if (wider > 1) {
                    wrong.add(page + " is " + wider + " pixels too wide at " + width);
                }
            }
        }
        browser.manage().window().setSize(new Dimension(1280, 900));
        browser.manage().logs().get(LogType.BROWSER).getAll().stream().map(Object::toString)
                .filter(line -> !line.contains("/nothing") && !line.contains("status of 40")).forEach(wrong::add);
        assertThat(wrong).isEmpty();
    }

    /** In the mode that opens no window of its own, which is for pages with frames. */
    private static List<String> graveViolations() {
        return new AxeBuilder().setLegacyMode().analyze(browser).getViolations().stream().filter(rule -> GRAVE.contains(String.valueOf(rule.getImpact())))
                .map(PagesBrowserTest::said).toList();
    }

    private static String said(Rule rule) {
        return rule.getHelp() + " " + rule.getNodes().stream().map(node -> String.valueOf(node.getTarget())).toList();
    }

    /** The tag by which OneSignal knows the store has had a wrong name until now. Gives the id of the comparison. */
    private static String mendATagAndCompare() throws IOException {
        tagOfStore("store");
        relay.bean(Mapper.class).reload();
        open("/replays");
        see(By.linkText("New replay …")).click();
        new Select(see(By.id("destination"))).selectByValue("onesignal");
        see(By.id("provider")).sendKeys("revenuecat");
        see(By.cssSelector("dialog#replay[open] button.primary")).click();
        // as soon as it is done, without loading the page again
        soon().untilAsserted(() -> assertThat(see(By.cssSelector(".difference")).getText()).contains("onesignal", "tags.shop tags.store", "the event"));
        return browser.getCurrentUrl().replaceAll(".*/", "");
    }

    private static void tagOfStore(String name) throws IOException {
        Path settings = home.resolve("mappings/revenuecat/onesignal.yaml");
        Files.writeString(settings, Files.readString(settings).replaceFirst("(?m)^  store: \\w+", "  store: " + name));
    }

    @Test
    @Order(3)
    void anEventIsFoundByAnIdOfItsUserAndReachedWithoutAMouse() {
        open("/events");
        see(By.cssSelector("tbody tr"));
        browser.switchTo().activeElement().sendKeys("/");
        browser.switchTo().activeElement().sendKeys("lena@example.com", Keys.ENTER);
        await().atMost(PATIENCE).until(() -> browser.findElements(By.cssSelector("tbody tr")).size() == 1);
        assertThat(browser.getCurrentUrl()).contains("search=lena");
        browser.findElement(By.tagName("body")).sendKeys("j");
        browser.switchTo().activeElement().sendKeys(Keys.ENTER);
        await().atMost(PATIENCE).until(() -> browser.getCurrentUrl().contains("/events/revenuecat?id=" + REFUSED));
        assertThat(see(By.cssSelector(".timeline")).getText()).contains("received").contains("parked").contains("CleverTap 528").contains("delivered");
        assertThat(browser.findElement(By.id("webhook")).getText()).contains("lena@example.com");
    }

    @Test
    @Order(4)
    void whatIsParkedIsMendedAndReplayedToItsEffectAtTheDestination() throws IOException {
        open("/parked");
        assertThat(see(By.cssSelector("tbody")).getText()).contains("CleverTap 528");
        Path settings = home.resolve("mappings/revenuecat/clevertap.yaml");
        Files.writeString(settings, Files.readString(settings).replace("billing_issue: rc_billing_issue_event", "billing_issue: Payment failed"));
        see(By.cssSelector("tbody td a")).click();
        see(By.xpath("//h2[text()='Entries']/following-sibling::table//a")).click();
        soon().untilAsserted(() -> {
            assertThat(see(By.cssSelector(".difference pre")).getText()).contains("\"Payment failed\"");
        });
        long stored = simulators.cleverTap.eventsOf("lena@example.com").size();
        see(By.cssSelector("main form button.primary")).click();
        assertThat(see(By.cssSelector("[role=status].done")).getText()).contains("goes through today's mapping");
        await().atMost(PATIENCE).until(() -> simulators.cleverTap.stored().stream().anyMatch(record -> "Payment failed".equals(record.name())));
        assertThat(stored).isZero();
        open("/parked");
        assertThat(see(By.tagName("main")).getText()).contains("Nothing is parked");
    }

    @Test
    @Order(5)
    void aChangeIsTriedOnAnEventInThePlaygroundAndDownloaded() throws IOException {
        open("/events/revenuecat?id=" + REFUSED);
        see(By.xpath("//a[contains(., 'in the playground')]")).click();
        see(By.cssSelector(".CodeMirror"));
        assertThat(see(By.id("choose")).getText()).contains("the event from history");
        new Select(see(By.id("file"))).selectByValue("revenuecat/clevertap.yaml");
        await().atMost(PATIENCE).until(() -> browser.getCurrentUrl().contains("clevertap.yaml") && Boolean.TRUE.equals(browser.executeScript(EDITOR.replace("return ", "return !!"))));
        assertThat(see(By.id("result")).getText()).contains("Nothing is changed yet", "billing_issue", "lena@example.com");

        typed("billing_issue: Payment failed ", "biling_issue: Payment failed ");
        await().atMost(PATIENCE).until(() -> browser.findElements(By.cssSelector(".CodeMirror-lint-marker")).size() == 1);
        assertThat(see(By.id("mistakes")).getText()).contains("unknown key `biling_issue` under `events`");
        shot("playground-mistake", 1280, null);

        typed("biling_issue: Payment failed ", "billing_issue: Tried ");
        await().atMost(PATIENCE).until(() -> browser.findElements(By.cssSelector("#result ins")).size() == 1);
        assertThat(see(By.cssSelector("#result ins")).getText()).contains("\"evtName\": \"Tried\"");
        assertThat(see(By.cssSelector("#result del")).getText()).contains("\"evtName\": \"Payment failed\"");
        assertThat(browser.findElements(By.cssSelector(".CodeMirror-lint-marker"))).isEmpty();
        assertThat(see(By.id("result")).getText()).contains("differs from what is in use", "the same as in use");
        for (int width : new int[] {1280, 390}) {
            browser.manage().window().setSize(new Dimension(width, 900));
            shot("playground-difference", width, "playground");
        }
        browser.manage().window().setSize(new Dimension(1280, 900));
        browser.executeCdpCommand("Emulation.setEmulatedMedia", Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", "dark"))));
        shot("playground-dark", 1280, null);
        assertThat(graveViolations()).isEmpty();
        browser.executeCdpCommand("Emulation.setEmulatedMedia", Map.of("features", List.of()));
        assertThat(graveViolations()).isEmpty();

        see(By.id("download")).click();
        await().atMost(PATIENCE).until(() -> Files.exists(downloads.resolve("clevertap.yaml")));
        assertThat(downloads.resolve("clevertap.yaml")).content().contains("billing_issue: Tried ");
        assertThat(home.resolve("mappings/revenuecat/clevertap.yaml")).content().contains("billing_issue: Payment failed").doesNotContain("Tried");
        typed("billing_issue: Tried ", "billing_issue: Payment failed ");
        await().atMost(PATIENCE).until(() -> browser.findElements(By.cssSelector("#result ins")).isEmpty());
        assertThat(browser.manage().logs().get(LogType.BROWSER).getAll().stream().map(Object::toString).filter(line -> line.contains("Content Security Policy")))
                .isEmpty();
    }

    /** Puts something else in the place of a word in the editor, as somebody would who has marked it. */
    private static void typed(String before, String after) {
        browser.executeScript(EDITOR.replace("return ", "const editor = ") + "; const at = editor.getValue().indexOf(arguments[0]);"
                + " editor.setSelection(editor.posFromIndex(at), editor.posFromIndex(at + arguments[0].length)); editor.focus();", before);
        new Actions(browser).sendKeys(after).perform();
    }

    @Test
    @Order(6)
    void theExamplesOfAProviderRunWhenSomebodyAsksForIt() throws IOException {
        open("/mappings");
        see(By.xpath("//h2[text()='revenuecat']/following-sibling::a")).click();
        // the shipped example expects the shipped name
        await().atMost(PATIENCE).until(() -> see(By.id("examples-revenuecat")).getText().contains("failed, with the mappings in use now"));
        see(By.cssSelector("#examples-revenuecat summary")).click();
        assertThat(see(By.cssSelector("#examples-revenuecat pre ins")).getText()).contains("Payment failed");
        assertThat(browser.getCurrentUrl()).endsWith("/mappings");
        browser.executeScript("document.querySelector('#examples-revenuecat').scrollIntoView()");
        shot("mappings-failed", 1280, null);
    }

    @Test
    @Order(7)
    void anEventIsReplayedFromItsPageAndTheReplayIsListedWithWhoAskedForIt() {
        open("/events/revenuecat?id=page-1");
        int updates = simulators.oneSignal.updates().size();
        see(By.tagName("body")).sendKeys("r");
        see(By.cssSelector("dialog#replay[open] button.primary")).click();
        await().atMost(PATIENCE).until(() -> browser.getCurrentUrl().contains("/replays/"));
        soon().until(() -> see(By.id("replayed")).getText().contains("done: 1 of 1 event"));
        await().atMost(PATIENCE).until(() -> simulators.oneSignal.updates().size() > updates);
        open("/replays");
        assertThat(see(By.cssSelector("tbody tr")).getText()).contains("relay").contains("states").contains("done");
    }

    @Test
    @Order(8)
    void aLiveListDoesNotMoveUnderThePointerAndSaysHowManyAreNew() {
        open("/events?live=on");
        WebElement first = see(By.cssSelector("[data-rows] tr:first-child td.type"));
        String before = see(By.cssSelector("[data-rows] tr:first-child a")).getAttribute("href");
        new Actions(browser).moveToElement(first).perform();
        assertThat(relay.revenueCat(Events.event("page-live", "CANCELLATION", "mia.1", System.currentTimeMillis(), "\"period_type\":\"NORMAL\""))).isEqualTo(200);
        soon().untilAsserted(() -> assertThat(see(By.id("fresh")).getText()).isEqualTo("1 new"));
        assertThat(see(By.cssSelector("[data-rows] tr:first-child a")).getAttribute("href")).as("nothing has moved").isEqualTo(before);
        new Actions(browser).moveToElement(see(By.tagName("h1"))).perform();
        soon().untilAsserted(() -> assertThat(see(By.cssSelector("[data-rows] tr:first-child a")).getAttribute("href")).endsWith("page-live"));
        await().atMost(PATIENCE).until(() -> !browser.findElement(By.id("fresh")).isDisplayed());
    }

    /** For what the page itself puts another one in the place of meanwhile. */
    private static ConditionFactory soon() {
        return await().atMost(PATIENCE).ignoreException(StaleElementReferenceException.class);
    }

    private static void open(String path) {
        browser.get("http://127.0.0.1:" + relay.managementPort() + path);
    }

    private static WebElement see(By what) {
        return new WebDriverWait(browser, PATIENCE).until(ExpectedConditions.visibilityOfElementLocated(what));
    }

    private static void shot(String name, int width, String kept) throws IOException {
        byte[] png = browser.getScreenshotAs(OutputType.BYTES);
        Path file = Path.of("target/pages", name + "-" + width + ".png");
        Files.createDirectories(file.getParent());
        Files.write(file, png);
        if (kept != null && width == 1280 && System.getProperty("pages.shots") != null) {
            Long end = (Long) browser.executeScript("const end = document.getElementById('flow') ?? document.querySelector('main');"
                    + " return Math.min(innerHeight, Math.ceil(end.getBoundingClientRect().bottom) + 16)");
            Picture.write(png, end.intValue(), Path.of(System.getProperty("pages.shots"), kept + ".png"));
        }
    }
}
