package io.subscriptionrelay.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.broker.EmbeddedBroker;
import io.subscriptionrelay.simulator.CleverTapSimulator;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.Home;
import io.subscriptionrelay.testing.Queues;
import io.subscriptionrelay.testing.RawHttp;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import io.subscriptionrelay.testing.Webhook;
import jakarta.jms.BytesMessage;
import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSException;
import jakarta.jms.Session;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import javax.management.ObjectName;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The parked events of the running application, over HTTP and JMX. */
class ParkedTest {

    private static final Duration SOON = Duration.ofSeconds(20);
    /** An event that was discarded on CleverTap's dashboard, which it refuses with 528. */
    private static final String REFUSED_NAME = "Renewed at last";
    /** In days. */
    private static final int KEEP = 3;
    private static final String USER = "parked.person@mail.example";

    @TempDir
    static Path folder;
    private static Path home;
    private static Path settings;
    private static String shipped;
    private static Path jslt;
    private static String shippedMapping;
    private static Simulators simulators;
    private static RelayApp relay;
    private static int number;
    private String id;

    @BeforeAll
    static void start() throws IOException {
        home = Home.copyTo(folder.resolve("home"));
        settings = home.resolve("mappings/revenuecat/clevertap.yaml");
        shipped = Files.readString(settings);
        jslt = home.resolve("mappings/revenuecat/clevertap.jslt");
        shippedMapping = Files.readString(jslt);
        simulators = new Simulators();
        simulators.cleverTap.discarded(REFUSED_NAME);
        relay = settings().start();
    }

    private static RelayApp.Builder settings() {
        return RelayApp.with(folder.resolve("data")).home(home).cleverTap(simulators.cleverTap.url()).oneSignal(simulators.oneSignal.url())
                .set("relay.parked.keep", KEEP + "d").set("QONVERSION_TOKEN", Webhook.QONVERSION_TOKEN).set("PURCHASELY_SHARED_SECRET", Webhook.PURCHASELY_SECRET);
    }

    @AfterAll
    static void stop() {
        relay.close();
        simulators.close();
    }

    @BeforeEach
    void nothingIsParked() {
        number++;
        id = "parked-" + number;
        assertThat(total("")).isZero();
    }

    @AfterEach
    void empty() {
        await().atMost(SOON).until(ParkedTest::nothingUnderWay);
        entries("?limit=1000").forEach(entry -> assertThat(relay.manage("DELETE", "/parked/" + text(entry, "id")).statusCode()).isEqualTo(200));
        mapping(settings, shipped);
        mapping(jslt, shippedMapping);
    }

    @Test
    void theListHasFiltersAndPages() {
        park(5);
        parkWithoutType(id + "-typeless");
        purchasely(id + "-future", System.currentTimeMillis() + Duration.ofDays(30).toMillis());
        relay.awaitParked(8);

        assertThat(total("?provider=revenuecat")).isEqualTo(6);
        assertThat(total("?provider=purchasely")).isEqualTo(2);
        assertThat(total("?provider=purchasely&destination=onesignal")).isEqualTo(1);
        assertThat(total("?destination=clevertap")).isEqualTo(6);
        assertThat(total("?account=production")).isEqualTo(7);
        assertThat(total("?step=renewal")).isEqualTo(5);
        assertThat(total("?queue=parked.events.revenuecat")).isEqualTo(1);
        assertThat(total("?eventId=" + id + "-3")).isEqualTo(1);
        assertThat(total("?reason=" + encoded("CleverTap 526"))).isEqualTo(5);
        assertThat(total("?reason=" + encoded("the webhook has no"))).isEqualTo(1);
        assertThat(total("?reason=%25")).isZero();
        assertThat(total("?reason=" + encoded("CleverTap_526"))).isZero();
        assertThat(total("?reason=" + encoded("it's \\ \"quoted\" or 1=1 --"))).isZero();
        assertThat(total("?provider=" + encoded("' OR '1'='1"))).isZero();

        long middle = java.time.Instant.parse(text(entries("").get(3), "parkedAt")).toEpochMilli();
        assertThat(total("?from=" + middle) + total("?to=" + middle)).isEqualTo(8);
        assertThat(total("?from=2100-01-01T00:00:00Z")).isZero();
        assertThat(total("?to=2100-01-01T00:00:00Z")).isEqualTo(8);

        List<String> paged = new ArrayList<>();
        for (int offset = 0; offset < 9; offset += 3) {
            JsonNode page = relay.actuator("/parked?limit=3&offset=" + offset);
            assertThat(page.path("total").asInt()).isEqualTo(8);
            page.path("entries").forEach(entry -> paged.add(text(entry, "id")));
        }
        assertThat(paged).hasSize(8).doesNotHaveDuplicates();
        assertThat(entries("?limit=0")).isEmpty();
        assertThat(entries("?offset=8")).isEmpty();
    }

    @Test
    void reasonsAreGroupedAndCounted() {
        park(3);
        parkWithoutType(id + "-typeless");
        relay.awaitParked(4);
        JsonNode reasons = relay.actuator("/parked/reasons");
        assertThat(reasons.path("total").asInt()).isEqualTo(4);
        assertThat(reasons.path("reasons")).extracting(group -> group.path("count").asInt() + " " + text(group, "destination"))
                .containsExactly("3 clevertap", "1 null");
        JsonNode first = reasons.path("reasons").path(0);
        assertThat(text(first, "reason")).startsWith("CleverTap 526");
        assertThat(text(first, "step")).isEqualTo("renewal");
        assertThat(text(first, "firstParkedAt")).isLessThanOrEqualTo(text(first, "lastParkedAt"));
        assertThat(relay.actuator("/parked/reasons?destination=clevertap").path("total").asInt()).isEqualTo(3);
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "unheard-of", "3f0c9a52-0001-4000-8000-00000000000", "3f0c9a52-0001-4000-8000-000000000001", "%27%20OR%201=1--",
        "null", "%F0%9F%98%80", "1-1-1-1-1"})
    void anIdThatIsNotThereIsAnsweredWith404AndASentence(String unknown) {
        for (String method : List.of("GET", "POST", "DELETE")) {
            RawHttp.Answer answer = RawHttp.send(relay.managementPort(), method, "/actuator/parked/" + unknown, null);
            assertThat(answer.status()).as(method).isEqualTo(404);
            assertThat(answer.body()).as(method).contains("no parked event has this id");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"%2e%2e", "a%2Fb", "..;/x", "%zz", "%c0%ae", "%00", "..%5C"})
    void anIdThatIsAPathIsNotFoundEither(String strange) {
        for (String method : List.of("GET", "POST", "DELETE")) {
            assertThat(RawHttp.send(relay.managementPort(), method, "/actuator/parked/" + strange, null).status()).as(method)
                    .isIn(400, 403, 404, 405);
        }
    }

    @ParameterizedTest
    @CsvSource({"from=yesterday, from", "to=2026-10-01, to", "from=99999999999999999999, from", "limit=many, limit", "limit=-1, limit", "offset=1.5, offset",
        "provider=, provider", "reason=a&reason=b, reason", "provder=revenuecat, provder", "from=%2B999999999-01-01T00:00:00Z, from"})
    void aBadFilterIsAnsweredWith400AndNamesTheParameter(String query, String named) {
        for (String method : List.of("GET", "POST")) {
            RawHttp.Answer answer = RawHttp.send(relay.managementPort(), method, "/actuator/parked?" + query, null);
            assertThat(answer.status()).as(method).isEqualTo(400);
            assertThat(answer.body()).as(method).contains("`" + named + "`");
        }
    }

    @Test
    void aBadFilterReplaysNothing() {
        park(1);
        for (String query : List.of("?provder=purchasely", "?dry-run=perhaps", "?limit=0", "?%zz=1", "?destination=")) {
            assertThat(relay.manage("POST", "/parked" + query.replace("%zz", "%25zz")).statusCode()).as(query).isEqualTo(400);
        }
        assertThat(total("")).isEqualTo(1);
    }

    @Test
    void whatIsReplayedOrDiscardedIsGoneTheSecondTime() {
        park(2);
        String first = text(entries("").get(0), "id");
        String second = text(entries("").get(1), "id");
        mapping(settings, shipped);
        String eventId = text(relay.actuator("/parked/" + first), "eventId");
        repairUser(first);
        assertThat(relay.manage("DELETE", "/parked/" + first).body()).isEqualTo("{\"discarded\":1}");
        assertThat(relay.manage("DELETE", "/parked/" + first).statusCode()).isEqualTo(404);
        assertThat(relay.manage("POST", "/parked/" + first).statusCode()).isEqualTo(404);
        assertThat(relay.manage("POST", "/parked/" + second).body()).isEqualTo("{\"replayed\":1}");
        assertThat(relay.manage("POST", "/parked/" + second).statusCode()).isEqualTo(404);
        assertThat(eventId).startsWith(id);
        // refused again, and parked under a new id
        assertThat(text(relay.awaitParked(1).path("entries").path(0), "id")).isNotIn(first, second);
    }

    private void repairUser(String parkedId) {
        assertThat(text(relay.actuator("/parked/" + parkedId), "event")).contains(USER);
    }

    @Test
    void allThatFitAreReplayedAndNoOthers() {
        refuseRenewals();
        for (int i = 0; i < 4; i++) {
            post(Events.renewal(id + "-" + i, "user-" + i, Events.BASE + i));
        }
        relay.awaitParked(4);
        parkWithoutType(id + "-typeless");
        relay.awaitParked(5);
        mapping(settings, shipped.replace("renewal: rc_renewal_event", "renewal: " + id));
        assertThat(relay.manage("POST", "/parked?reason=" + encoded("CleverTap 528") + "&provider=revenuecat&from=" + Events.BASE).body())
                .isEqualTo("{\"replayed\":4}");
        await().atMost(SOON).until(() -> stored(id).size() == 4);
        assertThat(relay.manage("POST", "/parked?provider=purchasely").body()).isEqualTo("{\"replayed\":0}");
        assertThat(total("")).isEqualTo(1);
        assertThat(relay.manage("POST", "/parked").body()).isEqualTo("{\"replayed\":1}");
        assertThat(text(relay.awaitParked(1).path("entries").path(0), "reason")).isEqualTo("the webhook has no event type");
    }

    @Test
    void aDryRunShowsTheNewResultAndChangesNothing() {
        refuseRenewals();
        post(Events.renewal(id, USER, Events.BASE));
        JsonNode entry = relay.awaitParked(1).path("entries").path(0);
        mapping(settings, shipped.replace("renewal: rc_renewal_event", "renewal: Mended"));
        String counts = counts();

        JsonNode one = dryRun("/" + text(entry, "id"));
        assertThat(one.path("results")).hasSize(1);
        JsonNode result = one.path("results").path(0);
        assertThat(text(result, "outcome") + " " + text(result, "destination") + " " + text(result, "account") + " " + text(result, "step"))
                .isEqualTo("sent clevertap production renewal");
        assertThat(text(result.path("record"), "evtName")).isEqualTo("Mended");
        assertThat(text(result.path("record"), "identity")).isEqualTo(USER);

        mapping(settings, shipped.replace("renewal: rc_renewal_event", "renewal: off"));
        result = dryRun("/" + text(entry, "id")).path("results").path(0);
        assertThat(text(result, "outcome") + ": " + text(result, "reason")).isEqualTo("skipped: event switched off");
        mapping(settings, shipped);
        mapping(jslt, "{\"park\": \"not today\"}");
        result = dryRun("/" + text(entry, "id")).path("results").path(0);
        assertThat(text(result, "outcome") + ": " + text(result, "reason")).isEqualTo("parked: not today");
        mapping(jslt, "error(\"" + USER + "\")");
        result = dryRun("/" + text(entry, "id")).path("results").path(0);
        assertThat(text(result, "outcome")).isEqualTo("parked");
        assertThat(text(result, "reason")).contains("the mapping failed on this event").doesNotContain(USER);
        mapping(jslt, shippedMapping);

        assertThat(counts()).isEqualTo(counts);
        assertThat(relay.parked().path("entries").path(0)).isEqualTo(entry);
        assertThat(stored("Mended")).isEmpty();
        assertThat(relay.manage("POST", "/parked/unheard-of?dry-run=true").statusCode()).isEqualTo(404);
    }

    @Test
    void aDryRunSaysWhatOfARecordItsDestinationDoesNotKnow() {
        refuseRenewals();
        post(Events.renewal(id, USER, Events.BASE));
        String path = "/" + text(relay.awaitParked(1).path("entries").path(0), "id");
        mapping(settings, shipped);
        assertThat(dryRun(path).path("results").path(0).has("problem")).isFalse();
        mapping(jslt, "[{\"type\": \"event\", \"evtName\": \"Renewed\", \"evtData\": {\"a\": 1}, \"ts\": $facts.time,"
                + " \"identity\": \"" + USER + "\"}]");
        JsonNode result = dryRun(path).path("results").path(0);
        assertThat(text(result, "outcome")).isEqualTo("sent");
        assertThat(text(result, "problem")).isEqualTo("`ts` is a number of 13 digits; write seconds since 1970");
        assertThat(relay.actuator("/health").at("/components/mapper/status").asText()).as("a dry run counts for nothing").isEqualTo("UP");
    }

    @Test
    void aDryRunOfManyShowsAPageOfThem() {
        refuseRenewals();
        for (int i = 0; i < 3; i++) {
            post(Events.renewal(id + "-" + i, "user-" + i, Events.BASE + i));
        }
        parkWithoutType(id + "-typeless");
        relay.awaitParked(4);
        mapping(settings, shipped);
        JsonNode all = dryRun("");
        assertThat(all.path("total").asInt()).isEqualTo(4);
        assertThat(all.path("outcomes")).isEqualTo(json("{\"parked\":1,\"sent\":3}"));
        JsonNode page = dryRun("", "&destination=clevertap&limit=2");
        assertThat(page.path("total").asInt()).isEqualTo(3);
        assertThat(page.path("entries")).hasSize(2);
        assertThat(total("")).isEqualTo(4);
        assertThat(nothingUnderWay()).isTrue();
    }

    @Test
    void ofSeveralRecordsOnlyTheRefusedOneIsSentAgain() {
        Path purchasely = home.resolve("mappings/purchasely/clevertap.yaml");
        String shippedPurchasely = read(purchasely);
        mapping(purchasely, shippedPurchasely.replaceFirst("(?m)^(\\s+subscription_renewed: ).*$", "$1" + REFUSED_NAME));
        assertThat(read(purchasely)).contains(REFUSED_NAME);
        long before = simulators.cleverTap.storedCount();
        purchasely(id, Events.BASE);
        JsonNode entry = relay.awaitParked(1).path("entries").path(0);
        await().atMost(SOON).until(() -> simulators.cleverTap.storedCount() == before + 1);
        mapping(purchasely, shippedPurchasely.replaceFirst("(?m)^(\\s+subscription_renewed: ).*$", "$1" + id));
        JsonNode results = dryRun("/" + text(entry, "id")).path("results");
        assertThat(results).hasSize(1);
        assertThat(text(results.path(0).path("record"), "evtName")).isEqualTo(id);
        relay.manage("POST", "/parked/" + text(entry, "id"));
        await().atMost(SOON).until(() -> stored(id).size() == 1);
        await().atMost(SOON).until(ParkedTest::nothingUnderWay);
        assertThat(simulators.cleverTap.storedCount()).isEqualTo(before + 2);
        mapping(purchasely, shippedPurchasely);
    }

    @Test
    void whatIsParkedSurvivesARestartAndStaysParkedWhileItsDestinationIsOffOrNoRouteLeadsThere() {
        refuseRenewals();
        post(Events.renewal(id, USER, Events.BASE));
        JsonNode before = relay.awaitParked(1).path("entries").path(0);
        mapping(settings, shipped);
        relay.close();
        relay = settings().set("CLEVERTAP_PASSCODE", "").start();
        assertThat(relay.parked().path("entries").path(0)).isEqualTo(before);
        assertThat(text(dryRun("/" + text(before, "id")).path("results").path(0), "reason")).startsWith("clevertap is off");
        assertThat(relay.manage("POST", "/parked/" + text(before, "id")).statusCode()).isEqualTo(200);
        await().atMost(SOON).untilAsserted(() -> assertThat(entries("")).singleElement()
                .satisfies(entry -> assertThat(text(entry, "reason")).startsWith("clevertap is off")));
        relay.close();
        Path translate = home.resolve("routes/translate/revenuecat.camel.yaml");
        String step = "        - to:\n            id: revenuecat-translate\n            uri: direct:translate\n";
        String shippedRoute = read(translate);
        assertThat(shippedRoute).contains(step);
        write(translate, shippedRoute.replace(step, ""));
        relay = settings().start();
        String parkedId = text(entries("").get(0), "id");
        JsonNode result = dryRun("/" + parkedId).path("results").path(0);
        assertThat(text(result, "outcome") + " " + text(result, "reason")).startsWith("parked the routes lead no revenuecat event to clevertap");
        assertThat(relay.manage("POST", "/parked/" + parkedId).statusCode()).isEqualTo(200);
        await().atMost(SOON).untilAsserted(() -> assertThat(entries("")).singleElement()
                .satisfies(entry -> assertThat(text(entry, "reason")).startsWith("the routes lead no revenuecat event to clevertap")));
        relay.close();
        write(translate, shippedRoute);
        relay = settings().start();
        long stored = simulators.cleverTap.storedCount();
        assertThat(relay.manage("POST", "/parked").body()).isEqualTo("{\"replayed\":1}");
        await().atMost(SOON).until(() -> simulators.cleverTap.storedCount() == stored + 1);
    }

    @Test
    void theSameIsThereByJmx() throws Exception {
        refuseRenewals();
        post(Events.renewal(id, USER, Events.BASE));
        post(Events.renewal(id + "-b", "b" + USER, Events.BASE + 1));
        String parkedId = text(relay.awaitParked(2).path("entries").path(0), "id");
        mapping(settings, shipped.replace("renewal: rc_renewal_event", "renewal: " + id));
        assertThat(ManagementFactory.getPlatformMBeanServer().getAttribute(bean(), "Total")).isEqualTo(2);
        assertThat(jmx("reasons").toString()).contains("count=2").contains("CleverTap 528");
        assertThat(jmx("list", 0, 10).toString()).contains(id).doesNotContain(USER);
        assertThat(jmx("show", parkedId).toString()).contains(USER);
        assertThat(jmx("dryRun", parkedId).toString()).contains("outcome=sent").contains("\"evtName\":\"" + id + "\"");
        assertThat(jmx("dryRunWhere", "CleverTap 528", "", null, null, null, null, 0, 10).toString()).contains("{sent=2}");
        assertThat(jmx("replayWhere", null, "purchasely", null, null, null, null)).isEqualTo(0);
        assertThat(jmx("replay", parkedId)).isEqualTo(true);
        assertThat(jmx("replay", parkedId)).isEqualTo(false);
        assertThat(jmx("replayWhere", "CleverTap 528", null, "clevertap", "production", "2026-01-01T00:00:00Z", null)).isEqualTo(1);
        await().atMost(SOON).until(() -> stored(id).size() == 2);
        parkWithoutType(id + "-typeless");
        String last = text(relay.awaitParked(1).path("entries").path(0), "id");
        assertThat(jmx("discard", last)).isEqualTo(true);
        assertThat(jmx("discard", last)).isEqualTo(false);
        assertThat(jmx("replayAll")).isEqualTo(0);
    }

    @Test
    void noListNamesAUserEvenIfTheEventIdDoes() {
        String body = "{\"event_name\":\"subscription_renewed\",\"user_id\":\"" + USER + "\",\"time\":1,\"environment\":\"production\","
                + "\"transaction\":{\"transaction_id\":\"" + id + "\"}}";
        assertThat(relay.post("qonversion", body, Webhook.proof("qonversion", body.getBytes(StandardCharsets.UTF_8))).statusCode()).isEqualTo(200);
        relay.awaitParked(2);
        assertThat(relay.manage("GET", "/parked").body() + relay.manage("GET", "/parked/reasons").body()).doesNotContain(USER);
        String key = text(entries("").get(0), "eventId");
        assertThat(key).startsWith("key:");
        assertThat(total("?eventId=" + key)).isEqualTo(2);
        // history is written a moment later
        await().atMost(SOON).untilAsserted(() -> assertThat(relay.actuator("/events?id=" + key).path("events")).hasSize(1));
    }

    @Test
    void everyEntryIsReachedHoweverMuchIsParkedBeforeIt() {
        mapping(jslt, "{\"park\": \"one reason\"}");
        post(Events.renewal(id + "-0", "user-0", Events.BASE));
        relay.awaitParked(1);
        try {
            // as if the queue had grown beyond what its address may have in memory
            relay.bean(EmbeddedBroker.class).server().orElseThrow().locateQueue("parked.events.revenuecat").getPagingStore().startPaging();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
        for (int i = 1; i < 160; i++) {
            post(Events.renewal(id + "-" + i, "user-" + i, Events.BASE + i).replace("\"store\":", "\"padding\":\"" + "x".repeat(i == 50 ? 400_000 : 80_000) + "\",\"store\":"));
        }
        relay.awaitParked(160);
        mapping(jslt, "{\"park\": \"another reason\"}");
        post(Events.renewal(id + "-last", "last-user", Events.BASE + 200));
        post(Events.renewal(id + "-lost", "lost-user", Events.BASE + 201));
        relay.awaitParked(162);
        mapping(jslt, shippedMapping);

        for (int i = 0; i < 5; i++) {
            assertThat(total("")).isEqualTo(162);
            assertThat(total("?reason=one%20reason")).isEqualTo(160);
        }
        assertThat(relay.manage("DELETE", "/parked?user=lost-user").body()).isEqualTo("{\"discarded\":1}");
        assertThat(relay.manage("POST", "/parked?reason=another%20reason").body()).isEqualTo("{\"replayed\":1}");
        await().atMost(SOON).until(() -> simulators.cleverTap.stored().stream().anyMatch(record -> "last-user".equals(text(record.json(), "identity"))));
        JsonNode large = dryRun("", "&user=user-50").path("entries").path(0);
        assertThat(text(large.path("results").path(0), "outcome")).isEqualTo("sent");
        assertThat(relay.manage("POST", "/parked/" + text(large, "id")).body()).isEqualTo("{\"replayed\":1}");
        await().atMost(SOON).until(() -> simulators.cleverTap.stored().stream().anyMatch(record -> "user-50".equals(text(record.json(), "identity"))));
        List<JsonNode> rest = entries("?limit=1000");
        assertThat(rest).extracting(entry -> text(entry, "eventId")).hasSize(159).doesNotHaveDuplicates().allMatch(event -> event.startsWith(id));
        assertThat(rest).extracting(entry -> text(entry, "id")).doesNotHaveDuplicates();
        JsonNode deep = entries("?eventId=" + id + "-157").get(0);
        assertThat(relay.actuator("/parked/" + text(deep, "id")).path("event").asText()).contains("user-157", "x".repeat(80_000));
        assertThat(relay.manage("DELETE", "/parked/" + text(deep, "id")).body()).isEqualTo("{\"discarded\":1}");
        assertThat(relay.manage("DELETE", "/parked?to=2100-01-01T00:00:00Z").body()).isEqualTo("{\"discarded\":158}");
    }

    @Test
    void aReplayedRecordIsTheOneThatWasParkedWhereverTodaysMappingPutsIt() {
        mapping(settings, shipped.replace("renewal: rc_renewal_event", "renewal: " + REFUSED_NAME).replace("charged: off", "charged: on"));
        post(Events.renewal(id, "kind-user", Events.BASE));
        JsonNode entry = relay.awaitParked(1).path("entries").path(0);
        await().atMost(SOON).until(() -> stored("Charged").stream().filter(record -> "kind-user".equals(text(record.json(), "identity"))).count() == 1);
        String today = shipped.replace("renewal: rc_renewal_event", "renewal: " + id).replace("charged: off", "charged: on")
                .replace("profile: off", "profile: on");
        mapping(settings, today);
        JsonNode results = dryRun("/" + text(entry, "id")).path("results");
        assertThat(results).hasSize(1);
        assertThat(text(results.path(0).path("record"), "evtName")).isEqualTo(id);
        long before = simulators.cleverTap.storedCount();
        relay.manage("POST", "/parked/" + text(entry, "id"));
        await().atMost(SOON).until(() -> stored(id).size() == 1);
        await().atMost(SOON).until(ParkedTest::nothingUnderWay);
        assertThat(simulators.cleverTap.storedCount()).as("neither the profile nor Charged again").isEqualTo(before + 1);
    }

    @Test
    void aRecordThatIsNoLongerMadeIsParkedAgain() {
        mapping(settings, shipped.replace("charged: off", "charged: on"));
        mapping(jslt, shippedMapping.replace("common:charged($ts,", "common:charged(\"never\","));
        assertThat(read(jslt)).contains("\"never\"");
        post(Events.renewal(id, "charged-user", Events.BASE));
        JsonNode entry = relay.awaitParked(1).path("entries").path(0);
        mapping(jslt, shippedMapping);
        mapping(settings, shipped.replace("profile: off", "profile: on"));
        long before = simulators.cleverTap.storedCount();
        assertThat(text(dryRun("/" + text(entry, "id")).path("results").path(0), "reason")).contains("no longer made");
        relay.manage("POST", "/parked/" + text(entry, "id"));
        await().atMost(SOON).untilAsserted(() -> assertThat(entries("")).singleElement()
                .satisfies(again -> assertThat(text(again, "reason")).contains("no longer made")));
        await().atMost(SOON).until(ParkedTest::nothingUnderWay);
        assertThat(simulators.cleverTap.storedCount()).as("not the event again").isEqualTo(before);
        mapping(settings, shipped.replace("charged: off", "charged: on"));
        relay.manage("POST", "/parked");
        await().atMost(SOON).until(() -> simulators.cleverTap.storedCount() == before + 1);
        assertThat(stored("Charged").stream().filter(record -> "charged-user".equals(text(record.json(), "identity")))).hasSize(1);
    }

    @Test
    void whatAnEarlierVersionParkedIsReplayedByItsPlace() {
        parkedBefore(id, "earlier-user", Map.of("destination", "clevertap", "account", "production", "step", "renewal", "part", 0));
        relay.awaitParked(1);
        mapping(settings, shipped.replace("renewal: rc_renewal_event", "renewal: " + id));
        assertThat(relay.manage("POST", "/parked").body()).isEqualTo("{\"replayed\":1}");
        await().atMost(SOON).until(() -> stored(id).size() == 1);
        parkedBefore(id + "-b", "earlier-user", Map.of("destination", "clevertap", "account", "production", "step", "renewal", "part", 1));
        relay.awaitParked(1);
        relay.manage("POST", "/parked");
        await().atMost(SOON).untilAsserted(() -> assertThat(entries("")).singleElement()
                .satisfies(again -> assertThat(text(again, "reason")).contains("no longer made")));
    }

    /** As a version did that addressed records by their place. */
    private static void parkedBefore(String id, String user, Map<String, Object> more) {
        parkedAt(System.currentTimeMillis(), id, user, more);
    }

    private static void parkedAt(long at, String id, String user, Map<String, Object> more) {
        Map<String, Object> values = new TreeMap<>(more);
        values.putAll(Map.of("provider", "revenuecat", "eventId", id, "receivedAt", Events.BASE, "reason", "some reason",
                "parkedId", UUID.randomUUID().toString(), "parkedAt", at));
        try (Connection connection = relay.bean(ConnectionFactory.class).createConnection();
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            BytesMessage message = session.createBytesMessage();
            message.writeBytes(Events.renewal(id, user, Events.BASE).getBytes(StandardCharsets.UTF_8));
            for (Map.Entry<String, Object> value : values.entrySet()) {
                message.setObjectProperty(value.getKey(), value.getValue());
            }
            session.createProducer(session.createQueue("parked.deliver.clevertap.production")).send(message);
        } catch (JMSException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void theEventsOfAUserAreFoundAndDiscardedByAnyIdThatTheyCarry() throws Exception {
        park(3);
        String one = Events.renewal(id + "-one", "Original-7", Events.BASE + 9)
                .replace("{\"$onesignalUserId\"", "{\"$email\":{\"value\":\"Jane.Doe@Mail.example\"},\"$clevertapId\":{\"value\":\"no device\"},\"$onesignalUserId\"")
                .replace("\"app_user_id\"", "\"aliases\":[\"alias-7\"],\"app_user_id\"");
        post(one);
        relay.awaitParked(4);
        for (String known : List.of("Original-7", "alias-7", "jane.doe@mail.example", Events.oneSignalId("Original-7"))) {
            assertThat(entries("?user=" + encoded(known))).as(known).singleElement()
                    .satisfies(entry -> assertThat(text(entry, "eventId")).isEqualTo(id + "-one"));
        }
        assertThat(total("?user=original-7")).isZero();
        assertThat(total("?user=Original")).isZero();
        assertThat(total("?user=1")).isZero();
        assertThat(relay.actuator("/parked/reasons?user=alias-7").path("total").asInt()).isEqualTo(1);
        assertThat(dryRun("", "&user=alias-7").path("total").asInt()).isEqualTo(1);
        assertThat(relay.manage("DELETE", "/parked?user=alias-7&provider=purchasely").body()).isEqualTo("{\"discarded\":0}");
        assertThat(relay.manage("DELETE", "/parked?user=alias-7").body()).isEqualTo("{\"discarded\":1}");
        assertThat(total("?user=alias-7")).isZero();
        assertThat(total("")).isEqualTo(3);
        assertThat(jmx("discardWhere", null, null, null, null, null, null, "0" + USER)).isEqualTo(1);
        assertThat(total("")).isEqualTo(2);
    }

    @Test
    void allAreNotDiscardedByASlip() {
        park(1);
        for (String query : List.of("", "?", "?user=", "?usr=x", "?limit=5", "?dry-run=true")) {
            RawHttp.Answer answer = RawHttp.send(relay.managementPort(), "DELETE", "/actuator/parked" + query, null);
            assertThat(answer.status()).as(query).isEqualTo(400);
        }
        assertThat(relay.manage("DELETE", "/parked").body()).contains("at least one of").contains("user");
        assertThat(total("")).isEqualTo(1);
    }

    @Test
    void whatNobodyWantedIsDiscardedAfterTheTimeThatIsSetAndToldADayBefore() {
        long now = System.currentTimeMillis();
        parkedAt(now - Duration.ofDays(KEEP).plusMinutes(1).toMillis(), id + "-old", "old-user", Map.of());
        parkedAt(now - Duration.ofDays(KEEP).minusHours(23).toMillis(), id + "-soon", "soon-user", Map.of());
        parkedAt(now - Duration.ofDays(KEEP).minusHours(25).toMillis(), id + "-later", "later-user", Map.of());
        relay.bean(ParkedAge.class).look();
        assertThat(entries("")).extracting(entry -> text(entry, "eventId")).containsExactly(id + "-soon", id + "-later");
        assertThat(relay.prometheus()).contains("relay_parked_expiring 1.0").containsPattern("relay_parked_oldest_seconds 17\\d{4}\\.");
    }

    private void park(int count) {
        int before = total("");
        for (int i = 0; i < count; i++) {
            post(Events.renewal(id + "-" + i, i + USER, Events.BASE + i)
                    .replace("{\"$onesignalUserId\"", "{\"$clevertapId\":{\"value\":\"no device\"},\"$onesignalUserId\""));
        }
        relay.awaitParked(before + count);
    }

    private static void parkWithoutType(String id) {
        int before = total("");
        post("{\"api_version\":\"1.0\",\"event\":{\"id\":\"" + id + "\",\"app_user_id\":\"" + USER + "\"}}");
        relay.awaitParked(before + 1);
    }

    private static void purchasely(String id, long time) {
        String body = Events.renewal("purchasely", id, USER, time);
        assertThat(relay.post("purchasely", body, Webhook.proof("purchasely", body.getBytes(StandardCharsets.UTF_8))).statusCode()).isEqualTo(200);
    }

    private static void refuseRenewals() {
        mapping(settings, shipped.replace("renewal: rc_renewal_event", "renewal: " + REFUSED_NAME));
    }

    private static void post(String body) {
        assertThat(relay.revenueCat(body)).isEqualTo(200);
    }

    /** Writes the file and waits until it is in use. */
    private static void mapping(Path file, String text) {
        try {
            if (!Files.readString(file).equals(text)) {
                Files.writeString(file, text);
                relay.bean(io.subscriptionrelay.mapping.Mapper.class).reload();
                assertThat(relay.prometheus()).contains("relay_mappings_broken 0.0");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void write(Path file, String text) {
        try {
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<CleverTapSimulator.StoredRecord> stored(String name) {
        return simulators.cleverTap.stored().stream().filter(record -> name.equals(record.name())).toList();
    }

    private static boolean nothingUnderWay() {
        Queues queues = new Queues(relay);
        return queues.names().stream().filter(name -> name.startsWith("events.") || name.startsWith("deliver."))
                .allMatch(name -> queues.count(name) == 0);
    }

    /** What a dry run may not change: what was counted, and what is in the queues. */
    private static String counts() {
        await().atMost(SOON).until(ParkedTest::nothingUnderWay);
        return String.join("\n", relay.prometheus().lines().filter(line -> line.matches("relay_(events|records|webhooks|call|delivery)_.*")).sorted()
                .toList());
    }

    private static JsonNode dryRun(String path) {
        return dryRun(path, "");
    }

    private static JsonNode dryRun(String path, String more) {
        return json(relay.manage("POST", "/parked" + path + "?dry-run=true" + more).body());
    }

    private static JsonNode json(String text) {
        try {
            return io.subscriptionrelay.event.StrictJson.mapper().readTree(text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int total(String query) {
        return relay.actuator("/parked" + query).path("total").asInt(-1);
    }

    private static List<JsonNode> entries(String query) {
        List<JsonNode> entries = new ArrayList<>();
        relay.actuator("/parked" + query).path("entries").forEach(entries::add);
        return entries;
    }

    private static String text(JsonNode node, String name) {
        return node.path(name).asText();
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private static ObjectName bean() throws Exception {
        return ManagementFactory.getPlatformMBeanServer().queryNames(new ObjectName("subscription-relay:type=Parked,*"), null).iterator().next();
    }

    private static Object jmx(String operation, Object... arguments) throws Exception {
        String[] types = new String[arguments.length];
        for (int i = 0; i < types.length; i++) {
            types[i] = arguments[i] instanceof Integer ? "int" : "java.lang.String";
        }
        return ManagementFactory.getPlatformMBeanServer().invoke(bean(), operation, arguments, types);
    }
}
