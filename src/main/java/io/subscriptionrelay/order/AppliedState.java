package io.subscriptionrelay.order;

import io.subscriptionrelay.logs.Causes;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import javax.sql.DataSource;
import org.apache.camel.CamelContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.actuate.health.Health;
import org.springframework.boot.actuate.health.HealthIndicator;
import org.springframework.boot.sql.init.dependency.DependsOnDatabaseInitialization;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.jdbc.BadSqlGrammarException;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.stereotype.Component;

/** The event times of the state that each user has at a destination, so that an older event never overwrites what a newer one has set. */
@Component("state")
@DependsOnDatabaseInitialization
public class AppliedState implements HealthIndicator {

    private static final Logger LOG = LoggerFactory.getLogger(AppliedState.class);
    private static final int KEYS_PER_QUERY = 500;
    /** Batches end in any order: of two that had the same user, what the later of his turns has applied stays, which knows of the earlier one. */
    private static final String UPSERT = "INSERT INTO applied_state (destination, account, user_key, event_time, applied_day, key_times, revision)"
            + " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (destination, account, user_key) DO UPDATE SET event_time = EXCLUDED.event_time,"
            + " applied_day = EXCLUDED.applied_day, key_times = EXCLUDED.key_times, revision = EXCLUDED.revision"
            + " WHERE EXCLUDED.revision > applied_state.revision";

    private static final long FIRST_WAIT = 100;
    private static final long LONGEST_WAIT = 2000;

    private final JdbcTemplate jdbc;
    private final CamelContext camel;
    private final Clock clock;
    private final AtomicReference<String> damage = new AtomicReference<>();

    AppliedState(DataSource dataSource, CamelContext camel, Clock clock) {
        this.camel = camel;
        this.clock = clock;
        jdbc = new JdbcTemplate(dataSource);
    }

    /** The key of a user: a hash, because ids are personal data. */
    public static String key(String label, String id) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256")
                    .digest((label + '\n' + id).getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("SHA-256 is part of every JDK", e);
        }
    }

    /** The day of a time in milliseconds, counted from 1970, UTC. */
    static long day(long millis) {
        return Math.floorDiv(millis, Duration.ofDays(1).toMillis());
    }

    /** What was applied of those users of whom anything is known. */
    public Map<String, StateTimes> times(String destination, String account, Collection<String> users) {
        Map<String, StateTimes> times = new HashMap<>();
        List<String> keys = new ArrayList<>(users);
        for (int from = 0; from < keys.size(); from += KEYS_PER_QUERY) {
            times(destination, account, keys.subList(from, Math.min(keys.size(), from + KEYS_PER_QUERY)), times);
        }
        return times;
    }

    private void times(String destination, String account, List<String> users, Map<String, StateTimes> times) {
        List<Object> arguments = new ArrayList<>(List.of(destination, account));
        arguments.addAll(users);
        try {
            jdbc.query("SELECT user_key, event_time, key_times, revision FROM applied_state WHERE destination = ? AND account = ? AND user_key IN ("
                    + String.join(",", Collections.nCopies(users.size(), "?")) + ")",
                    row -> {
                        times.put(row.getString(1), StateTimes.of(row.getLong(2), row.getBytes(3), row.getLong(4)));
                    }, arguments.toArray());
        } catch (DataAccessException e) {
            failed(e);
            throw e;
        }
    }

    /** A file that is damaged stays so: whose page it is waits until the relay is started anew, which says where and what to do. */
    void failed(DataAccessException e) {
        String found = Causes.of(e);
        if (StateFile.isDamage(found) && damage.getAndSet(found) == null) {
            LOG.error("The state database is damaged, and batches that need what cannot be read wait. Stop the relay and start it again: the start"
                    + " names the file and the place, and what to do. {}", found);
        }
    }

    @Override
    public Health health() {
        String found = damage.get();
        return found == null ? Health.up().build() : Health.down().withDetail("problem", "the state database is damaged, and deliveries wait; stop the"
                + " relay and start it again, which says what to do. " + found).build();
    }

    /**
     * Remembers that these states were applied. They are on disk when this returns, so before
     * the batch is committed that relies on them. The destination has them by now, so while the database is away this waits, rather than
     * have them delivered again.
     *
     * @param stillMine throws when another relay may have taken over one of these users: it has noted what this one does not know of
     * @throws DataAccessException when the relay is stopped before the database is back
     */
    public void applied(String destination, String account, Map<String, StateTimes> times, Runnable stillMine) {
        long wait = FIRST_WAIT;
        while (!times.isEmpty()) {
            stillMine.run();
            try {
                store(destination, account, times);
                return;
            } catch (DataIntegrityViolationException | BadSqlGrammarException e) {
                throw e;
            } catch (DataAccessException e) {
                failed(e);
                if (wait == FIRST_WAIT) {
                    LOG.warn("What {} has taken cannot be noted in the state database, and waits: {}", destination,
                            e.getMostSpecificCause().getMessage());
                }
                if (camel.isStopping() || camel.isStopped()) {
                    throw e;
                }
                try {
                    Thread.sleep(wait);
                } catch (InterruptedException stopped) {
                    Thread.currentThread().interrupt();
                    throw e;
                }
                wait = Math.min(LONGEST_WAIT, 2 * wait);
            }
        }
    }

    private void store(String destination, String account, Map<String, StateTimes> times) {
        long today = day(clock.millis());
        // always in the same order, so that two instances cannot wait for each other
        List<Object[]> rows = new TreeMap<>(times).entrySet().stream()
                .map(entry -> new Object[] {destination, account, entry.getKey(), entry.getValue().newest(), today,
                    entry.getValue().bytes(), entry.getValue().revision()}).toList();
        jdbc.execute((Connection connection) -> {
            boolean automatic = connection.getAutoCommit();
            connection.setAutoCommit(false);
            try (var statement = connection.prepareStatement(UPSERT)) {
                for (Object[] row : rows) {
                    for (int i = 0; i < row.length; i++) {
                        statement.setObject(i + 1, row[i]);
                    }
                    statement.addBatch();
                }
                statement.executeBatch();
                connection.commit();
            } catch (SQLException e) {
                connection.rollback();
                throw e;
            } finally {
                connection.setAutoCommit(automatic);
            }
            return null;
        });
    }
}
