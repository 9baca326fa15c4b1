package io.subscriptionrelay.history;

import java.nio.charset.StandardCharsets;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import javax.sql.DataSource;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.ConnectionCallback;
import org.springframework.jdbc.core.JdbcTemplate;

/**
 * History of all relays on one PostgreSQL, with a partition for each day (UTC) of the events' coming. What a webhook is found by is a document
 * of full text, because its index knows beginnings of words too.
 */
public final class PostgresHistory implements HistoryStore {

    private static final long DAY = TimeUnit.DAYS.toMillis(1);
    private static final DateTimeFormatter NAME = DateTimeFormatter.ofPattern("uuuuMMdd").withZone(ZoneOffset.UTC);
    private static final List<String> TABLES = List.of("history_event", "history_outcome", "history_batch");
    /** Any number that no other application on this database uses: relays make and drop partitions one after the other. */
    private static final long PARTITIONS = 0x4869_7374_6f72_79L;
    private static final int LONGEST_QUERY_SECONDS = 10;
    private static final int FEW = 1000;
    private static final String EVENT = "event_number, provider, event_key, type, received_at";
    private static final String EVENT_CONTENT = EVENT + ", raw_id, webhook, attributes";
    private static final String OUTCOME = "event_number, happened_at, outcome, step, destination, account, part, attempts, reason, parked_id";
    private static final String OUTCOME_CONTENT = OUTCOME + ", record, status, answer";
    private static final String INSERT_EVENT = "INSERT INTO history_event (" + EVENT_CONTENT + ", id_number, terms)"
            + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, array_to_tsvector(?)) ON CONFLICT (received_at, event_number) DO NOTHING";
    private static final String INSERT_OUTCOME = "INSERT INTO history_outcome (" + OUTCOME_CONTENT + ", received_at)"
            + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

    private final JdbcTemplate jdbc;
    private final JdbcTemplate queries;

    /** On tables that are there already. */
    public PostgresHistory(DataSource dataSource) {
        jdbc = new JdbcTemplate(dataSource);
        queries = new JdbcTemplate(dataSource);
        queries.setQueryTimeout(LONGEST_QUERY_SECONDS);
    }

    @Override
    public void append(List<HistoryBatch> batches) {
        TreeSet<Long> days = new TreeSet<>();
        batches.forEach(batch -> {
            batch.events().forEach(event -> days.add(day(event.receivedAt())));
            batch.outcomes().forEach(outcome -> days.add(day(outcome.receivedAt())));
        });
        transaction("written", connection -> {
            makePartitions(connection, days);
            Set<Long> forgotten = forgotten(connection, days);
            try (PreparedStatement batch = connection.prepareStatement("INSERT INTO history_batch (id, received_at) VALUES (?, ?) ON CONFLICT DO NOTHING");
                    PreparedStatement event = connection.prepareStatement(INSERT_EVENT);
                    PreparedStatement outcome = connection.prepareStatement(INSERT_OUTCOME)) {
                for (HistoryBatch one : batches) {
                    add(connection, one, forgotten, batch, event, outcome);
                }
                event.executeBatch();
                outcome.executeBatch();
            }
            return null;
        });
    }

    /** The events of these days whose content is forgotten, of which there are few. */
    private static Set<Long> forgotten(Connection connection, Collection<Long> days) throws SQLException {
        Set<Long> forgotten = new HashSet<>();
        try (PreparedStatement query = connection.prepareStatement("SELECT event_number FROM history_event WHERE webhook IS NULL AND received_at >= ? AND received_at < ?")) {
            for (long day : days) {
                query.setLong(1, day);
                query.setLong(2, day + DAY);
                try (ResultSet row = query.executeQuery()) {
                    while (row.next()) {
                        forgotten.add(row.getLong(1));
                    }
                }
            }
        }
        return forgotten;
    }

    private static void add(Connection connection, HistoryBatch batch, Set<Long> forgotten, PreparedStatement known, PreparedStatement event,
            PreparedStatement outcome) throws SQLException {
        Map<Long, Boolean> added = new HashMap<>();
        for (HistoryEvent one : batch.events()) {
            if (isNew(batch, day(one.receivedAt()), known, added)) {
                set(connection, event, one);
            }
        }
        for (HistoryOutcome one : batch.outcomes()) {
            if (isNew(batch, day(one.receivedAt()), known, added)) {
                set(outcome, one, forgotten);
            }
        }
    }

    /** Whether a day has not had the batch before; a day that was dropped knows it no longer, and is dropped again. */
    private static boolean isNew(HistoryBatch batch, long day, PreparedStatement known, Map<Long, Boolean> added) throws SQLException {
        Boolean before = added.get(day);
        if (before == null) {
            known.setString(1, batch.id());
            known.setLong(2, day);
            before = known.executeUpdate() > 0;
            added.put(day, before);
        }
        return before;
    }

    private static void set(Connection connection, PreparedStatement insert, HistoryEvent event) throws SQLException {
        String key = event.key();
        insert.setLong(1, HistoryDocuments.number(event.provider(), key));
        insert.setString(2, event.provider());
        insert.setString(3, key);
        insert.setString(4, event.type());
        insert.setLong(5, event.receivedAt());
        insert.setBytes(6, event.eventId() == null || event.eventId().equals(key) ? null : event.eventId().getBytes(StandardCharsets.UTF_8));
        insert.setBytes(7, event.webhook());
        insert.setBytes(8, event.attributes());
        insert.setLong(9, EventKey.number(key));
        Array terms = connection.createArrayOf("text", event.webhook() == null ? new String[0] : EventTerms.of(event.webhook()).toArray(String[]::new));
        insert.setArray(10, terms);
        insert.addBatch();
    }

    private static void set(PreparedStatement insert, HistoryOutcome outcome, Set<Long> forgotten) throws SQLException {
        long event = HistoryDocuments.number(outcome.provider(), outcome.key());
        boolean content = !forgotten.contains(event);
        HistoryOutcome.Said answer = content ? outcome.answer() : null;
        insert.setLong(1, event);
        insert.setLong(2, outcome.at());
        insert.setString(3, outcome.what().text());
        insert.setString(4, outcome.step());
        insert.setString(5, outcome.destination());
        insert.setString(6, outcome.account());
        insert.setObject(7, outcome.part(), Types.INTEGER);
        insert.setObject(8, outcome.attempts(), Types.INTEGER);
        insert.setString(9, outcome.reason());
        insert.setString(10, outcome.parkedId());
        insert.setBytes(11, content ? outcome.record() : null);
        insert.setObject(12, answer == null ? null : answer.status(), Types.INTEGER);
        insert.setBytes(13, answer == null || answer.body() == null ? null : answer.body().getBytes(StandardCharsets.UTF_8));
        insert.setLong(14, outcome.receivedAt());
        insert.addBatch();
    }

    private static long day(long time) {
        return Math.floorDiv(time, DAY) * DAY;
    }

    /** Kept until the transaction ends, so that nobody drops a partition that another relay is about to write to. */
    private static void lock(Connection connection, boolean shared) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("SELECT pg_advisory_xact_lock" + (shared ? "_shared" : "") + "(" + PARTITIONS + ")");
        }
    }

    private void makePartitions(Connection connection, Collection<Long> days) throws SQLException {
        lock(connection, true);
        if (days(connection).containsAll(days)) {
            return;
        }
        // the lock that is held can only be given back with its transaction
        connection.rollback();
        lock(connection, false);
        List<Long> there = days(connection);
        try (Statement statement = connection.createStatement()) {
            for (long day : days) {
                if (!there.contains(day)) {
                    for (String table : TABLES) {
                        statement.execute("CREATE TABLE " + partition(table, day) + " PARTITION OF " + table + " FOR VALUES FROM (" + day + ") TO ("
                                + (day + DAY) + ")");
                    }
                }
            }
        }
    }

    private static String partition(String table, long day) {
        return table + "_" + NAME.format(Instant.ofEpochMilli(day));
    }

    /** Those that have partitions, the oldest first. */
    private static List<Long> days(Connection connection) throws SQLException {
        List<Long> days = new ArrayList<>();
        try (Statement statement = connection.createStatement(); ResultSet row = statement.executeQuery(
                "SELECT substring(inhrelid::regclass::text FROM '[0-9]+$') FROM pg_inherits WHERE inhparent = 'history_batch'::regclass ORDER BY 1")) {
            while (row.next()) {
                days.add(LocalDate.parse(row.getString(1), DateTimeFormatter.BASIC_ISO_DATE).toEpochDay() * DAY);
            }
        }
        return days;
    }

    @Override
    public List<Found> newest(HistoryFilter filter, Cursor before, int limit, boolean content) {
        return page(filter, before, "<", "DESC", limit, content);
    }

    @Override
    public List<Found> oldest(HistoryFilter filter, Cursor after, int limit) {
        return page(filter, after, ">", "ASC", limit, true);
    }

    private List<Found> page(HistoryFilter filter, Cursor cursor, String beyond, String order, int limit, boolean content) {
        Conditions conditions = conditions(filter);
        if (cursor != null) {
            conditions.add("received_at " + beyond + "= ?", cursor.receivedAt());
            conditions.add("(received_at, provider, event_key) " + beyond + " (?, ?, ?)", cursor.receivedAt(), cursor.provider(), cursor.key());
        }
        return reading(() -> {
            Map<Long, Found> found = new LinkedHashMap<>();
            // OFFSET keeps PostgreSQL from walking through all events in their order until it has found so many
            String from = few(filter, conditions) ? "(SELECT * FROM history_event AS e" + conditions.where() + " OFFSET 0) AS e"
                    : "history_event AS e" + conditions.where();
            queries.query("SELECT " + (content ? EVENT_CONTENT : EVENT) + " FROM " + from + " ORDER BY received_at " + order + ", provider " + order
                    + ", event_key " + order + " LIMIT " + limit, row -> {
                        found.put(row.getLong(1), new Found(event(row, content), new ArrayList<>()));
                    }, conditions.values());
            addOutcomes(found, content);
            return List.copyOf(found.values());
        });
    }

    /**
     * Whether so few fit that they are best found by an index and sorted. PostgreSQL cannot know: of an id or a word that is not among the most frequent
     * it takes half a percent of all events to have it, in truth it is five, or all.
     */
    private boolean few(HistoryFilter filter, Conditions conditions) {
        return (filter.id() != null || filter.user() != null || filter.q() != null) && queries.queryForObject("SELECT count(*) FROM (SELECT FROM history_event AS e"
                + conditions.where() + " LIMIT " + FEW + ") AS few", Long.class, conditions.values()) < FEW;
    }

    private void addOutcomes(Map<Long, Found> found, boolean content) {
        if (found.isEmpty()) {
            return;
        }
        long from = found.values().stream().mapToLong(one -> one.event().receivedAt()).min().orElseThrow();
        long to = found.values().stream().mapToLong(one -> one.event().receivedAt()).max().orElseThrow();
        queries.query("SELECT " + (content ? OUTCOME_CONTENT : OUTCOME) + " FROM history_outcome WHERE received_at BETWEEN ? AND ? AND event_number = ANY (?)"
                + " ORDER BY happened_at, sequence_number", row -> {
                    Found one = found.get(row.getLong(1));
                    one.outcomes().add(outcome(row, one.event(), content));
                }, from, to, found.keySet().toArray(Long[]::new));
    }

    private static HistoryEvent event(ResultSet row, boolean content) throws SQLException {
        byte[] raw = content ? row.getBytes(6) : null;
        return new HistoryEvent(row.getString(2), raw == null ? row.getString(3) : new String(raw, StandardCharsets.UTF_8), row.getString(4), row.getLong(5),
                content ? row.getBytes(7) : null, content ? row.getBytes(8) : null);
    }

    private static HistoryOutcome outcome(ResultSet row, HistoryEvent event, boolean content) throws SQLException {
        Integer status = content ? row.getObject(12, Integer.class) : null;
        byte[] answer = content ? row.getBytes(13) : null;
        return new HistoryOutcome(row.getLong(2), EventOutcome.of(row.getString(3)), event.provider(), event.eventId(), event.receivedAt(), row.getString(4),
                row.getString(5), row.getString(6), row.getObject(7, Integer.class), row.getObject(8, Integer.class), row.getString(9), row.getString(10),
                content ? row.getBytes(11) : null,
                status == null ? null : new HistoryOutcome.Said(status, answer == null ? null : new String(answer, StandardCharsets.UTF_8)));
    }

    @Override
    public long count(HistoryFilter filter) {
        Conditions conditions = conditions(filter);
        return reading(() -> queries.queryForObject("SELECT count(*) FROM history_event AS e" + conditions.where(), Long.class, conditions.values()));
    }

    private static Conditions conditions(HistoryFilter filter) {
        Conditions conditions = new Conditions();
        if (filter.id() != null) {
            conditions.add("(id_number = ? OR shown_number = ?)", id(filter), id(filter));
        }
        conditions.equal("provider", filter.provider());
        conditions.equal("type", filter.type());
        if (filter.from() != null) {
            conditions.add("received_at >= ?", filter.from());
        }
        if (filter.to() != null) {
            conditions.add("received_at < ?", filter.to());
        }
        if (filter.user() != null) {
            conditions.add("terms @@ ?::tsquery", query(EventTerms.user(filter.user()), false));
        }
        if (filter.q() != null) {
            EventTerms.words(filter.q()).forEach(word -> conditions.add("terms @@ ?::tsquery", query(word.terms(), word.prefix())));
        }
        if (filter.asksOutcomes()) {
            Conditions outcomes = new Conditions();
            outcomes.add("o.received_at = e.received_at AND o.event_number = e.event_number");
            outcomes.equal("outcome", filter.outcome());
            outcomes.equal("step", filter.step());
            outcomes.equal("destination", filter.destination());
            outcomes.equal("account", filter.account());
            conditions.add("EXISTS (SELECT FROM history_outcome AS o" + outcomes.where() + ")", outcomes.values());
        }
        return conditions;
    }

    private static long id(HistoryFilter filter) {
        return EventKey.number(EventKey.of(filter.id()));
    }

    /** Any of these; PostgreSQL takes what stands in quotes as it is, but for quotes and backslashes. */
    private static String query(List<String> terms, boolean prefix) {
        return terms.stream().filter(term -> !term.isEmpty())
                .map(term -> "'" + term.replace("\\", "\\\\").replace("'", "''") + "'" + (prefix ? ":*" : "")).collect(Collectors.joining(" | "));
    }

    @Override
    public Forgotten forget(String user) {
        Forgotten forgotten = transaction("rewritten", connection -> {
            int events = 0;
            int records = 0;
            List<Found> carrying = carrying(user);
            try (PreparedStatement event = connection.prepareStatement("UPDATE history_event SET event_key = ?, shown_number = ?, raw_id = NULL,"
                    + " webhook = NULL, attributes = NULL, terms = '' WHERE received_at = ? AND event_number = ? AND webhook IS NOT NULL");
                    PreparedStatement outcome = connection.prepareStatement("UPDATE history_outcome SET record = NULL, status = NULL, answer = NULL"
                            + " WHERE received_at = ? AND event_number = ?")) {
                for (Found one : carrying) {
                    String key = one.event().key();
                    String shown = EventKey.without(user, one.event().eventId());
                    event.setString(1, shown);
                    event.setLong(2, EventKey.number(shown));
                    event.setLong(3, one.event().receivedAt());
                    event.setLong(4, HistoryDocuments.number(one.event().provider(), key));
                    if (event.executeUpdate() > 0) {
                        events++;
                        records += (int) one.outcomes().stream().filter(each -> each.record() != null).count();
                        outcome.setLong(1, one.event().receivedAt());
                        outcome.setLong(2, HistoryDocuments.number(one.event().provider(), key));
                        outcome.executeUpdate();
                    }
                }
            }
            return new Forgotten(events, records);
        });
        if (forgotten.events() > 0) {
            // former versions of the rows go with this, unless an older transaction may still see them
            reading(() -> {
                jdbc.execute("VACUUM history_event, history_outcome");
                return null;
            });
        }
        return forgotten;
    }

    private List<Found> carrying(String user) {
        List<String> terms = new ArrayList<>(EventTerms.user(user));
        terms.add(EventTerms.MORE);
        Map<Long, Found> found = new LinkedHashMap<>();
        jdbc.query("SELECT " + EVENT_CONTENT + " FROM history_event WHERE terms @@ ?::tsquery", row -> {
            HistoryEvent event = event(row, true);
            if (event.webhook() != null && EventUsers.has(event.webhook(), user)) {
                found.put(row.getLong(1), new Found(event, new ArrayList<>()));
            }
        }, query(terms, false));
        addOutcomes(found, true);
        return List.copyOf(found.values());
    }

    @Override
    public long trim(long time, long maxBytes) {
        return transaction("trimmed", connection -> {
            lock(connection, false);
            TreeMap<Long, Long> days = new TreeMap<>();
            for (long day : days(connection)) {
                days.put(day, number(connection, "SELECT " + TABLES.stream()
                        .map(table -> "pg_total_relation_size('" + partition(table, day) + "')").collect(Collectors.joining(" + "))));
            }
            long bytes = days.values().stream().mapToLong(Long::longValue).sum();
            long tooMuch = 0;
            for (Map.Entry<Long, Long> day : days.entrySet()) {
                boolean old = day.getKey() + DAY <= time;
                // the newest is being written
                if (old || bytes > maxBytes && !day.getKey().equals(days.lastKey())) {
                    bytes -= day.getValue();
                    tooMuch += old ? 0 : number(connection, "SELECT count(*) FROM " + partition("history_event", day.getKey()));
                    try (Statement statement = connection.createStatement()) {
                        statement.execute("DROP TABLE " + TABLES.stream().map(table -> partition(table, day.getKey())).collect(Collectors.joining(", ")));
                    }
                }
            }
            return tooMuch;
        });
    }

    @Override
    public long bytes() {
        return reading(() -> queries.queryForObject("SELECT coalesce(sum(pg_total_relation_size(inhrelid)), 0) FROM pg_inherits WHERE inhparent IN ("
                + TABLES.stream().map(table -> "'" + table + "'::regclass").collect(Collectors.joining(", ")) + ")", Long.class));
    }

    @Override
    public long begins() {
        Long first = reading(() -> queries.queryForObject("SELECT min(received_at) FROM history_event", Long.class));
        return first == null ? Long.MAX_VALUE : first;
    }

    private static long number(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement(); ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getLong(1);
        }
    }

    private <T> T transaction(String what, ConnectionCallback<T> work) {
        try {
            return jdbc.execute((Connection connection) -> {
                boolean automatic = connection.getAutoCommit();
                connection.setAutoCommit(false);
                try {
                    T result = work.doInConnection(connection);
                    connection.commit();
                    return result;
                } catch (SQLException | RuntimeException e) {
                    connection.rollback();
                    throw e;
                } finally {
                    connection.setAutoCommit(automatic);
                }
            });
        } catch (DataAccessException e) {
            throw failed(what, e);
        }
    }

    /** A query that may fail. */
    @FunctionalInterface
    private interface Reading<T> {
        T get();
    }

    private static <T> T reading(Reading<T> reading) {
        try {
            return reading.get();
        } catch (DataAccessException e) {
            throw failed("read", e);
        }
    }

    /** PostgreSQL quotes values of rows in the details of its messages. */
    private static UncheckedStoreException failed(String what, DataAccessException e) {
        String message = String.valueOf(e.getMostSpecificCause().getMessage());
        return new UncheckedStoreException("history in PostgreSQL cannot be " + what + ": " + message.lines().findFirst().orElse(""), e);
    }

    @Override
    public void close() {
        // the connections are the state database's
    }

    /** What has to be true of a row, with its values. */
    private static final class Conditions {

        private final List<String> conditions = new ArrayList<>();
        private final List<Object> values = new ArrayList<>();

        void add(String condition, Object... itsValues) {
            conditions.add(condition);
            values.addAll(List.of(itsValues));
        }

        void equal(String column, String value) {
            if (value != null) {
                add(column + " = ?", value);
            }
        }

        String where() {
            return conditions.isEmpty() ? "" : " WHERE " + String.join(" AND ", conditions);
        }

        Object[] values() {
            return values.toArray();
        }
    }
}
