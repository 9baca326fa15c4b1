package io.subscriptionrelay.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.simulator.CleverTapSimulator.Call;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FaultsTest {

    private static final String ACCOUNT = "AAA-BBB-CCCC";
    private static final String OTHER = "TEST-AAA-BBB-CCCC";
    private static final String EVENT = "{\"identity\":\"u\",\"type\":\"event\",\"evtName\":\"e\",\"evtData\":{}}";

    private CleverTapSimulator cleverTap;
    private Faults faults;

    @BeforeEach
    void start() {
        cleverTap = new CleverTapSimulator().account(ACCOUNT, "p").account(OTHER, "p").start();
        faults = cleverTap.faults();
    }

    @AfterEach
    void stop() {
        cleverTap.close();
    }

    @Test
    void queuedFaultsAreUsedUpInOrderAndNothingIsStoredMeanwhile() throws IOException {
        faults.next(2, Fault.status(503).html("<h1>Down</h1>")).next(Fault.status(500).empty());
        HttpResponse<String> html = upload();
        assertThat(html.statusCode()).isEqualTo(503);
        assertThat(html.body()).isEqualTo("<h1>Down</h1>");
        assertThat(html.headers().firstValue("Content-Type")).hasValue("text/html;charset=utf-8");
        assertThat(faults.pending()).isEqualTo(2);
        assertThat(upload().statusCode()).isEqualTo(503);
        HttpResponse<String> empty = upload();
        assertThat(empty.statusCode()).isEqualTo(500);
        assertThat(empty.body()).isEmpty();
        assertThat(empty.headers().firstValue("Content-Type")).isEmpty();
        assertThat(cleverTap.storedCount()).isZero();
        assertThat(upload().statusCode()).isEqualTo(200);
        assertThat(cleverTap.calls()).extracting(Call::status).containsExactly(503, 503, 500, 200);
        assertThat(cleverTap.calls()).extracting(Call::records).containsOnly(1);
    }

    @Test
    void aStandingFaultHoldsUntilItIsCleared() throws IOException {
        faults.always(Fault.status(500));
        assertThat(List.of(upload().statusCode(), upload().statusCode())).containsOnly(500);
        faults.clear();
        assertThat(upload().statusCode()).isEqualTo(200);
    }

    @Test
    void aFaultCanHoldForATime() throws IOException {
        faults.during(Duration.ofMillis(200), Fault.status(500));
        assertThat(upload().statusCode()).isEqualTo(500);
        Awaitility.await().until(() -> upload().statusCode() == 200);
    }

    @Test
    void aFaultCanHitOneAccountOnly() throws IOException {
        faults.forAccount(OTHER.toLowerCase()).always(Fault.status(503));
        assertThat(upload(OTHER).statusCode()).isEqualTo(503);
        assertThat(upload(ACCOUNT).statusCode()).isEqualTo(200);
        faults.clear();
        assertThat(upload(OTHER).statusCode()).isEqualTo(200);
    }

    @Test
    void theScriptOfAnAccountComesBeforeTheGeneralOneWhichStillHolds() throws IOException {
        faults.always(Fault.status(500)).forAccount(OTHER).next(Fault.status(503));
        assertThat(List.of(upload(OTHER).statusCode(), upload(OTHER).statusCode(), upload(ACCOUNT).statusCode()))
                .containsExactly(503, 500, 500);
    }

    @Test
    void retryAfterIsWhatTheScriptSaysAndOtherwiseWhatTheServiceSends() throws IOException {
        faults.next(Fault.status(429).retryAfter(2)).next(Fault.status(429)).next(Fault.status(503)
                .retryAfterHeader("Wed, 21 Oct 2026 07:28:00 GMT"));
        assertThat(upload().headers().firstValue("Retry-After")).hasValue("2");
        HttpResponse<String> usual = upload();
        assertThat(usual.headers().firstValue("Retry-After")).isEmpty();
        assertThat(Http.json(usual).path("code").asInt()).isEqualTo(429);
        assertThat(upload().headers().firstValue("Retry-After")).hasValue("Wed, 21 Oct 2026 07:28:00 GMT");

        String app = "8250eaf6-1a58-489e-b136-7c74a864b434";
        try (OneSignalSimulator oneSignal = new OneSignalSimulator().app(app, "k").start()) {
            oneSignal.faults().next(Fault.status(429)).next(Fault.status(429).retryAfter(60))
                    .next(Fault.status(429).retryAfter(null)).next(Fault.status(503));
            String user = oneSignal.url() + "/apps/" + app + "/users/by/external_id/u";
            List<String> seen = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                seen.add(Http.send("PATCH", user, "{}").headers().firstValue("Retry-After").orElse("none"));
            }
            assertThat(seen).containsExactly("1", "60", "none", "none");
        }
    }

    @Test
    void anyAnswerCanBeScripted() throws IOException {
        String contradiction = "{\"status\":\"success\",\"processed\":0,\"unprocessed\":[{\"status\":\"fail\"}]}";
        faults.next(Fault.body(200, "{\"status\":\"fail\",\"processed\":0,\"unprocessed\":[]}"))
                .next(Fault.body(200, contradiction)).next(Fault.status(400)).next(Fault.status(503).text("busy"));
        assertThat(upload().body()).isEqualTo("{\"status\":\"fail\",\"processed\":0,\"unprocessed\":[]}");
        assertThat(upload().body()).isEqualTo(contradiction);
        assertThat(Http.json(upload()).path("error").asText()).isEqualTo("Malformed request");
        assertThat(upload().body()).isEqualTo("busy");
        assertThat(cleverTap.storedCount()).isZero();
    }

    @Test
    void aResetBeforeProcessingStoresNothingAndOneAfterItStoresAll() {
        faults.next(Fault.resetBeforeProcessing());
        assertThatThrownBy(this::upload).isInstanceOf(IOException.class);
        assertThat(cleverTap.storedCount()).isZero();
        faults.next(Fault.resetAfterProcessing());
        assertThatThrownBy(this::upload).isInstanceOf(IOException.class);
        assertThat(cleverTap.storedCount()).isEqualTo(1);
        assertThat(cleverTap.calls()).extracting(Call::status).containsExactly(0, 0);
        assertThat(cleverTap.calls()).extracting(Call::stored).containsExactly(0, 1);
    }

    @Test
    void anAnswerCanBeCutInTheMiddleOfItsBody() {
        faults.next(Fault.cutInBody());
        assertThatThrownBy(this::upload).isInstanceOf(IOException.class);
        assertThat(cleverTap.storedCount()).isEqualTo(1);
    }

    @Test
    void anErrorCanBeAnsweredAlthoughAllWasStored() throws IOException {
        faults.next(Fault.status(504).html("Gateway Time-out").afterProcessing());
        assertThat(upload().statusCode()).isEqualTo(504);
        assertThat(cleverTap.storedCount()).isEqualTo(1);
    }

    @Test
    void aCallCanBeAcceptedAndNeverApplied() throws IOException {
        faults.next(Fault.acceptedButNeverApplied());
        assertThat(Http.json(upload()).path("processed").asInt()).isEqualTo(1);
        assertThat(cleverTap.storedCount()).isZero();

        String app = "8250eaf6-1a58-489e-b136-7c74a864b434";
        try (OneSignalSimulator oneSignal = new OneSignalSimulator().app(app, "k").start()) {
            oneSignal.createUser(app, "external_id", "u");
            oneSignal.faults().next(Fault.acceptedButNeverApplied());
            assertThat(Http.send("PATCH", oneSignal.url() + "/apps/" + app + "/users/by/external_id/u",
                    "{\"properties\":{\"tags\":{\"a\":\"1\"}}}", "Authorization", "Key k").statusCode()).isEqualTo(202);
            assertThat(oneSignal.tags(app, "external_id", "u")).isEmpty();
        }
    }

    @Test
    void aStallDelaysTheCallBeforeOrAfterItIsStored() {
        faults.next(Fault.stall(Duration.ofMinutes(1)));
        CompletableFuture<?> before = uploadAsync();
        Awaitility.await().until(() -> faults.pending() == 0);
        faults.next(Fault.stallAfterProcessing(Duration.ofMinutes(1)));
        CompletableFuture<?> after = uploadAsync();
        Awaitility.await().until(() -> cleverTap.storedCount() == 1);
        assertThat(List.of(before, after)).noneMatch(CompletableFuture::isDone);
        cleverTap.stop();
        assertThat(List.of(before, after)).allSatisfy(call -> assertThat(call).failsWithin(Duration.ofSeconds(10)));
        assertThat(cleverTap.storedCount()).isEqualTo(1);
    }

    @Test
    void aStalledCallIsProcessedAfterwards() throws IOException {
        faults.next(Fault.stall(Duration.ofMillis(50)));
        assertThat(upload().statusCode()).isEqualTo(200);
        Call call = cleverTap.calls().get(0);
        assertThat(call.endNanos() - call.startNanos()).isGreaterThanOrEqualTo(Duration.ofMillis(50).toNanos());
        assertThat(call.stored()).isEqualTo(1);
    }

    @Test
    void aSlowBodyArrivesWhole() throws IOException {
        faults.next(Fault.slowBody(Duration.ofMillis(100)));
        long started = System.nanoTime();
        assertThat(upload().body()).isEqualTo("{ \"status\" : \"success\" , \"processed\" : 1 , \"unprocessed\" : [ ]}");
        assertThat(System.nanoTime() - started).isGreaterThanOrEqualTo(Duration.ofMillis(100).toNanos());
    }

    @Test
    void anyFaultCanBeDelayed() throws IOException {
        faults.next(Fault.status(503).delayed(Duration.ofMillis(50)));
        long started = System.nanoTime();
        assertThat(upload().statusCode()).isEqualTo(503);
        assertThat(System.nanoTime() - started).isGreaterThanOrEqualTo(Duration.ofMillis(50).toNanos());
    }

    @Test
    void singleRecordsCanFailWith555() throws IOException {
        faults.failRecords(2, record -> record.path("identity").asText().equals("u"));
        JsonNode answer = Http.json(upload(ACCOUNT, EVENT, EVENT.replace("\"u\"", "\"v\"")));
        assertThat(answer.path("status").asText()).isEqualTo("partial");
        assertThat(answer.at("/unprocessed/0/code").asInt()).isEqualTo(555);
        assertThat(answer.at("/unprocessed/0/error").asText()).endsWith("Skipped record number : 1");
        assertThat(Http.json(upload()).path("processed").asInt()).isZero();
        assertThat(Http.json(upload()).path("processed").asInt()).isEqualTo(1);
        faults.forAccount(OTHER).failRecords(record -> true);
        assertThat(Http.json(upload(OTHER)).path("processed").asInt()).isZero();
        assertThat(Http.json(upload(ACCOUNT)).path("processed").asInt()).isEqualTo(1);
        faults.clear();
        assertThat(Http.json(upload(OTHER)).path("processed").asInt()).isEqualTo(1);
    }

    @Test
    void singleCustomEventsCanFailInsideA202() throws IOException {
        String app = "8250eaf6-1a58-489e-b136-7c74a864b434";
        try (OneSignalSimulator oneSignal = new OneSignalSimulator().app(app, "k").start()) {
            oneSignal.createUser(app, "external_id", "u");
            oneSignal.faults().failRecords(1, event -> true);
            HttpResponse<String> response = Http.send("POST", oneSignal.url() + "/apps/" + app + "/custom_events",
                    "{\"events\":[{\"name\":\"a\",\"external_id\":\"u\"},{\"name\":\"b\",\"external_id\":\"u\"}]}",
                    "Authorization", "Key k", "Content-Type", "application/json");
            assertThat(response.statusCode()).isEqualTo(202);
            assertThat(Http.json(response).path("errors")).hasSize(1);
            assertThat(oneSignal.customEvents()).singleElement().satisfies(e -> assertThat(e.name()).isEqualTo("b"));
        }
    }

    @Test
    void aFaultThatKeepsTheServicesAnswerTakesNoBody() {
        assertThatThrownBy(() -> Fault.resetAfterProcessing().json("{}")).hasMessageContaining("Fault.status");
        assertThatThrownBy(() -> Fault.status(100)).hasMessageContaining("100");
    }

    private HttpResponse<String> upload() throws IOException {
        return upload(ACCOUNT);
    }

    private HttpResponse<String> upload(String account) throws IOException {
        return upload(account, EVENT);
    }

    private HttpResponse<String> upload(String account, String... records) throws IOException {
        return Http.send("POST", cleverTap.url() + "/1/upload", "{\"d\":[" + String.join(",", records) + "]}",
                "X-CleverTap-Account-Id", account, "X-CleverTap-Passcode", "p");
    }

    private CompletableFuture<?> uploadAsync() {
        return Http.sendAsync("POST", cleverTap.url() + "/1/upload", "{\"d\":[" + EVENT + "]}",
                "X-CleverTap-Account-Id", ACCOUNT, "X-CleverTap-Passcode", "p");
    }
}
