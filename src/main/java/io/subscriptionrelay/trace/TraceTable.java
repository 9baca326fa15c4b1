package io.subscriptionrelay.trace;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import javax.sql.DataSource;
import org.springframework.boot.sql.init.dependency.DependsOnDatabaseInitialization;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.stereotype.Component;

/**
 * The table of traces. Rows are appended in about the order of time, so what is old is at its beginning. The index over the time is
 * for questions about a time; it makes writing about a tenth slower.
 */
@Component
@DependsOnDatabaseInitialization
class TraceTable {

    private static final String COLUMNS =
            "happened_at, outcome, provider, event_id, user_key, step, destination, account, part, attempts, reason, parked_id";
    /** A filter that means hardly any row reads the whole table; it may not take the state database away for long. */
    private static final int LONGEST_QUERY_SECONDS = 10;
    /** An event has a handful of rows. */
    private static final int ROWS_PER_EVENT = 10;

    private final JdbcTemplate jdbc;
    private final JdbcTemplate queries;

    TraceTable(DataSource dataSource) {
        jdbc = new JdbcTemplate(dataSource);
        queries = new JdbcTemplate(dataSource);
        queries.setQueryTimeout(LONGEST_QUERY_SECONDS);
    }

    /** Which event is meant: an id is only unique together with its provider. */
    record Key(String provider, String eventId) {
    }

    /** Appends these in one transaction. */
    void append(List<Trace> traces) {
        jdbc.execute((Connection connection) -> {
            boolean automatic = connection.getAutoCommit();
            connection.setAutoCommit(false);
            try (PreparedStatement insert = connection.prepareStatement(
                    "INSERT INTO event_trace (" + COLUMNS + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")) {
                for (Trace trace : traces) {
                    insert.setLong(1, trace.at());
                    insert.setString(2, trace.what().text());
                    insert.setString(3, trace.provider());
                    insert.setString(4, trace.eventId());
                    insert.setString(5, trace.userKey());
                    insert.setString(6, trace.step());
                    insert.setString(7, trace.destination());
                    insert.setString(8, trace.account());
                    insert.setObject(9, trace.part(), java.sql.Types.INTEGER);
                    insert.setObject(10, trace.attempts(), java.sql.Types.INTEGER);
                    insert.setString(11, trace.reason());
                    insert.setString(12, trace.parkedId());
                    insert.addBatch();
                }
                insert.executeBatch();
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

    /**
     * Deletes the oldest rows, a portion of them at most.
     *
     * @return how many were deleted
     */
    int deleteBefore(long time, int portion) {
        Long[] last = new Long[1];
        boolean[] recent = new boolean[1];
        jdbc.query("SELECT id, happened_at FROM event_trace ORDER BY id FETCH FIRST " + portion + " ROWS ONLY", row -> {
            recent[0] |= row.getLong(2) >= time;
            if (!recent[0]) {
                last[0] = row.getLong(1);
            }
        });
        return last[0] == null ? 0 : jdbc.update("DELETE FROM event_trace WHERE id <= ?", last[0]);
    }

    void clear() {
        jdbc.execute("TRUNCATE TABLE event_trace");
    }

    /** The events of which something is known that fits, those with the newest such news first. */
    List<Key> find(EventFilter filter, int limit) {
        List<String> conditions = new ArrayList<>();
        List<Object> values = new ArrayList<>();
        equal(conditions, values, "user_key", Trace.userKey(filter.user()));
        equal(conditions, values, "provider", filter.provider());
        if (filter.user() == null) {
            equal(conditions, values, "destination", filter.destination());
            equal(conditions, values, "outcome", filter.outcome());
            if (filter.from() != null) {
                conditions.add("happened_at >= ?");
                values.add(filter.from());
            }
            if (filter.to() != null) {
                conditions.add("happened_at < ?");
                values.add(filter.to());
            }
        }
        String where = conditions.isEmpty() ? "" : " WHERE " + String.join(" AND ", conditions);
        boolean byTime = filter.user() == null && (filter.from() != null || filter.to() != null);
        Set<Key> keys = new LinkedHashSet<>();
        queries.query(connection -> {
            PreparedStatement query = connection.prepareStatement("SELECT provider, event_id FROM event_trace" + where
                    + " ORDER BY " + (byTime ? "happened_at DESC, id DESC" : "id DESC")
                    + " FETCH FIRST " + limit * ROWS_PER_EVENT + " ROWS ONLY");
            for (int i = 0; i < values.size(); i++) {
                query.setObject(i + 1, values.get(i));
            }
            return query;
        }, (ResultSet row) -> {
            if (keys.size() < limit) {
                keys.add(new Key(row.getString(1), row.getString(2)));
            }
        });
        return List.copyOf(keys);
    }

    private static void equal(List<String> conditions, List<Object> values, String column, String value) {
        if (value != null) {
            conditions.add(column + " = ?");
            values.add(value);
        }
    }

    /** All that is known of events with one of these ids, in the order in which it happened. */
    List<Trace> of(Collection<String> eventIds) {
        if (eventIds.isEmpty()) {
            return List.of();
        }
        return queries.query("SELECT " + COLUMNS + " FROM event_trace WHERE event_id IN ("
                + String.join(",", Collections.nCopies(eventIds.size(), "?")) + ") ORDER BY happened_at, id",
                (row, number) -> trace(row), eventIds.toArray());
    }

    private static Trace trace(ResultSet row) throws SQLException {
        return new Trace(row.getLong(1), Happening.valueOf(row.getString(2).toUpperCase(java.util.Locale.ROOT).replace('-', '_')),
                row.getString(3), row.getString(4), row.getString(5), row.getString(6), row.getString(7), row.getString(8),
                row.getObject(9, Integer.class), row.getObject(10, Integer.class), row.getString(11), row.getString(12));
    }
}
