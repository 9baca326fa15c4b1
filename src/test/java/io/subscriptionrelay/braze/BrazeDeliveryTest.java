package io.subscriptionrelay.braze;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.simulator.BrazeSimulator;
import io.subscriptionrelay.simulator.BrazeSimulator.Call;
import io.subscriptionrelay.simulator.BrazeSimulator.StoredObject;
import io.subscriptionrelay.simulator.Fault;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.Queues;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Webhook;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.camel.CamelContext;
import org.apache.camel.spi.RouteController;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** From webhooks to Braze's workspaces: what arrives, Braze's answers, and what becomes of each object. */
@ExtendWith(OutputCaptureExtension.class)
class BrazeDeliveryTest {

    private static final String KEY = "key of production";
    private static final Map<String, String> LISTS = Map.of("attributes", "attributes", "event", "events", "purchase", "purchases");
    private static final String NORMAL = "\"period_type\":\"NORMAL\"";
    private static final Duration SOON = Duration.ofSeconds(20);

    @TempDir
    static Path folder;
    private static BrazeSimulator braze;
    private static RelayApp relay;
    private static int number;
    private String user;

    @BeforeAll
    static void start() {
        braze = new BrazeSimulator().workspace("production", KEY).workspace("sandbox", "key of the sandbox").start();
        relay = RelayApp.with(folder.resolve("data")).set("BRAZE_URL", braze.url()).set("BRAZE_INSTANCE", "EU-01").set("BRAZE_API_KEY", KEY)
                .set("BRAZE_SANDBOX_INSTANCE", "eu-01").set("BRAZE_SANDBOX_API_KEY", "key of the sandbox")
                .set("PURCHASELY_SHARED_SECRET", Webhook.PURCHASELY_SECRET).set("QONVERSION_TOKEN", Webhook.QONVERSION_TOKEN).start();
    }

    @AfterAll
    static void stop() {
        relay.close();
        braze.close();
    }

    @BeforeEach
    void aUser() {
        user = "braze-user-" + ++number;
    }

    @AfterEach
    void limitsWereKept() {
        braze.faults().clear();
        braze.maxObjects(75);
        relay.parked().path("entries").forEach(entry -> relay.manage("DELETE", "/parked/" + entry.path("id").asText()));
        assertThat(braze.rateViolations("production")).isZero();
    }

    @ParameterizedTest
    @CsvSource({"revenuecat,renewal", "revenuecat,sandbox", "revenuecat,braze-alias", "purchasely,subscription-renewed",
        "purchasely,transaction-processed", "qonversion,subscription-renewed"})
    void aWebhookOfEachProviderArrivesAsAttributesEventAndPurchase(String provider, String example) throws Exception {
        Path examples = Path.of("mappings", provider, "examples");
        JsonNode expected = StrictJson.mapper().readTree(examples.resolve(example + ".expected.json").toFile()).path("braze");
        List<String> wanted = new ArrayList<>();
        for (JsonNode record : expected.path("records")) {
            record.properties().forEach(object -> {
                wanted.add(expected.path("account").asText() + " " + LISTS.get(object.getKey()) + " " + sorted(object.getValue()));
                JsonNode alias = object.getValue().path("user_alias");
                if (alias.isObject()) {
                    braze.user("production", alias.path("alias_label").asText() + ":" + alias.path("alias_name").asText());
                }
            });
        }
        int before = braze.stored().size();
        byte[] body = Files.readAllBytes(examples.resolve(example + ".webhook.json"));

        assertThat(relay.send("POST", "/webhooks/" + provider, body, Webhook.proof(provider, body)).statusCode()).isEqualTo(200);

        await().atMost(SOON).until(() -> braze.stored().size() >= before + wanted.size());
        List<StoredObject> arrived = braze.stored().subList(before, before + wanted.size());
        assertThat(arrived.stream().map(object -> object.workspace() + " " + object.list() + " " + sorted(object.json()))).isNotEmpty()
                .containsExactlyInAnyOrderElementsOf(wanted);
        assertThat(relay.parked().path("total").asInt()).isZero();
    }

    @Test
    void anAttributeThatHoldsNoMoreIsRemoved() {
        post(user, "PRODUCT_CHANGE", 1000, NORMAL + ",\"new_product_id\":\"plus.yearly\"");
        awaitAttribute("rc_new_product_id", "plus.yearly");
        post(user, "RENEWAL", 2000, NORMAL);
        awaitAttribute("rc_last_event_type", "renewal");
        assertThat(attributes(user).has("rc_new_product_id")).isFalse();
    }

    @Test
    void aRefusedObjectIsParkedAloneWithBrazesWordsAndItsNeighboursAreStored() throws Exception {
        int before = braze.calls().size();
        long stored = braze.storedCount();
        inOneBatch(75, () -> {
            for (int i = 0; i < 25; i++) {
                // it is a property of the event alone
                String more = i == 7 ? ",\"expiration_reason\":\"" + "x".repeat(256) + "\"" : "";
                post(user + "-" + i, "RENEWAL", 1000 + i, NORMAL + ",\"price_in_purchased_currency\":9.99,\"currency\":\"EUR\"" + more);
            }
        });

        JsonNode parked = relay.awaitParked(1).path("entries").path(0);
        assertThat(parked.path("destination").asText()).isEqualTo("braze");
        assertThat(parked.path("reason").asText()).isEqualTo("Braze: The property 'expiration_reason' is not valid");
        assertThat(parked.path("eventId").asText()).isEqualTo(user + "-7RENEWAL1007");
        assertThat(braze.storedCount() - stored).isEqualTo(74);
        assertThat(callsSince(before)).singleElement().satisfies(call -> assertThat(call.objects()).isEqualTo(75));
        assertThat(braze.eventsOf(user + "-7")).isEmpty();
        assertThat(braze.purchasesOf(user + "-7")).hasSize(1);
    }

    @Test
    void whatAContractForFewerObjectsRefusesGoesUpByHalves() throws Exception {
        braze.maxObjects(50);
        int before = braze.calls().size();
        inOneBatch(74, () -> {
            for (int i = 0; i < 37; i++) {
                post(user + "-" + i, "RENEWAL", 1000 + i, NORMAL);
            }
        });
        await().atMost(SOON).until(() -> callsSince(before).size() == 3);
        assertThat(callsSince(before)).extracting(Call::objects).containsExactly(74, 37, 37);
        assertThat(callsSince(before)).extracting(Call::stored).containsExactly(0, 37, 37);
        assertThat(relay.parked().path("total").asInt()).isZero();
    }

    @Test
    void tooManyRequestsAreWaitedOutAsLongAsBrazeSays() {
        int before = braze.calls().size();
        braze.faults().next(Fault.status(429).retryAfter(2));
        post(user, "EXPIRATION", 1000, NORMAL);
        awaitAttribute("rc_last_event_type", "expiration");
        List<Call> made = callsSince(before);
        assertThat(made.get(0).status()).isEqualTo(429);
        assertThat(Duration.ofNanos(made.get(1).startNanos() - made.get(0).endNanos())).isGreaterThanOrEqualTo(Duration.ofSeconds(2));
        // the attributes alone have asked whether Braze is back
        await().atMost(SOON).until(() -> braze.eventsOf(user).size() == 1);
    }

    @Test
    void aRefusedKeyPausesTheWorkspaceUntilItIsTakenAgain() {
        braze.workspace("production", "another key");
        post(user, "EXPIRATION", 1000, NORMAL);
        await().atMost(SOON).until(() -> relay.actuator("/health").at("/components/braze-production/status").asText().equals("DOWN"));
        assertThat(relay.actuator("/health").at("/components/braze-sandbox/status").asText()).isEqualTo("UP");
        assertThat(relay.manage("GET", "/health").body()).doesNotContain(KEY);
        braze.workspace("production", KEY);
        awaitAttribute("rc_last_event_type", "expiration");
        assertThat(relay.parked().path("total").asInt()).isZero();
        await().atMost(SOON).until(() -> relay.actuator("/health").at("/components/braze-production/status").asText().equals("UP"));
    }

    @Test
    void olderAttributesNeverOverwriteNewerOnes() throws Exception {
        // arriving backwards, in one call
        inOneBatch(6, () -> {
            post(user, "CANCELLATION", 3000, NORMAL + ",\"cancel_reason\":\"UNSUBSCRIBE\"");
            post(user, "INITIAL_PURCHASE", 1000, NORMAL);
            post(user, "RENEWAL", 2000, NORMAL);
        });
        awaitAttribute("rc_last_event_type", "cancellation");
        double before = stale();

        post(user, "BILLING_ISSUE", 2500, NORMAL);

        await().atMost(SOON).until(() -> braze.eventsOf(user).size() == 4);
        await().atMost(SOON).until(() -> stale() > before);
        assertThat(attributes(user).path("rc_last_event_type").asText()).isEqualTo("cancellation");
        assertThat(attributes(user).path("rc_subscription_status").asText()).isEqualTo("cancelled");
    }

    @Test
    void withoutItsVariablesBrazeIsOffAndAStartSaysSoWithoutAnError(CapturedOutput output) {
        String before = output.getAll();
        try (RelayApp other = RelayApp.with(folder.resolve("without")).cleverTap("http://127.0.0.1:9").start()) {
            assertThat(other.actuator("/health").path("components").has("braze-production")).isFalse();
        }
        String said = output.getAll().substring(before.length());
        assertThat(said).contains("braze is off, nothing is sent there; set BRAZE_INSTANCE and BRAZE_API_KEY to switch it on")
                .doesNotContain(" ERROR ");
    }

    /** Has so many records taken up together, however long the machine needs for each. */
    private static void inOneBatch(int records, Runnable posts) throws Exception {
        RouteController routes = relay.bean(CamelContext.class).getRouteController();
        Queues queues = new Queues(relay);
        routes.stopRoute("deliver-braze-production");
        long before = queues.count("deliver.braze.production");
        posts.run();
        await().atMost(SOON).until(() -> queues.count("deliver.braze.production") == before + records);
        routes.startRoute("deliver-braze-production");
    }

    private static void post(String who, String type, long offset, String more) {
        assertThat(relay.revenueCat(Events.event(who + type + offset, type, who, Events.BASE + offset, more))).isEqualTo(200);
    }

    private static List<Call> callsSince(int before) {
        List<Call> calls = braze.calls();
        return calls.subList(before, calls.size());
    }

    private static JsonNode attributes(String who) {
        return braze.attributes("production", who).orElseGet(() -> StrictJson.mapper().createObjectNode());
    }

    private void awaitAttribute(String name, String value) {
        await().atMost(Duration.ofSeconds(40)).until(() -> attributes(user).path(name).asText().equals(value));
    }

    private static double stale() {
        return relay.bean(MeterRegistry.class).find("relay.events.skipped").tag("destination", "braze")
                .tag("reason", "older than what the user already has").counters().stream().mapToDouble(Counter::count).sum();
    }

    /** Its text, whatever the order of its keys. */
    private static String sorted(JsonNode json) {
        if (!(json instanceof ObjectNode)) {
            return json.isNumber() ? json.decimalValue().stripTrailingZeros().toPlainString() : json.toString();
        }
        return json.properties().stream().map(field -> field.getKey() + "=" + sorted(field.getValue())).sorted().toList().toString();
    }
}
