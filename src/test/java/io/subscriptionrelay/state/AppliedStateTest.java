package io.subscriptionrelay.state;

import static org.assertj.core.api.Assertions.assertThat;

import io.subscriptionrelay.testing.RelayApp;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.core.JdbcTemplate;

class AppliedStateTest {

    private static final int KNOWN = 2000;

    @Test
    void usersAreLookedUpByTheWholeKeyHoweverManyAreKnown(@TempDir Path folder) {
        try (RelayApp relay = RelayApp.with(folder).cleverTap("http://127.0.0.1:9").start()) {
            AppliedState state = relay.bean(AppliedState.class);
            Map<String, Long> known = new HashMap<>();
            IntStream.range(0, KNOWN).forEach(n -> known.put("user-" + n, (long) n));
            state.applied("onesignal", "production", known);
            state.applied("onesignal", "sandbox", Map.of("user-1", 7L));

            assertThat(state.newest("onesignal", "production", List.of("user-1", "user-1999", "unknown")))
                    .isEqualTo(Map.of("user-1", 1L, "user-1999", 1999L));
            assertThat(state.newest("onesignal", "sandbox", known.keySet())).isEqualTo(Map.of("user-1", 7L));
            assertThat(state.newest("onesignal", "production", List.of())).isEmpty();

            JdbcTemplate database = new JdbcTemplate(relay.bean(DataSource.class));
            database.execute("SET QUERY_STATISTICS TRUE");
            state.newest("onesignal", "production", known.keySet());
            assertThat(database.queryForList("SELECT sql_statement FROM information_schema.query_statistics"
                    + " WHERE sql_statement LIKE 'SELECT%FROM applied_state%'", String.class)).containsExactly(AppliedState.ONE);
            // the rows that the database has read for one user
            String plan = database.queryForObject("EXPLAIN ANALYZE " + AppliedState.ONE, String.class,
                    "onesignal", "production", "user-1000");
            assertThat(plan).contains("scanCount: 2");
        }
    }
}
