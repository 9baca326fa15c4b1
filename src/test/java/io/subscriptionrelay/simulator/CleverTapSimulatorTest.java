package io.subscriptionrelay.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.simulator.CleverTapSimulator.AnswerStyle;
import io.subscriptionrelay.simulator.CleverTapSimulator.Call;
import io.subscriptionrelay.simulator.CleverTapSimulator.ErrorStreamEntry;
import io.subscriptionrelay.simulator.CleverTapSimulator.Flaw;
import io.subscriptionrelay.simulator.CleverTapSimulator.StoredRecord;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CleverTapSimulatorTest {

    private static final String ACCOUNT = "AAA-BBB-CCCC";
    private static final String PASSCODE = "PAS-SCO-DE99";

    private CleverTapSimulator cleverTap;

    @BeforeEach
    void start() {
        cleverTap = new CleverTapSimulator().account(ACCOUNT, PASSCODE).start();
    }

    @AfterEach
    void stop() {
        cleverTap.close();
    }

    // The call

    @Test
    void everyMethodButPostGets405AndEveryOtherPathGets404() throws IOException {
        assertThat(Http.send("GET", cleverTap.url() + "/1/upload", null).statusCode()).isEqualTo(405);
        assertThat(Http.send("POST", cleverTap.url() + "/1/uploads", "{}").statusCode()).isEqualTo(404);
    }

    @Test
    void theSixteenthCallInFlightGets429AndIsCounted() throws IOException {
        cleverTap.faults().next(15, Fault.stall(Duration.ofMinutes(1)));
        List<CompletableFuture<?>> held = new ArrayList<>();
        for (int i = 0; i < 15; i++) {
            held.add(Http.sendAsync("POST", cleverTap.url() + "/1/upload", batch(event("u")), credentials()));
        }
        Awaitility.await().until(() -> cleverTap.faults().pending() == 0 && cleverTap.maxInFlight(ACCOUNT) == 15);
        assertThat(cleverTap.concurrencyViolations(ACCOUNT)).isZero();

        HttpResponse<String> refused = upload(batch(event("u")));

        assertThat(refused.statusCode()).isEqualTo(429);
        assertThat(refused.headers().firstValue("Retry-After")).isEmpty();
        assertThat(Http.json(refused).path("code").asInt()).isEqualTo(429);
        assertThat(cleverTap.maxInFlight(ACCOUNT)).isEqualTo(16);
        assertThat(cleverTap.concurrencyViolations(ACCOUNT)).isEqualTo(1);
        cleverTap.stop();
        assertThat(held).allSatisfy(call -> assertThat(call).failsWithin(Duration.ofSeconds(10)));
    }

    @Test
    void aClientThatSendsItsNextCallAsSoonAsItHasAnAnswerNeverExceedsItsConcurrency() {
        cleverTap.maxConcurrent(3);
        List<CompletableFuture<Void>> lanes = IntStream.range(0, 3).mapToObj(lane -> uploadRepeatedly(100)).toList();
        CompletableFuture.allOf(lanes.toArray(CompletableFuture[]::new)).join();
        assertThat(cleverTap.concurrencyViolations(ACCOUNT)).isZero();
        assertThat(cleverTap.storedCount()).isEqualTo(300);
    }

    private CompletableFuture<Void> uploadRepeatedly(int times) {
        CompletableFuture<?> last = CompletableFuture.completedFuture(null);
        for (int i = 0; i < times; i++) {
            last = last.thenCompose(unused ->
                    Http.sendAsync("POST", cleverTap.url() + "/1/upload", batch(event("u")), credentials()));
        }
        return last.thenAccept(unused -> { });
    }

    @Test
    void anAccountHeaderThatIsMissingOrNoAccountIdGets401() throws IOException {
        assertThat(error(401, batch(event("u")))).isEqualTo("12 digit account ID mandatory");
        assertThat(error(401, batch(event("u")), "X-CleverTap-Account-Id", "aaa-bbb-cccc", "X-CleverTap-Passcode", "x"))
                .isEqualTo("12 digit account ID mandatory");
    }

    @Test
    void anUnknownAccountGetsTheRecorded401() throws IOException {
        HttpResponse<String> response = Http.send("POST", cleverTap.url() + "/1/upload", batch(event("u")),
                "X-CleverTap-Account-Id", "AAA-BBB-CCC9", "X-CleverTap-Passcode", PASSCODE);
        assertThat(response.statusCode()).isEqualTo(401);
        assertThat(response.body())
                .isEqualTo("{ \"status\" : \"fail\" , \"error\" : \"Account ID is not valid\" , \"code\" : 401}")
                .hasSize(73);
    }

    @Test
    void aWrongPasscodeGets401UntilThePasscodeIsChanged() throws IOException {
        String[] rotated = {"X-CleverTap-Account-Id", ACCOUNT, "X-CleverTap-Passcode", "NEW-PAS-SCOD"};
        assertThat(error(401, batch(event("u")), rotated)).isEqualTo("Passcode Invalid");
        assertThat(error(401, batch(event("u")), "X-CleverTap-Account-Id", ACCOUNT)).isEqualTo("Passcode Invalid");
        cleverTap.account(ACCOUNT, "NEW-PAS-SCOD");
        assertThat(Http.send("POST", cleverTap.url() + "/1/upload", batch(event("u")), rotated).statusCode())
                .isEqualTo(200);
    }

    @Test
    void anAccountOfAnotherRegionIsNotKnownHere() throws IOException {
        cleverTap.account("TEST-IND-IAN-ACC1", "p", "in1");
        String[] indian = {"x-clevertap-account-id", "TEST-IND-IAN-ACC1", "x-clevertap-passcode", "p"};
        assertThat(error(401, batch(event("u")), indian)).isEqualTo("Account ID is not valid");
        cleverTap.region("in1");
        assertThat(Http.send("POST", cleverTap.url() + "/1/upload", batch(event("u")), indian).statusCode())
                .isEqualTo(200);
    }

    @Test
    void noSecretShowsInAnyText() {
        assertThat(cleverTap.toString()).contains(ACCOUNT).doesNotContain(PASSCODE);
        assertThatThrownBy(() -> cleverTap.account("wrong", PASSCODE)).hasMessageContaining("AAA-BBB-CCCC")
                .hasMessageNotContaining(PASSCODE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "nonsense", "[]", "{}", "{\"d\":{}}", "{\"d\":[]}", "{\"d\":[1]}", "{\"d\":[null]}",
            "{\"d\":[{}]} trailing"})
    void aBodyThatIsNoListOfRecordsIsMalformed(String body) throws IOException {
        assertThat(error(400, body, credentials())).isEqualTo("Malformed request");
    }

    @Test
    void moreThanAThousandRecordsAreRefusedAsAWhole() throws IOException {
        String thousand = IntStream.range(0, 1000).mapToObj(i -> event("u" + i)).collect(Collectors.joining(","));
        assertThat(error(400, batch(thousand, event("one more")), credentials())).isEqualTo("Malformed request");
        assertThat(cleverTap.storedCount()).isZero();
        assertThat(upload(batch(thousand)).statusCode()).isEqualTo(200);
        assertThat(cleverTap.storedCount(ACCOUNT)).isEqualTo(1000);
    }

    @Test
    void theContentTypeDoesNotMatter() throws IOException {
        for (String type : List.of("application/json", "application/json; charset=utf-8", "text/plain")) {
            assertThat(Http.send("POST", cleverTap.url() + "/1/upload", batch(event("u")), "Content-Type", type,
                    "X-CleverTap-Account-Id", ACCOUNT, "X-CleverTap-Passcode", PASSCODE).statusCode()).isEqualTo(200);
        }
        assertThat(upload(batch(event("u"))).statusCode()).isEqualTo(200);
    }

    // Answers

    @Test
    void aStoredRecordIsAnsweredExactlyAsRecorded() throws IOException {
        HttpResponse<String> response = upload(batch(event("u")));
        assertThat(response.body())
                .isEqualTo("{ \"status\" : \"success\" , \"processed\" : 1 , \"unprocessed\" : [ ]}").hasSize(63);
        assertThat(response.headers().firstValue("Content-Type")).hasValue("application/json;charset=utf-8");
    }

    @Test
    void aRecordWithoutIdentityIsRefusedWith523AndTheRestIsStored() throws IOException {
        String nobody = "{\"identity\":\"\",\"ts\":1488804867,\"type\":\"profile\",\"profileData\":{}}";
        HttpResponse<String> response = upload(batch(event("first"), nobody, event("third")));
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body()).isEqualTo("{ \"status\" : \"partial\" , \"processed\" : 2 , \"unprocessed\" : [ "
                + "{ \"status\" : \"fail\" , \"code\" : 523 , \"error\" : \"'identity' or 'fbId' or 'gpId' or 'objectId' is "
                + "necessary under 120 chars to identify the user. Skipped record number : 2\" , \"record\" : { \"identity\" "
                + ": \"\" , \"ts\" : 1488804867 , \"type\" : \"profile\" , \"profileData\" : { }}}]}");
        assertThat(cleverTap.stored()).extracting(StoredRecord::id).containsExactly("first", "third");
        assertThat(cleverTap.stored()).extracting(StoredRecord::position).containsExactly(1, 3);
        assertThat(cleverTap.refusedCount()).isEqualTo(1);
    }

    @Test
    void aCallOfWhichNothingIsStoredStillGets200WithStatusFail() throws IOException {
        HttpResponse<String> response = upload(batch("{\"type\":\"event\"}"));
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(Http.json(response).path("status").asText()).isEqualTo("fail");
        assertThat(Http.json(response).path("processed").asInt()).isZero();
    }

    @Test
    void answersCanHaveTheShapesOfOtherYears() throws IOException {
        String batch = batch("{\"identity\":\"4\",\"type\":\"profile\",\"profileData\":{\"Email\":\"$$$$$\"}}");
        cleverTap.answerStyle(AnswerStyle.COMPACT);
        assertThat(upload(batch).body()).startsWith("{\"status\":\"fail\",\"processed\":0,\"unprocessed\":[{\"status\"");

        cleverTap.answerStyle(AnswerStyle.RECORDED_EARLY_2017);
        JsonNode early = Http.json(upload(batch));
        assertThat(early.path("status").asText()).isEqualTo("success");
        assertThat(early.at("/unprocessed/0/code").asInt()).isEqualTo(515);
        assertThat(early.at("/unprocessed/0/record").asText()).startsWith("{ \"identity\" : \"4\" , \"type\"");

        cleverTap.answerStyle(AnswerStyle.RECORDED_LATE_2017);
        JsonNode late = Http.json(upload(batch));
        assertThat(late.path("status").asText()).isEqualTo("success");
        assertThat(late.at("/unprocessed/0").properties()).singleElement().satisfies(entry -> {
            assertThat(entry.getKey()).startsWith("{ \"identity\" : \"4\"");
            assertThat(entry.getValue().asText()).endsWith("Email is not valid.Skipped record number : 1");
        });
    }

    @Test
    void aDryRunIsAnsweredAsUsualAndStoresNothing() throws IOException {
        HttpResponse<String> response = Http.send("POST", cleverTap.url() + "/1/upload?dryRun=1", batch(event("u"), "{}"),
                credentials());
        assertThat(Http.json(response).path("status").asText()).isEqualTo("partial");
        assertThat(Http.json(response).path("processed").asInt()).isEqualTo(1);
        assertThat(cleverTap.stored()).isEmpty();
        Http.send("POST", cleverTap.url() + "/1/upload?dryRun=0", batch(event("u")), credentials());
        assertThat(cleverTap.stored()).hasSize(1);
        cleverTap.dryRun(true);
        upload(batch(event("u")));
        assertThat(cleverTap.storedCount()).isEqualTo(1);
    }

    // Records

    @ParameterizedTest
    @ValueSource(strings = {"{\"identity\":\"u\"}", "{\"identity\":\"u\",\"type\":\"events\"}", "{}"})
    void aTypeOtherThanEventProfileOrTokenIs524(String record) throws IOException {
        assertThat(code(record)).isEqualTo(524);
    }

    @Test
    void anIdMustBeTextOrNumberNotBlankAndUnder120Characters() throws IOException {
        for (String id : List.of("\"\"", "\" \"", "null", "true", "{}", "\"" + "x".repeat(120) + "\"")) {
            assertThat(code(event("\"identity\":" + id, "\"e\"", "{}"))).as(id).isEqualTo(523);
        }
        for (String id : List.of("13", "\"" + "x".repeat(119) + "\"", "\"$RCAnonymousID:1a2b\"")) {
            assertThat(code(event("\"identity\":" + id, "\"e\"", "{}"))).as(id).isZero();
        }
        for (String field : List.of("FBID", "GPID")) {
            assertThat(code(event("\"" + field + "\":\"1\"", "\"e\"", "{}"))).as(field).isZero();
        }
    }

    @Test
    void anObjectIdMustLookLikeADeviceIdEvenBesideAnIdentity() throws IOException {
        assertThat(code(event("\"objectId\":\"user-1\"", "\"e\"", "{}"))).isEqualTo(526);
        assertThat(code(event("\"identity\":\"u\",\"objectId\":\"user-1\"", "\"e\"", "{}"))).isEqualTo(526);
        assertThat(code(event("\"objectId\":\"-2ce3cca260664f7c82bc9513caa981c4\"", "\"e\"", "{}"))).isZero();
        assertThat(code(event("\"objectId\":\"__49260b1c7a2f4e0d9a8b7c6d5e4f3a2b\"", "\"e\"", "{}"))).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-1", "1600016247123", "1600016247.5", "\"1600016247\"", "\"2024-01-01\"", "null", "true"})
    void aTsThatIsNotInEpochSecondsIs525(String ts) throws IOException {
        assertThat(refusal(event("\"identity\":\"u\",\"ts\":" + ts, "\"e\"", "{}")))
                .isEqualTo("525 Timestamp should be present in the Unix Epoch format. Skipped record number : 1");
    }

    @Test
    void aTsOutsideTheWindowIs527OnlyIfAWindowIsSet() throws IOException {
        long now = Instant.now().getEpochSecond();
        String old = event("\"identity\":\"u\",\"ts\":" + (now - 7200), "\"e\"", "{}");
        String future = event("\"identity\":\"u\",\"ts\":" + (now + 7200), "\"e\"", "{}");
        assertThat(List.of(code(old), code(future))).containsOnly(0);
        cleverTap.ingestionWindow(Duration.ofHours(1), Duration.ofHours(1));
        assertThat(List.of(code(old), code(future))).containsOnly(527);
        assertThat(code(event("u"))).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "\"\"", "\"  \"", "5"})
    void anEventWithoutANameIs509(String name) throws IOException {
        assertThat(refusal(event("\"identity\":\"u\"", name, "{}"))).isEqualTo(
                "509 Event Name is incorrect. ErrorCode: 509 - Event name is mandatory. Skipped record number : 1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"App Uninstalled", "appuninstalled", "UTM VISITED", "Web Page Viewed", "wzrk_anything"})
    void aRestrictedEventNameIs513WhateverItsCaseAndSpaces(String name) throws IOException {
        assertThat(refusal(event("\"identity\":\"u\"", "\"" + name + "\"", "{}"))).isEqualTo(
                "513 Event Name is incorrect. ErrorCode: 513 - Trying to raise a restricted system event. "
                        + "Skipped record number : 1");
    }

    @Test
    void namesCanBeRestrictedOrDiscarded() throws IOException {
        cleverTap.restricted("Mine").discarded("Thrown Away");
        assertThat(code(event("\"identity\":\"u\"", "\"mine\"", "{}"))).isEqualTo(513);
        assertThat(refusal(event("\"identity\":\"u\"", "\"ThrownAway\"", "{}"))).startsWith("528 Discarded event");
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "\"text\"", "[]", "{\"list\":[1]}", "{\"object\":{}}", "{\"Items\":[]}"})
    void eventDataThatIsNotAFlatObjectIs512(String data) throws IOException {
        assertThat(code(event("\"identity\":\"u\"", "\"e\"", data))).isEqualTo(512);
    }

    @Test
    void onlyAChargedEventMayHaveItems() throws IOException {
        assertThat(code(event("\"identity\":\"u\"", "\"Charged\"", "{\"Items\":[{\"sku\":\"a\"},{\"sku\":\"b\"}]}"))).isZero();
        assertThat(code(event("\"identity\":\"u\"", "\"Charged\"", "{\"Items\":[{\"sku\":{}}]}"))).isEqualTo(512);
        assertThat(code(event("\"identity\":\"u\"", "\"Charged\"", "{\"Items\":[1]}"))).isEqualTo(512);
    }

    @Test
    void nestedPropertiesNeedTheBetaAndStayWithinItsLimits() throws IOException {
        cleverTap.nested(true);
        assertThat(code(event("\"identity\":\"u\"", "\"e\"", "{\"a\":{\"b\":{\"c\":1}},\"l\":[1]}"))).isZero();
        assertThat(code(event("\"identity\":\"u\"", "\"e\"", "{\"a\":{\"b\":{\"c\":{}}}}"))).isEqualTo(512);
        assertThat(code(event("\"identity\":\"u\"", "\"e\"", "{\"1\":[],\"2\":[],\"3\":[],\"4\":[],\"5\":[],\"6\":[]}")))
                .isEqualTo(512);
        assertThat(code(event("\"identity\":\"u\"", "\"e\"", "{\"a\":[\"" + "x".repeat(131_100) + "\"]}")))
                .isEqualTo(512);
    }

    @Test
    void moreThan100PropertiesAre522UntilTheAccountAllowsMore() throws IOException {
        String data = IntStream.range(0, 101).mapToObj(i -> "\"p" + i + "\":1").collect(Collectors.joining(",", "{", "}"));
        assertThat(code(event("\"identity\":\"u\"", "\"e\"", data))).isEqualTo(522);
        cleverTap.maxProperties(256);
        assertThat(code(event("\"identity\":\"u\"", "\"e\"", data))).isZero();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "\"Gender\":\"male\"         | 514 | Gender needs to be M/F.",
            "\"Email\":\"1234\"          | 515 | Email is not valid.",
            "\"Email\":\"$$$$$\"         | 515 | Email is not valid.",
            "\"Phone\":\"223\"           | 516 | Phone number is not valid.",
            "\"Phone\":\"+44+441234\"    | 516 | Phone number is not valid.",
            "\"Phone\":35922333232       | 516 | Phone number is not valid.",
            "\"Employed\":\"yes\"        | 517 | Employed needs to be Y/N.",
            "\"Education\":\"PhD\"       | 518 | Education needs to be School/College/Graduate..",
            "\"Married\":true            | 519 | Married needs to be Y/N.",
            "\"Age\":\"aa\"              | 520 | Age is invalid."})
    void aWrongSystemPropertyIsRefusedWithItsRecordedText(String property, int code, String text) throws IOException {
        assertThat(refusal(profile("u", "{" + property + "}")))
                .isEqualTo(code + " Profile data is incorrect. " + text + "Skipped record number : 1");
    }

    @Test
    void aProfileWithRightSystemPropertiesIsStored() throws IOException {
        assertThat(code(profile("u", "{\"Name\":\"John\",\"Email\":\"example@gmail.com\",\"Gender\":\"M\","
                + "\"Phone\":\"+35922333232\",\"Employed\":\"Y\",\"Education\":\"Graduate\",\"Married\":\"Y\",\"Age\":\"18\","
                + "\"DOB\":\"$D_1468322268\",\"MSG-push\":false}"))).isZero();
    }

    @Test
    void theFirstWrongPropertyInTheOrderOfTheServiceDecides() throws IOException {
        String all = "\"Age\":\"aa\",\"Married\":1,\"Education\":1,\"Employed\":1,\"Phone\":\"1\",\"Email\":\"1\"";
        assertThat(code(profile("u", "{" + all + ",\"Gender\":1}"))).isEqualTo(514);
        assertThat(code(profile("u", "{" + all + "}"))).isEqualTo(515);
        assertThat(code("{\"identity\":\"u\",\"ts\":0,\"type\":\"profile\",\"profileData\":{" + all + "}}")).isEqualTo(525);
    }

    @Test
    void theEchoHasAPhoneNumberAndTextIdentityOnceThePhoneWasChecked() throws IOException {
        String phone = "\"identity\":13,\"Phone\":\"+35922333232\"";
        JsonNode late = echo(profile("u", "{" + phone + ",\"Age\":\"aa\"}")).path("profileData");
        assertThat(late.path("Phone").isNumber()).isTrue();
        assertThat(late.path("Phone").asLong()).isEqualTo(35922333232L);
        assertThat(late.path("identity").isTextual()).isTrue();
        JsonNode early = echo(profile("u", "{" + phone + ",\"Email\":\"1234\"}")).path("profileData");
        assertThat(early.path("Phone").asText()).isEqualTo("+35922333232");
        assertThat(early.path("identity").isNumber()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "[]", "{\"list\":[\"a\"]}", "{\"object\":{\"a\":1}}", "{\"two\":{\"$add\":[],\"$set\":[]}}"})
    void profileDataThatIsNeitherFlatNorAnOperatorIs512(String data) throws IOException {
        assertThat(code(profile("u", data))).isEqualTo(512);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "{}                              | 532", "{\"id\":\"t\"}                         | 533",
            "{\"id\":\"t\",\"type\":\"web\"} | 534", "{\"id\":\"t\",\"type\":\"fcm\"}      | 0"})
    void aDeviceTokenNeedsAnIdAndAKnownType(String data, int code) throws IOException {
        assertThat(code("{\"objectId\":\"-2ce3cca260664f7c82bc9513caa981c4\",\"type\":\"token\",\"tokenData\":" + data + "}"))
                .isEqualTo(code);
        assertThat(code("{\"identity\":\"u\",\"objectId\":\"short\",\"type\":\"token\",\"tokenData\":" + data + "}"))
                .isEqualTo(530);
    }

    // What is stored

    @Test
    void theSameEventTwiceIsStoredTwice() throws IOException {
        upload(batch(event("u"), event("u")));
        upload(batch(event("u")));
        assertThat(cleverTap.eventsOf("u")).hasSize(3);
        assertThat(cleverTap.eventsOf("other")).isEmpty();
    }

    @Test
    void recordsAreKeptExactlyAsSent() throws IOException {
        upload(batch(event("\"identity\":\"u\"", "\"e\"", "{\"amount\":9.990,\"big\":12345678901234567890.10,\"n\":3}")));
        StoredRecord stored = cleverTap.eventsOf("u").get(0);
        assertThat(stored.data().path("amount").decimalValue()).isEqualTo(new BigDecimal("9.990"));
        assertThat(stored.data().path("big").decimalValue()).isEqualTo(new BigDecimal("12345678901234567890.10"));
        assertThat(stored.account()).isEqualTo(ACCOUNT);
        assertThat(stored.name()).isEqualTo("e");
        assertThat(stored.call()).isEqualTo(1);
        assertThat(stored.receivedAt()).isBetween(Instant.now().minusSeconds(60), Instant.now());
    }

    @Test
    void profilesMergeKeyByKeyUnderAllTheirIds() throws IOException {
        String device = "-2ce3cca260664f7c82bc9513caa981c4";
        upload(batch(profile("u", "{\"Name\":\"John\",\"Plan\":\"gold\",\"Phone\":\"+35922333232\"}"),
                profile("u", "{\"Plan\":\"silver\",\"Gone\":null}"),
                event("\"identity\":\"u\",\"objectId\":\"" + device + "\"", "\"e\"", "{}")));
        JsonNode profile = cleverTap.profile(device).orElseThrow();
        assertThat(profile.properties()).extracting(property -> property.getKey() + "=" + property.getValue().asText())
                .containsExactlyInAnyOrder("Name=John", "Plan=silver", "Phone=35922333232");
        assertThat(profile.path("Phone").isNumber()).isTrue();
        assertThat(cleverTap.profile("u")).contains(cleverTap.profile(device).orElseThrow());
    }

    @Test
    void anEventOfAnUnknownUserCreatesAnEmptyProfile() throws IOException {
        upload(batch(event("new")));
        assertThat(cleverTap.profile(ACCOUNT, "new")).hasValueSatisfying(profile -> assertThat(profile.isEmpty()).isTrue());
        assertThat(cleverTap.profile("never seen")).isEmpty();
    }

    @Test
    void profileOperatorsChangeTheStoredValue() throws IOException {
        upload(batch(profile("u", "{\"n\":{\"$incr\":5},\"tags\":{\"$add\":[\"a\",\"b\"]},\"old\":1,\"Gender\":\"M\"}"),
                profile("u", "{\"n\":{\"$decr\":2},\"tags\":{\"$add\":[\"b\",\"c\"]},\"old\":{\"$delete\":1},"
                        + "\"Gender\":{\"$delete\":true}}"),
                profile("u", "{\"tags\":{\"$remove\":[\"a\"]},\"set\":{\"$set\":[\"x\",\"x\"]}}")));
        assertThat(Json.compact(cleverTap.profile("u").orElseThrow()))
                .isEqualTo("{\"n\":3,\"tags\":[\"b\",\"c\"],\"set\":[\"x\"]}");
    }

    @Test
    void whatTheDashboardAloneWouldShowIsStoredAndListedAsErrorStream() throws IOException {
        cleverTap.knownSchema("flawed", "$ip", "long", "none", "typed", "when").knownSchema("fine");
        upload(batch(event("\"identity\":\"u\"", "\"flawed\"", "{\"typed\":1}"),
                event("\"identity\":\"u\"", "\"Flawed\"", "{\"$ip\":\"1\",\"long\":\"" + "é".repeat(257) + "\",\"none\":null,"
                        + "\"typed\":\"1\",\"when\":\"$D_1600016247123\",\"extra\":1}"),
                event("\"identity\":\"u\"", "\"un:known\"", "{}"),
                event("\"identity\":\"u\"", "\"fine\"", "{}"),
                profile("u", "{\"a#b\":1,\"" + "k".repeat(121) + "\":1}")));
        assertThat(cleverTap.storedCount()).isEqualTo(5);
        assertThat(cleverTap.errorStream()).extracting(ErrorStreamEntry::position, ErrorStreamEntry::flaw,
                ErrorStreamEntry::key).containsExactlyInAnyOrder(
                        tuple(2, Flaw.PROHIBITED_CHARACTERS, "$ip"), tuple(2, Flaw.VALUE_TOO_LONG, "long"),
                        tuple(2, Flaw.NULL_VALUE, "none"), tuple(2, Flaw.TYPE_DRIFT, "typed"),
                        tuple(2, Flaw.MALFORMED_DATE, "when"), tuple(2, Flaw.UNKNOWN_SCHEMA, "extra"),
                        tuple(3, Flaw.PROHIBITED_CHARACTERS, ""), tuple(3, Flaw.UNKNOWN_SCHEMA, ""),
                        tuple(5, Flaw.PROHIBITED_CHARACTERS, "a#b"), tuple(5, Flaw.KEY_TOO_LONG, "k".repeat(121)));
        assertThat(cleverTap.flawCount()).isEqualTo(10);
    }

    @Test
    void eventTypesBeyondTheAccountsLimitAndTooManyItemsAreFlagged() throws IOException {
        String events = IntStream.range(0, 513).mapToObj(i -> event("\"identity\":\"u\"", "\"e" + i + "\"", "{}"))
                .collect(Collectors.joining(","));
        String items = IntStream.range(0, 257).mapToObj(i -> "{}").collect(Collectors.joining(","));
        upload(batch(event("\"identity\":\"u\"", "\"Charged\"", "{\"Items\":[" + items + "]}")));
        upload(batch(events));
        assertThat(cleverTap.errorStream()).extracting(ErrorStreamEntry::flaw)
                .containsOnly(Flaw.TOO_MANY_ITEMS, Flaw.TOO_MANY_EVENT_TYPES).contains(Flaw.TOO_MANY_ITEMS);
    }

    @Test
    void everyCallIsLoggedWithItsSizeStatusAndTimes() throws IOException {
        upload(batch(event("u"), event("v"), "{}"));
        upload("nonsense");
        upload(batch(event("w")));
        assertThat(cleverTap.calls()).extracting(Call::records, Call::stored, Call::status, Call::inFlight)
                .containsExactly(tuple(3, 2, 200, 1), tuple(0, 0, 400, 1), tuple(1, 1, 200, 1));
        assertThat(cleverTap.calls()).allSatisfy(call -> {
            assertThat(call.account()).isEqualTo(ACCOUNT);
            assertThat(call.endNanos()).isGreaterThan(call.startNanos());
        });
        assertThat(cleverTap.averageRecordsPerCall()).isEqualTo(2.0);
        assertThat(cleverTap.callCount()).isEqualTo(3);
        assertThat(cleverTap.maxInFlight(ACCOUNT)).isEqualTo(1);
    }

    @Test
    void accountsAreKeptApart() throws IOException {
        cleverTap.account("TEST-AAA-BBB-CCCC", "sandbox");
        upload(batch(event("u")));
        Http.send("POST", cleverTap.url() + "/1/upload", batch(event("u"), event("u")),
                "X-CleverTap-Account-Id", "TEST-AAA-BBB-CCCC", "X-CleverTap-Passcode", "sandbox");
        assertThat(cleverTap.storedCount(ACCOUNT)).isEqualTo(1);
        assertThat(cleverTap.storedCount("TEST-AAA-BBB-CCCC")).isEqualTo(2);
        assertThatThrownBy(() -> cleverTap.storedCount("AAA-AAA-AAAA")).hasMessageContaining(ACCOUNT);
    }

    @Test
    void withALimitOnlyTheNewestAreKeptButAllAreCounted() throws IOException {
        List<String> heard = new ArrayList<>();
        cleverTap.keep(2).onStored(record -> heard.add(record.id()));
        for (int i = 1; i <= 5; i++) {
            upload(batch(event("u" + i), "{}"));
        }
        assertThat(cleverTap.stored()).extracting(StoredRecord::id).containsExactly("u4", "u5");
        assertThat(cleverTap.calls()).hasSize(2);
        assertThat(cleverTap.profile("u1")).isEmpty();
        assertThat(cleverTap.profile("u5")).isPresent();
        assertThat(cleverTap.storedCount()).isEqualTo(5);
        assertThat(cleverTap.refusedCount()).isEqualTo(5);
        assertThat(heard).hasSize(5);
        cleverTap.keep(0);
        upload(batch(event("u6")));
        assertThat(cleverTap.stored()).isEmpty();
        assertThat(cleverTap.storedCount()).isEqualTo(6);
    }

    @Test
    void aResetForgetsEverythingReceivedAndKeepsAccountsAndSettings() throws IOException {
        cleverTap.discarded("no");
        upload(batch(event("u"), profile("u", "{\"a\":null}")));
        cleverTap.faults().always(Fault.status(500));
        cleverTap.reset();
        assertThat(cleverTap.stored()).isEmpty();
        assertThat(cleverTap.calls()).isEmpty();
        assertThat(cleverTap.errorStream()).isEmpty();
        assertThat(cleverTap.profile("u")).isEmpty();
        assertThat(List.of(cleverTap.storedCount(), cleverTap.callCount(), cleverTap.flawCount())).containsOnly(0L);
        assertThat(code(event("\"identity\":\"u\"", "\"no\"", "{}"))).isEqualTo(528);
    }

    private static String[] credentials() {
        return new String[] {"X-CleverTap-Account-Id", ACCOUNT, "X-CleverTap-Passcode", PASSCODE};
    }

    private HttpResponse<String> upload(String body) throws IOException {
        return Http.send("POST", cleverTap.url() + "/1/upload", body, credentials());
    }

    private String error(int status, String body, String... headers) throws IOException {
        HttpResponse<String> response = Http.send("POST", cleverTap.url() + "/1/upload", body, headers);
        assertThat(response.statusCode()).isEqualTo(status);
        assertThat(Http.json(response).path("code").asInt()).isEqualTo(status);
        return Http.json(response).path("error").asText();
    }

    /** 0 for a stored record. */
    private int code(String record) throws IOException {
        JsonNode answer = Http.json(upload(batch(record)));
        assertThat(answer.path("processed").asInt() + answer.path("unprocessed").size()).isEqualTo(1);
        return answer.at("/unprocessed/0/code").asInt();
    }

    private String refusal(String record) throws IOException {
        JsonNode entry = Http.json(upload(batch(record))).at("/unprocessed/0");
        return entry.path("code").asInt() + " " + entry.path("error").asText();
    }

    private JsonNode echo(String record) throws IOException {
        return Http.json(upload(batch(record))).at("/unprocessed/0/record");
    }

    private static String batch(String... records) {
        return "{\"d\":[" + String.join(",", records) + "]}";
    }

    private static String event(String identity) {
        return event("\"identity\":\"" + identity + "\"", "\"rc_renewal_event\"", "{}");
    }

    private static String event(String fields, String name, String data) {
        return "{" + fields + ",\"type\":\"event\",\"evtName\":" + name + ",\"evtData\":" + data + "}";
    }

    private static String profile(String identity, String data) {
        return "{\"identity\":\"" + identity + "\",\"type\":\"profile\",\"profileData\":" + data + "}";
    }
}
