package io.subscriptionrelay.order;

import com.zaxxer.hikari.HikariDataSource;
import io.subscriptionrelay.config.StartRefusedException;
import io.subscriptionrelay.logs.Causes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Stream;
import org.h2.api.ErrorCode;
import org.h2.jdbc.JdbcException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The embedded state database: one SQLite file in the data directory. What is committed is forced to disk before the commit returns, in a
 * log beside the file ({@code -wal}) that is written back every few megabytes. There is one connection, which locks the file.
 *
 * <p>Earlier versions kept the state in H2. What is found of it is carried over at the first start, and removed then.
 */
final class StateFile {

    static final String URL = "jdbc:sqlite:";

    private static final Logger LOG = LoggerFactory.getLogger(StateFile.class);
    /** A relay on the same data that is being stopped has gone by then. */
    private static final Duration LONGEST_STOP = Duration.ofSeconds(45);
    private static final int CACHE_KB = 8 * 1024;
    private static final int LOG_BYTES = 8 * 1024 * 1024;
    /** Where the driver unpacks its library, and loads it from. It would take {@code /tmp}, which belongs to everybody. */
    private static final String LIBRARY_FOLDER = "org.sqlite.tmpdir";
    private static final String LIBRARY = "native";
    private static final String LIBRARY_NAME = "sqlite-";

    private static final String OLD = "state";
    private static final String OLD_FILE = OLD + ".mv.db";
    private static final String OLD_TRACE = OLD + ".trace.db";
    private static final int PROBLEMS_SHOWN = 3;
    /** SQLite's file format: where the header has the size of a page and the number of pages. */
    private static final int HEADER_BYTES = 100;
    private static final int PAGE_BYTES_AT = 16;
    private static final int PAGES_AT = 28;
    private static final int LARGEST_PAGE = 65_536;
    private static final int ROWS_AT_ONCE = 1_000;
    private static final int ROWS_A_COMMIT = 20_000;
    /** Of two times the newer one stays: a relay of an earlier version may have run again meanwhile. */
    private static final String CARRY_OVER = "INSERT INTO applied_state (destination, account, user_key, event_time, applied_day) VALUES (?, ?, ?, ?, ?)"
            + " ON CONFLICT (destination, account, user_key) DO UPDATE SET event_time = EXCLUDED.event_time, applied_day = EXCLUDED.applied_day"
            + " WHERE EXCLUDED.event_time > applied_state.event_time";

    private final HikariDataSource database;
    private final Path file;

    StateFile(HikariDataSource database) {
        this.database = database;
        String path = database.getJdbcUrl().substring(URL.length());
        file = Path.of(path.contains("?") ? path.substring(0, path.indexOf('?')) : path).toAbsolutePath().normalize();
    }

    /**
     * Makes the folders and says how the file is to be used; before the first connection.
     *
     * @throws StartRefusedException when the folder cannot be written
     */
    void prepare() {
        Path folder = file.getParent();
        try {
            Files.createDirectories(folder);
            if (System.getProperty(LIBRARY_FOLDER) == null) {
                Path library = Files.createDirectories(folder.resolve(LIBRARY));
                removeWhatAKilledRelayLeft(library);
                System.setProperty(LIBRARY_FOLDER, library.toString());
            }
        } catch (IOException e) {
            throw new StartRefusedException("the folder of the state database, " + folder + ", cannot be written (" + Causes.of(e) + ")",
                    "Give RELAY_DATA_DIR a folder on a local disk that has room and that this user may write to.", e);
        }
        database.addDataSourceProperty("busy_timeout", Long.toString(LONGEST_STOP.toMillis()));
        database.addDataSourceProperty("locking_mode", "EXCLUSIVE");
        database.addDataSourceProperty("journal_mode", "WAL");
        database.addDataSourceProperty("synchronous", "FULL");
        database.addDataSourceProperty("cache_size", Integer.toString(-CACHE_KB));
        database.addDataSourceProperty("journal_size_limit", Integer.toString(LOG_BYTES));
        database.setMaximumPoolSize(1);
        database.setMaxLifetime(0);
    }

    private static void removeWhatAKilledRelayLeft(Path library) throws IOException {
        try (Stream<Path> files = Files.list(library)) {
            for (Path left : (Iterable<Path>) files.filter(file -> file.getFileName().toString().startsWith(LIBRARY_NAME))::iterator) {
                Files.deleteIfExists(left);
            }
        }
    }

    /**
     * Looks at each page of the file. SQLite itself notices damage only when it comes upon it, which may be in the midst of a delivery.
     *
     * @throws StartRefusedException when one of them is not as it should be, with its number
     * @throws SQLException when the file cannot be read
     */
    void check() throws SQLException {
        List<String> found = new ArrayList<>();
        try (Connection connection = database.getConnection(); Statement statement = connection.createStatement();
                ResultSet lines = statement.executeQuery("PRAGMA quick_check(" + PROBLEMS_SHOWN + ")")) {
            while (lines.next()) {
                found.add(Causes.line(lines.getString(1)));
            }
        }
        if (!found.equals(List.of("ok"))) {
            throw damaged(String.join("; ", found), null);
        }
    }

    /** Adds what a file of an earlier version lacks; SQLite knows no {@code ADD COLUMN IF NOT EXISTS}. */
    void addColumns() throws SQLException {
        try (Connection connection = database.getConnection(); Statement statement = connection.createStatement()) {
            Set<String> known = new HashSet<>();
            try (ResultSet columns = statement.executeQuery("SELECT name FROM pragma_table_info('applied_state')")) {
                while (columns.next()) {
                    known.add(columns.getString(1));
                }
            }
            for (String column : List.of("key_times BLOB", "revision BIGINT NOT NULL DEFAULT 0")) {
                if (!known.contains(column.substring(0, column.indexOf(' ')))) {
                    statement.execute("ALTER TABLE applied_state ADD COLUMN " + column);
                }
            }
        }
    }

    /** Where a part of the file is plainly missing, which SQLite does not say. */
    private String place() {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
            channel.read(header, 0);
            int pageBytes = header.getShort(PAGE_BYTES_AT) == 1 ? LARGEST_PAGE : header.getShort(PAGE_BYTES_AT) & 0xffff;
            int pages = header.getInt(PAGES_AT);
            if (pageBytes > 0 && channel.size() < (long) pages * pageBytes) {
                return "; it has %,d bytes instead of %,d".formatted(channel.size(), (long) pages * pageBytes);
            }
            ByteBuffer page = ByteBuffer.allocate(pageBytes);
            ByteBuffer empty = ByteBuffer.allocate(pageBytes);
            for (int n = 1; n < pages; n++) {
                channel.read(page.clear(), (long) n * pageBytes);
                if (page.flip().equals(empty.clear())) {
                    return "; page %d, from byte %,d on, is empty".formatted(n + 1, (long) n * pageBytes);
                }
            }
        } catch (IOException | RuntimeException unreadable) {
            LOG.debug("The damage of {} cannot be found", file, unreadable);
        }
        return "";
    }

    private StartRefusedException damaged(String found, Throwable failure) {
        String name = file.getFileName().toString();
        return new StartRefusedException("the state database " + file + " is damaged: " + found,
                "Put the data directory back from a backup or a snapshot. To go on with what can be read of it, write `sqlite3 " + name
                        + " .dump | sed 's/^ROLLBACK.*/COMMIT;/' | sqlite3 readable.db` in its folder, move " + name + " and its " + name
                        + "-wal away, and give readable.db its name; to go on without it, only move them away. For users of whom nothing is left, an"
                        + " event that comes late may overwrite what a newer one has set.", failure);
    }

    /** Whether this says that the file is damaged. */
    static boolean isDamage(String failure) {
        return failure.contains("SQLITE_CORRUPT") || failure.contains("SQLITE_NOTADB");
    }

    /** Why the file cannot be used, for the operator. */
    StartRefusedException refused(Throwable failure) {
        String found = Causes.of(failure);
        if (found.contains("SQLITE_BUSY") || found.contains("SQLITE_LOCKED")) {
            return new StartRefusedException("the state database " + file + " is in use by another process",
                    "Stop that one, or give this relay its own RELAY_DATA_DIR.", failure);
        }
        if (isDamage(found)) {
            return damaged(found + place(), failure);
        }
        if (found.contains("NativeLibrary") || found.contains("UnsatisfiedLink")) {
            return new StartRefusedException("the library of the state database cannot be loaded from " + System.getProperty(LIBRARY_FOLDER) + ": "
                    + found, "Let programs be run from there (a file system that is mounted noexec does not), or name another folder that only"
                    + " this user may write to with -D" + LIBRARY_FOLDER + "=<folder>.", failure);
        }
        return new StartRefusedException("the state database " + file + " cannot be used: " + found,
                "See to it that its folder is on a local disk that has room, and that this user may read and write everything in it.", failure);
    }

    /**
     * Carries over what an earlier version has kept. It can be stopped at any time and begins anew then: of two times the newer one stays,
     * and the old file is removed when all of its rows are on disk.
     *
     * @throws StartRefusedException when the old file cannot be read
     * @throws SQLException when the new one cannot be written
     */
    void takeOver() throws SQLException {
        Path old = file.resolveSibling(OLD_FILE);
        if (!Files.exists(old)) {
            return;
        }
        LOG.info("The state of an earlier version is carried over from {}", old);
        long rows = 0;
        // rows are read one by one, however many there are
        try (Connection from = DriverManager.getConnection("jdbc:h2:file:" + file.resolveSibling(OLD)
                + ";IFEXISTS=TRUE;LAZY_QUERY_EXECUTION=TRUE;DB_CLOSE_ON_EXIT=FALSE", login());
                Statement query = from.createStatement();
                ResultSet found = query.executeQuery("SELECT destination, account, user_key, event_time FROM applied_state")) {
            rows = copy(found);
        } catch (SQLException e) {
            if (!(e instanceof JdbcException)) {
                throw e;
            }
            if (e.getErrorCode() != ErrorCode.TABLE_OR_VIEW_NOT_FOUND_1) {
                throw unreadable(old, e);
            }
        }
        try {
            Files.delete(old);
            Files.deleteIfExists(file.resolveSibling(OLD_TRACE));
        } catch (IOException e) {
            LOG.warn("{} is carried over, but cannot be removed, and is carried over again at the next start: {}", old, Causes.of(e));
        }
        LOG.info("{} states are carried over from {}", rows, old);
    }

    /** As they were asked for when the old file was made. */
    private Properties login() {
        Properties login = new Properties();
        login.setProperty("user", database.getUsername() == null ? "" : database.getUsername());
        login.setProperty("password", database.getPassword() == null ? "" : database.getPassword());
        return login;
    }

    private long copy(ResultSet found) throws SQLException {
        try (Connection to = database.getConnection()) {
            to.setAutoCommit(false);
            // when they were applied was not kept
            long today = AppliedState.day(System.currentTimeMillis());
            long rows = 0;
            try (PreparedStatement insert = to.prepareStatement(CARRY_OVER)) {
                while (found.next()) {
                    for (int column = 1; column <= 3; column++) {
                        insert.setString(column, found.getString(column));
                    }
                    insert.setLong(4, found.getLong(4));
                    insert.setLong(5, today);
                    insert.addBatch();
                    rows++;
                    if (rows % ROWS_AT_ONCE == 0) {
                        insert.executeBatch();
                    }
                    if (rows % ROWS_A_COMMIT == 0) {
                        to.commit();
                    }
                }
                insert.executeBatch();
                to.commit();
            } finally {
                to.setAutoCommit(true);
            }
            return rows;
        }
    }

    private static StartRefusedException unreadable(Path old, SQLException e) {
        return new StartRefusedException("the state of an earlier version cannot be read from " + old + ": " + Causes.of(e),
                "Put the data directory back from a backup or a snapshot. To go on without it, move " + old.getFileName()
                        + " away: then an event that comes late may overwrite what a newer one has set.", e);
    }
}
