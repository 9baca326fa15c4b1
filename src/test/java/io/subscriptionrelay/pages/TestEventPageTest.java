package io.subscriptionrelay.pages;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.testing.Certificate;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import io.subscriptionrelay.testing.Webhook;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.web.util.HtmlUtils;

/** Test events: who may send them, that they arrive as those of a provider do, and what is said when they do not. */
@ExtendWith(OutputCaptureExtension.class)
class TestEventPageTest {

    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String OPERATOR = basic("relay", "an operator's password");
    private static final String VIEWER = basic("viewer", "a viewer's password");
    private static final Pattern BODY = Pattern.compile("<textarea[^>]*>\n?([^<]*)</textarea>");
    private static Simulators simulators;
    private static RelayApp relay;

    @TempDir
    Path folder;

    @BeforeAll
    static void start(@TempDir Path data) {
        simulators = new Simulators();
        relay = RelayApp.with(data).cleverTap(simulators.cleverTap.url()).oneSignal(simulators.oneSignal.url()).set("CONSOLE_PASSWORD", "an operator's password")
                .set("VIEWER_PASSWORD", "a viewer's password").set("PURCHASELY_SHARED_SECRET", Webhook.PURCHASELY_SECRET)
                .set("QONVERSION_TOKEN", Webhook.QONVERSION_TOKEN).start();
    }

    @AfterAll
    static void stop() {
        relay.close();
        simulators.close();
    }

    @ParameterizedTest
    @CsvSource({"revenuecat, renewal", "purchasely, trial_started", "qonversion, trial_converted"})
    void anEventOfEachProviderArrivesAndItsPageSaysSo(String provider, String step, CapturedOutput output) {
        String user = "tester-of-" + provider;
        HttpResponse<String> form = ask("GET", "/test-event?provider=" + provider + "&step=" + step + "&user=" + user, null, "Authorization", OPERATOR);
        assertThat(form.statusCode()).isEqualTo(200);
        assertThat(form.body()).contains("This is delivered to the configured accounts", "clevertap production", "onesignal production", "gets 1 record");
        String sent = leadsTo(send(provider, body(form)));
        assertThat(sent).startsWith("/test-event/sent?provider=" + provider + "&id=");
        await().atMost(PATIENCE).untilAsserted(() -> {
            String page = ask("GET", sent, null, "Authorization", OPERATOR).body();
            assertThat(page).containsPattern("(?s)clevertap.{1,200}delivered.*onesignal.{1,200}delivered").doesNotContain("hx-get", "◷");
            assertThat(page).contains("href=\"/events/" + provider + "?id=");
        });
        assertThat(simulators.cleverTap.stored()).anySatisfy(record -> assertThat(record.id()).isEqualTo(user));
        assertThat(simulators.oneSignal.updates()).isNotEmpty();
        assertThat(output).contains("A test event of " + provider + " was sent by relay and answered with 200")
                .doesNotContain(user, RelayApp.AUTHORIZATION, Webhook.PURCHASELY_SECRET, Webhook.QONVERSION_TOKEN);
        assertThat(form.body()).doesNotContain(RelayApp.AUTHORIZATION, Webhook.PURCHASELY_SECRET, Webhook.QONVERSION_TOKEN);
    }

    @Test
    void theExampleHasAnIdOfItsOwnAndHappensNow() throws Exception {
        String path = "/test-event?provider=revenuecat&step=renewal&user=mia";
        var event = StrictJson.mapper().readTree(body(ask("GET", path, null, "Authorization", OPERATOR))).path("event");
        var again = StrictJson.mapper().readTree(body(ask("GET", path, null, "Authorization", OPERATOR))).path("event");
        assertThat(event.path("id").asText()).isNotEqualTo(again.path("id").asText()).isNotEqualTo("FBACD245-EA8A-4981-ADAD-1C3D093F1AA0");
        assertThat(Instant.ofEpochMilli(event.path("event_timestamp_ms").asLong())).isBetween(Instant.now().minusSeconds(60), Instant.now().plusSeconds(1));
        assertThat(Instant.ofEpochMilli(event.path("expiration_at_ms").asLong())).as("30 days after it").isAfter(Instant.now().plus(Duration.ofDays(29)));
        assertThat(event.path("app_user_id").asText()).isEqualTo("mia");
        assertThat(event.path("transaction_id").asText()).isEqualTo("230001847562913");
        assertThat(event.path("price_in_purchased_currency").decimalValue()).isEqualByComparingTo("9.99");
    }

    @Test
    void everyStepOfEachProviderCanBeFilledIn() {
        for (String provider : List.of("revenuecat", "purchasely", "qonversion")) {
            Matcher steps = Pattern.compile("<option value=\"([a-z_]+)\"").matcher(ask("GET", "/test-event?provider=" + provider, null, "Authorization", OPERATOR).body()
                    .split("id=\"step\"")[1]);
            List<String> found = new ArrayList<>();
            while (steps.find()) {
                found.add(steps.group(1));
                assertThat(body(ask("GET", "/test-event?user=tester&provider=" + provider + "&step=" + steps.group(1), null, "Authorization", OPERATOR)))
                        .as("%s %s", provider, steps.group(1)).contains("\"tester\"");
            }
            assertThat(found).as(provider).hasSizeGreaterThan(10);
        }
    }

    @Test
    void nobodyButTheOperatorSendsOne() {
        for (String path : List.of("/test-event", "/test-event/sent?provider=revenuecat&id=1")) {
            assertThat(ask("GET", path, null, "Accept", "text/html").headers().firstValue("Location").orElse("")).as(path).endsWith("/login");
            HttpResponse<String> viewer = ask("GET", path, null, "Accept", "text/html", "Authorization", VIEWER);
            assertThat(viewer.statusCode()).as(path).isEqualTo(403);
            assertThat(viewer.body()).as(path).contains("may only look").doesNotContain("<textarea");
        }
        int stored = relay.actuator("/events?limit=100").path("events").size();
        String form = "provider=revenuecat&body=" + encoded("{\"event\":{\"id\":\"forged\",\"type\":\"RENEWAL\"}}");
        assertThat(ask("POST", "/test-event", form, "Content-Type", "application/x-www-form-urlencoded").statusCode()).isIn(401, 403);
        assertThat(ask("POST", "/test-event", form, "Authorization", VIEWER, "Content-Type", "application/x-www-form-urlencoded").statusCode()).isEqualTo(403);
        HttpResponse<String> login = ask("GET", "/login", null, "Accept", "text/html");
        String token = cookie(login, "XSRF-TOKEN");
        HttpResponse<String> in = ask("POST", "/login", "username=relay&password=" + encoded("an operator's password") + "&_csrf=" + token.split("=")[1], "Cookie", token,
                "Content-Type", "application/x-www-form-urlencoded");
        assertThat(ask("GET", "/test-event", null, "Cookie", cookie(in, "JSESSIONID")).statusCode()).as("the login holds").isEqualTo(200);
        assertThat(ask("POST", "/test-event", form, "Cookie", cookie(in, "JSESSIONID"), "Content-Type", "application/x-www-form-urlencoded").statusCode())
                .as("a form of another page").isEqualTo(403);
        assertThat(relay.actuator("/events?limit=100").path("events").size()).isEqualTo(stored);
        assertThat(relay.actuator("/events?id=forged").path("events")).isEmpty();
    }

    @Test
    void wrongJsonIsToldWithItsPlaceAndKeptOnThePage() {
        HttpResponse<String> answer = send("revenuecat", "{\r\n  \"event\": {\r\n    \"id\" 1\r\n  }\r\n}");
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).contains("Nothing was sent: the body is not valid JSON at line 3, column 1");
        assertThat(HtmlUtils.htmlUnescape(body(answer))).contains("\"id\" 1");
        assertThat(send("revenuecat", "[]").body()).contains("Nothing was sent: the body does not start with {");
    }

    @Test
    void whatIsNoEventAndWhatIsTooLargeIsTold() {
        String activation = leadsTo(send("qonversion", "{\"message\":\"hello\"}"));
        assertThat(activation).isEqualTo("/test-event/sent?provider=qonversion");
        assertThat(ask("GET", activation, null, "Authorization", OPERATOR).body()).contains("It is no event");
        HttpResponse<String> large = send("revenuecat", "{\"event\":{\"id\":\"" + "1".repeat(1_100_000) + "\"}}");
        assertThat(large.statusCode()).isEqualTo(502);
        assertThat(large.body()).contains("The public port answered with 413: the body is larger than 1 MiB.");
        assertThat(send("revenuecat", "{\"event\":{\"id\":\"" + "1".repeat(3_000_000) + "\"}}").body()).contains("the form is larger than this port takes");
        assertThat(send("nobody", "{}").body()).contains("there is no provider of this name");
    }

    @Test
    void aFullDiskAProviderWithoutSecretAndASecretThatIsRefusedAreTold(CapturedOutput output) {
        try (RelayApp other = other().set("relay.broker.min-disk-free", "100000TB").set("QONVERSION_TOKEN", "a tökén that nobody can send").start()) {
            String closed = "purchasely has no secret here, so nothing could be signed. Set PURCHASELY_SHARED_SECRET.";
            assertThat(send(other, "purchasely", "{}").body()).contains(closed);
            assertThat(ask(other, "GET", "/test-event?provider=purchasely", null, "Authorization", OPERATOR).body()).contains("its path is closed").doesNotContain("<textarea");
            assertThat(send(other, "revenuecat", "{\"event\":{}}").body()).contains("The public port answered with 503: the relay cannot keep it now");
            assertThat(send(other, "qonversion", "{\"event_name\":\"x\"}").body()).contains("The public port answered with 401: the secret or the signature");
            assertThat(output).contains("A test event of qonversion was sent by relay and answered with 401");
        }
        try (RelayApp other = other().set("QONVERSION_TOKEN", "a secret with a € sign").start()) {
            assertThat(send(other, "qonversion", "{\"event_name\":\"x\"}").body()).contains("the secret of qonversion has a character that no header can carry")
                    .doesNotContain("a secret with a");
        }
    }

    @Test
    void aPublicPortWithTlsIsReachedWhateverItsCertificateNames() throws IOException {
        Certificate certificate = Certificate.of(folder.resolve("keys"), "relay", "dns:webhooks.example.com");
        try (RelayApp other = other().set("server.ssl.key-store", certificate.keys().toString()).set("server.ssl.key-store-password", Certificate.PASSWORD)
                .set("management.server.ssl.enabled", "false").start()) {
            HttpResponse<String> sent = send(other, "revenuecat", "{\"event\":{\"id\":\"over-tls\",\"type\":\"RENEWAL\",\"event_timestamp_ms\":1790812800000}}");
            assertThat(leadsTo(sent)).isEqualTo("/test-event/sent?provider=revenuecat&id=over-tls");
        }
        String authorities = folder.resolve("authorities.p12").toString();
        Certificate.keytool("-importcert", "-noprompt", "-keystore", authorities, "-alias", "a", "-file", certificate.certificate().toString());
        try (RelayApp other = other().set("server.ssl.key-store", certificate.keys().toString()).set("server.ssl.key-store-password", Certificate.PASSWORD)
                .set("management.server.ssl.enabled", "false")
                .set("server.ssl.trust-store", authorities).set("server.ssl.trust-store-password", Certificate.PASSWORD)
                .set("server.ssl.client-auth", "need").start()) {
            assertThat(send(other, "revenuecat", "{\"event\":{}}").body()).contains("speaks TLS, but not with this page");
        }
    }

    private RelayApp.Builder other() {
        return RelayApp.with(folder.resolve("other")).cleverTap("http://127.0.0.1:1").set("CONSOLE_PASSWORD", "an operator's password");
    }

    private static String leadsTo(HttpResponse<String> answer) {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(302);
        return answer.headers().firstValue("Location").orElseThrow().replaceFirst("^http://[^/]+", "");
    }

    private static String body(HttpResponse<String> page) {
        Matcher found = BODY.matcher(page.body());
        assertThat(found.find()).as(page.body()).isTrue();
        return HtmlUtils.htmlUnescape(found.group(1));
    }

    private static HttpResponse<String> send(String provider, String body) {
        return send(relay, provider, body);
    }

    private static HttpResponse<String> send(RelayApp to, String provider, String body) {
        return ask(to, "POST", "/test-event", "provider=" + provider + "&step=renewal&user=x&body=" + encoded(body), "Authorization", OPERATOR,
                "Content-Type", "application/x-www-form-urlencoded");
    }

    private static HttpResponse<String> ask(String method, String path, String form, String... headers) {
        return ask(relay, method, path, form, headers);
    }

    private static HttpResponse<String> ask(RelayApp of, String method, String path, String form, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + of.managementPort() + path)).headers(headers)
                .method(method, form == null ? BodyPublishers.noBody() : BodyPublishers.ofString(form));
        try {
            return HTTP.send(request.build(), BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static String cookie(HttpResponse<String> answer, String name) {
        return answer.headers().allValues("Set-Cookie").stream().filter(cookie -> cookie.startsWith(name + "=")).findFirst().orElseThrow().split(";")[0];
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private static String basic(String user, String password) {
        return "Basic " + Base64.getEncoder().encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
    }
}
