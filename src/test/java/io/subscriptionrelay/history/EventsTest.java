package io.subscriptionrelay.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.commands.Commands;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.simulator.Fault;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.Ports;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import io.subscriptionrelay.testing.Webhook;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.net.URLEncoder;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import javax.management.ObjectName;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.core.JdbcTemplate;

/** What became of events that really went through HTTP, the shipped routes and the simulators. */
class EventsTest {

    private static final String NORMAL = "\"period_type\":\"NORMAL\"";

    @TempDir
    static Path folder;
    private static Simulators simulators;
    private static RelayApp relay;
    private static int number;
    private String id;
    private String user;

    @BeforeAll
    static void start() {
        simulators = new Simulators();
        relay = start(folder);
    }

    private static RelayApp start(Path data) {
        return RelayApp.with(data).cleverTap(simulators.cleverTap.url()).oneSignal(simulators.oneSignal.url())
                .set("QONVERSION_TOKEN", Webhook.QONVERSION_TOKEN).start();
    }

    @AfterAll
    static void stop() {
        relay.close();
        simulators.close();
    }

    @BeforeEach
    void anEvent() {
        simulators.cleverTap.faults().clear();
        simulators.oneSignal.faults().clear();
        number++;
        id = "trace-" + number;
        user = "jane.doe." + number + "@mail.example";
    }

    @Test
    void aSearchWithoutAHitIsAnEmptyListAndAnEventThatIsNotThereIsNotFound() {
        HttpResponse<String> list = relay.manage("GET", "/events?id=nobody-has-sent-it");
        assertThat(list.statusCode()).isEqualTo(200);
        assertThat(relay.actuator("/events?id=nobody-has-sent-it").path("events").isArray()).isTrue();
        assertThat(relay.actuator("/events?id=nobody-has-sent-it").path("completeUntil").asText()).isNotEmpty();
        assertThat(relay.manage("GET", "/events/nobody-has-sent-it").statusCode()).isEqualTo(404);
    }

    @Test
    void anEventIsReceivedAndDeliveredToBothDestinations() {
        post(Events.renewal(id, user, Events.BASE));
        List<JsonNode> trace = awaitTrace(() -> event(id), "received", "delivered", "delivered");
        assertThat(trace.get(0).path("outcome").asText()).isEqualTo("received");
        assertThat(trace.subList(1, 3)).extracting(line -> line.path("destination").asText() + " " + line.path("account").asText() + " "
                + line.path("step").asText() + " " + line.path("attempts").asInt())
                .containsExactlyInAnyOrder("clevertap production renewal 1", "onesignal production renewal 1");
    }

    @Test
    void aRepeatedWebhookShowsAsRepeated() {
        post(Events.renewal(id, user, Events.BASE));
        awaitTrace(() -> event(id), "received", "delivered", "delivered");
        post(Events.renewal(id, user, Events.BASE));
        awaitTrace(() -> event(id), "received", "delivered", "delivered", "repeated");
    }

    @Test
    void aSkippedEventSaysWhy() {
        post(Events.event(id, "NEWLY_INVENTED", user, Events.BASE, NORMAL));
        List<JsonNode> trace = awaitTrace(() -> event(id), "received", "skipped", "skipped");
        assertThat(trace.subList(1, 3)).allSatisfy(line ->
                assertThat(line.path("reason").asText()).isEqualTo("unknown event type NEWLY_INVENTED"));
    }

    @Test
    void attemptsCountTheCallsThatAnOutageRepeated() {
        simulators.cleverTap.faults().next(2, Fault.status(503));
        simulators.oneSignal.faults().next(Fault.status(503));
        post(Events.renewal(id, user, Events.BASE));
        List<JsonNode> trace = awaitTrace(() -> event(id), "received", "delivered", "delivered");
        assertThat(trace.subList(1, 3)).extracting(line -> line.path("destination").asText() + " " + line.path("attempts").asInt())
                .containsExactlyInAnyOrder("clevertap 3", "onesignal 2");
    }

    @Test
    void aRecordThatWasSentBackShowsEachOfItsFirstAttempts() {
        simulators.cleverTap.faults().failRecords(2, record -> record.path("evtData").path("event_id").asText().equals(id));
        post(Events.renewal(id, user, Events.BASE));
        List<JsonNode> trace = awaitTrace(() -> event(id), "received", "delivered", "sent-back", "sent-back", "delivered");
        assertThat(trace.get(4).path("attempts").asInt()).isEqualTo(3);
    }

    @Test
    void aParkedEventIsTracedThroughReplayAndDiscard() {
        post(unacceptable());
        String parked = awaitTrace(() -> event(id), "received", "delivered", "parked").stream()
                .filter(line -> line.path("outcome").asText().equals("parked")).findFirst().orElseThrow().path("parkedId").asText();
        JsonNode entry = relay.actuator("/parked/" + parked);
        assertThat(entry.path("eventId").asText()).isEqualTo(id);
        relay.manage("POST", "/parked/" + parked);
        List<JsonNode> trace = awaitTrace(() -> event(id), "received", "delivered", "parked", "replayed", "parked");
        assertThat(trace).filteredOn(line -> line.path("outcome").asText().equals("parked"))
                .allSatisfy(line -> assertThat(line.path("reason").asText()).startsWith("CleverTap 526"));
        relay.manage("DELETE", "/parked/" + trace.get(4).path("parkedId").asText());
        awaitTrace(() -> event(id), "received", "delivered", "parked", "replayed", "parked", "discarded");
    }

    @Test
    void aUsersEventsAreFoundByHisIdAndNarrowedByFilters() {
        post(Events.renewal(id, user, Events.BASE));
        post(Events.event(id + "-b", "NEWLY_INVENTED", user, Events.BASE + 1, NORMAL));
        awaitTrace(() -> event(id), "received", "delivered", "delivered");
        awaitTrace(() -> event(id + "-b"), "received", "skipped", "skipped");
        assertThat(ids("?user=" + encoded(user))).containsExactly(id + "-b", id);
        assertThat(ids("?outcome=delivered&destination=onesignal&user=" + encoded(user))).containsExactly(id);
        assertThat(ids("?outcome=skipped&provider=revenuecat&limit=1")).hasSize(1);
        assertThat(ids("?from=2100-01-01T00:00:00Z&user=" + encoded(user))).isEmpty();
        assertThat(ids("?user=someone")).isEmpty();
        assertThat(relay.manage("GET", "/events?outcome=lost").statusCode()).isEqualTo(400);
        assertThat(relay.manage("GET", "/events?limit=-1").statusCode()).isEqualTo(400);
        assertThat(relay.manage("GET", "/events?from=yesterday").body()).contains("2026-10-01T12:00:00Z");
        assertThat(relay.manage("GET", "/events/unheard-of").statusCode()).isEqualTo(404);
        assertThat(relay.manage("GET", "/events/" + id + "?provider=purchasely").statusCode()).isEqualTo(404);
    }

    @Test
    void withoutContentNothingNamesTheUserAndWhatIsKnownSurvivesARestart() {
        String qonversion = Events.renewal("qonversion", id, user, Events.BASE);
        assertThat(relay.post("qonversion", qonversion, Webhook.proof("qonversion", qonversion.getBytes(StandardCharsets.UTF_8)))
                .statusCode()).isEqualTo(200);
        post(Events.renewal(id, user, Events.BASE));
        awaitTrace(() -> event(id), "received", "delivered", "delivered");
        await().atMost(Duration.ofSeconds(20)).until(() -> ids("?provider=qonversion&user=" + encoded("QON_" + user)).size() == 1);
        String composed = "[\"iOS\",\"QON_" + user + "\",\"subscription_renewed\",\"plus.monthly\",\"" + id + "\"," + Events.BASE / 1000 + "]";
        assertThat(relay.actuator("/events?id=" + encoded(composed)).path("events")).hasSize(1);
        assertThat(relay.manage("GET", "/events?provider=qonversion").body()).doesNotContain(user);
        relay.close();
        relay = start(folder);
        awaitTrace(() -> event(id), "received", "delivered", "delivered");
    }

    @Test
    void theSameAnswersComeByJmx() throws Exception {
        post(Events.renewal(id, user, Events.BASE));
        awaitTrace(() -> event(id), "received", "delivered", "delivered");
        ObjectName name = ManagementFactory.getPlatformMBeanServer().queryNames(new ObjectName("subscription-relay:type=Events,*"), null)
                .iterator().next();
        Object answer = ManagementFactory.getPlatformMBeanServer().invoke(name, "user", new Object[] {user, 10},
                new String[] {"java.lang.String", "int"});
        assertThat(answer.toString()).contains("eventId=" + id).contains("outcome=delivered").doesNotContain(user);
    }

    @Test
    void theCommandLinePrintsATimeLineOrOneSentence() throws IOException {
        post(Events.renewal(id, user, Events.BASE));
        awaitTrace(() -> event(id), "received", "delivered", "delivered");
        Map<String, String> here = Map.of("MANAGEMENT_SERVER_PORT", Integer.toString(relay.managementPort()));
        assertThat(command(here, 0, "trace", id)).startsWith("revenuecat event " + id)
                .containsPattern("  \\S+Z  received\n").containsPattern("  \\S+Z  delivered to clevertap production as renewal\n");
        assertThat(command(here, 0, "trace", "--user", user)).contains("revenuecat event " + id);
        assertThat(command(here, 1, "trace", "unheard-of").lines()).hasSize(1);
        assertThat(command(here, 2, "trace", "--outcome", "lost")).startsWith("There is no outcome `lost`");
        assertThat(command(here, 2, "trace")).startsWith("usage: ");
        int free = Ports.free();
        assertThat(command(Map.of("MANAGEMENT_SERVER_PORT", Integer.toString(free)), 2, "trace", id))
                .isEqualTo("No relay answers at 127.0.0.1:" + free
                        + "; start it, or set MANAGEMENT_SERVER_PORT and MANAGEMENT_SERVER_ADDRESS to where it runs.\n");
    }

    @Test
    void theCommandLineEscapesWhatWouldForgeALineOrSteerTheTerminal() throws IOException {
        String forged = id + "\n  2026-10-01T12:00:00Z  delivered\u001b[2J\u009b1m\u202e";
        post(Events.event("forged", "NEW\\u001b]0;x\\u0007\\nTYPE", user, Events.BASE, NORMAL).replace("\"forged\"", json(forged)));
        awaitTrace(() -> relay.actuator("/events?id=" + encoded(forged)), "received", "skipped", "skipped");
        String said = command(Map.of("MANAGEMENT_SERVER_PORT", Integer.toString(relay.managementPort())), 0, "trace", forged);
        assertThat(said.lines()).hasSize(4);
        assertThat(said).startsWith("revenuecat event " + id + "\\u000a\\u0020\\u00202026-10-01T12:00:00Z\\u0020\\u0020delivered\\u001b[2J"
                + "\\u009b1m\\u202e\n").contains("unknown event type NEW\\u001b]0;x\\u0007\\u000aTYPE");
        assertThat(said.chars().filter(c -> c != '\n' && (c < ' ' || c > '~'))).isEmpty();
    }

    private static String json(String text) throws IOException {
        return StrictJson.mapper().writeValueAsString(text);
    }

    @Test
    void contentIsShownAfterALoginOnly() {
        post(Events.renewal(id, user, Events.BASE));
        awaitTrace(() -> event(id), "received", "delivered", "delivered");
        HttpResponse<String> refused = relay.manage("GET", "/events/" + id + "?content=true");
        assertThat(refused.statusCode()).isEqualTo(401);
        assertThat(refused.body()).contains("login").doesNotContain(user);
        JsonNode event = relay.actuatorLoggedIn("/events/" + id + "?content=true").path("events").path(0);
        assertThat(event.path("type").asText()).isEqualTo("RENEWAL");
        assertThat(event.path("webhook").path("event").path("app_user_id").asText()).isEqualTo(user);
        assertThat(event.path("attributes").path("user").asText()).isEqualTo(user);
        List<JsonNode> delivered = new ArrayList<>();
        event.path("trace").forEach(line -> {
            if (line.path("outcome").asText().equals("delivered")) {
                delivered.add(line);
            }
        });
        assertThat(delivered).hasSize(2).allSatisfy(line -> {
            assertThat(line.path("record").isObject()).isTrue();
            assertThat(line.path("answer").path("status").asInt()).isBetween(200, 299);
        });
        assertThat(event.toString()).contains("\"evtName\"").doesNotContain(Simulators.CLEVERTAP_PASSCODE);
        assertThat(relay.manage("GET", "/events/" + id).body()).doesNotContain(user).doesNotContain("webhook");
    }

    @Test
    void aRefusalStandsBesideTheRecordThatWasRefused() {
        post(unacceptable());
        awaitTrace(() -> event(id), "received", "delivered", "parked");
        JsonNode parked = relay.actuatorLoggedIn("/events/" + id + "?content=true").path("events").path(0).path("trace").valueStream()
                .filter(line -> line.path("outcome").asText().equals("parked")).findFirst().orElseThrow();
        assertThat(parked.path("record").path("objectId").asText()).isEqualTo("no device");
        assertThat(parked.path("answer").path("body").asText()).contains("526");
    }

    @Test
    void noReplayHoldsAnythingOfAUserWhoWasForgottenAndWhatIsOfOthersStays() throws IOException {
        String name = "forgotten-" + number;
        String since = postParkedOf(name, "kept-" + number);
        String compared = replay("dry-run=true&events=again&from=" + since);
        for (String filters : List.of("user=" + name, "q=" + encoded("renewal " + name + "*"), "id=" + name + "-event")) {
            replay("dry-run=true&" + filters);
        }
        await().atMost(Duration.ofSeconds(20)).until(() -> noneRuns());
        assertThat(stored()).contains(name, Events.oneSignalId(name), Events.oneSignalId("kept-" + number));

        assertThat(relay.manage("DELETE", "/events?user=" + name).statusCode()).isEqualTo(200);
        assertThat(stored()).doesNotContain(name).doesNotContain(Events.oneSignalId(name)).contains(Events.oneSignalId("kept-" + number));
        JsonNode job = relay.actuatorLoggedIn("/replays/" + compared);
        assertThat(job.path("new").asInt()).isEqualTo(2);
        assertThat(job.path("differences")).hasSize(2);
        assertThat(job.path("differences").path(0).path("now").isNull()).isTrue();
        assertThat(job.path("differences").path(1).path("now").toString()).contains("kept-" + number + "-event");
        assertThat(relay.manage("GET", "/events?id=" + encoded(job.path("differences").path(0).path("eventId").asText())).statusCode()).isEqualTo(200);
    }

    @Test
    void aReplayThatRunsSendsNothingMoreOfAUserWhoIsForgottenAndOneThatIsForHimEnds() throws IOException {
        String name = "forgotten-" + number;
        String since = postParkedOf(name, "kept-" + number);
        String everybodys = replay("rate=0.5&from=" + since);
        String his = replay("user=" + name);
        assertThat(relay.manage("DELETE", "/events?user=" + name).statusCode()).isEqualTo(200);
        assertThat(relay.actuatorLoggedIn("/replays/" + his).path("state").asText()).isEqualTo("cancelled");
        assertThat(relay.actuatorLoggedIn("/replays/" + his).path("filters").path("user").asText()).isEqualTo("…");
        await().atMost(Duration.ofSeconds(20)).until(() -> noneRuns());
        JsonNode job = relay.actuatorLoggedIn("/replays/" + everybodys);
        assertThat(job.path("state").asText()).isEqualTo("done");
        assertThat(job.path("done").asInt()).isEqualTo(2);
        assertThat(job.path("sent").asInt()).isEqualTo(1);
        assertThat(relay.actuatorLoggedIn("/replays/" + his).path("sent").asInt()).isZero();
        assertThat(stored()).doesNotContain(name);
    }

    /** An event each, {@code <user>-event}; gives since when, for a filter. */
    private String postParkedOf(String... users) {
        String since = encoded(Instant.now().toString());
        for (String of : users) {
            id = of + "-event";
            user = of;
            post(unacceptable());
            awaitTrace(() -> event(of + "-event"), "received", "delivered", "parked");
        }
        return since;
    }

    private static String replay(String query) throws IOException {
        HttpResponse<String> answer = relay.manage("POST", "/replays?" + query);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
        return StrictJson.mapper().readTree(answer.body()).path("id").asText();
    }

    private static boolean noneRuns() {
        return relay.actuator("/replays").path("replays").valueStream().noneMatch(job -> job.path("state").asText().equals("running"));
    }

    /** All replays as they are stored. */
    private static String stored() {
        return String.join("\n", new JdbcTemplate(relay.bean(DataSource.class)).queryForList("SELECT job FROM replay", String.class));
    }

    @Test
    void nothingIsKeptWhenHistoryIsOffAndWhatThereWasIsRemoved(@TempDir Path other) throws IOException {
        RelayApp.Builder own = RelayApp.with(other).cleverTap(simulators.cleverTap.url());
        try (RelayApp app = own.start()) {
            assertThat(app.revenueCat(Events.renewal("kept", user, Events.BASE))).isEqualTo(200);
            await().atMost(Duration.ofSeconds(20)).until(() -> app.actuator("/events?user=" + encoded(user)).path("events").size() == 1);
        }
        try (RelayApp app = own.set("relay.history.keep", "0").start()) {
            await().atMost(Duration.ofSeconds(20)).until(() -> app.actuator("/events").path("events").isEmpty());
            assertThat(app.revenueCat(Events.renewal("untraced", user, Events.BASE))).isEqualTo(200);
            assertThat(app.manage("GET", "/events/untraced").body()).contains("relay.history.keep is 0");
        }
        try (Stream<Path> files = Files.walk(other.resolve("history"))) {
            assertThat(files.filter(Files::isRegularFile).filter(file -> !file.getFileName().toString().endsWith(".lock"))).isEmpty();
        }
    }

    @Test
    void anAnswerSaysUpToWhenItIsComplete() {
        Instant before = Instant.now();
        post(Events.renewal(id, user, Events.BASE));
        awaitTrace(() -> event(id), "received", "delivered", "delivered");
        await().atMost(Duration.ofSeconds(20)).untilAsserted(() ->
                assertThat(Instant.parse(relay.actuator("/events?limit=1").path("completeUntil").asText())).isAfter(before));
    }

    private String unacceptable() {
        return Events.renewal(id, user, Events.BASE)
                .replace("{\"$onesignalUserId\"", "{\"$clevertapId\":{\"value\":\"no device\"},\"$onesignalUserId\"");
    }

    private static void post(String body) {
        assertThat(relay.revenueCat(body)).isEqualTo(200);
    }

    private static JsonNode event(String id) {
        return relay.actuator("/events/" + id + "?provider=revenuecat");
    }

    /** Waits until the event's trace has these outcomes, in any order. */
    private static List<JsonNode> awaitTrace(Supplier<JsonNode> answer, String... outcomes) {
        List<JsonNode> trace = new ArrayList<>();
        await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
            trace.clear();
            answer.get().path("events").path(0).path("trace").forEach(trace::add);
            assertThat(trace).extracting(line -> line.path("outcome").asText()).containsExactlyInAnyOrder(outcomes);
        });
        return trace;
    }

    private static List<String> ids(String query) {
        List<String> ids = new ArrayList<>();
        relay.actuator("/events" + query).path("events").forEach(event -> ids.add(event.path("eventId").asText()));
        return ids;
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private static String command(Map<String, String> environment, int status, String... arguments) {
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        PrintStream stream = new PrintStream(said, true, StandardCharsets.UTF_8);
        assertThat(new Commands(null, environment, stream, stream).run(arguments)).hasValue(status);
        return said.toString(StandardCharsets.UTF_8);
    }
}
