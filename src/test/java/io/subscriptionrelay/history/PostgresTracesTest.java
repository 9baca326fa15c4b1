package io.subscriptionrelay.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.Postgres;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

/** Traces in a real PostgreSQL, as {@link EventTracesTest} has them in the embedded database. */
class PostgresTracesTest {

    @TempDir
    static Path folder;
    private static Simulators simulators;
    private static Postgres postgres;
    private static RelayApp relay;

    @BeforeAll
    static void start() {
        simulators = new Simulators();
        postgres = new Postgres(folder.resolve("postgres"));
        relay = startRelay();
    }

    private static RelayApp startRelay() {
        return RelayApp.with(folder.resolve("relay")).cleverTap(simulators.cleverTap.url()).oneSignal(simulators.oneSignal.url())
                .set("STATE_JDBC_URL", postgres.url()).set("STATE_JDBC_USER", postgres.user()).start();
    }

    @AfterAll
    static void stop() {
        relay.close();
        postgres.close();
        simulators.close();
    }

    @Test
    void anEventIsFoundByItsIdItsUserAndItsOutcomeUntilItIsOld() {
        postgres.execute("TRUNCATE event_traces");
        assertThat(relay.revenueCat(Events.renewal("pg-1", "jane", Events.BASE))).isEqualTo(200);
        assertThat(relay.revenueCat(Events.event("pg-2", "NEWLY_INVENTED", "jane", Events.BASE + 1, "\"period_type\":\"NORMAL\"")))
                .isEqualTo(200);
        awaitOutcomes("pg-1", "received", "delivered", "delivered");
        awaitOutcomes("pg-2", "received", "skipped", "skipped");
        assertThat(relay.revenueCat(Events.renewal("pg-3", "john", Events.BASE))).isEqualTo(200);
        awaitOutcomes("pg-3", "received", "delivered", "delivered");
        assertThat(ids("?user=jane")).containsExactly("pg-2", "pg-1");
        assertThat(ids("?user=jane&outcome=delivered&destination=onesignal")).containsExactly("pg-1");
        assertThat(ids("?outcome=skipped")).containsExactly("pg-2");
        assertThat(ids("?outcome=delivered&limit=1")).hasSize(1);
        assertThat(ids("?outcome=delivered&from=2100-01-01T00:00:00Z")).isEmpty();
        assertThat(ids("?from=2000-01-01T00:00:00Z")).containsExactlyInAnyOrder("pg-3", "pg-2", "pg-1");
        assertThat(postgres.number("SELECT count(*) FROM event_traces AS row WHERE row::text LIKE '%jane%'")).isZero();

        // a week is kept
        postgres.execute("UPDATE event_traces SET happened_at = happened_at - " + TimeUnit.DAYS.toMillis(8) + " WHERE event_id <> 'pg-3'");
        postgres.execute("UPDATE event_traces SET happened_at = happened_at - " + TimeUnit.DAYS.toMillis(6) + " WHERE event_id = 'pg-3'");
        relay.close();
        relay = startRelay();
        await().atMost(Duration.ofSeconds(20)).until(() -> relay.manage("GET", "/events/pg-1").statusCode() == 404
                && relay.manage("GET", "/events/pg-2").statusCode() == 404);
        assertThat(ids("?user=jane")).isEmpty();
        assertThat(ids("?user=john")).containsExactly("pg-3");
    }

    @Test
    void whatTwoRelaysWriteInTurnsIsInTheOrderOfTimeAndIsDeletedInThisOrder() throws SQLException {
        postgres.execute("TRUNCATE event_traces");
        long now = System.currentTimeMillis();
        try (SingleConnectionDataSource one = connection(); SingleConnectionDataSource two = connection()) {
            TraceTable first = new TraceTable(one);
            TraceTable second = new TraceTable(two);
            first.append(List.of(received("turn-1", now)));
            second.append(List.of(received("turn-2", now + 1)));
            first.append(List.of(received("turn-3", now + 2)));
            assertThat(first.find(EventFilter.of("turns", null, null, null, null, null), 10)).extracting(TraceStore.Key::eventId)
                    .containsExactly("turn-3", "turn-2", "turn-1");
            assertThat(second.deleteBefore(now + 2, 1)).isEqualTo(1);
            assertThat(second.deleteBefore(now + 2, 10)).isEqualTo(1);
            assertThat(first.of(List.of("turn-1", "turn-2", "turn-3"))).extracting(Trace::eventId).containsExactly("turn-3");
        }
    }

    private static SingleConnectionDataSource connection() throws SQLException {
        return new SingleConnectionDataSource(DriverManager.getConnection(postgres.url(), postgres.user(), ""), true);
    }

    private static Trace received(String id, long at) {
        return new Trace(at, EventOutcome.RECEIVED, "revenuecat", id, Trace.userKey("turns"), null, null, null, null, null, null, null);
    }

    private static void awaitOutcomes(String id, String... outcomes) {
        await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
            List<String> found = new ArrayList<>();
            JsonNode trace = relay.actuator("/events/" + id).path("events").path(0).path("trace");
            trace.forEach(line -> found.add(line.path("outcome").asText()));
            assertThat(found).containsExactlyInAnyOrder(outcomes);
        });
    }

    private static List<String> ids(String query) {
        List<String> ids = new ArrayList<>();
        relay.actuator("/events" + query).path("events").forEach(event -> ids.add(event.path("eventId").asText()));
        return ids;
    }
}
