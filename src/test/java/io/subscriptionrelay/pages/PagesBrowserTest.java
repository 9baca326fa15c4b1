package io.subscriptionrelay.pages;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.deque.html.axecore.results.Rule;
import com.deque.html.axecore.selenium.AxeBuilder;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.Home;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.logging.Level;
import java.util.stream.Stream;
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
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.interactions.Actions;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;
import org.openqa.selenium.support.ui.ExpectedConditions;
import org.openqa.selenium.support.ui.Select;
import org.openqa.selenium.support.ui.WebDriverWait;

/**
 * What a person sees and does on the pages, in a real browser: from the login to what it does at the destinations. With
 * {@code -Dpages.shots=docs/pages} each page is kept as a picture.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class PagesBrowserTest {

    private static final String PASSWORD = "an operator's pässword";
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String SHOTS = System.getProperty("pages.shots", "target/pages");
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
        Optional<File> chromium = program("chromium", "chromium-browser", "google-chrome");
        Optional<File> driver = program("chromedriver");
        assumeTrue(chromium.isPresent() && driver.isPresent(),
                "the pages are not tested in a browser: no chromium with chromedriver is on the PATH (Debian: apt-get install chromium chromium-driver)");
        simulators = new Simulators();
        simulators.cleverTap.discarded("Renewed at last");
        home = Home.copyTo(folder.resolve("home"));
        Path settings = home.resolve("mappings/revenuecat/clevertap.yaml");
        Files.writeString(settings, Files.readString(settings).replace("renewal: rc_renewal_event", "renewal: Renewed at last"));
        relay = RelayApp.with(folder.resolve("data")).home(home).cleverTap(simulators.cleverTap.url()).oneSignal(simulators.oneSignal.url())
                .set("CONSOLE_PASSWORD", PASSWORD).set("QONVERSION_TOKEN", "a token of Qonversion for tests").start();
        for (int i = 0; i < 12; i++) {
            assertThat(relay.revenueCat(Events.event("page-" + i, i % 3 == 0 ? "BILLING_ISSUE" : "CANCELLATION", "user-" + i, Events.BASE + i, "\"period_type\":\"NORMAL\"")))
                    .isEqualTo(200);
        }
        assertThat(relay.revenueCat(Events.event("markup", "<script>alert(1)</script>", "<b>mallory</b>", Events.BASE, "\"period_type\":\"NORMAL\""))).isEqualTo(200);
        assertThat(relay.revenueCat(Events.renewal("refused", "lena@example.com", Events.BASE))).isEqualTo(200);
        assertThat(relay.post("revenuecat", "{}", "Authorization", "Bearer wrong").statusCode()).isEqualTo(401);
        relay.awaitParked(1);
        ChromeOptions options = new ChromeOptions();
        options.setBinary(chromium.get());
        options.addArguments("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync", "--window-size=1280,900");
        downloads = Files.createDirectories(folder.resolve("downloads"));
        options.setExperimentalOption("prefs", Map.of("download.default_directory", downloads.toString()));
        LoggingPreferences logs = new LoggingPreferences();
        logs.enable(LogType.BROWSER, Level.ALL);
        options.setCapability("goog:loggingPrefs", logs);
        browser = new ChromeDriver(new ChromeDriverService.Builder().usingDriverExecutable(driver.get()).usingAnyFreePort().build(), options);
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
    void everyPageIsReadableForEverybodyAndTheBrowserRefusesNothingOnIt() throws IOException {
        await().atMost(PATIENCE).until(() -> relay.actuator("/events?limit=100").path("events").size() == 14);
        String parked = relay.parked().path("entries").path(0).path("id").asText();
        relay.manage("POST", "/replays?dry-run=true");
        List<String> wrong = new ArrayList<>();
        for (String page : List.of("/overview", "/events", "/events?search=outcome:parked", "/events?search=nobody", "/events?search=colour:red",
                "/events/revenuecat?id=refused", "/events/revenuecat?id=markup", "/parked", "/parked/" + parked, "/parked/discard?id=" + parked, "/replays",
                "/replays/" + relay.actuator("/replays").path("replays").path(0).path("id").asText(), "/mappings", "/mappings?examples=revenuecat",
                "/mappings/playground?provider=revenuecat&event=refused", "/nothing")) {
            for (int width : new int[] {1280, 390}) {
                browser.manage().window().setSize(new Dimension(width, 900));
                open(page);
                see(By.cssSelector("main h1"));
                shot(page.replaceAll("[^a-z]+", "-").replaceAll("^-|-$", "") + "-" + width);
                if (width == 1280) {
                    new AxeBuilder().analyze(browser).getViolations().stream().filter(rule -> GRAVE.contains(String.valueOf(rule.getImpact())))
                            .map(rule -> page + ": " + said(rule)).forEach(wrong::add);
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

    private static String said(Rule rule) {
        return rule.getHelp() + " " + rule.getNodes().stream().map(node -> String.valueOf(node.getTarget())).toList();
    }

    @Test
    @Order(2)
    void markupInAWebhookIsTextOnEveryPage() {
        open("/events/revenuecat?id=markup");
        assertThat(see(By.tagName("h1")).getText()).contains("<script>alert(1)</script>");
        open("/events?search=mallory");
        assertThat(browser.findElements(By.cssSelector("main b"))).isEmpty();
        assertThat(browser.findElements(By.xpath("//td[contains(., '<b>mallory</b>')]"))).isNotEmpty();
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
        await().atMost(PATIENCE).until(() -> browser.getCurrentUrl().contains("/events/revenuecat?id=refused"));
        assertThat(see(By.cssSelector(".timeline")).getText()).contains("received").contains("parked").contains("CleverTap 528").contains("delivered");
        assertThat(browser.findElement(By.id("webhook")).getText()).contains("lena@example.com");
    }

    @Test
    @Order(4)
    void whatIsParkedIsMendedAndReplayedToItsEffectAtTheDestination() throws IOException {
        open("/parked");
        assertThat(see(By.cssSelector("tbody")).getText()).contains("CleverTap 528");
        Path settings = home.resolve("mappings/revenuecat/clevertap.yaml");
        Files.writeString(settings, Files.readString(settings).replace("renewal: Renewed at last", "renewal: Renewed"));
        see(By.cssSelector("tbody td a")).click();
        see(By.xpath("//h2[text()='Entries']/following-sibling::table//a")).click();
        await().atMost(PATIENCE).untilAsserted(() -> {
            browser.navigate().refresh();
            assertThat(see(By.cssSelector(".difference pre")).getText()).contains("\"Renewed\"");
        });
        long stored = simulators.cleverTap.eventsOf("lena@example.com").size();
        see(By.cssSelector("main form button.primary")).click();
        assertThat(see(By.cssSelector("[role=status].done")).getText()).contains("goes through today's mapping");
        await().atMost(PATIENCE).until(() -> simulators.cleverTap.stored().stream().anyMatch(record -> "Renewed".equals(record.name())));
        assertThat(stored).isZero();
        open("/parked");
        assertThat(see(By.tagName("main")).getText()).contains("Nothing is parked");
    }

    @Test
    @Order(5)
    void aChangeIsTriedOnAnEventInThePlaygroundAndDownloaded() throws IOException {
        open("/events/revenuecat?id=refused");
        see(By.xpath("//a[contains(., 'in the playground')]")).click();
        see(By.cssSelector(".CodeMirror"));
        assertThat(see(By.id("choose")).getText()).contains("the event from history");
        new Select(see(By.id("file"))).selectByValue("revenuecat/clevertap.yaml");
        await().atMost(PATIENCE).until(() -> browser.getCurrentUrl().contains("clevertap.yaml") && Boolean.TRUE.equals(browser.executeScript(EDITOR.replace("return ", "return !!"))));
        assertThat(see(By.id("result")).getText()).contains("Nothing is changed yet", "renewal", "lena@example.com");

        typed("renewal: Renewed ", "renewl: Renewed ");
        await().atMost(PATIENCE).until(() -> browser.findElements(By.cssSelector(".CodeMirror-lint-marker")).size() == 1);
        assertThat(see(By.id("mistakes")).getText()).contains("unknown key `renewl` under `events`");
        shot("playground-mistake-1280");

        typed("renewl: Renewed ", "renewal: Tried ");
        await().atMost(PATIENCE).until(() -> browser.findElements(By.cssSelector("#result ins")).size() == 1);
        assertThat(see(By.cssSelector("#result ins")).getText()).contains("\"evtName\": \"Tried\"");
        assertThat(see(By.cssSelector("#result del")).getText()).contains("\"evtName\": \"Renewed\"");
        assertThat(browser.findElements(By.cssSelector(".CodeMirror-lint-marker"))).isEmpty();
        assertThat(see(By.id("result")).getText()).contains("differs from what is in use", "the same as in use");
        for (int width : new int[] {1280, 390}) {
            browser.manage().window().setSize(new Dimension(width, 900));
            shot("playground-difference-" + width);
        }
        browser.manage().window().setSize(new Dimension(1280, 900));
        browser.executeCdpCommand("Emulation.setEmulatedMedia", Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", "dark"))));
        shot("playground-dark-1280");
        assertThat(new AxeBuilder().analyze(browser).getViolations().stream().filter(rule -> GRAVE.contains(String.valueOf(rule.getImpact()))).map(PagesBrowserTest::said))
                .isEmpty();
        browser.executeCdpCommand("Emulation.setEmulatedMedia", Map.of("features", List.of()));
        assertThat(new AxeBuilder().analyze(browser).getViolations().stream().filter(rule -> GRAVE.contains(String.valueOf(rule.getImpact()))).map(PagesBrowserTest::said))
                .isEmpty();

        see(By.id("download")).click();
        await().atMost(PATIENCE).until(() -> Files.exists(downloads.resolve("clevertap.yaml")));
        assertThat(downloads.resolve("clevertap.yaml")).content().contains("renewal: Tried ");
        assertThat(home.resolve("mappings/revenuecat/clevertap.yaml")).content().contains("renewal: Renewed").doesNotContain("Tried");
        typed("renewal: Tried ", "renewal: Renewed ");
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
        assertThat(see(By.cssSelector("#examples-revenuecat pre ins")).getText()).contains("Renewed");
        assertThat(browser.getCurrentUrl()).endsWith("/mappings");
        browser.executeScript("document.querySelector('#examples-revenuecat').scrollIntoView()");
        shot("mappings-failed-1280");
    }

    @Test
    @Order(7)
    void anEventIsReplayedFromItsPageAndTheReplayIsListedWithWhoAskedForIt() {
        open("/events/revenuecat?id=page-1");
        int updates = simulators.oneSignal.updates().size();
        see(By.tagName("body")).sendKeys("r");
        see(By.cssSelector("dialog#replay[open] button.primary")).click();
        await().atMost(PATIENCE).until(() -> browser.getCurrentUrl().contains("/replays/"));
        await().atMost(PATIENCE).until(() -> see(By.id("replayed")).getText().contains("done: 1 of 1 event"));
        await().atMost(PATIENCE).until(() -> simulators.oneSignal.updates().size() > updates);
        open("/replays");
        assertThat(see(By.cssSelector("tbody tr")).getText()).contains("relay").contains("states").contains("done");
    }

    private static void open(String path) {
        browser.get("http://127.0.0.1:" + relay.managementPort() + path);
    }

    private static WebElement see(By what) {
        return new WebDriverWait(browser, PATIENCE).until(ExpectedConditions.visibilityOfElementLocated(what));
    }

    private static void shot(String name) throws IOException {
        Path file = Path.of(SHOTS, name + ".png");
        Files.createDirectories(file.getParent());
        Files.write(file, browser.getScreenshotAs(OutputType.BYTES));
    }

    private static Optional<File> program(String... names) {
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .flatMap(folder -> Stream.of(names).map(name -> new File(folder, name))).filter(File::canExecute).findFirst();
    }
}
