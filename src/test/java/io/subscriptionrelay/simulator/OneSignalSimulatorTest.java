package io.subscriptionrelay.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.simulator.OneSignalSimulator.RateLimitBody;
import io.subscriptionrelay.simulator.OneSignalSimulator.StoredEvent;
import io.subscriptionrelay.simulator.OneSignalSimulator.TypePolicy;
import io.subscriptionrelay.simulator.OneSignalSimulator.Update;
import io.subscriptionrelay.simulator.OneSignalSimulator.Violation;
import io.subscriptionrelay.simulator.OneSignalSimulator.ViolationRule;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OneSignalSimulatorTest {

    private static final String APP = "8250eaf6-1a58-489e-b136-7c74a864b434";
    private static final String OTHER_APP = "0b1c2d3e-4f50-4172-8394-a5b6c7d8e9f0";
    private static final String KEY = "os_v2_app_secret";
    private static final String PLAYER = "45754208-6ff9-4613-80c2-193a19aa1536";
    private static final String ACCESS_DENIED = "{\"errors\":[\"Access denied.  Please include an 'Authorization: ...' "
            + "header with a valid API key (https://documentation.onesignal.com/docs/en/keys-and-ids#api-keys).\"]}";

    private OneSignalSimulator oneSignal;

    @BeforeEach
    void start() {
        oneSignal = new OneSignalSimulator().app(APP, KEY).unlimitedRates().start();
        oneSignal.createUser(APP, "external_id", "u");
    }

    @AfterEach
    void stop() {
        oneSignal.close();
    }

    // Paths and keys

    @ParameterizedTest
    @CsvSource({"POST,/apps/{app}/users/by/external_id/u", "PATCH,/apps/{app}/users", "POST,/apps/{app}/events",
            "PATCH,/apps/{app}/users/by/external_id/u/", "PATCH,/apps/{app}/users/by/external_id/a/b",
            "GET,/api/v1/players/x", "PATCH,/api/v1/apps/{app}/users/by/external_id/u", "GET,/"})
    void anythingButTheKnownPathsAndMethodsIsNotFound(String method, String path) throws IOException {
        HttpResponse<String> response = call(method, path.replace("{app}", APP), "{}");
        assertThat(response.statusCode()).isEqualTo(404);
        assertThat(response.body()).isEqualTo("{\"errors\":[\"Not Found\"]}");
    }

    @Test
    void anIdIsOneEncodedPathSegment() throws IOException {
        oneSignal.createUser(APP, "external_id", "$RCAnonymousID:a/b+c d");
        assertThat(call("PATCH", "/apps/" + APP + "/users/by/external_id/$RCAnonymousID:a%2Fb+c%20d", tags("\"a\":\"1\""))
                .statusCode()).isEqualTo(202);
        assertThat(oneSignal.tags(APP, "external_id", "$RCAnonymousID:a/b+c d")).containsEntry("a", "1");
    }

    @Test
    void withoutAuthorizationACallGets401() throws IOException {
        HttpResponse<String> response = Http.send("PATCH", user("u"), tags("\"a\":\"1\""));
        assertThat(response.statusCode()).isEqualTo(401);
        assertThat(response.body()).isEqualTo("{\"errors\":[{\"code\":\"auth-1\",\"title\":"
                + "\"This operation requires 'Authorization' in the HTTP header\"}]}");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Key wrong", "Key os_v2_app_other", "Basic os_v2_app_secret", "Bearer os_v2_app_secret",
            "os_v2_app_secret", "Key"})
    void aWrongKeyOrSchemeGets403WithTheRecordedText(String authorization) throws IOException {
        oneSignal.app(OTHER_APP, "os_v2_app_other");
        HttpResponse<String> response = Http.send("PATCH", user("u"), tags("\"a\":\"1\""), "Authorization", authorization);
        assertThat(response.statusCode()).isEqualTo(403);
        assertThat(response.body()).isEqualTo(ACCESS_DENIED);
        assertThat(oneSignal.tags(APP, "external_id", "u")).isEmpty();
    }

    @Test
    void theSchemeMayBeInAnyCaseAndBasicOnlyIfAllowed() throws IOException {
        assertThat(Http.send("PATCH", user("u"), tags("\"a\":\"1\""), "Authorization", "key " + KEY).statusCode())
                .isEqualTo(202);
        oneSignal.lenientAuth(true);
        assertThat(Http.send("PATCH", user("u"), tags("\"a\":\"1\""), "Authorization", "Basic " + KEY).statusCode())
                .isEqualTo(202);
    }

    @Test
    void aChangedKeyCountsAtOnce() throws IOException {
        oneSignal.app(APP.toUpperCase(), "new");
        assertThat(patch("u", "\"a\":\"1\"").statusCode()).isEqualTo(403);
        assertThat(Http.send("PATCH", user("u"), tags("\"a\":\"1\""), "Authorization", "Key new").statusCode())
                .isEqualTo(202);
    }

    @Test
    void anAppIdOrOneSignalIdThatIsNoUuidIsRefused() throws IOException {
        HttpResponse<String> app = call("PATCH", "/apps/my-app/users/by/external_id/u", tags("\"a\":\"1\""));
        assertThat(app.statusCode()).isEqualTo(400);
        assertThat(app.body()).isEqualTo(
                "{\"errors\":[{\"code\":\"request-1\",\"title\":\"Invalid UUID\",\"meta\":{\"app_id\":\"my-app\"}}]}");
        HttpResponse<String> id = call("PATCH", "/apps/" + APP + "/users/by/onesignal_id/u", tags("\"a\":\"1\""));
        assertThat(id.statusCode()).isEqualTo(400);
        assertThat(Http.json(id).at("/errors/0/meta/onesignal_id").asText()).isEqualTo("u");
        assertThatThrownBy(() -> oneSignal.app("my-app", KEY)).hasMessageContaining("UUID").hasMessageNotContaining(KEY);
    }

    @Test
    void noSecretShowsInAnyText() throws IOException {
        patch("u", "\"a\":\"1\"");
        assertThat(oneSignal.toString() + oneSignal.updates()).contains(APP).doesNotContain(KEY);
    }

    // Rates

    @Test
    void theSecondUpdateOfAUserWithinASecondGets429WithRetryAfter() throws IOException {
        oneSignal.createUser(APP, "external_id", "v");
        oneSignal.perUserRps(1).retryAfterSeconds(7);
        assertThat(patch("u", "\"a\":\"1\"").statusCode()).isEqualTo(202);
        HttpResponse<String> second = patch("u", "\"a\":\"2\"");
        assertThat(second.statusCode()).isEqualTo(429);
        assertThat(second.headers().firstValue("Retry-After")).hasValue("7");
        assertThat(second.body())
                .isEqualTo("{\"errors\":[{\"code\":\"Rate Limit Exceeded\",\"title\":\"API rate limit exceeded\"}]}");
        assertThat(patch("v", "\"a\":\"1\"").statusCode()).isEqualTo(202);
        assertThat(oneSignal.rateViolations()).isEqualTo(1);
        assertThat(oneSignal.rateViolations(APP)).isEqualTo(1);
        assertThat(oneSignal.tags(APP, "external_id", "u")).containsEntry("a", "1");
        oneSignal.rateLimitBody(RateLimitBody.BASIC);
        assertThat(patch("u", "\"a\":\"2\"").body())
                .isEqualTo("{\"errors\":[\"API rate limit exceeded\"],\"limit\":\"App ID\"}");
    }

    @Test
    void allNamesOfAUserShareItsRate() throws IOException {
        String id = oneSignal.createUser(APP, "external_id", "v", "subscription_id", PLAYER);
        oneSignal.perUserRps(0.01);
        assertThat(patch("v", "\"a\":\"1\"").statusCode()).isEqualTo(202);
        assertThat(call("PATCH", "/apps/" + APP + "/users/by/onesignal_id/" + id, tags("\"a\":\"2\"")).statusCode())
                .isEqualTo(429);
        assertThat(legacy("/api/v1/players/" + PLAYER, "{\"app_id\":\"" + APP + "\",\"tags\":{}}").statusCode())
                .isEqualTo(429);
    }

    @Test
    void ratesCanBeCountedWithoutBeingEnforced() throws IOException {
        oneSignal.perUserRps(0.01).enforceRates(false);
        patch("u", "\"a\":\"1\"");
        assertThat(patch("u", "\"a\":\"2\"").statusCode()).isEqualTo(202);
        assertThat(oneSignal.rateViolations()).isEqualTo(1);
    }

    @Test
    void callsThatFailLaterOrBreakCountForTheRateToo() throws IOException {
        oneSignal.perUserRps(0.01);
        oneSignal.faults().next(Fault.status(503));
        assertThat(patch("u", "\"a\":\"1\"").statusCode()).isEqualTo(503);
        assertThat(patch("u", "\"a\":\"1\"").statusCode()).isEqualTo(429);
        assertThat(patch("nobody", "\"a\":\"1\"").statusCode()).isEqualTo(404);
        assertThat(patch("nobody", "\"a\":\"1\"").statusCode()).isEqualTo(429);
    }

    @Test
    void theAppHasARateOfItsOwnForEachEndpoint() throws IOException {
        oneSignal.appRps(0.01);
        assertThat(patch("u", "\"a\":\"1\"").statusCode()).isEqualTo(202);
        assertThat(patch("nobody", "\"a\":\"1\"").statusCode()).isEqualTo(429);
        assertThat(customEvents(customEvent("\"external_id\":\"u\"")).statusCode()).isEqualTo(202);
        HttpResponse<String> second = customEvents(customEvent("\"external_id\":\"u\""));
        assertThat(second.statusCode()).isEqualTo(429);
        assertThat(Http.json(second).at("/errors/0").isTextual()).isTrue();
    }

    @Test
    void usersCanBeViewedOnceASecondOnly() throws IOException {
        oneSignal.viewRps(0.01);
        assertThat(view("u").statusCode()).isEqualTo(200);
        assertThat(view("u").statusCode()).isEqualTo(429);
        assertThat(oneSignal.viewCount()).isEqualTo(1);
    }

    @Test
    void theShortestTimeBetweenTwoUpdatesOfAUserIsMeasured() throws IOException {
        oneSignal.createUser(APP, "external_id", "v");
        patch("u", "\"a\":\"1\"");
        patch("v", "\"a\":\"1\"");
        assertThat(oneSignal.minimumSpacing()).isEmpty();
        patch("u", "\"a\":\"2\"");
        List<Update> updates = oneSignal.updatesOf("external_id", "u");
        Duration spacing = Duration.ofNanos(updates.get(1).receivedNanos() - updates.get(0).receivedNanos());
        assertThat(oneSignal.minimumSpacing()).hasValue(spacing);
        assertThat(oneSignal.minimumSpacing(APP, "external_id", "u")).hasValue(spacing);
        assertThat(oneSignal.minimumSpacing(APP, "external_id", "v")).isEmpty();
    }

    // Updates

    @Test
    void anUpdateIsAnsweredWith202AndTheTagsAsSent() throws IOException {
        HttpResponse<String> response = patch("u", "\"store\":\"APP_STORE\",\"gone\":\"\"");
        assertThat(response.statusCode()).isEqualTo(202);
        assertThat(response.body()).isEqualTo("{\"properties\":{\"tags\":{\"store\":\"APP_STORE\",\"gone\":\"\"}}}");
        assertThat(oneSignal.tags(APP, "external_id", "u")).isEqualTo(Map.of("store", "APP_STORE"));
        assertThat(oneSignal.violations()).isEmpty();
    }

    @Test
    void tagsMergeKeyByKeyAndAnEmptyTextDeletes() throws IOException {
        patch("u", "\"a\":\"1\",\"b\":\"1\",\"c\":\"1\"");
        patch("u", "\"b\":\"2\",\"c\":\"\"");
        assertThat(oneSignal.tags(APP, "external_id", "u")).isEqualTo(Map.of("a", "1", "b", "2"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "nonsense", "[]", "{\"properties\":[]}", "{\"properties\":null}",
            "{\"properties\":{\"tags\":[]}}", "{\"properties\":{\"tags\":null}}", "{\"deltas\":[]}"})
    void aBodyOfTheWrongFormIsRefused(String body) throws IOException {
        HttpResponse<String> response = call("PATCH", "/apps/" + APP + "/users/by/external_id/u", body);
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(Http.json(response).at("/errors/0").has("code")).isTrue();
    }

    @Test
    void moreThan100TagsInARequestAreRefusedDeletesIncluded() throws IOException {
        String deletes = IntStream.range(0, 100).mapToObj(i -> "\"t" + i + "\":\"\"").collect(Collectors.joining(","));
        assertThat(patch("u", deletes).statusCode()).isEqualTo(202);
        assertThat(patch("u", deletes + ",\"one\":\"1\"").statusCode()).isEqualTo(400);
    }

    @Test
    void valuesThatAreNotTextAreStoredAsTextButNoted() throws IOException {
        assertThat(patch("u", "\"n\":1600016247,\"b\":true,\"user\":\"x\"").statusCode()).isEqualTo(202);
        assertThat(patch("u", "\"n\":null").statusCode()).isEqualTo(202);
        assertThat(oneSignal.tags(APP, "external_id", "u")).isEqualTo(Map.of("b", "true", "user", "x"));
        assertThat(oneSignal.violations()).extracting(Violation::rule, Violation::detail).containsExactly(
                tuple(ViolationRule.NON_STRING_TAG, "n"), tuple(ViolationRule.NON_STRING_TAG, "b"),
                tuple(ViolationRule.RESERVED_TAG, "user"), tuple(ViolationRule.NULL_TAG, "n"));
        assertThat(oneSignal.violationCount()).isEqualTo(4);
    }

    @Test
    void arraysAndObjectsAreNoTagValues() throws IOException {
        assertThat(patch("u", "\"a\":\"1\",\"list\":[]").statusCode()).isEqualTo(400);
        assertThat(patch("u", "\"a\":\"1\",\"object\":{}").statusCode()).isEqualTo(400);
        assertThat(oneSignal.tags(APP, "external_id", "u")).isEmpty();
        assertThat(oneSignal.violations()).isEmpty();
        oneSignal.typePolicy(TypePolicy.LENIENT);
        assertThat(patch("u", "\"a\":1,\"list\":[]").statusCode()).isEqualTo(202);
        assertThat(oneSignal.tags(APP, "external_id", "u")).isEqualTo(Map.of("a", "1"));
        assertThat(oneSignal.violations()).extracting(Violation::rule).containsExactly(ViolationRule.NESTED_TAG_DROPPED);
    }

    @Test
    void whatHasNoEffectOrIsOutOfRangeIsAcceptedAndNoted() throws IOException {
        String path = "/apps/" + APP + "/users/by/external_id/u";
        call("PATCH", path, "{}");
        call("PATCH", path, "{\"properties\":{\"language\":\"EN\",\"country\":\"DE\",\"lat\":91,\"spent\":1},\"identity\":{}}");
        Http.send("PATCH", user("u"), tags("\"a\":\"1\""), "Authorization", "Key " + KEY);
        assertThat(oneSignal.violations()).extracting(Violation::rule, Violation::detail).containsExactlyInAnyOrder(
                tuple(ViolationRule.EMPTY_UPDATE, ""), tuple(ViolationRule.UNKNOWN_FIELD, "identity"),
                tuple(ViolationRule.VALUE_OUT_OF_RANGE, "properties.language"),
                tuple(ViolationRule.VALUE_OUT_OF_RANGE, "properties.lat"),
                tuple(ViolationRule.UNKNOWN_FIELD, "properties.spent"), tuple(ViolationRule.NO_JSON_CONTENT_TYPE, ""));
    }

    @Test
    void anUnknownUserGets404AndIsNotCreated() throws IOException {
        HttpResponse<String> response = patch("nobody", "\"a\":\"1\"");
        assertThat(response.statusCode()).isEqualTo(404);
        assertThat(Http.json(response).at("/errors/0").has("title")).isTrue();
        assertThat(patch("nobody", "\"a\":\"1\"").statusCode()).isEqualTo(404);
        assertThat(oneSignal.userCount(APP)).isEqualTo(1);
        oneSignal.deleteUser(APP, "external_id", "u");
        assertThat(patch("u", "\"a\":\"1\"").statusCode()).isEqualTo(404);
    }

    @Test
    void aUserCreatedByHandCanHaveSeveralNamesAndAppearLater() throws IOException {
        String id = oneSignal.createUser(APP, "external_id", "v", "crm", "42");
        assertThat(call("PATCH", "/apps/" + APP + "/users/by/onesignal_id/" + id, tags("\"a\":\"1\"")).statusCode())
                .isEqualTo(202);
        assertThat(call("PATCH", "/apps/" + APP + "/users/by/crm/42", tags("\"b\":\"1\"")).statusCode()).isEqualTo(202);
        assertThat(oneSignal.tags(APP, "external_id", "v")).containsOnlyKeys("a", "b");
        oneSignal.createUser(APP, Duration.ofHours(1), "external_id", "later");
        assertThat(patch("later", "\"a\":\"1\"").statusCode()).isEqualTo(404);
        assertThatThrownBy(() -> oneSignal.createUser(APP, "external_id", "v")).hasMessageContaining("v already");
        assertThatThrownBy(() -> oneSignal.createUser(APP, "external_id", "w", "crm")).hasMessageContaining("pairs");
    }

    @Test
    void everyAddressedUserExistsIfUsersAreCreatedByThemselves() throws IOException {
        oneSignal.autoCreateUsers(true);
        assertThat(patch("new", "\"a\":\"1\"").statusCode()).isEqualTo(202);
        assertThat(patch("new", "\"b\":\"1\"").statusCode()).isEqualTo(202);
        assertThat(oneSignal.tags(APP, "external_id", "new")).containsOnlyKeys("a", "b");
        assertThat(legacy("/api/v1/players/" + PLAYER, "{\"app_id\":\"" + APP + "\",\"tags\":{\"a\":\"1\"}}").statusCode())
                .isEqualTo(200);
    }

    @Test
    void purchasesAddUpAndAreNeverRecognisedAgain() throws IOException {
        String path = "/apps/" + APP + "/users/by/external_id/u";
        String purchase = "{\"deltas\":{\"session_count\":1,\"purchases\":[{\"sku\":\"s\",\"iso\":\"USD\",\"amount\":%s,"
                + "\"count\":%s}]}}";
        assertThat(call("PATCH", path, purchase.formatted("\"9.99\"", "1")).statusCode()).isEqualTo(202);
        assertThat(call("PATCH", path, purchase.formatted("\"9.99\"", "1")).statusCode()).isEqualTo(202);
        assertThat(call("PATCH", path, purchase.formatted("9.99", "1")).statusCode()).isEqualTo(400);
        assertThat(call("PATCH", path, purchase.formatted("\"9.99\"", "\"1\"")).statusCode()).isEqualTo(400);
        assertThat(oneSignal.purchases(APP, "external_id", "u")).hasSize(2);
        assertThat(Http.json(view("u")).at("/properties/session_count").asInt()).isEqualTo(2);
    }

    // Tag limit

    @Test
    void anUpdateThatWouldExceedTheTagLimitIsRefusedAsAWhole() throws IOException {
        oneSignal.tagLimit(3);
        patch("u", "\"a\":\"1\",\"b\":\"1\"");
        HttpResponse<String> response = patch("u", "\"a\":\"2\",\"c\":\"1\",\"d\":\"1\"");
        assertThat(response.statusCode()).isEqualTo(409);
        assertThat(response.body()).isEqualTo("{\"errors\":[{\"code\":\"entitlements-tag-limit\",\"title\":"
                + "\"The tags for this user exceed the limit for this organization's plan.\"}]}");
        assertThat(oneSignal.tags(APP, "external_id", "u")).isEqualTo(Map.of("a", "1", "b", "1"));
        assertThat(patch("u", "\"c\":\"1\"").statusCode()).isEqualTo(202);
    }

    @Test
    void theTagLimitIsTenUnlessSaidOtherwise() throws IOException {
        String ten = IntStream.range(0, 10).mapToObj(i -> "\"t" + i + "\":\"1\"").collect(Collectors.joining(","));
        assertThat(patch("u", ten + ",\"more\":\"1\"").statusCode()).isEqualTo(409);
        assertThat(patch("u", ten).statusCode()).isEqualTo(202);
    }

    @Test
    void aTagDeletedInTheSameRequestStillCounts() throws IOException {
        oneSignal.tagLimit(2);
        patch("u", "\"a\":\"1\",\"b\":\"1\"");
        assertThat(patch("u", "\"a\":\"\",\"c\":\"1\"").statusCode()).isEqualTo(409);
        assertThat(patch("u", "\"a\":\"\"").statusCode()).isEqualTo(202);
        assertThat(patch("u", "\"c\":\"1\"").statusCode()).isEqualTo(202);
    }

    @Test
    void aFullUserCanHaveExistingTagsChangedUnlessThatIsDenied() throws IOException {
        oneSignal.tagLimit(1);
        patch("u", "\"a\":\"1\"");
        assertThat(patch("u", "\"a\":\"2\"").statusCode()).isEqualTo(202);
        oneSignal.allowUpdateAtLimit(false);
        assertThat(patch("u", "\"a\":\"3\"").statusCode()).isEqualTo(409);
        assertThat(patch("u", "\"a\":\"\"").statusCode()).isEqualTo(202);
    }

    @Test
    void afterADowngradeOnlyDeletesPassAndNotEvenThoseIfDenied() throws IOException {
        patch("u", "\"a\":\"1\",\"b\":\"1\",\"c\":\"1\"");
        oneSignal.tagLimit(1);
        assertThat(patch("u", "\"a\":\"2\"").statusCode()).isEqualTo(409);
        oneSignal.allowDeleteOverLimit(false);
        assertThat(patch("u", "\"a\":\"\"").statusCode()).isEqualTo(409);
        oneSignal.allowDeleteOverLimit(true);
        assertThat(patch("u", "\"a\":\"\",\"b\":\"\"").statusCode()).isEqualTo(202);
        assertThat(patch("u", "\"c\":\"2\"").statusCode()).isEqualTo(202);
    }

    // View, create, delete

    @Test
    void aViewShowsTagsAsTextOnceTheyAreApplied() throws IOException {
        patch("u", "\"n\":5");
        JsonNode view = Http.json(view("u"));
        assertThat(Json.compact(view.path("properties"))).isEqualTo("{\"tags\":{\"n\":\"5\"}}");
        assertThat(view.at("/identity/external_id").asText()).isEqualTo("u");
        assertThat(view.at("/identity/onesignal_id").asText()).hasSize(36);
        assertThat(view.path("subscriptions").isArray()).isTrue();
        oneSignal.applyLag(Duration.ofHours(1));
        patch("u", "\"n\":\"6\"");
        assertThat(Http.json(view("u")).at("/properties/tags/n").asText()).isEqualTo("5");
        assertThat(oneSignal.tags(APP, "external_id", "u")).containsEntry("n", "6");
        assertThat(view("nobody").statusCode()).isEqualTo(404);
    }

    @Test
    void aUserCreatedOverHttpCannotBeUpdatedAtFirst() throws IOException {
        HttpResponse<String> created = create("{\"identity\":{\"external_id\":\"new\"},\"subscriptions\":[{}],"
                + "\"properties\":{\"tags\":{\"a\":\"1\"}}}");
        assertThat(created.statusCode()).isEqualTo(201);
        assertThat(Http.json(created).at("/identity/onesignal_id").asText()).hasSize(36);
        assertThat(oneSignal.tags(APP, "external_id", "new")).containsEntry("a", "1");
        assertThat(patch("new", "\"b\":\"1\"").statusCode()).isEqualTo(404);

        oneSignal.createLag(Duration.ofMillis(100));
        create("{\"identity\":{\"external_id\":\"soon\"},\"subscriptions\":[{}]}");
        Awaitility.await().until(() -> patch("soon", "\"b\":\"1\"").statusCode() == 202);
        assertThat(oneSignal.violations()).isEmpty();
    }

    @Test
    void creatingAnExistingUserChangesIt() throws IOException {
        HttpResponse<String> response = create("{\"identity\":{\"external_id\":\"u\",\"crm\":\"42\"},"
                + "\"properties\":{\"tags\":{\"a\":\"1\"}}}");
        assertThat(response.statusCode()).isEqualTo(202);
        assertThat(oneSignal.tags(APP, "crm", "42")).containsEntry("a", "1");
        assertThat(oneSignal.userCount(APP)).isEqualTo(1);
    }

    @Test
    void aliasesOfDifferentUsersConflict() throws IOException {
        oneSignal.createUser(APP, "crm", "42");
        HttpResponse<String> response = create("{\"identity\":{\"external_id\":\"u\",\"crm\":\"42\"}}");
        assertThat(response.statusCode()).isEqualTo(409);
        assertThat(Http.json(response).at("/errors/0/code").asText()).isEqualTo("user-1");
        assertThat(Http.json(response).at("/errors/0/title").asText())
                .isEqualTo("Multiple existing Users found with provided set of Aliases");
        assertThat(Http.json(response).at("/errors/0/meta/conflicting_aliases").size()).isEqualTo(2);
    }

    @Test
    void aNewUserNeedsANameOrSubscriptionAndAtMost20OfEach() throws IOException {
        String aliases = IntStream.range(0, 21).mapToObj(i -> "\"l" + i + "\":\"1\"").collect(Collectors.joining(","));
        String subscriptions = String.join(",", Collections.nCopies(21, "{}"));
        assertThat(create("{}").statusCode()).isEqualTo(400);
        assertThat(create("{\"identity\":{" + aliases + "}}").statusCode()).isEqualTo(400);
        assertThat(create("{\"identity\":{\"a\":\"1\"},\"subscriptions\":[" + subscriptions + "]}").statusCode())
                .isEqualTo(400);
        assertThat(create("{\"identity\":{\"a\":1}}").statusCode()).isEqualTo(400);
        assertThat(create("{\"identity\":{\"a\":\"1\"}}").statusCode()).isEqualTo(201);
        assertThat(oneSignal.violations()).extracting(Violation::rule)
                .containsExactly(ViolationRule.USER_WITHOUT_SUBSCRIPTION);
    }

    @Test
    void aDeletedUserIsGone() throws IOException {
        HttpResponse<String> response = call("DELETE", "/apps/" + APP + "/users/by/external_id/u", null);
        assertThat(response.statusCode()).isEqualTo(202);
        assertThat(Http.json(response).at("/identity/onesignal_id").asText()).hasSize(36);
        assertThat(call("DELETE", "/apps/" + APP + "/users/by/external_id/u", null).statusCode()).isEqualTo(404);
    }

    // Legacy

    @Test
    void theLegacyEndpointsTakeBasicKeysAndSetTagsOfTheSameUsers() throws IOException {
        oneSignal.createUser(APP, "external_id", "old", "subscription_id", PLAYER);
        HttpResponse<String> player = legacy("/api/v1/players/" + PLAYER, "{\"app_id\":\"" + APP + "\",\"tags\":{\"n\":1,"
                + "\"gone\":null}}");
        assertThat(player.statusCode()).isEqualTo(200);
        assertThat(player.body()).isEqualTo("{\"success\":true}");
        assertThat(legacy("/api/v1/apps/" + APP + "/users/old", "{\"tags\":{\"b\":\"1\"}}").statusCode()).isEqualTo(200);
        assertThat(oneSignal.tags(APP, "subscription_id", PLAYER)).isEqualTo(Map.of("n", "1", "b", "1"));
        assertThat(oneSignal.violations()).isEmpty();
        assertThat(call("PATCH", "/apps/" + APP + "/users/by/subscription_id/" + PLAYER, tags("\"c\":\"1\"")).statusCode())
                .isEqualTo(404);
        assertThat(oneSignal.updatesOf("subscription_id", PLAYER)).hasSize(2);
    }

    @Test
    void legacyErrorsHaveTheLegacyForm() throws IOException {
        String body = "{\"app_id\":\"" + APP + "\",\"tags\":{%s}}";
        String path = "/api/v1/players/" + PLAYER;
        assertThat(legacyError(400, path, "{\"tags\":{}}")).isEqualTo("app_id must be a valid UUID");
        assertThat(legacyError(400, path, body.formatted(""))).isEqualTo("No user with this id found");
        oneSignal.unknownPlayerStatus(404);
        assertThat(legacyError(404, path, body.formatted(""))).isEqualTo("No user with this id found");
        assertThat(legacyError(404, "/api/v1/apps/" + APP + "/users/nobody", "{}")).isEqualTo("No user with this id found");
        oneSignal.createUser(APP, "subscription_id", PLAYER);
        oneSignal.tagLimit(1);
        assertThat(legacyError(400, path, body.formatted("\"a\":\"1\",\"b\":\"1\"")))
                .isEqualTo("App is limited to a maximum of 1 tags on a given player");
        String tags = IntStream.range(0, 101).mapToObj(i -> "\"t" + i + "\":\"\"").collect(Collectors.joining(","));
        assertThat(legacyError(400, path, body.formatted(tags)))
                .isEqualTo("Please limit your tag updates to 100 per request");
        assertThat(Http.send("PUT", oneSignal.url() + path, body.formatted(""), "Authorization", "Basic wrong").statusCode())
                .isEqualTo(403);
    }

    // Custom events

    @Test
    void aCustomEventIsStoredOncePerIdempotencyKey() throws IOException {
        String key = UUID.randomUUID().toString();
        String keyed = customEvent("\"external_id\":\"u\",\"idempotency_key\":\"" + key + "\"");
        assertThat(customEvents(keyed, keyed).body()).isEqualTo("{}");
        assertThat(customEvents(keyed).statusCode()).isEqualTo(202);
        String unkeyed = customEvent("\"external_id\":\"u\",\"timestamp\":\"2024-01-31T12:00:00Z\",\"properties\":{\"a\":{}}");
        customEvents(unkeyed, unkeyed);
        assertThat(oneSignal.customEvents()).extracting(StoredEvent::id, StoredEvent::name, StoredEvent::idempotencyKey)
                .containsExactly(tuple("u", "renewal", key), tuple("u", "renewal", ""), tuple("u", "renewal", ""));
        assertThat(oneSignal.customEventCount()).isEqualTo(3);
        assertThat(oneSignal.violations()).isEmpty();
    }

    @Test
    void customEventsOfUnknownUsersAreListedInTheAnswerAndTheRestIsStored() throws IOException {
        String key = UUID.randomUUID().toString();
        HttpResponse<String> response = customEvents(customEvent("\"external_id\":\"u\""),
                customEvent("\"external_id\":\"abc123\",\"idempotency_key\":\"" + key + "\""));
        assertThat(response.statusCode()).isEqualTo(202);
        assertThat(response.body()).isEqualTo("{\"errors\":[{\"event_user_id\":\"abc123\",\"event_id\":\"" + key
                + "\",\"error\":{\"code\":\"not found\",\"title\":\"failed to find a onesignal_id for user_id abc123\"}}]}");
        assertThat(oneSignal.customEventCount()).isEqualTo(1);
        oneSignal.createUser(APP, "external_id", "abc123");
        customEvents(customEvent("\"external_id\":\"abc123\",\"idempotency_key\":\"" + key + "\""));
        assertThat(oneSignal.customEventCount()).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"external_id\":\"u\"}", "{\"name\":\"\",\"external_id\":\"u\"}", "{\"name\":\"e\"}", "1",
            "{\"name\":\"e\",\"external_id\":\"u\",\"idempotency_key\":\"no-uuid\"}",
            "{\"name\":\"e\",\"external_id\":\"u\",\"timestamp\":1600016247}",
            "{\"name\":\"e\",\"external_id\":\"u\",\"properties\":[]}"})
    void oneCustomEventOfTheWrongFormRefusesTheWholeRequest(String wrong) throws IOException {
        HttpResponse<String> response = customEvents(customEvent("\"external_id\":\"u\""), wrong);
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.body()).isEqualTo("{}");
        assertThat(oneSignal.customEvents()).isEmpty();
    }

    @Test
    void customEventsAreLimitedInSize() throws IOException {
        assertThat(customEvents(customEvent("\"external_id\":\"u\",\"name\":\"" + "n".repeat(128) + "\"")).statusCode())
                .isEqualTo(202);
        assertThat(customEvents(customEvent("\"external_id\":\"u\",\"name\":\"" + "n".repeat(129) + "\"")).statusCode())
                .isEqualTo(400);
        String text = "\"external_id\":\"u\",\"properties\":{\"a\":\"%s\"}";
        assertThat(customEvents(customEvent(text.formatted("x".repeat(1900)))).statusCode()).isEqualTo(202);
        assertThat(customEvents(customEvent(text.formatted("x".repeat(2024)))).statusCode()).isEqualTo(400);
        String[] thousand = new String[600];
        Arrays.fill(thousand, customEvent(text.formatted("x".repeat(1900))));
        assertThat(customEvents(thousand).statusCode()).isEqualTo(400);
        assertThat(call("POST", "/apps/" + APP + "/custom_events", "{\"events\":[]}").statusCode()).isEqualTo(400);
    }

    @Test
    void customEventsWithAWrongKeyGet401WithoutABody() throws IOException {
        for (String authorization : List.of("Key wrong", "Basic " + KEY)) {
            HttpResponse<String> response = Http.send("POST", oneSignal.url() + "/apps/" + APP + "/custom_events", "{}",
                    "Authorization", authorization);
            assertThat(response.statusCode()).isEqualTo(401);
            assertThat(response.headers().firstValue("Content-Type")).hasValue("text/plain");
            assertThat(response.body()).isEmpty();
        }
    }

    @Test
    void aFieldThatACustomEventDoesNotHaveIsNoted() throws IOException {
        customEvents(customEvent("\"external_id\":\"u\",\"payload\":{}"));
        assertThat(oneSignal.violations()).extracting(Violation::rule, Violation::detail)
                .containsExactly(tuple(ViolationRule.UNKNOWN_FIELD, "events.payload"));
    }

    // What is kept

    @Test
    void everyWriteIsLoggedWithWhatItSentAndWhatCameOfIt() throws IOException {
        patch("u", "\"a\":\"1\",\"n\":2,\"z\":null");
        patch("nobody", "\"a\":\"1\"");
        oneSignal.faults().next(Fault.status(503));
        patch("u", "\"a\":\"3\"");
        view("u");
        assertThat(oneSignal.updates()).extracting(Update::app, Update::label, Update::id, Update::status, Update::applied)
                .containsExactly(tuple(APP, "external_id", "u", 202, true), tuple(APP, "external_id", "nobody", 404, false),
                        tuple(APP, "external_id", "u", 503, false));
        assertThat(oneSignal.updates().get(0).tags()).isEqualTo(Map.of("a", "1", "n", "2", "z", ""));
        assertThat(oneSignal.statusCount(202)).isEqualTo(1);
        assertThat(oneSignal.statusCount(503)).isEqualTo(1);
        assertThat(oneSignal.appliedCount()).isEqualTo(1);
        assertThat(oneSignal.callCount()).isEqualTo(4);
    }

    @Test
    void withALimitOnlyTheNewestAreKeptButAllAreCounted() throws IOException {
        oneSignal.keep(2).autoCreateUsers(true);
        for (int i = 1; i <= 5; i++) {
            patch("u" + i, "\"a\":1");
        }
        assertThat(oneSignal.updates()).extracting(Update::id).containsExactly("u4", "u5");
        assertThat(oneSignal.violations()).hasSize(2);
        assertThat(oneSignal.violationCount()).isEqualTo(5);
        assertThat(oneSignal.appliedCount()).isEqualTo(5);
    }

    @Test
    void usersThatCreatedThemselvesAreForgottenBeyondTheLimit() {
        oneSignal.keep(0).autoCreateUsers(true);
        OneSignalApp app = new OneSignalApp(APP, oneSignal);
        IntStream.range(0, 5000).forEach(i -> app.visible("external_id", "u" + i, System.nanoTime()));
        assertThat(app.userCount()).isEqualTo(1000);
        assertThat(app.find("external_id", "u4999")).isNotNull();
    }

    @Test
    void aResetForgetsUsersAndLogsButNotTheApp() throws IOException {
        patch("u", "\"a\":1");
        oneSignal.reset();
        assertThat(oneSignal.updates()).isEmpty();
        assertThat(oneSignal.violations()).isEmpty();
        assertThat(List.of(oneSignal.callCount(), oneSignal.appliedCount(), oneSignal.statusCount(202))).containsOnly(0L);
        assertThat(patch("u", "\"a\":\"1\"").statusCode()).isEqualTo(404);
    }

    private String user(String id) {
        return oneSignal.url() + "/apps/" + APP + "/users/by/external_id/" + id;
    }

    private static String tags(String tags) {
        return "{\"properties\":{\"tags\":{" + tags + "}}}";
    }

    private HttpResponse<String> call(String method, String path, String body) throws IOException {
        return Http.send(method, oneSignal.url() + path, body, "Authorization", "Key " + KEY, "Content-Type",
                "application/json");
    }

    private HttpResponse<String> patch(String id, String tags) throws IOException {
        return call("PATCH", "/apps/" + APP + "/users/by/external_id/" + id, tags(tags));
    }

    private HttpResponse<String> view(String id) throws IOException {
        return call("GET", "/apps/" + APP + "/users/by/external_id/" + id, null);
    }

    private HttpResponse<String> create(String body) throws IOException {
        return call("POST", "/apps/" + APP + "/users", body);
    }

    private HttpResponse<String> customEvents(String... events) throws IOException {
        return call("POST", "/apps/" + APP + "/custom_events", "{\"events\":[" + String.join(",", events) + "]}");
    }

    /** A name given among the fields comes last and so counts. */
    private static String customEvent(String fields) {
        return "{\"name\":\"renewal\"," + fields + "}";
    }

    private HttpResponse<String> legacy(String path, String body) throws IOException {
        return Http.send("PUT", oneSignal.url() + path, body, "Authorization", "Basic " + KEY, "Content-Type",
                "application/json; charset=utf-8");
    }

    private String legacyError(int status, String path, String body) throws IOException {
        HttpResponse<String> response = legacy(path, body);
        assertThat(response.statusCode()).isEqualTo(status);
        assertThat(Http.json(response).path("success").asBoolean(true)).isFalse();
        return Http.json(response).at("/errors/0").asText();
    }
}
