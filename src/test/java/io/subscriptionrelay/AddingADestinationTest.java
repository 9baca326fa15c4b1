package io.subscriptionrelay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.subscriptionrelay.commands.Commands;
import io.subscriptionrelay.config.StartRefusedException;
import io.subscriptionrelay.mapping.AnswerExamplesTest;
import io.subscriptionrelay.testing.Document;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.Home;
import io.subscriptionrelay.testing.Queues;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Webhook;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.camel.CamelContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Does what {@code docs/adding-a-destination.md} says, with the files and commands of that page and nothing else, and has RevenueCat's events
 * delivered by them to a stand-in that takes nothing which the real API would refuse.
 */
class AddingADestinationTest {

    private static final Document PAGE = Document.read("docs/adding-a-destination.md");
    private static final String NAME = "customerio";
    private static final String ROUTE = "deliver-customerio-production";
    private static final String ANSWER = "mappings/destinations/customerio/answer.jslt";
    private static final String CALL = "mappings/destinations/customerio/call.jslt";
    private static final String SIGNING_SECRET = "signing secret of the tests";
    private static final Duration LONG = Duration.ofSeconds(30);

    @TempDir
    static Path unchangedFolder;
    private static CustomerIoStandIn unchangedCustomerIo;
    private static RelayApp unchanged;
    private static int tests;

    @TempDir
    Path folder;
    private final int test = tests++;
    private CustomerIoStandIn customerIo = new CustomerIoStandIn();
    private RelayApp relay;

    @AfterEach
    void stop() {
        if (relay != null && relay != unchanged) {
            relay.close();
        }
        if (customerIo != unchangedCustomerIo) {
            customerIo.close();
        }
    }

    @AfterAll
    static void stopUnchanged() {
        if (unchanged != null) {
            unchanged.close();
            unchangedCustomerIo.close();
        }
    }

    @Test
    void thePageConsistsOfAnAccountADestinationAMappingAndExamples() {
        assertThat(PAGE.files().keySet()).contains("application.yaml").filteredOn(name -> !name.equals("application.yaml"))
                .allSatisfy(name -> assertThat(name).contains(NAME).matches("mappings/.*[.](yaml|jslt|json)"));
        assertThat(Path.of("docs/adding-a-destination.md")).content().satisfies(page -> assertThat(page.lines().count()).isLessThanOrEqualTo(300));
    }

    @TestFactory
    Stream<DynamicTest> theExamplesOfThePageHold() throws IOException {
        Path mappings = home().resolve("mappings");
        return AnswerExamplesTest.examples(mappings, mappings.resolve("destinations").resolve(NAME));
    }

    @Test
    void theExamplesOfThePageAreAllThatAnswerExamplesTestWants() throws Exception {
        Path mappings = home().resolve("mappings");
        AnswerExamplesTest.complete(mappings.resolve("destinations").resolve(NAME));
    }

    @Test
    void aSignedWebhookBecomesThePersonsStateAndAnEvent() {
        asThePageSays();
        String body = Events.renewal(mine("e-1"), mine("lena"), Events.BASE);
        assertThat(relay.post("revenuecat", body).statusCode()).isEqualTo(401);
        renewal(mine("e-1"), mine("lena"), Events.BASE);
        await().atMost(LONG).until(() -> customerIo.eventCount() == 1);
        JsonNode event = customerIo.eventsOf(mine("lena")).get(0);
        assertThat(event.path("name").asText()).isEqualTo("Subscription renewed");
        assertThat(event.path("timestamp").asLong()).isEqualTo(Events.BASE / 1000);
        assertThat(event.path("attributes").toString()).isEqualTo("{\"amount\":9.99,\"currency\":\"EUR\"}");
        assertThat(customerIo.person(mine("lena")).path("product_id").asText()).isEqualTo("plus.monthly");
        assertThat(customerIo.person(mine("lena")).path("subscription_status").asText()).isEqualTo("active");
        assertThat(customerIo.person(mine("lena")).path("expiration_at").asLong()).isEqualTo(Events.BASE / 1000 + 2_592_000);
        assertThat(customerIo.answers()).containsOnly(200);
        assertThat(relay.parked().path("total").asInt()).isZero();
    }

    @Test
    void whoHasNoIdAndWhatIsSwitchedOffIsSkipped() {
        asThePageSays();
        renewal(mine("e-1"), "$RCAnonymousID:1", Events.BASE);
        post(Events.event(mine("e-2"), "BILLING_ISSUE", mine("lena"), Events.BASE, "\"period_type\":\"NORMAL\""));
        await().atMost(LONG).until(() -> skipped("no customer.io id") == 1 && skipped("event switched off") == 1);
        assertThat(customerIo.answers()).isEmpty();
    }

    @Test
    void oneRefusedItemOfACallParksAlone() throws Exception {
        asThePageSays();
        atOnce(6, () -> {
            renewal(mine("e-1"), mine("user-1"), Events.BASE);
            post(Events.renewal(mine("e-2"), mine("user-2"), Events.BASE).replace("plus.monthly", "p".repeat(1001)));
            renewal(mine("e-3"), mine("user-3"), Events.BASE);
        });
        JsonNode parked = relay.awaitParked(1);
        assertThat(parked.findValuesAsText("reason")).containsOnly("Customer.io 207: invalid attributes product_id is longer than 1000 bytes");
        assertThat(parked.findValuesAsText("eventId")).containsOnly(mine("e-2"));
        await().atMost(LONG).until(() -> customerIo.eventCount() == 3 && customerIo.person(mine("user-3")) != null);
        assertThat(customerIo.person(mine("user-2"))).isNull();
        assertThat(customerIo.answers()).containsExactly(207);
        assertThat(customerIo.bodies().get(0).get("batch")).hasSize(6);
    }

    @Test
    void whatIsNeverTakenIsParkedWithoutACall() {
        asThePageSays();
        renewal(mine("e-1"), "u".repeat(151), Events.BASE);
        assertThat(relay.awaitParked(2).findValuesAsText("reason")).containsOnly("Customer.io takes no identifier of more than 150 bytes");
        assertThat(customerIo.answers()).isEmpty();
    }

    @Test
    void aCallThatIsTooLargeIsHalvedAndNothingIsLost() throws Exception {
        asThePageSays();
        int events = 200;
        String user = "u".repeat(140);
        atOnce(2 * events, () -> IntStream.range(0, events).parallel().forEach(i ->
                post(Events.renewal(mine("e-" + i), user + i, Events.BASE).replace("plus.monthly", "p".repeat(1000)).replace("APP_STORE", "s".repeat(1000)))));
        await().atMost(LONG).until(() -> customerIo.eventCount() == events);
        assertThat(customerIo.answers()).contains(400).contains(200).doesNotContain(207);
        assertThat(customerIo.person(user + 199)).isNotNull();
        assertThat(relay.parked().path("total").asInt()).isZero();
    }

    @Test
    void aRefusedKeyPausesTheAccountUntilItIsRightAndHealthNamesIt() {
        asThePageSays();
        customerIo.key("another key");
        renewal(mine("e-1"), mine("lena"), Events.BASE);
        await().atMost(LONG).until(() -> health().path("status").asText().equals("DOWN"));
        assertThat(health().path("details").path("problem").asText()).isEqualTo("the credentials are refused");
        assertThat(health().path("details").path("answer").asText()).isEqualTo("HTTP 401");
        customerIo.key(CustomerIoStandIn.API_KEY);
        await().atMost(LONG).until(() -> customerIo.eventCount() == 1);
        await().atMost(LONG).until(() -> health().path("status").asText().equals("UP"));
        assertThat(relay.parked().path("total").asInt()).isZero();
    }

    @Test
    void tooManyCallsAndAnOutageAreWaitedFor() {
        asThePageSays();
        customerIo.fail(429, 500, 503);
        renewal(mine("e-1"), mine("lena"), Events.BASE);
        renewal(mine("e-2"), mine("mila"), Events.BASE);
        await().atMost(LONG).until(() -> customerIo.eventCount() == 2);
        assertThat(customerIo.failuresLeft()).isZero();
        assertThat(customerIo.eventsOf(mine("lena"))).hasSize(1);
        assertThat(relay.parked().path("total").asInt()).isZero();
    }

    @Test
    void anOlderStateDoesNotOverwriteANewerOneAndItsEventIsDelivered() {
        asThePageSays();
        post(Events.event(mine("newer"), "EXPIRATION", mine("lena"), Events.BASE, "\"period_type\":\"NORMAL\",\"expiration_reason\":\"UNSUBSCRIBE\""));
        await().atMost(LONG).until(() -> customerIo.eventCount() == 1);
        renewal(mine("older"), mine("lena"), Events.BASE - 60_000);
        await().atMost(LONG).until(() -> customerIo.eventCount() == 2);
        await().atMost(LONG).until(() -> skipped("older than what the user already has") == 1);
        assertThat(customerIo.person(mine("lena")).path("subscription_status").asText()).isEqualTo("expired");
        assertThat(customerIo.person(mine("lena")).path("last_event_type").asText()).isEqualTo("expiration");
    }

    @Test
    void aRepeatedCallShowsAnEventOnce() throws IOException {
        Path home = home();
        // as if the answer to both records were a proxy's
        replace(home, ANSWER, "if (.success and not(is-object(.body)))", "if (.success and .count == 2)");
        start(home);
        renewal("e-1", "lena", Events.BASE);
        await().atMost(LONG).until(() -> customerIo.answers().size() >= 3);
        assertThat(customerIo.eventsOf("lena")).hasSize(1);
    }

    @Test
    void aBrokenAnswerFileIsNamedWithItsLineAtStart() throws IOException {
        Path home = home();
        replace(home, ANSWER, "else if (.count > 1) \"split\"", "else if (.count > 1 \"split\"");
        assertThatThrownBy(() -> start(home)).rootCause().isInstanceOf(StartRefusedException.class)
                .hasMessageContaining(ANSWER + ", line " + lineOf(home, "else if (.count > 1 ")).hasMessageContaining("a `)` is missing");
    }

    @Test
    void aTypingErrorInTheDestinationIsNamedWithItsLineAtStart() throws IOException {
        Path home = home();
        replace(home, "mappings/destinations/customerio/destination.yaml", "in-flight: 10", "in-fligth: 10");
        assertThatThrownBy(() -> start(home)).rootCause().isInstanceOf(StartRefusedException.class)
                .hasMessageContaining("mappings/destinations/customerio/destination.yaml, line ").hasMessageContaining("in-fligth");
    }

    @Test
    void aRouteThatIsMissingIsNamedAtStart() throws IOException {
        Path home = home();
        Files.delete(home.resolve("routes/deliver/customerio-production.camel.yaml"));
        assertThatThrownBy(() -> start(home)).isInstanceOf(StartRefusedException.class)
                .hasMessageContaining("routes/deliver/customerio-production.camel.yaml").hasMessageContaining("sed '");
    }

    @Test
    void anEditedCallFileIsInUseWithoutARestart() throws IOException {
        Path home = home();
        start(home);
        renewal("e-1", "lena", Events.BASE);
        await().atMost(LONG).until(() -> customerIo.eventCount() == 1);
        replace(home, CALL, "\"batch\": .records", "\"sent_by\": \"relay\", \"batch\": .records");
        await().atMost(LONG).until(() -> {
            renewal("e-" + Instant.now(), "mila", Events.BASE);
            return customerIo.bodies().stream().anyMatch(body -> body.path("sent_by").asText().equals("relay"));
        });
        assertThat(customerIo.answers()).containsOnly(200);
    }

    /** A relay with the files of the page as they are. All tests that change none of them share it, each with ids of its own, and nothing parked. */
    private void asThePageSays() {
        customerIo.close();
        if (unchanged == null) {
            unchangedCustomerIo = new CustomerIoStandIn();
            customerIo = unchangedCustomerIo;
            unchanged = start(home(unchangedFolder), unchangedFolder);
        }
        customerIo = unchangedCustomerIo;
        customerIo.forget();
        relay = unchanged;
        relay.parked().path("entries").forEach(entry -> relay.manage("DELETE", "/parked/" + entry.path("id").asText()));
    }

    /** An id of an event or a user that no other test has. */
    private String mine(String id) {
        return id + "-of-" + test;
    }

    private Path home() {
        return home(folder);
    }

    /** Everything that the page says, done. */
    private static Path home(Path folder) {
        Path home = Home.copyTo(folder.resolve("home"));
        PAGE.writeTo(home);
        run(home, PAGE.blocks("5. Its route", "sh").get(0));
        assertThat(Path.of("docs/adding-a-destination.md")).content().contains("`java -jar target/subscription-relay.jar schemas`");
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PrintStream print = new PrintStream(out, true, StandardCharsets.UTF_8);
        assertThat(new Commands(null, Map.of("RELAY_HOME", home.toString()), print, print).run("schemas")).hasValue(0);
        assertThat(out.toString(StandardCharsets.UTF_8).lines()).contains(home.resolve("mappings/revenuecat/customerio.schema.json") + " is written");
        return home;
    }

    private static void run(Path home, String command) {
        try {
            Process process = new ProcessBuilder("sh", "-c", command).directory(home.toFile()).inheritIO().start();
            assertThat(process.waitFor()).as(command).isZero();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private void start(Path home) {
        relay = start(home, folder);
    }

    private RelayApp start(Path home, Path folder) {
        return RelayApp.with(folder.resolve("data")).home(home).set("REVENUECAT_AUTHORIZATION", "")
                .set("REVENUECAT_SIGNING_SECRET", SIGNING_SECRET)
                .set("CUSTOMERIO_SITE_ID", CustomerIoStandIn.SITE_ID).set("CUSTOMERIO_API_KEY", CustomerIoStandIn.API_KEY)
                .set("CUSTOMERIO_URL", customerIo.url()).start();
    }

    private void renewal(String id, String user, long time) {
        post(Events.renewal(id, user, time));
    }

    /** Posts a webhook as RevenueCat signs it. */
    private void post(String body) {
        String time = Long.toString(Instant.now().getEpochSecond());
        String signature = Webhook.hmac(SIGNING_SECRET, (time + '.').getBytes(StandardCharsets.UTF_8), body.getBytes(StandardCharsets.UTF_8));
        assertThat(relay.post("revenuecat", body, "X-RevenueCat-Webhook-Signature", "t=" + time + ",v1=" + signature).statusCode()).isEqualTo(200);
    }

    /** Has the records of these webhooks wait until there are all of them. */
    private void atOnce(int records, Runnable posts) throws Exception {
        CamelContext camel = relay.bean(CamelContext.class);
        camel.getRouteController().stopRoute(ROUTE);
        posts.run();
        await().atMost(LONG).until(() -> new Queues(relay).count("deliver.customerio.production") == records);
        camel.getRouteController().startRoute(ROUTE);
    }

    private JsonNode health() {
        return relay.actuator("/health").path("components").path("customerio-production");
    }

    private double skipped(String reason) {
        return relay.bean(MeterRegistry.class).find("relay.events.skipped").tag("destination", NAME).tag("reason", reason).counters().stream()
                .mapToDouble(Counter::count).sum();
    }

    private static void replace(Path home, String file, String found, String put) throws IOException {
        String text = Files.readString(home.resolve(file));
        assertThat(text).containsOnlyOnce(found);
        Files.writeString(home.resolve(file), text.replace(found, put));
    }

    private static int lineOf(Path home, String text) throws IOException {
        List<String> lines = Files.readAllLines(home.resolve(ANSWER));
        return 1 + IntStream.range(0, lines.size()).filter(i -> lines.get(i).contains(text)).findFirst().orElseThrow();
    }
}
