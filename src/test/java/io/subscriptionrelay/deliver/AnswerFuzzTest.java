package io.subscriptionrelay.deliver;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.subscriptionrelay.deliver.VirtualServer.Reply;
import io.subscriptionrelay.event.StrictJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever a destination answers, each record is settled once (the fixture looks at that), after as many calls as halving needs at most, and
 * reasons are short and on one line.
 */
class AnswerFuzzTest {

    private static final int[] CLEVERTAP = {200, 202, 299, 400, 413, 422, 100, 204, 301, 404, 429, 500, 599, 999};
    private static final int[] ONESIGNAL = {200, 202, 400, 404, 409, 422, 499, 402, 100, 301, 429, 500, 599, 999};
    private static final int LONGEST_REASON = 320;
    /** A destination that does not answer as it should is asked so often in half a minute at most, and was called before with each group. */
    private static final int ASKED = 20;

    private static final String[] KEYS = {"status", "processed", "unprocessed", "code", "error", "record", "errors", "event_id", "event_user_id",
        "title", "success", "id", ""};
    private static final String[] TEXTS = {"", "success", "partial", "fail", "Skipped record number : 1", "Skipped record number : 999999999",
        "Skipped record number : 0", "not found", "No user with this id found", "user-0\nuser-1\r\u0000\u2028 \ud800", "r0", "24h", "x".repeat(5000), "a@b.c"};

    @FuzzTest(maxDuration = "2m")
    void eachRecordForCleverTapIsSettledOnce(FuzzedDataProvider data) {
        int records = data.consumeInt(1, 20);
        int status = CLEVERTAP[data.consumeInt(0, CLEVERTAP.length - 1)];
        cleverTap(records, status, data.consumeRemainingAsBytes());
    }

    @FuzzTest(maxDuration = "2m")
    void eachRecordForOneSignalIsSettledOnce(FuzzedDataProvider data) {
        int records = data.consumeInt(1, 12);
        int status = ONESIGNAL[data.consumeInt(0, ONESIGNAL.length - 1)];
        oneSignal(records, status, data.consumeRemainingAsBytes());
    }

    /** JSON that nearly looks like an answer. */
    @ParameterizedTest
    @ValueSource(strings = {"clevertap", "onesignal"})
    void nonsenseInJsonSettlesEachRecordOnce(String destination) {
        for (int seed = 0; seed < 700; seed++) {
            Random random = new Random(seed);
            byte[] answer = nonsense(random, 0).toString().getBytes(StandardCharsets.UTF_8);
            int records = 1 + random.nextInt(12);
            try {
                if (destination.equals("clevertap")) {
                    cleverTap(records, CLEVERTAP[random.nextInt(6)], answer);
                } else {
                    oneSignal(records, ONESIGNAL[random.nextInt(8)], answer);
                }
            } catch (AssertionError e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
    }

    private static JsonNode nonsense(Random random, int depth) {
        JsonNodeFactory json = JsonNodeFactory.instance;
        switch (random.nextInt(depth == 0 ? 2 : depth > 3 ? 5 : 8)) {
            case 0:
            case 5:
            case 6:
                ObjectNode object = json.objectNode();
                for (int i = random.nextInt(4); i >= 0 && depth < 5; i--) {
                    object.set(KEYS[random.nextInt(KEYS.length)], nonsense(random, depth + 1));
                }
                return object;
            case 1:
            case 7:
                ArrayNode array = json.arrayNode();
                for (int i = random.nextInt(4); i > 0 && depth < 5; i--) {
                    array.add(nonsense(random, depth + 1));
                }
                return array;
            case 2:
                return json.numberNode(new int[] {0, 1, 2, -1, 555, 400, Integer.MAX_VALUE}[random.nextInt(7)]);
            case 3:
                return random.nextBoolean() ? json.nullNode() : json.booleanNode(random.nextBoolean());
            default:
                return json.textNode(TEXTS[random.nextInt(TEXTS.length)]);
        }
    }

    private static void cleverTap(int records, int status, byte[] answer) {
        VirtualDelivery relay = relay("clevertap", records, status, answer);
        for (int i = 0; i < records; i++) {
            if (i % 3 == 0) {
                relay.event("user-" + i, i);
            } else {
                relay.state("user-" + i / 4, i);
            }
        }
        check(relay, records, status, 2 * records, status / 100 == 2 && saysNothingOfRecords(answer));
    }

    private static void oneSignal(int records, int status, byte[] answer) {
        VirtualDelivery relay = relay("onesignal", records, status, answer);
        for (int i = 0; i < records; i++) {
            // of two updates in a row the second one is of the same user, and goes with the first
            switch (i % 5) {
                case 0, 1 -> relay.state("user-" + i / 5, i);
                case 2 -> relay.put("user-" + i, i, tags("onesignal_id", i), Map.of());
                case 3 -> relay.put("user-" + i, i, tags("player_id", i), Map.of());
                default -> relay.event("user-" + i, i);
            }
        }
        check(relay, records, status, 2 * records, false);
    }

    private static String tags(String by, int user) {
        return "{\"by\":\"" + by + "\",\"id\":\"user-" + user + "\",\"tags\":{\"#%s#\":\"1\"}}";
    }

    /** A destination that answers the first batch like this, for half a minute. */
    private static VirtualDelivery relay(String destination, int records, int status, byte[] answer) {
        String[] first = new String(Arrays.copyOf(answer, Math.min(answer.length, 40)), StandardCharsets.UTF_8).split("\n", 2);
        VirtualDelivery[] relay = new VirtualDelivery[1];
        relay[0] = new VirtualDelivery(new VirtualTime(), destination, "production", call -> relay[0].settled.size() >= records
                || call.at().toSeconds() >= 30 ? Reply.taken(call) : new Reply(Duration.ofMillis(10), status, Map.of("Retry-After", first[0]), answer));
        return relay[0];
    }

    /** What CleverTap answers when it neither stored nor refused anything, or a page of somebody else's. */
    private static boolean saysNothingOfRecords(byte[] answer) {
        JsonNode body;
        try {
            body = StrictJson.mapper().readTree(answer);
        } catch (IOException | NumberFormatException noJson) {
            return true;
        }
        String processed = body.path("processed").asText();
        return body.isMissingNode() || body.isNull() || body.path("unprocessed").isEmpty() && processed.matches("-?0+(\\.0+)?");
    }

    private static void check(VirtualDelivery relay, int records, int status, int mostCalls, boolean aboutTheAccount) {
        relay.time.until(() -> relay.settled.size() >= records, Duration.ofSeconds(29));
        int calls = relay.made.size();
        if (relay.destination.aboutRecords(status) && !aboutTheAccount) {
            if (relay.settled.size() != records) {
                throw new AssertionError(relay.settled + " of " + records + " records");
            }
            if (calls > mostCalls) {
                throw new AssertionError(calls + " calls for " + records + " records");
            }
        } else if (calls > records + ASKED) {
            throw new AssertionError(calls + " calls to a destination that answers with " + status);
        }
        // a Retry-After is honoured for an hour
        if (!relay.settle(Duration.ofHours(2))) {
            throw new AssertionError("not settled: " + relay.settled);
        }
        if (relay.outcomes.delivered.size() + relay.outcomes.skipped.size() + relay.outcomes.parked.size() != records) {
            throw new AssertionError(records + " records: " + relay.settled);
        }
        for (String reason : relay.outcomes.reasons) {
            if (reason.length() > LONGEST_REASON || reason.chars().anyMatch(character -> Character.isISOControl(character) || character == '\u2028')) {
                throw new AssertionError("the reason " + reason);
            }
        }
    }
}
