package io.subscriptionrelay.history;

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
import java.util.concurrent.atomic.AtomicLong;
import javax.sql.DataSource;
import org.springframework.jdbc.core.JdbcTemplate;

/**
 * Traces in PostgreSQL, for all relays of a cluster. Rows are appended in about the order of time. The keys of events and users are numbers:
 * what is looked for by them is a handful of rows, and those of an event are compared with its id.
 */
final class TraceTable implements TraceStore {

    private static final String COLUMNS =
            "happened_at, outcome, provider, event_id, user_key, step, destination, account, part, attempts, reason, parked_id";
    private static final String INSERT = "INSERT INTO event_traces (" + COLUMNS
            + ", event_key, sequence_number) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    /** An event has a handful of rows. */
    private static final int ROWS_PER_EVENT = 10;

    private final JdbcTemplate jdbc;
    private final JdbcTemplate queries;
    private final AtomicLong sequence = new AtomicLong(System.currentTimeMillis() * 1000);

    TraceTable(DataSource dataSource) {
        jdbc = new JdbcTemplate(dataSource);
        queries = new JdbcTemplate(dataSource);
        queries.setQueryTimeout(LONGEST_QUERY_SECONDS);
    }

    @Override
    public void append(List<Trace> traces) {
        jdbc.execute((Connection connection) -> {
            boolean automatic = connection.getAutoCommit();
            connection.setAutoCommit(false);
            try (PreparedStatement insert = connection.prepareStatement(INSERT)) {
                for (Trace trace : traces) {
                    insert.setLong(1, trace.at());
                    insert.setString(2, trace.what().text());
                    insert.setString(3, trace.provider());
                    insert.setString(4, trace.eventId());
                    insert.setObject(5, trace.userKey(), java.sql.Types.BIGINT);
                    insert.setString(6, trace.step());
                    insert.setString(7, trace.destination());
                    insert.setString(8, trace.account());
                    insert.setObject(9, trace.part(), java.sql.Types.INTEGER);
                    insert.setObject(10, trace.attempts(), java.sql.Types.INTEGER);
                    insert.setString(11, trace.reason());
                    insert.setString(12, trace.parkedId());
                    insert.setLong(13, trace.eventNumber());
                    insert.setLong(14, sequence.getAndIncrement());
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

    @Override
    public int deleteBefore(long time, int portion) {
        List<Long> next = jdbc.queryForList("SELECT happened_at FROM event_traces WHERE happened_at < ? ORDER BY happened_at OFFSET " + (portion - 1)
                + " ROWS FETCH FIRST 1 ROWS ONLY", Long.class, time);
        return next.isEmpty() ? jdbc.update("DELETE FROM event_traces WHERE happened_at < ?", time)
                : jdbc.update("DELETE FROM event_traces WHERE happened_at <= ?", next.get(0));
    }

    @Override
    public void clear() {
        jdbc.execute("TRUNCATE TABLE event_traces");
    }

    @Override
    public List<Key> find(EventFilter filter, int limit) {
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
        Set<Key> keys = new LinkedHashSet<>();
        queries.query(connection -> {
            PreparedStatement query = connection.prepareStatement("SELECT provider, event_id FROM event_traces" + where
                    + " ORDER BY happened_at DESC, sequence_number DESC FETCH FIRST " + limit * ROWS_PER_EVENT + " ROWS ONLY");
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

    private static void equal(List<String> conditions, List<Object> values, String column, Object value) {
        if (value != null) {
            conditions.add(column + " = ?");
            values.add(value);
        }
    }

    @Override
    public List<Trace> of(Collection<String> eventIds) {
        if (eventIds.isEmpty()) {
            return List.of();
        }
        List<Object> arguments = new ArrayList<>();
        eventIds.forEach(id -> arguments.add(Trace.eventNumber(id)));
        arguments.addAll(eventIds);
        String places = String.join(",", Collections.nCopies(eventIds.size(), "?"));
        return queries.query("SELECT " + COLUMNS + " FROM event_traces WHERE event_key IN (" + places + ") AND event_id IN (" + places
                + ") ORDER BY happened_at, sequence_number", (row, number) -> trace(row), arguments.toArray());
    }

    private static Trace trace(ResultSet row) throws SQLException {
        return new Trace(row.getLong(1), EventOutcome.of(row.getString(2)),
                row.getString(3), row.getString(4), row.getObject(5, Long.class), row.getString(6), row.getString(7), row.getString(8),
                row.getObject(9, Integer.class), row.getObject(10, Integer.class), row.getString(11), row.getString(12));
    }

    @Override
    public void close() {
        // the connections are the state database's
    }
}
