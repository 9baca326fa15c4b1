package io.subscriptionrelay.onesignal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.subscriptionrelay.simulator.Fault;
import io.subscriptionrelay.simulator.OneSignalSimulator;
import io.subscriptionrelay.simulator.OneSignalSimulator.Update;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.Queues;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.camel.CamelContext;
import org.apache.camel.spi.RouteController;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** OneSignal's limits and answers, and what becomes of each record. */
class OneSignalDeliveryTest {

    @TempDir
    static Path folder;
    private static OneSignalSimulator oneSignal;
    private static RelayApp relay;
    private static int number;
    private String user;

    @BeforeAll
    static void start() {
        oneSignal = new OneSignalSimulator().app(Simulators.ONESIGNAL_APP, Simulators.ONESIGNAL_KEY).tagLimit(20).start();
        relay = RelayApp.with(folder).oneSignal(oneSignal.url()).start();
    }

    @AfterAll
    static void stop() {
        relay.close();
        oneSignal.close();
    }

    @BeforeEach
    void aUser() {
        user = "os-user-" + ++number;
    }

    @AfterEach
    void limitsWereKept() {
        oneSignal.faults().clear();
        oneSignal.tagLimit(20);
        relay.parked().path("entries").forEach(entry -> relay.manage("DELETE", "/parked/" + entry.path("id").asText()));
        assertThat(oneSignal.rateViolations()).isZero();
        assertThat(oneSignal.violations()).isEmpty();
    }

    @Test
    void aBurstOfEventsOfOneUserIsFoldedIntoOneUpdateInTheOrderOfTheEvents() throws Exception {
        exists(user);
        inOneBatch(3, () -> {
            // arriving backwards
            post("PRODUCT_CHANGE", 3000, "\"period_type\":\"NORMAL\",\"new_product_id\":\"plus.yearly\"");
            post("INITIAL_PURCHASE", 1000, "\"period_type\":\"TRIAL\"");
            post("RENEWAL", 2000, "\"period_type\":\"NORMAL\",\"is_trial_conversion\":true");
        });
        awaitTag("last_event_type", "product_change");
        assertThat(tags()).containsEntry("new_product_id", "plus.yearly").containsEntry("active_subscription", "true")
                .containsEntry("subscription_status", "active");
        assertThat(updates()).hasSize(1);
    }

    @Test
    void updatesOfOneUserAreAtLeastASecondApart() {
        exists(user);
        for (int i = 0; i < 4; i++) {
            post("RENEWAL", 1000 * i, "\"period_type\":\"NORMAL\",\"renewal_number\":" + i);
            int seen = i + 1;
            await().atMost(Duration.ofSeconds(10)).until(() -> updates().size() >= seen);
        }
        assertThat(oneSignal.minimumSpacing(Simulators.ONESIGNAL_APP, "onesignal_id", Events.oneSignalId(user)))
                .hasValueSatisfying(spacing -> assertThat(spacing).isGreaterThanOrEqualTo(Duration.ofSeconds(1)));
    }

    @Test
    void anOlderEventChangesNothingAfterARestartEither() {
        exists(user);
        post("EXPIRATION", 5000, "\"period_type\":\"NORMAL\",\"expiration_reason\":\"UNSUBSCRIBE\"");
        awaitTag("subscription_status", "expired");
        double before = stale();
        post("RENEWAL", 1000, "\"period_type\":\"NORMAL\"");
        await().atMost(Duration.ofSeconds(10)).until(() -> stale() > before);
        assertThat(tags()).containsEntry("subscription_status", "expired");
        relay.close();
        relay = RelayApp.with(folder).oneSignal(oneSignal.url()).start();
        assertThat(stale()).isZero();
        post("BILLING_ISSUE", 2000, "\"period_type\":\"NORMAL\"");
        await().atMost(Duration.ofSeconds(10)).until(() -> stale() > 0);
        assertThat(tags()).containsEntry("subscription_status", "expired");
        assertThat(updates()).hasSize(1);
    }

    /** RevenueCat sends the two for one failed payment, in either order; the cancellation says nothing of the status. */
    @Test
    void aBillingIssueThatComesAfterItsCancellationStillSaysGracePeriod() {
        exists(user);
        post("CANCELLATION", 5001, "\"period_type\":\"NORMAL\",\"cancel_reason\":\"BILLING_ERROR\"");
        awaitTag("last_event_type", "cancellation");
        post("BILLING_ISSUE", 5000, "\"period_type\":\"NORMAL\",\"grace_period_expiration_at_ms\":" + (Events.BASE + 86_400_000));
        awaitTag("subscription_status", "grace_period");
        assertThat(tags()).containsEntry("last_event_type", "cancellation")
                .containsEntry("grace_period_expiration_at", Long.toString(Events.BASE / 1000 + 86_400));
        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThat(relay.actuator("/events?type=BILLING_ISSUE&outcome=delivered").toString())
                .containsPattern("\"reason\":\"without \\d+ keys that a newer event has set\""));
    }

    @Test
    void anEventOfTheSameTimeIsApplied() {
        exists(user);
        post("RENEWAL", 1000, "\"period_type\":\"NORMAL\"");
        awaitTag("last_event_type", "renewal");
        post("CANCELLATION", 1000, "\"period_type\":\"NORMAL\",\"cancel_reason\":\"UNSUBSCRIBE\"");
        awaitTag("last_event_type", "cancellation");
    }

    @Test
    void aUserWhoIsNotThereYetIsTriedAgainUntilHeIs() {
        post("RENEWAL", 1000, "\"period_type\":\"NORMAL\"");
        await().atMost(Duration.ofSeconds(20)).until(() -> updates().size() >= 2);
        assertThat(updates()).allSatisfy(update -> assertThat(update.status()).isEqualTo(404));
        exists(user);
        awaitTag("last_event_type", "renewal");
        assertThat(relay.parked().path("total").asInt()).isZero();
    }

    @Test
    void aTagLimitParksWithOneSignalsCode() {
        exists(user);
        oneSignal.tagLimit(3);
        post("RENEWAL", 1000, "\"period_type\":\"NORMAL\"");
        JsonNode parked = relay.awaitParked(1).path("entries").path(0);
        assertThat(parked.path("reason").asText()).startsWith("OneSignal 409: entitlements-tag-limit");
        assertThat(parked.path("destination").asText()).isEqualTo("onesignal");
    }

    @Test
    void anAnswerThatIsNoJsonIsKeptInHistoryAsItCame() {
        exists(user);
        oneSignal.faults().next(Fault.status(400).text("a tag is too long, says a proxy"));
        post("RENEWAL", 1000, "\"period_type\":\"NORMAL\"");
        relay.awaitParked(1);
        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThat(relay.actuatorLoggedIn("/events?content=true&outcome=parked&limit=1").toString())
                .contains("\"answer\":{\"status\":400,\"body\":\"a tag is too long, says a proxy\"}"));
    }

    @Test
    void aFoldedUpdateThatIsRefusedIsTriedByHalves() throws Exception {
        exists(user);
        oneSignal.faults().next(Fault.body(400, "{\"errors\":[{\"code\":\"bad\",\"title\":\"no\"}]}"));
        inOneBatch(3, () -> {
            post("INITIAL_PURCHASE", 1000, "\"period_type\":\"NORMAL\"");
            post("RENEWAL", 2000, "\"period_type\":\"NORMAL\"");
            post("CANCELLATION", 3000, "\"period_type\":\"NORMAL\",\"cancel_reason\":\"UNSUBSCRIBE\"");
        });
        await().atMost(Duration.ofSeconds(30)).until(() -> updates().size() == 3);
        awaitTag("last_event_type", "cancellation");
        assertThat(updates()).extracting(update -> update.body().at("/properties/tags/last_event_type").asText())
                .containsExactly("cancellation", "initial_purchase", "cancellation");
        assertThat(updates()).extracting(Update::applied).containsExactly(false, true, true);
        assertThat(tags()).containsEntry("subscription_status", "cancelled");
        assertThat(relay.parked().path("total").asInt()).isZero();
    }

    @Test
    void thePlayerOfAnOlderSdkIsUpdatedAtTheLegacyEndpointAndAnUnknownOneIsWaitedFor() {
        String player = "5d2c3f0e-0000-4000-8000-00000000000" + number % 10;
        String body = Events.event("legacy-" + number, "RENEWAL", user, Events.BASE, "\"period_type\":\"NORMAL\"")
                .replace("$onesignalUserId", "$onesignalId").replace(Events.oneSignalId(user), player);
        assertThat(relay.revenueCat(body)).isEqualTo(200);
        await().atMost(Duration.ofSeconds(20)).until(() -> !oneSignal.updatesOf("subscription_id", player).isEmpty()
                || oneSignal.updates().stream().anyMatch(update -> update.id().equals(player)));
        oneSignal.createUser(Simulators.ONESIGNAL_APP, "subscription_id", player);
        await().atMost(Duration.ofSeconds(30)).until(() ->
                "renewal".equals(oneSignal.tags(Simulators.ONESIGNAL_APP, "subscription_id", player).get("last_event_type")));
    }

    @Test
    void tooManyRequestsAreWaitedOutAsLongAsOneSignalSays() {
        exists(user);
        oneSignal.faults().next(Fault.status(429).retryAfter(3));
        post("RENEWAL", 1000, "\"period_type\":\"NORMAL\"");
        awaitTag("last_event_type", "renewal");
        List<Update> made = updates();
        assertThat(Duration.ofNanos(made.get(made.size() - 1).receivedNanos() - made.get(0).receivedNanos()))
                .isGreaterThanOrEqualTo(Duration.ofSeconds(3));
    }

    @Test
    void aUserWhoseUpdateIsDoneDoesNotWaitForTheOthersOfTheBatch() {
        String one = user + "-one";
        String other = user + "-other";
        exists(one);
        exists(other);
        oneSignal.faults().next(Fault.stall(Duration.ofSeconds(12)));
        post(one, "INITIAL_PURCHASE", 1000);
        post(other, "INITIAL_PURCHASE", 1000);
        await().atMost(Duration.ofSeconds(10)).until(() -> !tags(one).isEmpty() || !tags(other).isEmpty());
        String done = tags(one).isEmpty() ? other : one;
        String stalled = done.equals(one) ? other : one;

        post(done, "RENEWAL", 2000);

        await().atMost(Duration.ofSeconds(10)).until(() -> "renewal".equals(tags(done).get("last_event_type")));
        assertThat(tags(stalled)).isEmpty();
        await().atMost(Duration.ofSeconds(30)).until(() -> "initial_purchase".equals(tags(stalled).get("last_event_type")));
    }

    private static double stale() {
        return relay.bean(MeterRegistry.class).find("relay.events.skipped").tag("reason", "older than what the user already has").counters().stream()
                .mapToDouble(Counter::count).sum();
    }

    /** Has so many records taken up together, however long the machine needs for each. */
    private static void inOneBatch(int records, Runnable posts) throws Exception {
        RouteController routes = relay.bean(CamelContext.class).getRouteController();
        Queues queues = new Queues(relay);
        routes.stopRoute("deliver-onesignal-production");
        long before = queues.count("deliver.onesignal.production");
        posts.run();
        await().atMost(Duration.ofSeconds(20)).until(() -> queues.count("deliver.onesignal.production") == before + records);
        routes.startRoute("deliver-onesignal-production");
    }

    private static void post(String who, String type, long offset) {
        assertThat(relay.revenueCat(Events.event(who + type, type, who, Events.BASE + offset, "\"period_type\":\"NORMAL\""))).isEqualTo(200);
    }

    private static Map<String, String> tags(String who) {
        return oneSignal.tags(Simulators.ONESIGNAL_APP, "onesignal_id", Events.oneSignalId(who));
    }

    private void exists(String who) {
        oneSignal.createUser(Simulators.ONESIGNAL_APP, "onesignal_id", Events.oneSignalId(who));
    }

    private void post(String type, long offset, String more) {
        assertThat(relay.revenueCat(Events.event(user + type + offset, type, user, Events.BASE + offset, more))).isEqualTo(200);
    }

    private Map<String, String> tags() {
        return tags(user);
    }

    private List<Update> updates() {
        return oneSignal.updatesOf("onesignal_id", Events.oneSignalId(user));
    }

    private void awaitTag(String tag, String value) {
        await().atMost(Duration.ofSeconds(30)).until(() -> value.equals(tags().get(tag)));
    }
}
