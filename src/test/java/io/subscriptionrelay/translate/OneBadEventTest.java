package io.subscriptionrelay.translate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.Home;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.camel.CamelContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whatever fails on one event parks that event, and the others of its batch arrive. */
class OneBadEventTest {

    /** An integration engineer's additions, each of which fails on the events whose product is called like it. */
    private static final String IN_THE_MAPPING = """
            "tail": if (.event.product_id == "slice") .event.transaction_id[-6 : ]
              else if (.event.product_id == "address") parse-url(.event.transaction_id)
              else if (.event.product_id == "endless") endless([.event.transaction_id])
              else if (.event.product_id == "number") number("x" + .event.transaction_id),
            "product_id":""";
    private static final String IN_THE_EVENT = "\"tail\": if (.event.product_id == \"unread\") .event.transaction_id[-6 : ],\n  "
            + "\"raw\": \"a fact that is called like a property of the relay\",\n  \"type\":";
    private static final String IN_THE_ROUTE = """
            - setProperty:
                name: tail
                expression:
                  simple:
                    expression: ${exchangeProperty.type.substring(7)}
            # the accounts are called""".indent(8).stripTrailing();

    @TempDir
    static Path folder;
    private static Simulators simulators;
    private static RelayApp relay;

    @BeforeAll
    static void start() throws IOException {
        Path home = Home.copyTo(folder.resolve("home"));
        Path mapping = home.resolve("mappings/revenuecat/clevertap.jslt");
        String text = Files.readString(mapping);
        int functions = text.indexOf("\ndef ");
        edit(mapping, text.substring(0, functions), text.substring(0, functions) + "\ndef endless(x) endless([$x])\n");
        edit(mapping, "\"product_id\":", IN_THE_MAPPING.strip());
        edit(home.resolve("mappings/revenuecat/event.jslt"), "\"type\":", IN_THE_EVENT);
        edit(home.resolve("mappings/revenuecat/clevertap.yaml"), "transfer: off", "transfer: Moved");
        edit(home.resolve("routes/translate/revenuecat.camel.yaml"), "        # the accounts are called", IN_THE_ROUTE);
        simulators = new Simulators();
        relay = RelayApp.with(folder.resolve("data")).home(home).cleverTap(simulators.cleverTap.url()).oneSignal(simulators.oneSignal.url()).start();
    }

    private static void edit(Path file, String what, String with) throws IOException {
        String text = Files.readString(file);
        assertThat(text).contains(what);
        int start = text.indexOf(what);
        Files.writeString(file, text.substring(0, start) + with + text.substring(start + what.length()));
    }

    @AfterAll
    static void stop() {
        relay.close();
        simulators.close();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            slice   | RENEWAL | revenuecat/clevertap.jslt: the mapping failed on this event (StringIndexOutOfBoundsException) | clevertap
            address | RENEWAL | revenuecat/clevertap.jslt: the mapping failed on this event                                   | clevertap
            endless | RENEWAL | revenuecat/clevertap.jslt: the mapping failed on this event, because a function in it         | clevertap
            number  | RENEWAL | revenuecat/clevertap.jslt: the mapping failed on this event                                   | clevertap
            unread  | RENEWAL | revenuecat/event.jslt: the mapping failed on this event (StringIndexOutOfBoundsException)     |
            route   | RENEWA  | the route translate-revenuecat failed on this event (RuntimeBeanExpressionException)         |
            """)
    void parksAloneWithTheReason(String product, String type, String reason, String destination) throws Exception {
        int parked = relay.parked().path("total").asInt();
        relay.bean(CamelContext.class).getRouteController().stopRoute("translate-revenuecat-events");
        List<String> good = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            if (i == 4) {
                assertThat(relay.revenueCat(Events.event(product + "-bad", type, product + "-bad", Events.BASE,
                        "\"period_type\":\"NORMAL\",\"transaction_id\":\"12\"").replace("plus.monthly", product))).isEqualTo(200);
            }
            String user = product + "-" + i;
            good.add(user);
            assertThat(relay.revenueCat(Events.renewal(user, user, Events.BASE))).isEqualTo(200);
        }
        relay.bean(CamelContext.class).getRouteController().startRoute("translate-revenuecat-events");
        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThat(good).allSatisfy(user -> {
            assertThat(simulators.cleverTap.eventsOf(user)).hasSize(1);
        }));
        JsonNode entries = relay.awaitParked(parked + 1).path("entries");
        JsonNode entry = entryOf(entries, product);
        assertThat(entry.path("reason").asText()).startsWith(reason);
        assertThat(entry.path("destination").asText("")).isEqualTo(destination == null ? "" : destination);
        assertThat(relay.actuator("/parked/" + entry.path("id").asText()).path("event").asText()).startsWith("{\"api_version\"").contains(product + "-bad");
        assertThat(simulators.cleverTap.eventsOf(product + "-bad")).isEmpty();
    }

    @Test
    void thatCannotBeReadAnyMoreIsParkedAloneWithItsBytes() throws Exception {
        int parked = relay.parked().path("total").asInt();
        relay.bean(CamelContext.class).getRouteController().stopRoute("translate-revenuecat-events");
        String unreadable = "{\"event\":{\"type\":\"RENEWAL\",\"price\":" + "9".repeat(1001) + "}}";
        assertThat(relay.revenueCat(Events.renewal("before-unreadable", "before-unreadable", Events.BASE))).isEqualTo(200);
        assertThat(relay.revenueCat(unreadable)).isEqualTo(200);
        assertThat(relay.revenueCat(Events.renewal("after-unreadable", "after-unreadable", Events.BASE))).isEqualTo(200);
        relay.bean(CamelContext.class).getRouteController().startRoute("translate-revenuecat-events");
        await().atMost(Duration.ofSeconds(20)).until(() -> simulators.cleverTap.eventsOf("before-unreadable").size() == 1
                && simulators.cleverTap.eventsOf("after-unreadable").size() == 1);
        JsonNode entries = relay.awaitParked(parked + 1).path("entries");
        assertThat(entries).filteredOn(entry -> entry.path("reason").asText().equals("the stored webhook cannot be read (StreamConstraintsException)"))
                .singleElement().satisfies(entry -> {
                    String id = entry.path("id").asText();
                    assertThat(relay.actuator("/parked/" + id).path("event").asText()).isEqualTo(unreadable);
                    assertThat(relay.manage("POST", "/parked/" + id + "?dry-run=true").body()).contains("the stored webhook cannot be read");
                });
    }

    /** With an id in the event it is found by it; an event that {@code event.jslt} fails on has only its bytes. */
    private static JsonNode entryOf(JsonNode entries, String product) {
        for (JsonNode entry : entries) {
            String id = entry.path("eventId").asText();
            if (id.equals(product + "-bad") || product.equals("unread") && id.startsWith("body:")
                    && entry.path("reason").asText().contains("event.jslt")) {
                return entry;
            }
        }
        throw new AssertionError(entries);
    }

    @Test
    void ofManyUsersIsParkedInsteadOfMultiplied() {
        int parked = relay.parked().path("total").asInt();
        assertThat(relay.revenueCat(transfer("transfer-100", 100))).isEqualTo(200);
        assertThat(relay.revenueCat(transfer("transfer-12000", 12_000))).isEqualTo(200);
        await().atMost(Duration.ofSeconds(20)).until(() -> IntStream.range(0, 100).allMatch(i ->
                simulators.cleverTap.eventsOf("transfer-100-" + i).size() == 1));
        JsonNode entries = relay.awaitParked(parked + 1).path("entries");
        assertThat(entries).anySatisfy(entry -> {
            assertThat(entry.path("eventId").asText()).isEqualTo("transfer-12000");
            assertThat(entry.path("reason").asText()).contains("more than 100 records of this event");
        });
    }

    private static String transfer(String id, int users) {
        return "{\"event\":{\"id\":\"" + id + "\",\"type\":\"TRANSFER\",\"environment\":\"PRODUCTION\",\"event_timestamp_ms\":" + Events.BASE
                + ",\"transferred_to\":[" + IntStream.range(0, users).mapToObj(i -> "\"" + id + "-" + i + "\"").collect(Collectors.joining(",")) + "]}}";
    }
}
