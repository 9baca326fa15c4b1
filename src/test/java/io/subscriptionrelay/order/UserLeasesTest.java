package io.subscriptionrelay.order;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.order.UserLeases.Lease;
import io.subscriptionrelay.testing.Postgres;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.core.io.ClassPathResource;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.init.ResourceDatabasePopulator;

/** What two relays keep in one PostgreSQL. */
class UserLeasesTest {

    private static final Runnable STILL_MINE = () -> {
    };

    @TempDir
    static Path folder;
    private static Postgres postgres;
    private static HikariDataSource database;

    @BeforeAll
    static void start() {
        postgres = new Postgres(folder);
        database = new HikariDataSource();
        database.setJdbcUrl(postgres.url());
        database.setUsername(postgres.user());
        new ResourceDatabasePopulator(new ClassPathResource("schema-postgresql.sql")).execute(database);
    }

    @AfterAll
    static void stop() {
        database.close();
        postgres.close();
    }

    @Test
    void aStoppedRelayReleasesUsersWithNothingUnderWayAndTheOthersRunOut() throws InterruptedException {
        UserLeases stopped = new UserLeases(database, settings());
        Lease done = lease(stopped, "done");
        done.begins("a call");
        done.ends("a call");
        done.release(Duration.ofSeconds(1));
        lease(stopped, "broken-off").begins("a call");
        Lease brokenOff = lease(stopped, "broken-off-and-ended");
        brokenOff.begins("a call");
        brokenOff.release(Duration.ZERO);
        Lease waiting = lease(stopped, "waiting");
        stopped.close();

        try (UserLeases other = new UserLeases(database, settings())) {
            assertThat(other.lease("clevertap", "production", List.of("done", "broken-off", "broken-off-and-ended", "waiting")).elsewhere())
                    .isEqualTo(Set.of("broken-off", "broken-off-and-ended", "waiting"));
            assertThatThrownBy(waiting::check).as("no call begins after a stop").isInstanceOf(LeaseLostException.class);
            // as time would do it
            postgres.execute("UPDATE relay_instance SET alive_until = clock_timestamp() WHERE id = (SELECT instance FROM user_claim"
                    + " WHERE user_key = 'waiting')");
            assertThat(other.lease("clevertap", "production", List.of("broken-off", "broken-off-and-ended", "waiting")).elsewhere()).isEmpty();
        }
    }

    @Test
    void aStoppedRelayWithNothingUnderWayLeavesNothingBehind() throws InterruptedException {
        UserLeases stopped = new UserLeases(database, settings());
        long others = postgres.number("SELECT count(*) FROM relay_instance");
        lease(stopped, "left").release(Duration.ZERO);
        stopped.close();
        assertThat(postgres.number("SELECT count(*) FROM relay_instance")).isEqualTo(others - 1);
        assertThat(postgres.number("SELECT count(*) FROM user_claim WHERE user_key = 'left'")).isZero();
    }

    @Test
    void relaysOnOneDatabaseKnowHowManyTheyAre() throws InterruptedException {
        try (UserLeases first = new UserLeases(database, settings())) {
            int before = first.relays();
            try (UserLeases second = new UserLeases(database, settings())) {
                assertThat(second.relays()).as("at once").isEqualTo(before + 1);
                Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> first.relays() == before + 1);
            }
            Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> first.relays() == before);
        }
    }

    @Test
    void ofTwoBatchesThatEndInAnyOrderTheOneThatKnowsMoreStaysHereToo() {
        AppliedState state = new AppliedState(database, null, Clock.systemUTC());
        StateTimes first = StateTimes.NONE.applied(7, List.of("plan", "store"));
        StateTimes second = first.applied(5, List.of("status"));
        state.applied("braze", "production", Map.of("user", second), STILL_MINE);
        state.applied("braze", "production", Map.of("user", first), STILL_MINE);
        assertThat(state.times("braze", "production", List.of("user", "other"))).isEqualTo(Map.of("user", second));
        new JdbcTemplate(database).update("UPDATE applied_state SET event_time = 9 WHERE destination = 'braze'");
        assertThat(state.times("braze", "production", List.of("user")).get("user").newerThan(8, "unknown")).as("noted by an earlier version").isTrue();
        new JdbcTemplate(database).update("DELETE FROM applied_state WHERE destination = 'braze'");
    }

    /** Its number of states may be higher than that of the relay that has taken over, and it knows nothing of what that one has applied. */
    @Test
    void whoMayHaveLostAUserNotesNothingOfHim() throws InterruptedException {
        AppliedState state = new AppliedState(database, null, Clock.systemUTC());
        StateTimes taken = StateTimes.NONE.applied(20, List.of("plan"));
        StateTimes late = StateTimes.NONE.applied(10, List.of("plan")).applied(11, List.of("store"));
        UserLeases gone = new UserLeases(database, settings());
        Lease lease = lease(gone, "late");
        gone.close();
        state.applied("clevertap", "production", Map.of("late", taken), STILL_MINE);
        assertThatThrownBy(() -> state.applied("clevertap", "production", Map.of("late", late), lease::check)).isInstanceOf(LeaseLostException.class);
        assertThat(state.times("clevertap", "production", List.of("late"))).isEqualTo(Map.of("late", taken));
        new JdbcTemplate(database).update("DELETE FROM applied_state WHERE user_key = 'late'");
    }

    @Test
    void statesOlderThanAnyRetryAreRemovedHereToo() {
        long today = AppliedState.day(System.currentTimeMillis());
        new JdbcTemplate(database).batchUpdate("INSERT INTO applied_state (destination, account, user_key, event_time, applied_day) VALUES (?, ?, ?, ?, ?)",
                IntStream.range(0, 3000).mapToObj(n -> new Object[] {"clevertap", "production", AppliedState.key("identity", "user-" + n), 0L,
                    today - (n < 2500 ? 41 : 39)}).toList());
        try (OldStates cleaning = new OldStates(database, new AppliedState(database, null, Clock.systemUTC()), settings(), Clock.systemUTC())) {
            Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> postgres.number("SELECT count(*) FROM applied_state") == 500);
        }
    }

    private static Lease lease(UserLeases leases, String user) {
        Lease lease = leases.lease("clevertap", "production", List.of(user));
        assertThat(lease.elsewhere()).isEmpty();
        return lease;
    }

    private static RelayProperties settings() {
        return new Binder(new MapConfigurationPropertySource(Map.of("relay.home", ".", "relay.data-dir", "data", "relay.broker.url", "tcp://broker:61616")))
                .bind("relay", RelayProperties.class).get();
    }
}
