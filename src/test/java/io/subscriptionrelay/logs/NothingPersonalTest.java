package io.subscriptionrelay.logs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.simulator.Fault;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.Home;
import io.subscriptionrelay.testing.RawHttp;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.RelayProcess;
import io.subscriptionrelay.testing.Simulators;
import io.subscriptionrelay.testing.Webhook;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs the relay through everything that makes it talk, as a process of its own, and then looks for secrets and personal data in
 * all that it said: log, answers, metrics, MBeans.
 */
class NothingPersonalTest {

    private static final Duration SOON = Duration.ofSeconds(40);
    private static final String WRONG = "wrong-secret-of-somebody";
    private static final String PASSWORD = "console password of the tests";
    /** What may be nowhere. */
    private static final Pattern FIRST_MESSAGE = Pattern.compile("\"FirstMessageAsJSON\":\"(?:[^\"\\\\]|\\\\.)*+\"");
    private static final Map<String, String> PRIVATE = new LinkedHashMap<>();

    static {
        PRIVATE.put("RevenueCat's token", RelayApp.AUTHORIZATION);
        PRIVATE.put("RevenueCat's signing secret", "rc-signing-secret-of-the-tests");
        PRIVATE.put("Purchasely's secret", Webhook.PURCHASELY_SECRET);
        PRIVATE.put("Qonversion's token", Webhook.QONVERSION_TOKEN);
        PRIVATE.put("CleverTap's passcode", Simulators.CLEVERTAP_PASSCODE);
        PRIVATE.put("OneSignal's key", Simulators.ONESIGNAL_KEY);
        PRIVATE.put("the console's password", PASSWORD);
        PRIVATE.put("a wrong secret", WRONG);
        PRIVATE.put("an e-mail address", "@mail.example");
        PRIVATE.put("a user's id", "user-of-the-tests");
        PRIVATE.put("a name", "Jane Doe");
        PRIVATE.put("a phone number", "+4915112345678");
    }

    @TempDir
    Path folder;
    private RelayProcess relay;
    private final StringBuilder said = new StringBuilder();
    private int number;

    @Test
    void isInLogsAnswersMetricsOrMBeansAfterAllThatCanGoWrong() throws Exception {
        Path home = Home.copyTo(folder.resolve("home"));
        Path mapping = home.resolve("mappings/revenuecat/onesignal.jslt");
        String shipped = Files.readString(mapping);
        try (Simulators simulators = new Simulators();
                RelayProcess process = new RelayProcess(folder, simulators).set("RELAY_HOME", home.toString())
                        .environment("REVENUECAT_AUTHORIZATION", RelayApp.AUTHORIZATION)
                        .environment("PURCHASELY_SHARED_SECRET", Webhook.PURCHASELY_SECRET)
                        .environment("QONVERSION_TOKEN", Webhook.QONVERSION_TOKEN)
                        .environment("CLEVERTAP_PASSCODE", Simulators.CLEVERTAP_PASSCODE)
                        .environment("ONESIGNAL_API_KEY", Simulators.ONESIGNAL_KEY)
                        .environment("CONSOLE_PASSWORD", PASSWORD)) {
            relay = process.start();
            refusedWebhooks();
            outages(simulators);
            parked(simulators, mapping, shipped);
            // the next start has work to do: a kill in an outage
            simulators.cleverTap.faults().always(Fault.status(503));
            event(RelayApp.AUTHORIZATION);
            operations();
            relay.kill();
            String text = relay.log();
            simulators.cleverTap.faults().clear();
            long stored = simulators.cleverTap.storedCount();

            relay.environment("LOGGING_STRUCTURED_FORMAT_CONSOLE", "ecs").start();
            await().atMost(SOON).until(() -> simulators.cleverTap.storedCount() > stored);
            refusedWebhooks();
            mapping(mapping, "{ not a mapping ", "relay_mappings_broken 1.0");
            mapping(mapping, shipped, "relay_mappings_broken 0.0");
            typeless();
            assertThat(relay.terminate()).isIn(0, 143);
            String json = relay.log().substring(text.length());
            said.append(text).append(json);

            isTold(text);
            isJson(json);
        }
        PRIVATE.forEach((what, secret) -> assertThat(linesWith(secret)).as(what).isEmpty());
    }

    /** The test would prove nothing if the relay had said nothing of all this. */
    private static void isTold(String log) {
        assertThat(log).contains("webhooks-revenuecat answers 401", "webhooks-revenuecat answers 400", "webhooks-purchasely answers 401",
                "The clevertap account production does not answer as it should (HTTP 503)",
                "The onesignal account production refuses its credentials (HTTP 401)", "The onesignal account production answers again",
                "is parked for clevertap: CleverTap 526", "is parked for onesignal: revenuecat/onesignal.jslt", "is parked: the webhook has no event type",
                "qonversion event key:", "The last good mapping stays in use", "1 parked event was replayed", "1 parked event was discarded");
        assertThat(log.lines()).noneMatch(line -> line.startsWith("forged"));
        assertThat(log.lines().filter(line -> line.contains("is parked: the webhook has no event type"))).as("one line a minute for a reason").hasSize(1);
        assertThat(log).doesNotContain("\u001b[2J");
        assertThat(log.lines().filter(line -> line.contains("does not answer as it should"))).as("one line per outage").hasSizeLessThanOrEqualTo(3);
    }

    private static void isJson(String log) throws IOException {
        List<JsonNode> lines = new ArrayList<>();
        for (String line : log.lines().toList()) {
            assertThat(line).as("a line of a JSON log").startsWith("{");
            lines.add(StrictJson.mapper().readTree(line));
        }
        assertThat(lines).allSatisfy(line -> assertThat(line.path("@timestamp").asText()).isNotEmpty());
        assertThat(lines).filteredOn(line -> line.path("message").asText().contains("is parked")).singleElement().satisfies(line -> {
            assertThat(line.path("eventId").asText()).matches("typeless-\\d+\\\\u000aforged\\\\u001b\\[2J");
            assertThat(line.path("provider").asText()).isEqualTo("revenuecat");
            assertThat(line.path("message").asText()).contains(line.path("eventId").asText());
        });
        assertThat(lines).anySatisfy(line -> assertThat(line.path("message").asText()).contains("Started SubscriptionRelayApplication"));
    }

    private void refusedWebhooks() {
        String event = event();
        say(post("revenuecat", event, "Authorization", WRONG));
        say(post("revenuecat", event));
        say(post("revenuecat?token=" + WRONG, event, "X-Secret", WRONG, "Cookie", "session=" + WRONG));
        say(post("purchasely", event, "X-PURCHASELY-TIMESTAMP", "1790812800", "X-PURCHASELY-REQUEST-SIGNATURE", WRONG));
        say(post("qonversion", event, "Authorization", "Basic " + WRONG));
        say(post("revenuecat", event.substring(0, event.length() - 3), "Authorization", RelayApp.AUTHORIZATION));
        say(post("revenuecat", "jane.doe@mail.example", "Authorization", RelayApp.AUTHORIZATION));
        say(post("jane.doe@mail.example", event, "Authorization", RelayApp.AUTHORIZATION));
        say(RawHttp.send(relay.port(), "POST", "/webhooks/revenuecat/%zz?" + WRONG, new byte[0]));
        say(RawHttp.send(relay.port(), WRONG.toUpperCase(java.util.Locale.ROOT), "/webhooks/revenuecat", null));
        say(post("revenuecat", "{\"a\":\"" + "jane.doe@mail.example ".repeat(60_000) + "\"}", "Authorization", RelayApp.AUTHORIZATION));
    }

    private void outages(Simulators simulators) {
        long stored = simulators.cleverTap.storedCount();
        simulators.cleverTap.faults().next(2, Fault.status(503).html("<p>jane.doe@mail.example</p>")).next(Fault.resetBeforeProcessing());
        simulators.oneSignal.faults().next(2, Fault.body(401, "{\"errors\":[\"key " + Simulators.ONESIGNAL_KEY + " is wrong\"]}"));
        event(RelayApp.AUTHORIZATION);
        await().atMost(SOON).until(() -> simulators.cleverTap.storedCount() > stored);
        await().atMost(SOON).until(() -> relay.log().contains("The onesignal account production answers again"));
    }

    private void parked(Simulators simulators, Path mapping, String shipped) throws IOException {
        // refused by CleverTap; the same twice, and then of a user whose id it quotes
        String refused = event().replace("{\"$email\"", "{\"$clevertapId\":{\"value\":\"no device of user-of-the-tests\"},\"$email\"");
        say(post("revenuecat", refused, "Authorization", RelayApp.AUTHORIZATION));
        say(post("revenuecat", refused, "Authorization", RelayApp.AUTHORIZATION));
        awaitLog("is parked for clevertap: CleverTap 526");
        simulators.cleverTap.faults().next(3, Fault.body(400, "{\"status\":\"fail\",\"error\":\"no user user-of-the-tests-" + (number + 1)
                + " nor jane.doe@mail.example\"}"));
        event(RelayApp.AUTHORIZATION);
        awaitLog("CleverTap HTTP 400");
        typeless();
        for (int i = 0; i < 3; i++) {
            say(post("revenuecat", "{\"event\":{\"id\":\"again-" + i + "\"}}", "Authorization", RelayApp.AUTHORIZATION));
        }
        String qonversion = "{\"event_name\":\"subscription_renewed\",\"user_id\":\"user-of-the-tests\",\"time\":1,\"environment\":\"production\"}";
        say(post("qonversion", qonversion, Webhook.proof("qonversion", qonversion.getBytes(StandardCharsets.UTF_8))));
        awaitLog("qonversion event key:");
        mapping(mapping, "{ broken", "relay_mappings_broken 1.0");
        mapping(mapping, "[error($facts.user + \" \" + string(.))]", "relay_mappings_broken 0.0");
        event(RelayApp.AUTHORIZATION);
        awaitLog("is parked for onesignal: revenuecat/onesignal.jslt");
        mapping(mapping, shipped, "relay_mappings_broken 0.0");
    }

    private void operations() throws IOException {
        for (String path : List.of("/health", "/prometheus", "/parked", "/parked/reasons", "/events?user=user-of-the-tests", "/events?outcome=parked",
                "/parked?from=" + WRONG, "/parked/" + WRONG, "/events/" + WRONG)) {
            say(manage("GET", path, "Authorization", basic("relay", PASSWORD)));
        }
        // only who asks is answered with the path; nobody else may read of it
        assertThat(manage("GET", "/" + WRONG).status()).isEqualTo(404);
        say(manage("POST", "/parked/" + firstParked("qonversion")));
        say(manage("DELETE", "/parked/" + firstParked("revenuecat")));
        say(manage("GET", "/parked", "Authorization", basic("relay", WRONG)));
        say(manage("GET", "/parked", "Authorization", basic(WRONG, PASSWORD)));
        byte[] login = ("{\"username\":\"" + WRONG + "\",\"password\":\"" + WRONG + "\"}").getBytes(StandardCharsets.UTF_8);
        say(RawHttp.send(relay.managementPort(), "POST", "/actuator/hawtio/auth/login", login, "Content-Type", "application/json"));
        login = ("{\"username\":\"relay\",\"password\":\"" + PASSWORD + "\"}").getBytes(StandardCharsets.UTF_8);
        RawHttp.Answer in = RawHttp.send(relay.managementPort(), "POST", "/actuator/hawtio/auth/login", login, "Content-Type", "application/json");
        assertThat(in.status()).isEqualTo(200);
        List<String> cookies = in.headers().get("set-cookie").stream().map(cookie -> cookie.split(";")[0]).toList();
        String token = cookies.stream().filter(cookie -> cookie.startsWith("XSRF-TOKEN=")).findFirst().orElseThrow().substring("XSRF-TOKEN=".length());
        RawHttp.Answer beans = RawHttp.send(relay.managementPort(), "POST", "/actuator/hawtio/jolokia",
                "{\"type\":\"read\",\"mbean\":\"*:*\"}".getBytes(StandardCharsets.UTF_8), "Content-Type", "application/json",
                "Cookie", String.join("; ", cookies), "X-XSRF-TOKEN", token);
        assertThat(beans.body()).contains("subscription-relay:", "org.apache.camel:", "org.apache.activemq.artemis:");
        // the one attribute that is a stored event: what the console's browsing of a queue shows to who has logged in
        String body = beans.body().replaceAll("\r\n[0-9a-f]{1,8}\r\n", "");
        said.append(FIRST_MESSAGE.matcher(body).replaceAll("")).append('\n');
    }

    private String firstParked(String provider) throws IOException {
        return StrictJson.mapper().readTree(relay.actuator("/parked?limit=1&provider=" + provider).body()).path("entries").path(0).path("id").asText();
    }

    private RawHttp.Answer manage(String method, String path, String... headers) {
        return RawHttp.send(relay.managementPort(), method, "/actuator" + path, null, headers);
    }

    private static String basic(String user, String password) {
        return "Basic " + Base64.getEncoder().encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
    }

    private void event(String authorization) {
        RawHttp.Answer answer = post("revenuecat", event(), "Authorization", authorization);
        assertThat(answer.status()).isEqualTo(200);
        say(answer);
    }

    private void typeless() {
        // a line break and an escape sequence, in JSON and in the log
        String id = "typeless-" + ++number + "\\u000aforged\\u001b[2J";
        say(post("revenuecat", "{\"event\":{\"id\":\"" + id + "\",\"app_user_id\":\"user-of-the-tests\"}}", "Authorization", RelayApp.AUTHORIZATION));
        awaitLog("event typeless-" + number);
    }

    private String event() {
        number++;
        return Events.renewal("event-" + number, "user-of-the-tests-" + number, Events.BASE + number).replace("{\"$onesignalUserId\"",
                "{\"$email\":{\"value\":\"jane.doe@mail.example\"},\"$displayName\":{\"value\":\"Jane Doe\"},"
                        + "\"$phoneNumber\":{\"value\":\"+4915112345678\"},\"$onesignalUserId\"");
    }

    private RawHttp.Answer post(String provider, String body, String... headers) {
        return RawHttp.send(relay.port(), "POST", "/webhooks/" + provider, body.getBytes(StandardCharsets.UTF_8), headers);
    }

    private void say(RawHttp.Answer answer) {
        said.append(answer.head()).append('\n').append(answer.body()).append('\n');
    }

    private void awaitLog(String text) {
        await().atMost(SOON).until(() -> relay.log().contains(text));
    }

    private void mapping(Path file, String text, String metric) throws IOException {
        Files.writeString(file, text);
        await().atMost(SOON).until(() -> relay.actuator("/prometheus").body().contains(metric));
    }

    private List<String> linesWith(String secret) {
        return said.toString().lines().filter(line -> line.contains(secret)).map(line -> around(line, secret)).limit(5).toList();
    }

    private static String around(String line, String secret) {
        int at = line.indexOf(secret);
        return line.substring(Math.max(0, at - 200), Math.min(line.length(), at + 200));
    }
}
