package io.subscriptionrelay.operations;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.Queues;
import io.subscriptionrelay.testing.RelayApp;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.camel.CamelContext;
import org.apache.camel.ServiceStatus;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.Dimension;
import org.openqa.selenium.ElementClickInterceptedException;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.support.ui.ExpectedConditions;
import org.openqa.selenium.support.ui.WebDriverWait;

/** What an operator sees and does in the console, in a real browser. */
class ConsoleBrowserTest {

    private static final String PASSWORD = "an operator's pässword";
    private static final String ROUTE = "translate-revenuecat-events";
    private static final String QUEUE = "events.revenuecat";
    private static final String TEXT = "//*[normalize-space(text())='%s']";
    private static final String ROW = "//tr[td[text()='" + ROUTE + "']]";
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static RelayApp relay;
    private static ChromeDriver browser;

    @BeforeAll
    static void logIn(@TempDir Path data) throws IOException {
        Optional<File> chromium = program("chromium", "chromium-browser", "google-chrome");
        Optional<File> driver = program("chromedriver");
        assumeTrue(chromium.isPresent() && driver.isPresent(),
                "the console is not tested in a browser: no chromium with chromedriver is on the PATH (Debian: apt-get install chromium chromium-driver)");
        relay = RelayApp.with(data).cleverTap("http://127.0.0.1:1").set("CONSOLE_PASSWORD", PASSWORD).start();
        ChromeOptions options = new ChromeOptions();
        options.setBinary(chromium.get());
        options.addArguments("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync", "--window-size=1440,900");
        browser = new ChromeDriver(new ChromeDriverService.Builder().usingDriverExecutable(driver.get()).usingAnyFreePort().build(), options);
        browser.manage().window().setSize(new Dimension(1440, 900));
        open("");
        see(By.id("username")).sendKeys("relay");
        see(By.id("password")).sendKeys(PASSWORD);
        see(By.cssSelector("button[type=submit]")).click();
        see(By.xpath("//nav//*[text()='Camel']"));
    }

    @AfterAll
    static void close() {
        if (browser != null) {
            browser.quit();
        }
        if (relay != null) {
            relay.close();
        }
    }

    @Test
    void drawsARoute() throws IOException {
        open("/camel");
        click(TEXT.formatted("translate-revenuecat"));
        see(By.xpath("//*[contains(text(),'context=subscription-relay,type=routes')]"));
        click(TEXT.formatted("Route Diagram"));
        see(By.cssSelector(".react-flow__node"));
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(browser.findElements(By.cssSelector(".react-flow__node")))
                .hasSizeGreaterThan(3).extracting(WebElement::getText).anyMatch(text -> text.contains("direct:")));
        shot("console");
    }

    @Test
    void stopsARouteShowsTheDepthOfItsQueueAndStartsItAgain() {
        steer("Stop");
        await().atMost(PATIENCE).until(() -> state() == ServiceStatus.Stopped);
        seeState("Stopped");
        assertThat(relay.revenueCat(Events.renewal("console-1", "console-user", Events.BASE))).isEqualTo(200);
        assertThat(relay.revenueCat(Events.renewal("console-2", "console-user", Events.BASE))).isEqualTo(200);

        await().atMost(PATIENCE).untilAsserted(() -> {
            open("/jmx");
            see(By.id("input-search")).sendKeys(QUEUE);
            click("//*[contains(@id,'queues-folder-anycast-folder-" + QUEUE + "')]//*[normalize-space(text())='" + QUEUE + "']");
            WebElement depth = see(By.xpath("//tr[td[normalize-space(.)='MessageCount']]/td[2]"));
            assertThat(depth.getText()).isEqualTo("2");
        });

        steer("Start");
        await().atMost(PATIENCE).until(() -> state() == ServiceStatus.Started);
        seeState("Started");
        await().atMost(PATIENCE).until(() -> new Queues(relay).count(QUEUE) == 0);
    }

    /** An open list looks again every 10 s only. */
    private static void seeState(String state) {
        openRoutes();
        see(By.xpath(ROW + "//*[text()='" + state + "']"));
    }

    private static void openRoutes() {
        open("/camel");
        click(TEXT.formatted("routes"));
    }

    private static void steer(String button) {
        openRoutes();
        click(ROW + "//input");
        click("//button[contains(normalize-space(.),'" + button + "')]");
    }

    private static ServiceStatus state() {
        return relay.bean(CamelContext.class).getRouteController().getRouteStatus(ROUTE);
    }

    private static void click(String path) {
        new WebDriverWait(browser, PATIENCE).ignoring(StaleElementReferenceException.class).ignoring(ElementClickInterceptedException.class)
                .until(driver -> {
                    WebElement found = driver.findElement(By.xpath(path));
                    found.click();
                    return found;
                });
    }

    private static void shot(String name) throws IOException {
        Path folder = Files.createDirectories(Path.of("target", "console"));
        Files.write(folder.resolve(name + ".png"), browser.getScreenshotAs(OutputType.BYTES));
    }

    private static void open(String path) {
        browser.get("http://127.0.0.1:" + relay.managementPort() + "/actuator/hawtio" + path);
    }

    private static WebElement see(By what) {
        return new WebDriverWait(browser, PATIENCE).until(ExpectedConditions.visibilityOfElementLocated(what));
    }

    private static Optional<File> program(String... names) {
        return Stream.of(names).flatMap(name -> Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .map(folder -> new File(folder, name))).filter(File::canExecute).findFirst();
    }
}
