package io.subscriptionrelay.deliver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.subscriptionrelay.simulator.Fault;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.Queues;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.camel.CamelContext;
import org.apache.camel.spi.RouteController;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Stops while both destinations fail on every call: what waits stays as it is, however often. */
class StopInAnOutageTest {

    private static final int STOPS = 3;
    private static final int EVENTS = 20;

    private static final String ROUTE = "deliver-clevertap-production";

    @TempDir
    Path folder;

    @Test
    void nothingIsParkedOrTriedInPiecesAndEverythingIsDeliveredOnceAfterwards() {
        try (Simulators simulators = new Simulators()) {
            simulators.cleverTap.faults().always(Fault.status(500));
            simulators.oneSignal.faults().always(Fault.status(500));
            for (int stop = 0; stop < STOPS; stop++) {
                long cleverTap = simulators.cleverTap.callCount();
                long oneSignal = simulators.oneSignal.callCount();
                try (RelayApp relay = start(simulators)) {
                    for (int i = 0; stop == 0 && i < EVENTS; i++) {
                        assertThat(relay.revenueCat(Events.renewal("stop-" + i, "stop-" + i, Events.BASE))).isEqualTo(200);
                    }
                    await().atMost(Duration.ofSeconds(20)).until(() -> simulators.cleverTap.callCount() > cleverTap
                            && simulators.oneSignal.callCount() > oneSignal);
                }
                assertThat(simulators.cleverTap.callCount() - cleverTap).as("calls of run %d", stop).isLessThan(10);
            }
            simulators.cleverTap.faults().clear();
            simulators.oneSignal.faults().clear();
            try (RelayApp relay = start(simulators)) {
                await().atMost(Duration.ofSeconds(30)).until(() -> simulators.cleverTap.storedCount() == EVENTS
                        && simulators.oneSignal.userCount(Simulators.ONESIGNAL_APP) == EVENTS);
                assertThat(relay.parked().path("total").asInt()).isZero();
            }
            assertThat(simulators.cleverTap.storedCount()).isEqualTo(EVENTS);
        }
    }

    @Test
    void aRouteThatIsStoppedAloneTriesNothingInPiecesEither() throws Exception {
        try (Simulators simulators = new Simulators(); RelayApp relay = start(simulators)) {
            RouteController routes = relay.bean(CamelContext.class).getRouteController();
            routes.stopRoute(ROUTE);
            for (int i = 0; i < EVENTS; i++) {
                assertThat(relay.revenueCat(Events.renewal("route-" + i, "route-" + i, Events.BASE))).isEqualTo(200);
            }
            Queues queues = new Queues(relay);
            await().atMost(Duration.ofSeconds(20)).until(() -> queues.count("deliver.clevertap.production") == EVENTS);
            simulators.cleverTap.faults().always(Fault.status(500));
            for (int stop = 0; stop < STOPS; stop++) {
                long calls = simulators.cleverTap.callCount();
                routes.startRoute(ROUTE);
                await().atMost(Duration.ofSeconds(20)).until(() -> simulators.cleverTap.callCount() > calls);
                routes.stopRoute(ROUTE);
                assertThat(simulators.cleverTap.callCount() - calls).as("calls until stop %d", stop).isLessThan(10);
                assertThat(queues.count("deliver.clevertap.production")).isEqualTo(EVENTS);
            }
            simulators.cleverTap.faults().clear();
            routes.startRoute(ROUTE);
            await().atMost(Duration.ofSeconds(30)).until(() -> simulators.cleverTap.storedCount() == EVENTS);
            assertThat(relay.parked().path("total").asInt()).isZero();
        }
    }

    private RelayApp start(Simulators simulators) {
        return RelayApp.with(folder).cleverTap(simulators.cleverTap.url()).oneSignal(simulators.oneSignal.url()).start();
    }
}
