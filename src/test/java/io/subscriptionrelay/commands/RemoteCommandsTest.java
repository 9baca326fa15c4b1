package io.subscriptionrelay.commands;

import static org.assertj.core.api.Assertions.assertThat;

import io.subscriptionrelay.commands.Call.Ended;
import io.subscriptionrelay.testing.Ports;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RemoteCommandsTest {

    private static final String EVENT = "{'provider':'revenuecat','eventId':'e-1','type':'RENEWAL','receivedAt':'2026-10-01T00:00:00Z','trace':["
            + "{'at':'2026-10-01T00:00:00Z','outcome':'received'},{'at':'2026-10-01T00:00:01Z','outcome':'delivered','step':'renewal',"
            + "'destination':'clevertap','account':'production','part':0,'attempts':2,'record':{'evtName':'Renewed'},'answer':{'status':'success'}}],"
            + "'webhook':{'event':{'id':'e-1'}}}";
    private static final String REPLAY = "'id':'r-1','total':4,'at':'2026-10-01T00:00:00Z','by':'relay'";

    @TempDir
    Path data;
    private StandIn relay;

    @BeforeEach
    void start() throws IOException {
        relay = new StandIn();
    }

    @AfterEach
    void stop() {
        relay.close();
    }

    private Ended run(String... arguments) {
        return Call.run(environment(), arguments);
    }

    private Map<String, String> environment() {
        return new HashMap<>(Map.of("MANAGEMENT_SERVER_PORT", relay.port(), "RELAY_DATA_DIR", data.toString()));
    }

    @Test
    void eventsAsksWithAllItsFiltersAndShowsContentOnlyWhereItIsWanted() {
        relay.answers(200, "{'events':[" + EVENT + "],'next':'x'}");
        Ended plain = run("events", "--user", "lena 42+x@example.com", "--type", "RENEWAL", "--step", "renewal", "--account", "production", "--destination",
                "clevertap", "--outcome", "delivered", "--provider", "revenuecat", "--from", "2026-10-01T00:00:00Z", "--to", "1", "--q", "yoga", "--limit", "5");
        assertThat(relay.last()).isEqualTo("GET /actuator/events?user=lena%2042%2Bx%40example.com&provider=revenuecat&type=RENEWAL&step=renewal"
                + "&outcome=delivered&destination=clevertap&account=production&from=2026-10-01T00%3A00%3A00Z&to=1&q=yoga&limit=5");
        assertThat(plain.status()).isZero();
        assertThat(plain.out()).contains("revenuecat event e-1", "delivered to clevertap production as renewal, attempt 2").doesNotContain("Renewed");
        assertThat(plain.err()).contains("There are more");
        Ended content = run("events", "--id", "e-1", "--content");
        assertThat(relay.last()).isEqualTo("GET /actuator/events?id=e-1&content=true");
        assertThat(content.out()).contains("  record for clevertap", "\"evtName\": \"Renewed\"", "  answer of clevertap", "  webhook");
        assertThat(run("events", "-o", "json").json().path("events").path(0).path("eventId").asText()).isEqualTo("e-1");
    }

    @Test
    void whatIsNotFoundEndsWithOneAndWhatIsWrongWithTwo() {
        relay.answers(200, "{'events':[]}");
        assertThat(run("events").status()).isEqualTo(1);
        assertThat(run("trace", "e-9").status()).isEqualTo(1);
        assertThat(run("events", "--nonsense", "the-secret")).satisfies(wrong -> {
            assertThat(wrong.status()).isEqualTo(2);
            assertThat(wrong.err()).contains("`--nonsense`").doesNotContain("the-secret");
        });
        relay.close();
        assertThat(Call.run(Map.of("MANAGEMENT_SERVER_PORT", freePort()), "parked")).satisfies(nobody -> {
            assertThat(nobody.status()).isEqualTo(2);
            assertThat(nobody.err()).startsWith("No relay answers at 127.0.0.1:");
        });
    }

    @Test
    void traceWritesAnEmptyListAsJsonAndNamesTheSettingThatKeepsEvents() {
        relay.answers(200, "{'events':[]}");
        Ended ended = run("trace", "--user", "nobody", "-o", "json");
        assertThat(ended.status()).isEqualTo(1);
        assertThat(ended.json().path("events").isArray()).isTrue();
        assertThat(ended.err()).contains("relay.history.keep");
    }

    @Test
    void portAddressLoginAndDataAreThoseOfTheSettingsFileWhereNoVariableSaysOtherwise() throws IOException {
        relay.answers(200, "{'total':0,'entries':[]}");
        settings("management.server: {port: " + relay.port() + ", address: localhost}", "relay.data-dir: " + data.resolve("kept"));
        Files.writeString(Files.createDirectory(data.resolve("kept")).resolve("console.password"), "made up");
        assertThat(atHome("parked").status()).isZero();
        assertThat(relay.asked().get(0).header("Authorization")).isEqualTo(basic("relay", "made up"));
        settings("management.server.port: " + relay.port(), "relay.console: {user: operator, password: chosen}");
        assertThat(atHome("parked").status()).isZero();
        assertThat(relay.asked().get(1).header("Authorization")).isEqualTo(basic("operator", "chosen"));
        settings("management.server.port: 1", "relay.console: {user: operator, password: chosen}");
        Map<String, String> variables = environment();
        variables.putAll(Map.of("RELAY_HOME", data.toString(), "RELAY_CONSOLE_PASSWORD", "of the variable"));
        assertThat(Call.run(variables, "parked").status()).isZero();
        assertThat(relay.asked().get(2).header("Authorization")).isEqualTo(basic("operator", "of the variable"));
    }

    @Test
    void aSettingWhoseVariableIsNotSetHereIsNamedWithoutItsValue() throws IOException {
        settings("management.server.port: " + relay.port(), "relay.console.password: a-secret-${NOT_SET_ANYWHERE}");
        Ended ended = atHome("parked");
        assertThat(ended.status()).isEqualTo(2);
        assertThat(ended.err().lines()).singleElement().asString().startsWith("`relay.console.password` ").doesNotContain("a-secret");
        assertThat(relay.asked()).isEmpty();
    }

    @Test
    void aSettingsFileThatIsNotYamlIsToldWithItsPlaceAndNobodyIsAsked() throws IOException {
        settings("relay:", "\tdata-dir: a-secret");
        for (String command : new String[] {"events", "parked", "replay list", "trace x"}) {
            assertThat(atHome(command.split(" "))).satisfies(ended -> {
                assertThat(ended.status()).isEqualTo(2);
                assertThat(ended.err().lines()).singleElement().asString().startsWith(data.resolve("application.yaml") + ":2:1: ").contains("; ")
                        .doesNotContain("a-secret");
            });
        }
        assertThat(relay.asked()).isEmpty();
    }

    @Test
    void anAddressOfIpv6StandsInBrackets() {
        relay.close();
        for (String address : new String[] {"::1", "[::1]"}) {
            assertThat(Call.run(Map.of("MANAGEMENT_SERVER_PORT", relay.port(), "MANAGEMENT_SERVER_ADDRESS", address), "parked").err())
                    .startsWith("No relay answers at [::1]:" + relay.port());
        }
    }

    private void settings(String... lines) throws IOException {
        Files.write(data.resolve("application.yaml"), List.of(lines));
    }

    private Ended atHome(String... arguments) {
        return Call.run(Map.of("RELAY_HOME", data.toString()), arguments);
    }

    @Test
    void theLoginIsThatOfTheEnvironmentOrTheOneThatTheRelayHasMadeUpForThisMachine() throws IOException {
        relay.answers(200, "{'replays':[]}");
        run("replay", "list");
        assertThat(relay.asked().get(0).header("Authorization")).isNull();
        Files.writeString(data.resolve("console.password"), "made up\n");
        run("replay", "list");
        assertThat(relay.asked().get(1).header("Authorization")).isEqualTo(basic("relay", "made up"));
        Map<String, String> login = environment();
        login.putAll(Map.of("CONSOLE_USER", "operator", "CONSOLE_PASSWORD", "chosen"));
        Call.run(login, "replay", "list");
        assertThat(relay.asked().get(2).header("Authorization")).isEqualTo(basic("operator", "chosen"));
    }

    @Test
    void parkedEventsAreListedShownReplayedAndDiscarded() {
        relay.answers(200, "{'total':2,'entries':[{'id':'p-1','queue':'events.revenuecat','reason':'no time','provider':'revenuecat','eventId':'e-1',"
                + "'destination':'clevertap','account':'production','parkedAt':'2026-10-01T00:00:00Z'}]}").answers(200, "{'id':'p-1','webhook':{}}")
                .answers(200, "{'replayed':1}").answers(200, "{'replayed':7}").answers(200, "{'discarded':1}")
                .answers(404, "{'error':'no parked event has this id'}");
        Ended list = run("parked", "--reason", "no", "--limit", "1");
        assertThat(relay.last()).isEqualTo("GET /actuator/parked?reason=no&limit=1");
        assertThat(list.out()).contains("p-1  2026-10-01T00:00:00Z  revenuecat event e-1 for clevertap production: no time", "2 parked, 1 shown");
        assertThat(run("parked", "show", "p-1").json().path("id").asText()).isEqualTo("p-1");
        assertThat(run("parked", "replay", "p-1").out()).contains("replayed: 1");
        assertThat(relay.last()).isEqualTo("POST /actuator/parked/p-1");
        assertThat(run("parked", "replay", "--all", "--destination", "onesignal").out()).contains("replayed: 7");
        assertThat(relay.last()).isEqualTo("POST /actuator/parked?destination=onesignal");
        assertThat(run("parked", "discard", "p/../1").status()).isZero();
        assertThat(relay.last()).isEqualTo("DELETE /actuator/parked/p%2F..%2F1");
        assertThat(run("parked", "show", "gone")).satisfies(gone -> {
            assertThat(gone.status()).isEqualTo(1);
            assertThat(gone.err()).startsWith("No parked event has this id.");
        });
    }

    @Test
    void aReplayOfParkedEventsNeedsAnIdOrTheWordAll() {
        relay.answers(200, "{'replayed':1}");
        assertThat(run("parked", "replay").status()).isEqualTo(2);
        assertThat(run("parked", "replay", "p-1", "--all").status()).isEqualTo(2);
        assertThat(run("parked", "replay", "p-1", "--provider", "revenuecat").status()).isEqualTo(2);
        assertThat(relay.asked()).isEmpty();
    }

    @Test
    void aReplayIsFollowedToItsEndAndItsDifferencesAreShown() {
        relay.answers(202, "{" + REPLAY + ",'state':'running','dryRun':true,'done':0}").answers(200, "{" + REPLAY + ",'state':'running','done':2}")
                .answers(200, "{" + REPLAY + ",'state':'done','dryRun':true,'done':4,'same':3,'different':1,'differences':[{'provider':'revenuecat',"
                        + "'eventId':'e-1','destination':'onesignal','part':0,'was':{'tags':{'a':'1'}},'now':{'tags':{'a':'2'}}}]}");
        Ended ended = run("replay", "--provider", "revenuecat", "--destination", "onesignal", "--dry-run", "--events", "again", "--rate", "50", "--follow");
        assertThat(relay.asked().get(0).what()).isEqualTo(
                "POST /actuator/replays?provider=revenuecat&destination=onesignal&dry-run=true&events=again&rate=50");
        assertThat(relay.last()).isEqualTo("GET /actuator/replays/r-1");
        assertThat(ended.status()).isEqualTo(1);
        assertThat(ended.out()).contains("done (dry run), 4 of 4 events, 3 same, 1 different, by relay", "--- revenuecat event e-1, as it was sent to onesignal",
                "-    \"a\": \"1\"", "+    \"a\": \"2\"");
        assertThat(ended.err()).contains("2 of 4 events");
    }

    @Test
    void replaysAreListedShownAndCancelled() {
        relay.answers(200, "{'replays':[{" + REPLAY + ",'state':'running','done':1,'sent':1}]}").answers(200, "{" + REPLAY + ",'state':'failed','done':1}")
                .answers(200, "{" + REPLAY + ",'state':'cancelled','done':1}");
        assertThat(run("replay", "list").out()).contains("r-1  2026-10-01T00:00:00Z  running, 1 of 4 events, 1 sent, by relay");
        assertThat(run("replay", "show", "r-1").status()).isEqualTo(1);
        assertThat(run("replay", "cancel", "r-1").status()).isZero();
        assertThat(relay.last()).isEqualTo("DELETE /actuator/replays/r-1");
    }

    @Test
    void aReplayWithoutADestinationOrWithAnotherWordThanAgainIsWrongUse() {
        assertThat(run("replay", "--provider", "revenuecat").err()).contains("--destination");
        assertThat(run("replay", "--destination", "onesignal", "--events", "twice").status()).isEqualTo(2);
        assertThat(relay.asked()).isEmpty();
    }

    private static String basic(String user, String password) {
        return "Basic " + Base64.getEncoder().encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
    }

    private static String freePort() {
        return Integer.toString(Ports.free());
    }
}
