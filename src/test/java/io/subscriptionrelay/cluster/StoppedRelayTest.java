package io.subscriptionrelay.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.subscriptionrelay.simulator.Fault;
import io.subscriptionrelay.testing.Broker;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.Home;
import io.subscriptionrelay.testing.Postgres;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.camel.CamelContext;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One of two relays on one broker is stopped while a call of it has no answer yet. */
@Tag("chaos")
class StoppedRelayTest {

    private static final String ROUTE = "deliver-clevertap-production";
    /** Longer than a stop takes, which gives a batch 20 s. */
    private static final Duration SLOW_CALL = Duration.ofSeconds(40);

    @TempDir
    Path folder;

    @Test
    void noOlderStateOvertakesANewerOneOfTheOtherRelayAndUsersWithNothingUnderWayAreReleased() throws Exception {
        try (Simulators simulators = new Simulators(); Postgres postgres = new Postgres(folder.resolve("postgres"));
                Broker broker = new Broker(folder.resolve("broker")).start()) {
            Path home = Home.copyTo(folder.resolve("home"));
            Path settings = home.resolve("mappings/revenuecat/clevertap.yaml");
            Files.writeString(settings, Files.readString(settings).replaceFirst("(?m)^profile: .*", "profile: on"));
            CompletableFuture<RelayApp> starting = CompletableFuture.supplyAsync(() -> relay("stopped", home, simulators, broker, postgres));
            try (RelayApp staying = relay("staying", home, simulators, broker, postgres); RelayApp stopped = starting.join()) {
                staying.bean(CamelContext.class).getRouteController().stopRoute(ROUTE);
                stopped.revenueCat(version("idle", 1));
                await().atMost(Duration.ofSeconds(30)).until(() -> versions(simulators, "idle").equals(List.of(1))
                        && simulators.cleverTap.eventsOf("idle").size() == 1);
                simulators.cleverTap.faults().next(Fault.stall(SLOW_CALL));
                stopped.revenueCat(version("busy", 1));
                // the call is under way
                await().atMost(Duration.ofSeconds(30)).until(() -> simulators.cleverTap.faults().pending() == 0);
                long landed = System.nanoTime() + SLOW_CALL.plusSeconds(1).toNanos();

                stopped.close();
                staying.revenueCat(version("busy", 2));
                staying.revenueCat(version("idle", 2));
                staying.bean(CamelContext.class).getRouteController().startRoute(ROUTE);
                await().atMost(Duration.ofSeconds(20)).until(() -> versions(simulators, "idle").equals(List.of(1, 2)));
                await().atMost(SLOW_CALL.plusSeconds(10)).until(() -> System.nanoTime() - landed > 0 && versions(simulators, "busy").contains(1));
                assertThat(versions(simulators, "busy")).containsExactly(1);

                // as time would do it
                postgres.execute("UPDATE relay_instance SET alive_until = clock_timestamp() WHERE id IN (SELECT instance FROM user_claim)");
                await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertThat(versions(simulators, "busy")).endsWith(2));
            }
        }
    }

    private RelayApp relay(String name, Path home, Simulators simulators, Broker broker, Postgres postgres) {
        return RelayApp.with(folder.resolve(name)).home(home).cleverTap(simulators.cleverTap.url())
                .set("camel.main.jmx-enabled", Boolean.toString(name.equals("stopped"))).set("camel.main.shutdown-timeout", "1")
                .set("BROKER_URL", broker.url()).set("BROKER_USER", Broker.USER).set("BROKER_PASSWORD", Broker.PASSWORD)
                .set("STATE_JDBC_URL", postgres.url()).set("STATE_JDBC_USER", postgres.user()).start();
    }

    private static String version(String user, int version) {
        return Events.renewal(user + "-" + version, user, Events.BASE + version * 1000L)
                .replace("{\"$onesignalUserId\"", "{\"version\":{\"value\":\"" + version + "\"},\"$onesignalUserId\"");
    }

    /** Of the profiles of a user, in the order in which CleverTap stored them. */
    private static List<Integer> versions(Simulators simulators, String user) {
        return simulators.cleverTap.stored().stream().filter(record -> record.type().equals("profile") && record.id().equals(user))
                .map(record -> record.json().path("profileData").path("version").asInt()).toList();
    }
}
