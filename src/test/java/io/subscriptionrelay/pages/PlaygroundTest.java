package io.subscriptionrelay.pages;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.Home;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Texts that are tried beside a running relay, and the examples on the page of mappings. */
class PlaygroundTest {

    private static final String OPERATOR = basic("relay", "an operator's password");
    private static final String VIEWER = basic("viewer", "a viewer's password");
    private static final String PAGE = "/mappings/playground";
    private static final String SETTINGS = "revenuecat/clevertap.yaml";
    private static final String MAPPING = "revenuecat/clevertap.jslt";
    private static final String WEBHOOK = Events.renewal("tried", "lena", Events.BASE);
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static Simulators simulators;
    private static RelayApp relay;
    private static Path mappings;

    @BeforeAll
    static void start(@TempDir Path folder) {
        simulators = new Simulators();
        mappings = Home.copyTo(folder.resolve("home")).resolve("mappings");
        relay = RelayApp.with(folder.resolve("data")).home(folder.resolve("home")).cleverTap(simulators.cleverTap.url())
                .set("CONSOLE_PASSWORD", "an operator's password").set("VIEWER_PASSWORD", "a viewer's password").start();
    }

    @AfterAll
    static void stop() {
        relay.close();
        simulators.close();
    }

    @Test
    void aMistakeIsToldWithItsLineAndColumnInOneSentence() throws IOException {
        String result = tried(MAPPING, text(MAPPING).replace("let ts = seconds(", "let ts = secnds("));
        int line = text(MAPPING).lines().toList().indexOf("let ts = seconds($facts.time)") + 1;
        assertThat(result).contains("data-line=\"" + line + "\"", "data-column=\"10\"", "there is no function `secnds`; did you mean `seconds`?")
                .contains("with what is in use", "&quot;rc_renewal_event&quot;");
        assertThat(tried(SETTINGS, text(SETTINGS).replace("deliver: on", "delivr: on"))).contains("line 5, column 1:", "unknown key `delivr`");
        assertThat(tried(SETTINGS, "deliver: [")).contains("not valid YAML");
    }

    @Test
    void anEditChangesWhatItsOwnDestinationGetsAndNothingElse() throws IOException {
        String result = tried(SETTINGS, text(SETTINGS).replace("renewal: rc_renewal_event", "renewal: Renewed"));
        assertThat(at(result, "clevertap")).contains("differs from what is in use", "<del>-   &quot;evtName&quot;: &quot;rc_renewal_event&quot;",
                "<ins>+   &quot;evtName&quot;: &quot;Renewed&quot;").doesNotContain("not set up");
        for (String other : List.of("onesignal", "braze")) {
            assertThat(at(result, other)).as(other).contains("the same as in use", "not set up on this relay").doesNotContain("<ins>", "<del>");
        }
        assertThat(result).contains("step <code>renewal</code>", "<code>RENEWAL</code>", "production");
        assertThat(tried(SETTINGS, text(SETTINGS))).contains("Nothing is changed yet").doesNotContain("<ins>", "differs from");
        assertThat(at(tried(SETTINGS, text(SETTINGS).replace("renewal: rc_renewal_event", "renewal: off")), "clevertap"))
                .contains("<ins>+ skipped: event switched off");
    }

    @Test
    void anAttributeThatBecomesAnotherIsMarked() throws IOException {
        String event = "revenuecat/event.jslt";
        String edited = text(event).replaceFirst("\"type\": [^\\n]*,", "\"type\": \"CANCELLATION\",");
        assertThat(edited).isNotEqualTo(text(event));
        assertThat(tried(event, edited)).contains("(in use: RENEWAL)", "(in use: renewal)", "<code>cancellation</code>");
    }

    @Test
    void aFunctionOfAllIsTriedWithWhatImportsItAndItsUsersAreNamedWhenItIsGone() throws IOException {
        String gone = text("common.jslt").replace("def shares-kept(", "def shares-held(");
        assertThat(tried("common.jslt", gone)).contains(MAPPING + ", line ", "there is no function `shares-kept`", "data-line=\"0\"");
        String other = text("common.jslt").replaceFirst("(?s)def attribute-values\\(([^)]*)\\).*?\\n\\n", "def attribute-values($1)\n  {}\n\n");
        assertThat(other).isNotEqualTo(text("common.jslt"));
        assertThat(tried("common.jslt", other)).contains("differs from what is in use");
    }

    @Test
    void whatIsInUseGoesOnWhileOtherTextsAreTried() throws Exception {
        AtomicBoolean ends = new AtomicBoolean();
        String edited = text(SETTINGS).replace("renewal: rc_renewal_event", "renewal: Renewed");
        CompletableFuture<Void> trying = CompletableFuture.runAsync(() -> {
            while (!ends.get()) {
                assertThat(at(tried(SETTINGS, edited), "clevertap")).contains("<ins>");
            }
        });
        for (int i = 0; i < 100; i++) {
            assertThat(relay.revenueCat(Events.renewal("live-" + i, "live-user-" + i, Events.BASE + i))).isEqualTo(200);
        }
        // Their users tell them from other tests' events, which may still be under way
        await().atMost(PATIENCE).until(() -> simulators.cleverTap.stored().stream().filter(record -> "rc_renewal_event".equals(record.name())
                && record.json().path("identity").asText().startsWith("live-user-")).count() == 100);
        ends.set(true);
        trying.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        assertThat(simulators.cleverTap.stored()).noneMatch(record -> "Renewed".equals(record.name()));
        assertThat(text(SETTINGS)).contains("renewal: rc_renewal_event");
        assertThat(relay.actuator("/parked").path("total").asInt()).isZero();
    }

    @Test
    void whatDoesNotEndOrTakesTooMuchIsStoppedWithASentence() {
        String twice = "def f(n) if ($n < 1) 1 else f($n - 1) + f($n - 1)\n{ \"skip\": f(60) }";
        assertThat(tried(MAPPING, twice)).contains("and was stopped");
        String doubled = "def f(s, n) if ($n < 1) $s else f($s + $s, $n - 1)\n{ \"skip\": f(\"0123456789\", 60) }";
        assertThat(tried(MAPPING, doubled)).contains("took more than 64 MB of memory and was stopped");
        String deep = "def f(n) f($n) + 1\n{ \"skip\": f(1) }";
        assertThat(tried(MAPPING, deep)).contains("parked: " + MAPPING + ": the mapping failed on this event, because a function in it calls itself without end");
        assertThat(tried(MAPPING, "(".repeat(100_000))).contains("▣");
        assertThat(tried(MAPPING, "[1] // " + "x".repeat(300_000))).contains("is longer than 256 kB");
        assertThat(tried(SETTINGS, "a: &a [1]\nb: [" + "*a,".repeat(40) + "]")).contains("aliases");
        assertThat(relay.revenueCat(Events.renewal("after", "user-after", Events.BASE))).isEqualTo(200);
    }

    @Test
    void aWebhookThatIsNoneIsToldAsTheRelayWouldTakeIt() {
        assertThat(post(PAGE, form(SETTINGS, "deliver: on", "not json"), "Authorization", OPERATOR).body()).contains("The webhook cannot be read");
        assertThat(post(PAGE, form(SETTINGS, "deliver: on", "{\"event\": {}}"), "Authorization", OPERATOR).body()).contains("the webhook has no event type");
    }

    @Test
    void theFileIsDownloadedAsItWasWrittenAndNothingIsSaved() throws IOException {
        String edited = text(SETTINGS).replace("renewal: rc_renewal_event", "renewal: Renewed");
        Answer answer = post(PAGE + "/file", form(SETTINGS, edited.replace("\n", "\r\n"), WEBHOOK), "Authorization", OPERATOR);
        assertThat(answer.header("Content-Disposition")).isEqualTo("attachment; filename=\"clevertap.yaml\"");
        assertThat(answer.body()).isEqualTo(edited);
        assertThat(text(SETTINGS)).isNotEqualTo(edited);
        Matcher patch = Pattern.compile("(?s)<pre id=\"patch\"[^>]*>(.*?)</pre>").matcher(tried(SETTINGS, edited));
        assertThat(patch.find()).isTrue();
        assertThat(patch.group(1).lines().toList()).startsWith("--- a/mappings/" + SETTINGS, "+++ b/mappings/" + SETTINGS).anyMatch(line -> line.startsWith("@@ -"))
                .anyMatch(line -> line.startsWith("-  renewal: rc_renewal_event")).anyMatch(line -> line.startsWith("+  renewal: Renewed"))
                .filteredOn(line -> line.startsWith("-") || line.startsWith("+")).hasSize(4);
    }

    @Test
    void anEventOfHistoryAndEachExampleCanBeTried() {
        assertThat(relay.revenueCat(Events.renewal("kept", "kept@example.com", Events.BASE))).isEqualTo(200);
        await().atMost(PATIENCE).until(() -> get(PAGE + "?provider=revenuecat&event=kept", OPERATOR).body().contains("kept@example.com"));
        assertThat(get(PAGE + "?provider=revenuecat&file=" + SETTINGS + "&example=renewal", OPERATOR).body()).contains("step <code>renewal</code>",
                "name=\"file\" value=\"" + SETTINGS + "\"");
        assertThat(get("/events/revenuecat?id=kept", OPERATOR).body()).contains(PAGE + "?provider=revenuecat&amp;event=kept");
    }

    @Test
    void itOpensWithTheMappingForADestinationThatIsSetUp() {
        assertThat(get(PAGE, OPERATOR).body()).contains("name=\"file\" value=\"purchasely/clevertap.jslt\"");
        assertThat(get(PAGE + "?provider=revenuecat", OPERATOR).body()).contains("name=\"file\" value=\"revenuecat/clevertap.jslt\"");
    }

    @Test
    void aParkedEventLeadsToItsMapping() {
        assertThat(relay.revenueCat("{\"event\": {\"id\": \"no-type\", \"app_user_id\": \"mia\", \"event_timestamp_ms\": " + Events.BASE + "}}")).isEqualTo(200);
        await().atMost(PATIENCE).until(() -> relay.actuator("/parked").path("total").asInt() == 1);
        String parked = "/parked/" + relay.actuator("/parked").path("entries").path(0).path("id").asText();
        String page = get(parked, OPERATOR).body();
        Matcher link = Pattern.compile("href=\"(" + PAGE + "[^\"]*)\"").matcher(page);
        assertThat(link.find()).isTrue();
        await().atMost(PATIENCE).until(() -> get(link.group(1).replace("&amp;", "&"), OPERATOR).body().contains("name=\"file\" value=\"revenuecat/event.jslt\""));
        assertThat(page).contains("<span>revenuecat</span>,");
        assertThat(post(parked.replace("/parked/", "/parked/discard?id="), "", "Authorization", OPERATOR).status()).isEqualTo(302);
        assertThat(relay.actuator("/parked").path("total").asInt()).isZero();
    }

    @Test
    void onlyFilesOfMappingsAreOpened() {
        for (String file : List.of("../routes/webhooks/revenuecat.camel.yaml", "application.yaml", "revenuecat/../common.jslt", "/etc/passwd",
                "revenuecat/examples/renewal.webhook.json", "purchasely/clevertap.yaml")) {
            assertThat(post(PAGE, form(file, "[]", WEBHOOK), "Authorization", OPERATOR).status()).as(file).isEqualTo(404);
            assertThat(get(PAGE + "?provider=revenuecat&file=" + encoded(file), OPERATOR).body()).as(file).doesNotContain("root:", "camel", "Renewal of");
        }
        for (String module : List.of("../routes/webhooks/revenuecat.camel.yaml", mappings.resolveSibling("routes/webhooks/revenuecat.camel.yaml").toString())) {
            assertThat(tried(MAPPING, "import \"" + module + "\" as other\n[]")).contains("cannot import " + module + ": it is not under");
        }
        assertThat(get(PAGE + "?provider=..&file=" + SETTINGS, OPERATOR).status()).isEqualTo(404);
    }

    @Test
    void nobodyElseGetsIn() {
        assertThat(get(PAGE, VIEWER).status()).isEqualTo(403);
        assertThat(get("/mappings?examples=revenuecat", VIEWER).status()).isEqualTo(403);
        assertThat(get("/mappings", VIEWER).body()).doesNotContain("/playground", "Run its examples").contains(MAPPING);
        assertThat(send("GET", PAGE, BodyPublishers.noBody()).status()).isEqualTo(401);
        for (String path : List.of(PAGE, PAGE + "/file")) {
            assertThat(post(path, form(SETTINGS, "deliver: on", WEBHOOK), "Authorization", VIEWER).status()).as(path).isEqualTo(403);
            assertThat(post(path, form(SETTINGS, "deliver: on", WEBHOOK)).status()).as(path).isIn(401, 403);
        }
    }

    @Test
    void aSessionNeedsItsToken() {
        String token = cookie(send("GET", "/login", BodyPublishers.noBody()), "XSRF-TOKEN");
        Answer in = post("/login", "username=relay&password=" + encoded("an operator's password") + "&_csrf=" + token, "Cookie", "XSRF-TOKEN=" + token);
        String session = "JSESSIONID=" + cookie(in, "JSESSIONID");
        String its = cookie(send("GET", PAGE, BodyPublishers.noBody(), "Cookie", session), "XSRF-TOKEN");
        String cookies = session + "; XSRF-TOKEN=" + its;
        assertThat(post(PAGE, form(SETTINGS, "deliver: on", WEBHOOK), "Cookie", cookies).status()).isEqualTo(403);
        assertThat(post(PAGE, form(SETTINGS, "deliver: on", WEBHOOK), "Cookie", cookies, "X-XSRF-TOKEN", its).status()).isEqualTo(200);
    }

    @Test
    void thePageOfMappingsSaysWhichTextIsInUseSinceWhen() throws IOException {
        Path settings = mappings.resolve("qonversion/onesignal.yaml");
        String before = Files.readString(settings);
        // what Git calls a file without text
        String empty = "e69de29bb2";
        assertThat(get("/mappings", OPERATOR).body()).doesNotContain(empty);
        Files.writeString(settings, "");
        await().atMost(PATIENCE).until(() -> get("/mappings", OPERATOR).body().contains(empty));
        Files.writeString(settings, "delivr: on\n");
        await().atMost(PATIENCE).until(() -> get("/mappings", OPERATOR).body().contains("unknown key `delivr`"));
        assertThat(get("/mappings", OPERATOR).body()).as("what is in use").contains(empty);
        assertThat(get("/overview", OPERATOR).body()).contains("An edit of a mapping cannot be used, so what was right before stays in use.",
                "The mapping qonversion/onesignal: ").doesNotContain("inUse");
        Files.writeString(settings, before);
        await().atMost(PATIENCE).until(() -> !get("/mappings", OPERATOR).body().contains(empty));
    }

    @Test
    void examplesAreRunWithWhatIsInUseAndShowWhatDiffers() throws IOException {
        assertThat(get("/mappings", OPERATOR).body()).doesNotContain("passed");
        assertThat(get("/mappings?examples=revenuecat", OPERATOR).body()).containsPattern("[1-9][0-9]* passed").contains("0 failed");
        assertThat(get("/mappings?examples=destinations/onesignal", OPERATOR).body()).containsPattern("[1-9][0-9]* passed").contains("0 failed");
        Path mapping = mappings.resolve("purchasely/clevertap.jslt");
        String before = Files.readString(mapping);
        Files.writeString(mapping, before.replace("\"currency\"", "\"waehrung\""));
        await().atMost(PATIENCE).until(() -> get("/mappings?examples=purchasely", OPERATOR).body()
                .contains("<ins>+           &quot;waehrung&quot;: &quot;EUR&quot;"));
        assertThat(get("/mappings?examples=purchasely", OPERATOR).body()).containsPattern("[1-9][0-9]* failed")
                .contains("purchasely/examples/", "<del>-           &quot;currency&quot;: &quot;EUR&quot;");
        Files.writeString(mapping, before);
        assertThat(get("/mappings?examples=nobody", OPERATOR).status()).isEqualTo(404);
    }

    private static String text(String file) throws IOException {
        return Files.readString(mappings.resolve(file));
    }

    private static String tried(String file, String text) {
        Answer answer = post(PAGE, form(file, text, WEBHOOK), "Authorization", OPERATOR, "HX-Request", "true");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body()).contains("id=\"result\"").doesNotContain("<html");
        return answer.body();
    }

    /** The part of a result that is about a destination. */
    private static String at(String result, String destination) {
        return Arrays.stream(result.split("class=\"difference\"")).filter(part -> part.contains("<span class=\"strong\">" + destination + "</span>"))
                .findFirst().orElseThrow(() -> new AssertionError("nothing is said of " + destination + ": " + result));
    }

    private static String form(String file, String text, String webhook) {
        return "provider=revenuecat&file=" + encoded(file) + "&text=" + encoded(text) + "&webhook=" + encoded(webhook);
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private static Answer post(String path, String form, String... headers) {
        String[] all = Arrays.copyOf(headers, headers.length + 2);
        all[headers.length] = "Content-Type";
        all[headers.length + 1] = "application/x-www-form-urlencoded";
        return send("POST", path, BodyPublishers.ofString(form), all);
    }

    private static Answer get(String path, String login) {
        return send("GET", path, BodyPublishers.noBody(), "Accept", "text/html", "Authorization", login);
    }

    private record Answer(int status, HttpHeaders headers, String body) {

        String header(String name) {
            return headers.firstValue(name).orElse("");
        }
    }

    private static Answer send(String method, String path, BodyPublisher body, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + relay.managementPort() + path)).method(method, body);
        if (headers.length > 0) {
            request.headers(headers);
        }
        try {
            HttpResponse<String> answer = HttpClient.newHttpClient().send(request.build(), BodyHandlers.ofString());
            return new Answer(answer.statusCode(), answer.headers(), answer.body());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static String cookie(Answer answer, String name) {
        return answer.headers().allValues("set-cookie").stream().filter(cookie -> cookie.startsWith(name + "=") && !cookie.startsWith(name + "=;"))
                .map(cookie -> cookie.substring(name.length() + 1, cookie.indexOf(';'))).reduce((one, last) -> last).orElseThrow();
    }

    private static String basic(String user, String password) {
        return "Basic " + Base64.getEncoder().encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
    }
}
