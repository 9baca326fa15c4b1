package io.subscriptionrelay.order;

import io.subscriptionrelay.config.RelayProperties;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.sql.init.dependency.DependsOnDatabaseInitialization;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.stereotype.Component;

/**
 * Removes applied states that were applied so long ago that no provider sends an older event any more ({@code relay.order.keep}); the time of
 * the event says nothing of that, because it may be old when it comes. It walks through the
 * table in the order of its key, a thousand rows a second, and then rests for an hour: an index over the days would have to be written
 * with each state that is applied, and would make a row twice as large.
 */
@Component
@DependsOnDatabaseInitialization
class OldStates implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(OldStates.class);
    private static final int STEP = 1000;
    private static final Duration PAUSE = Duration.ofSeconds(1);
    private static final Duration REST = Duration.ofHours(1);
    /** Below every key. */
    private static final Key START = new Key("", "", "");

    private static final String END = "SELECT destination, account, user_key FROM applied_state WHERE (destination, account, user_key) > (?, ?, ?)"
            + " ORDER BY destination, account, user_key LIMIT 1 OFFSET " + (STEP - 1);
    private static final String DELETE = "DELETE FROM applied_state WHERE applied_day < ? AND (destination, account, user_key) > (?, ?, ?)";
    private static final String UP_TO = " AND (destination, account, user_key) <= (?, ?, ?)";

    private final JdbcTemplate jdbc;
    private final AppliedState state;
    private final Duration keep;
    private final Clock clock;
    private final ScheduledExecutorService steps;
    private Key at = START;
    private long removed;

    private record Key(String destination, String account, String user) {
    }

    OldStates(DataSource dataSource, AppliedState state, RelayProperties properties, Clock clock) {
        this.state = state;
        jdbc = new JdbcTemplate(dataSource);
        keep = properties.order().keep();
        this.clock = clock;
        steps = keep.isZero() ? null : Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "old-states");
            thread.setDaemon(true);
            return thread;
        });
        if (steps != null) {
            steps.schedule(this::next, PAUSE.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    private void next() {
        Duration pause = PAUSE;
        try {
            if (!step()) {
                pause = REST;
            }
        } catch (DataAccessException e) {
            // it comes by each page once an hour
            state.failed(e);
            LOG.debug("Old states are removed later", e);
        } catch (RuntimeException e) {
            LOG.warn("Old states cannot be removed from the state database, and are tried again", e);
            pause = REST;
        }
        if (!steps.isShutdown()) {
            steps.schedule(this::next, pause.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    /** Looks through the next thousand rows; false when they were the last. */
    private boolean step() {
        long before = AppliedState.day(clock.millis() - keep.toMillis());
        List<Key> end = jdbc.query(END, (row, number) -> new Key(row.getString(1), row.getString(2), row.getString(3)),
                at.destination(), at.account(), at.user());
        if (end.isEmpty()) {
            removed += jdbc.update(DELETE, before, at.destination(), at.account(), at.user());
            if (removed > 0) {
                LOG.info("{} states that were applied longer ago than relay.order.keep were removed", removed);
            }
            removed = 0;
            at = START;
            return false;
        }
        Key last = end.get(0);
        removed += jdbc.update(DELETE + UP_TO, before, at.destination(), at.account(), at.user(), last.destination(), last.account(), last.user());
        at = last;
        return true;
    }

    @Override
    public void close() {
        if (steps != null) {
            steps.shutdownNow();
        }
    }
}
