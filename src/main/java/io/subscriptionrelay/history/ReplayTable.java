package io.subscriptionrelay.history;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.subscriptionrelay.event.StrictJson;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import javax.sql.DataSource;
import org.springframework.boot.sql.init.dependency.DependsOnDatabaseInitialization;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.RowMapper;
import org.springframework.stereotype.Component;

/**
 * The replays that were ever asked for, newest first, and which relay carries each out; kept in the state database. What goes wrong with it is a
 * {@link org.springframework.dao.DataAccessException}.
 */
@Component
@DependsOnDatabaseInitialization
class ReplayTable {

    private static final int MOST_SHOWN = 100;
    private static final RowMapper<ReplayJob> JOB = (row, number) -> read(row.getString(1));

    private final JdbcTemplate jdbc;
    private final Clock clock;

    ReplayTable(DataSource database, Clock clock) {
        jdbc = new JdbcTemplate(database);
        this.clock = clock;
    }

    void add(ReplayJob job) {
        jdbc.update("INSERT INTO replay (id, asked_at, state, job, runner, alive_until) VALUES (?, ?, ?, ?, '', 0)", job.id, job.at, job.state, text(job));
    }

    List<ReplayJob> newest() {
        return jdbc.query("SELECT job FROM replay ORDER BY asked_at DESC, id LIMIT " + MOST_SHOWN, JOB);
    }

    Optional<ReplayJob> find(String id) {
        return jdbc.query("SELECT job FROM replay WHERE id = ?", JOB, id).stream().findFirst();
    }

    /**
     * Takes over the oldest that runs and that no living relay carries out.
     *
     * @param runner names this relay
     * @param forMillis how long this relay may be silent before another takes it over
     */
    Optional<ReplayJob> claim(String runner, long forMillis) {
        long now = clock.millis();
        for (ReplayJob job : jdbc.query("SELECT job FROM replay WHERE state = ? AND (runner = ? OR alive_until < ?) ORDER BY asked_at, id", JOB,
                ReplayJob.RUNNING, runner, now)) {
            if (jdbc.update("UPDATE replay SET runner = ?, alive_until = ? WHERE id = ? AND state = ? AND (runner = ? OR alive_until < ?)", runner,
                    now + forMillis, job.id, ReplayJob.RUNNING, runner, now) == 1) {
                return find(job.id);
            }
        }
        return Optional.empty();
    }

    /** Notes how far it is; false when it is not this relay's any more, or was cancelled. Of one that was cancelled only the counts are noted. */
    boolean save(ReplayJob job, String runner, long forMillis) {
        if (jdbc.update("UPDATE replay SET job = ?, state = ?, alive_until = ? WHERE id = ? AND runner = ? AND state = ?", text(job), job.state,
                clock.millis() + forMillis, job.id, runner, ReplayJob.RUNNING) == 1) {
            return true;
        }
        change(job.id, stored -> {
            boolean later = stored.state.equals(ReplayJob.CANCELLED) && job.done >= stored.done;
            if (later) {
                stored.count(job);
            }
            return later;
        });
        return false;
    }

    /** Cancels it if it runs. */
    void cancel(String id) {
        change(id, job -> {
            boolean runs = job.running();
            if (runs) {
                job.end(ReplayJob.CANCELLED, clock.millis());
            }
            return runs;
        });
    }

    /**
     * Changes what is stored of all. Each that runs is taken away from its relay, which holds more of it than is stored and would store that again: it is
     * begun anew from where it was saved last.
     */
    void changeAll(Consumer<ReplayJob> change) {
        jdbc.queryForList("SELECT id FROM replay", String.class).forEach(id -> change(id, job -> {
            change.accept(job);
            return true;
        }));
    }

    /** Changes what is stored, anew where somebody else has done so meanwhile. What the change says false to stays as it is. */
    private void change(String id, Predicate<ReplayJob> change) {
        boolean changed = false;
        while (!changed) {
            String before = jdbc.queryForList("SELECT job FROM replay WHERE id = ?", String.class, id).stream().findFirst().orElse(null);
            ReplayJob job = before == null ? null : read(before);
            if (job == null || !change.test(job) || !job.running() && text(job).equals(before)) {
                return;
            }
            changed = jdbc.update("UPDATE replay SET job = ?, state = ?" + (job.running() ? ", runner = '', alive_until = 0" : "")
                    + " WHERE id = ? AND job = ?", text(job), job.state, id, before) == 1;
        }
    }

    /** Lets another relay, or the next start, go on at once. */
    void release(String runner) {
        jdbc.update("UPDATE replay SET runner = '', alive_until = 0 WHERE runner = ? AND state = ?", runner, ReplayJob.RUNNING);
    }

    private static String text(ReplayJob job) {
        try {
            return StrictJson.mapper().writeValueAsString(job);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a replay cannot be written as JSON", e);
        }
    }

    private static ReplayJob read(String text) {
        try {
            return StrictJson.mapper().readValue(text, ReplayJob.class);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a replay in the state database cannot be read; it was written by a later version", e);
        }
    }
}
