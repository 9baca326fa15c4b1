package io.subscriptionrelay.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.simulator.BrazeSimulator.StoredObject;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BrazeSimulatorTest {

    private static final String WORKSPACE = "production";
    private static final String KEY = "a-key-of-the-tests";
    private static final String TIME = "\"2024-06-10T06:13:32Z\"";
    private static final String NOBODY = "'external_id', 'braze_id', 'user_alias', 'email' or 'phone' is required";

    private BrazeSimulator braze;

    @BeforeEach
    void start() {
        braze = new BrazeSimulator().workspace(WORKSPACE, KEY).start();
    }

    @AfterEach
    void stop() {
        braze.close();
    }

    // Calls

    @Test
    void allThreeListsAreStoredInTheOrderInWhichBrazeTakesThem() throws IOException {
        HttpResponse<String> response = track("{\"purchases\":[" + purchase("\"price\":9.99") + "],\"events\":[" + event("u", "a") + ","
                + event("u", "b") + "],\"attributes\":[{\"external_id\":\"u\",\"plan\":\"yearly\"}]}");
        assertThat(response.statusCode()).isEqualTo(201);
        assertThat(response.body()).isEqualTo(
                "{\"attributes_processed\":1,\"events_processed\":2,\"purchases_processed\":1,\"message\":\"success\"}");
        assertThat(braze.stored()).extracting(StoredObject::list).containsExactly("attributes", "events", "events", "purchases");
        assertThat(braze.stored()).extracting(StoredObject::index).containsExactly(0, 0, 1, 0);
        assertThat(braze.calls()).singleElement().satisfies(call -> {
            assertThat(call.objects()).isEqualTo(4);
            assertThat(call.stored()).isEqualTo(4);
            assertThat(call.status()).isEqualTo(201);
        });
    }

    @Test
    void aWrongKeyGets401AndAKeyWithoutPermission403() throws IOException {
        for (String authorization : List.of("Bearer wrong", KEY, "Bearer \"" + KEY + "\"", "Basic " + KEY)) {
            HttpResponse<String> response = Http.send("POST", braze.url() + "/users/track", events(event("u", "e")), "Content-Type",
                    "application/json", "Authorization", authorization);
            assertThat(response.statusCode()).as(authorization).isEqualTo(401);
            assertThat(response.body()).isEqualTo("{\"message\":\"Invalid API Key\"}");
        }
        braze.permitted(WORKSPACE, false);
        assertThat(track(events(event("u", "e"))).statusCode()).isEqualTo(403);
        braze.permitted(WORKSPACE, true).workspace(WORKSPACE, "another");
        assertThat(track(events(event("u", "e"))).statusCode()).isEqualTo(401);
        assertThat(braze.storedCount()).isZero();
    }

    @Test
    void anotherPathAndAnotherMethodAreRefused() throws IOException {
        assertThat(Http.send("POST", braze.url() + "/users/tracks", "{}", headers()).statusCode()).isEqualTo(404);
        assertThat(Http.send("GET", braze.url() + "/users/track", null, headers()).statusCode()).isEqualTo(405);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "nonsense", "[]", "{\"events\":{}}", "{\"event\":[]}", "{\"events\":[]} trailing", "{}", "{\"events\":[]}"})
    void aBodyWithoutAnyObjectInTheThreeListsIsABadRequest(String body) throws IOException {
        assertThat(track(body).statusCode()).isEqualTo(400);
    }

    @Test
    void theContentTypeMustBeJson() throws IOException {
        assertThat(Http.send("POST", braze.url() + "/users/track", events(event("u", "e")), "Content-Type", "text/plain", "Authorization",
                "Bearer " + KEY).statusCode()).isEqualTo(400);
    }

    @Test
    void moreThan75ObjectsTogetherAreRefusedAsAWhole() throws IOException {
        assertThat(track(lists(40, 35, 0)).statusCode()).isEqualTo(201);
        HttpResponse<String> refused = track(lists(40, 35, 1));
        assertThat(refused.statusCode()).isEqualTo(400);
        assertThat(refused.body()).isEqualTo("{\"message\":\"Max Input Length Exceeded\"}");
        assertThat(braze.storedCount()).isEqualTo(75);
        braze.maxObjectsOfEachList(75);
        assertThat(track(lists(75, 75, 75)).statusCode()).isEqualTo(201);
        assertThat(track(lists(76, 0, 0)).statusCode()).isEqualTo(400);
        braze.maxObjects(50);
        assertThat(track(lists(51, 0, 0)).statusCode()).isEqualTo(400);
    }

    @Test
    void everyAnswerTellsWhatIsLeftOfTheRateAndACallTooManyGets429() throws IOException {
        braze.rateLimit(2, Duration.ofMinutes(1));
        HttpResponse<String> first = track(events(event("u", "e")));
        assertThat(first.headers().firstValue("X-RateLimit-Limit")).hasValue("2");
        assertThat(first.headers().firstValue("X-RateLimit-Remaining")).hasValue("1");
        assertThat(track("nonsense").headers().firstValue("X-RateLimit-Remaining")).hasValue("0");
        HttpResponse<String> tooMany = track(events(event("u", "e")));
        assertThat(tooMany.statusCode()).isEqualTo(429);
        assertThat(Long.parseLong(tooMany.headers().firstValue("X-RateLimit-Reset").orElseThrow()))
                .isBetween(Instant.now().getEpochSecond(), Instant.now().getEpochSecond() + 61);
        assertThat(braze.rateViolations(WORKSPACE)).isEqualTo(1);
        braze.rateLimit(2, Duration.ZERO).reset();
        IntStream.range(0, 5).forEach(i -> assertThat(status(events(event("u", "e")))).isEqualTo(201));
    }

    @Test
    void faultsStandInForTheAnswer() throws IOException {
        braze.faults().next(Fault.status(429)).next(Fault.status(500)).next(Fault.status(202)).next(Fault.status(429).json("{}").retryAfter(7));
        assertThat(track(events(event("u", "e"))).headers().firstValue("X-RateLimit-Remaining")).hasValue("0");
        assertThat(track(events(event("u", "e"))).statusCode()).isEqualTo(500);
        assertThat(track(events(event("u", "e"))).body()).isEqualTo("{\"message\":\"queued\"}");
        HttpResponse<String> scripted = track(events(event("u", "e")));
        assertThat(scripted.headers().firstValue("Retry-After")).hasValue("7");
        assertThat(scripted.headers().firstValue("X-RateLimit-Reset")).isPresent();
        braze.faults().forAccount(WORKSPACE).next(Fault.resetAfterProcessing());
        assertThatThrownBy(() -> track(events(event("u", "e")))).isInstanceOf(IOException.class);
        assertThat(braze.eventsOf("u")).hasSize(1);
    }

    @Test
    void theSameObjectSentTwiceIsStoredTwice() throws IOException {
        track(events(event("u", "e")));
        track(events(event("u", "e")));
        assertThat(braze.eventsOf("u")).hasSize(2);
    }

    @Test
    void noKeyShowsInAnyText() {
        assertThat(braze.toString()).contains(WORKSPACE).doesNotContain(KEY);
        assertThatThrownBy(() -> braze.workspace("x", " ")).hasMessageContaining("API key");
        assertThatThrownBy(() -> braze.storedCount("y")).hasMessageContaining(WORKSPACE);
    }

    // Single objects

    @Test
    void aRefusedObjectIsListedByItsPlaceAndTheRestIsStored() throws IOException {
        HttpResponse<String> response = track("{\"events\":[" + event("u", "e") + ",{\"name\":\"e\",\"time\":" + TIME + "}],\"purchases\":["
                + purchase("\"price\":1,\"quantity\":101") + "]}");
        assertThat(response.statusCode()).isEqualTo(201);
        assertThat(response.body()).isEqualTo("{\"events_processed\":1,\"message\":\"success\",\"errors\":[{\"type\":\"" + NOBODY
                + "\",\"input_array\":\"events\",\"index\":1},{\"type\":\"'quantity' is not valid\",\"input_array\":\"purchases\",\"index\":0}]}");
        assertThat(braze.storedCount()).isEqualTo(1);
        assertThat(braze.refusedCount()).isEqualTo(2);
    }

    @Test
    void aCallOfWhichNothingIsValidGets400WithTheSameList() throws IOException {
        HttpResponse<String> response = track("{\"events\":[{\"name\":\"e\",\"time\":" + TIME + "}]}");
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.body()).isEqualTo("{\"message\":\"Valid data must be provided in the 'attributes', 'events', or 'purchases' "
                + "fields.\",\"errors\":[{\"type\":\"" + NOBODY + "\",\"input_array\":\"events\",\"index\":0}]}");
        braze.emptySuccess(true).successStatus(200);
        assertThat(track("{\"events\":[1]}").statusCode()).isEqualTo(200);
        assertThat(track("{}").statusCode()).isEqualTo(400);
    }

    @Test
    void aScriptedObjectFailsAndTheOthersAreStored() throws IOException {
        braze.faults().failRecords(1, object -> object.path("name").asText().equals("b"));
        assertThat(Http.json(track(events(event("u", "a"), event("u", "b")))).at("/errors/0/index").asInt()).isEqualTo(1);
        assertThat(Http.json(track(events(event("u", "b")))).has("errors")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\"external_id\":\"\",", "\"external_id\":\" \","})
    void anObjectWithoutAUserIsRefused(String user) throws IOException {
        assertThat(problem("events", "{" + user + "\"name\":\"e\",\"time\":" + TIME + "}")).isEqualTo(NOBODY);
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"external_id\":42", "\"user_alias\":{\"alias_name\":\"a\"}", "\"user_alias\":\"a\"", "\"email\":\"nobody\"",
            "\"external_id\":\"u\",\"_update_existing_only\":\"yes\"", "\"external_id\":\"dummy\""})
    void aUserThatMakesNoSenseIsRefused(String user) throws IOException {
        braze.blocked("dummy");
        assertThat(problem("events", "{" + user + ",\"name\":\"e\",\"time\":" + TIME + "}")).isNotEmpty().isNotEqualTo(NOBODY);
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"braze_id\":\"b\"", "\"email\":\"lena@example.com\"", "\"phone\":\"+15043277269\"", "\"external_id\":\"$RCAnonymousID:1\""})
    void anyKindOfUserWillDo(String user) throws IOException {
        assertThat(problem("events", "{" + user + ",\"name\":\"e\",\"time\":" + TIME + "}")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "\"time\":\"2024-06-10T06:13:32Z\"                                              | 'name' is required",
            "\"name\":\" \",\"time\":\"2024-06-10T06:13:32Z\"                               | 'name' is required",
            "\"name\":\"$e\",\"time\":\"2024-06-10T06:13:32Z\"                              | 'name' is not valid",
            "\"name\":\"e\"                                                                 | 'time' is required",
            "\"name\":\"e\",\"time\":1718000012                                             | 'time' is required",
            "\"name\":\"e\",\"time\":\"2024-06-10 06:13\"                                   | 'time' is not valid",
            "\"name\":\"e\",\"time\":\"2024-06-10T06:13:32\"                                | 'time' is not valid",
            "\"name\":\"e\",\"time\":\"2024-06-10T06:13:32Z\",\"properties\":[]             | 'properties' is not valid",
            "\"name\":\"e\",\"time\":\"2024-06-10T06:13:32Z\",\"properties\":{\"$a\":1}     | The name of a property is not valid",
            "\"name\":\"e\",\"time\":\"2024-06-10T06:13:32Z\",\"properties\":{\"a\":null}   | The property 'a' is not valid",
            "\"name\":\"e\",\"time\":\"2024-06-10T06:13:32Z\",\"properties\":{\"a\":[\"2024-06-10T06:13:32Z\"]} | The property 'a' is not valid",
            "\"name\":\"e\",\"time\":\"2024-06-10T06:13:32Z\",\"propertys\":{}              | 'propertys' is not known"}, quoteCharacter = '`')
    void anEventThatBrazeDoesNotTakeIsRefused(String fields, String type) throws IOException {
        assertThat(problem("events", "{\"external_id\":\"u\"," + fields + "}")).isEqualTo(type);
    }

    @Test
    void namesAndTextsEndAt255Characters() throws IOException {
        String longest = "x".repeat(255);
        assertThat(problem("events", event("u", longest))).isEmpty();
        assertThat(problem("events", event("u", longest + "x"))).isEqualTo("'name' is not valid");
        assertThat(problem("events", event("u", "e").replace("}", ",\"properties\":{\"a\":\"" + longest + "\"}}"))).isEmpty();
        assertThat(problem("events", event("u", "e").replace("}", ",\"properties\":{\"a\":\"" + longest + "x\"}}"))).isNotEmpty();
        assertThat(problem("attributes", "{\"external_id\":\"u\",\"" + longest + "x\":1}")).isNotEmpty();
        assertThat(problem("events", event("u", "e").replace("}", ",\"properties\":{\"a\":[" + ("\"" + "x".repeat(250) + "\",").repeat(210)
                + "1]}}"))).isEqualTo("'properties' is too large");
        assertThat(problem("events", event("u", "ecommerce.order_placed"))).startsWith("The property '#/'");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "\"currency\":\"EUR\",\"price\":1                       | 'product_id' is required",
            "\"product_id\":\"p\",\"price\":1                       | 'currency' is not valid",
            "\"product_id\":\"p\",\"currency\":\"EURO\",\"price\":1 | 'currency' is not valid",
            "\"product_id\":\"p\",\"currency\":\"eur\",\"price\":1  | 'currency' is not valid",
            "\"product_id\":\"p\",\"currency\":\"EUR\"              | 'price' is not valid",
            "\"product_id\":\"p\",\"currency\":\"EUR\",\"price\":\"1\" | 'price' is not valid",
            "\"product_id\":\"p\",\"currency\":\"EUR\",\"price\":1,\"quantity\":0   | 'quantity' is not valid",
            "\"product_id\":\"p\",\"currency\":\"EUR\",\"price\":1,\"quantity\":1.5 | 'quantity' is not valid"}, quoteCharacter = '`')
    void aPurchaseThatBrazeDoesNotTakeIsRefused(String fields, String type) throws IOException {
        assertThat(problem("purchases", "{\"external_id\":\"u\",\"time\":" + TIME + "," + fields + "}")).isEqualTo(type);
        assertThat(problem("purchases", purchase("\"price\":1").replace("\"p\"", "\"" + "p".repeat(256) + "\"")))
                .isEqualTo("'product_id' is not valid");
    }

    @Test
    void aRefundIsAPurchaseWithANegativePrice() throws IOException {
        track("{\"purchases\":[" + purchase("\"price\":9.99,\"quantity\":2") + "," + purchase("\"price\":-9.99") + "]}");
        assertThat(braze.purchasesOf("u")).hasSize(2);
        assertThat(braze.spentBy(WORKSPACE, "u")).isEqualTo(Map.of("EUR", new BigDecimal("9.99")));
    }

    @Test
    void attributesAreMergedAndNullRemovesOne() throws IOException {
        track("{\"attributes\":[{\"external_id\":\"u\",\"plan\":\"monthly\",\"ends\":\"2024-07-10T06:13:30Z\",\"ids\":[\"a\"]}]}");
        track("{\"attributes\":[{\"external_id\":\"u\",\"plan\":\"yearly\",\"ends\":null}]}");
        assertThat(braze.attributes(WORKSPACE, "u")).hasValue(
                (com.fasterxml.jackson.databind.node.ObjectNode) Json.parse("{\"plan\":\"yearly\",\"ids\":[\"a\"]}".getBytes()));
        track("{\"attributes\":[{\"external_id\":\"u\",\"ids\":" + IntStream.range(0, 30).boxed().toList() + "}]}");
        assertThat(braze.attributes(WORKSPACE, "u").orElseThrow().path("ids")).hasSize(25);
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"email\":\"1234\"", "\"gender\":\"male\"", "\"dob\":\"10.6.1990\"", "\"email_subscribe\":\"yes\"", "\"country\":49",
            "\"$plan\":1", "\"list\":[null]", "\"list\":[[1]]", "\"nested\":{\"a\":{\"b\":null}}"})
    void anAttributeThatBrazeDoesNotTakeIsRefused(String attribute) throws IOException {
        assertThat(problem("attributes", "{\"external_id\":\"u\"," + attribute + "}")).isNotEmpty();
    }

    @Test
    void anUnknownUserIsMadeUnlessOnlyKnownOnesAreToBeUpdated() throws IOException {
        String alias = "\"user_alias\":{\"alias_name\":\"a\",\"alias_label\":\"shop\"}";
        track("{\"attributes\":[{\"external_id\":\"u\",\"_update_existing_only\":true,\"a\":1},{" + alias + ",\"a\":1}],\"events\":[{" + alias
                + ",\"name\":\"e\",\"time\":" + TIME + ",\"_update_existing_only\":false}]}");
        assertThat(braze.storedCount()).isZero();
        assertThat(braze.attributes(WORKSPACE, "u")).isEmpty();
        braze.user(WORKSPACE, "u");
        track("{\"attributes\":[{\"external_id\":\"u\",\"_update_existing_only\":true,\"a\":1},{" + alias
                + ",\"a\":1,\"_update_existing_only\":false}],\"events\":[{" + alias + ",\"name\":\"e\",\"time\":" + TIME + "}]}");
        assertThat(braze.stored()).extracting(StoredObject::user).containsExactly("u", "shop:a", "shop:a");
    }

    /** What the shipped mappings make has to be what Braze takes. */
    @Test
    void everyRecordOfTheExamplesIsTaken() throws IOException {
        List<String> refused = new ArrayList<>();
        int records = 0;
        for (String provider : List.of("revenuecat", "purchasely", "qonversion")) {
            try (Stream<Path> files = Files.list(Path.of("mappings", provider, "examples"))) {
                for (Path file : files.filter(path -> path.toString().endsWith(".expected.json")).toList()) {
                    for (JsonNode record : Json.parse(Files.readAllBytes(file)).path("braze").path("records")) {
                        records++;
                        String kind = record.fieldNames().next();
                        String list = kind.equals("attributes") ? kind : kind + "s";
                        String problem = problem(list, Json.compact(record.get(kind)));
                        if (record.size() != 1 || !problem.isEmpty()) {
                            refused.add(file + " " + kind + " " + problem);
                        }
                    }
                }
            }
        }
        assertThat(refused).isEmpty();
        assertThat(records).isGreaterThan(60);
    }

    private String problem(String list, String object) throws IOException {
        return Http.json(track("{\"" + list + "\":[" + object + "]}")).at("/errors/0/type").asText();
    }

    private int status(String body) {
        try {
            return track(body).statusCode();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private HttpResponse<String> track(String body) throws IOException {
        return Http.send("POST", braze.url() + "/users/track", body, headers());
    }

    private static String[] headers() {
        return new String[] {"Content-Type", "application/json", "Authorization", "Bearer " + KEY};
    }

    private static String events(String... events) {
        return "{\"events\":[" + String.join(",", events) + "]}";
    }

    private static String event(String user, String name) {
        return "{\"external_id\":\"" + user + "\",\"name\":\"" + name + "\",\"time\":" + TIME + "}";
    }

    private static String purchase(String fields) {
        return "{\"external_id\":\"u\",\"product_id\":\"p\",\"currency\":\"EUR\",\"time\":" + TIME + "," + fields + "}";
    }

    private static String lists(int attributes, int events, int purchases) {
        return "{\"attributes\":" + list(attributes, "{\"external_id\":\"u\",\"a\":1}") + ",\"events\":" + list(events, event("u", "e"))
                + ",\"purchases\":" + list(purchases, purchase("\"price\":1")) + "}";
    }

    private static String list(int size, String object) {
        return IntStream.range(0, size).mapToObj(i -> object).collect(Collectors.joining(",", "[", "]"));
    }
}
