package io.subscriptionrelay.order;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.zaxxer.hikari.HikariDataSource;
import io.subscriptionrelay.config.StartRefusedException;
import io.subscriptionrelay.testing.RelayApp;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.autoconfigure.sql.init.SqlInitializationProperties;
import org.springframework.boot.sql.init.DatabaseInitializationMode;
import org.springframework.jdbc.core.JdbcTemplate;

/** The applied states in the data directory. */
class AppliedStateTest {

    private static final long NOW = System.currentTimeMillis();
    private static final int KNOWN = 2000;
    private static final int ROWS = 20_000;
    private static final int ROWS_A_BATCH = 100;
    /** Of RevenueCat's tags at OneSignal. */
    private static final int KEYS = 15;
    private static final int PAGE_BYTES = 4096;
    /** A leaf in the midst of the file, counted from 0. */
    private static final int DAMAGED_PAGE = 300;
    /** What a row may take on disk, its log included. */
    private static final int BYTES = 400;

    private static final Runnable STILL_MINE = () -> {
    };

    @TempDir
    Path folder;

    @Test
    void usersAreLookedUpByTheWholeKeyAndWhatKnowsMoreStays() {
        try (Store store = new Store()) {
            AppliedState state = store.state;
            Map<String, StateTimes> known = new HashMap<>();
            IntStream.range(0, KNOWN).forEach(n -> known.put("user-" + n, at(NOW + n)));
            state.applied("onesignal", "production", known, STILL_MINE);
            StateTimes first = StateTimes.NONE.applied(NOW + 7, List.of("plan", "store"));
            state.applied("onesignal", "sandbox", Map.of("user-1", first), STILL_MINE);

            assertThat(state.times("onesignal", "production", List.of("user-1", "user-1999", "unknown")))
                    .isEqualTo(Map.of("user-1", at(NOW + 1), "user-1999", at(NOW + 1999)));
            assertThat(state.times("onesignal", "production", known.keySet())).isEqualTo(known);
            assertThat(state.times("onesignal", "sandbox", known.keySet())).isEqualTo(Map.of("user-1", first));
            assertThat(state.times("onesignal", "production", List.of())).isEmpty();

            // batches end in any order: the later of the two is noted first
            StateTimes second = first.applied(NOW + 6, List.of("status"));
            StateTimes third = second.applied(NOW + 8, List.of("plan"));
            state.applied("onesignal", "sandbox", Map.of("user-1", third, "user-2", at(NOW)), STILL_MINE);
            state.applied("onesignal", "sandbox", Map.of("user-1", second), STILL_MINE);
            assertThat(state.times("onesignal", "sandbox", known.keySet())).isEqualTo(Map.of("user-1", third, "user-2", at(NOW)));
        }
    }

    /** All that was known of a user is the newest time then, so any key counts as set at it. */
    @Test
    void aFileOfAVersionThatKnewNoKeysIsTakenOver() throws SQLException {
        try (Store store = new Store()) {
            store.state.applied("onesignal", "production", Map.of("user", at(NOW)), STILL_MINE);
        }
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file("state/state.db")); var statement = connection.createStatement()) {
            statement.execute("ALTER TABLE applied_state DROP COLUMN key_times");
            statement.execute("ALTER TABLE applied_state DROP COLUMN revision");
        }
        try (Store store = new Store()) {
            AppliedState state = store.state;
            StateTimes found = state.times("onesignal", "production", List.of("user")).get("user");
            assertThat(found.newest()).isEqualTo(NOW);
            assertThat(found.newerThan(NOW - 1, "plan")).isTrue();
            assertThat(found.newerThan(NOW, "plan")).isFalse();
            StateTimes now = found.applied(NOW + 1, List.of("plan"));
            state.applied("onesignal", "production", Map.of("user", now), STILL_MINE);
            assertThat(state.times("onesignal", "production", List.of("user"))).isEqualTo(Map.of("user", now));
        }
    }

    private static StateTimes at(long time) {
        return StateTimes.NONE.applied(time);
    }

    @Test
    void aRowTakesAFewHundredBytesHoweverManyBatchesItCameIn() throws IOException {
        try (Store store = new Store()) {
            AppliedState state = store.state;
            for (int batch = 0; batch < ROWS / ROWS_A_BATCH; batch++) {
                int first = batch * ROWS_A_BATCH;
                Map<String, StateTimes> times = new HashMap<>();
                List<String> keys = IntStream.range(0, KEYS).mapToObj(n -> "tag_" + n).toList();
                IntStream.range(first, first + ROWS_A_BATCH).forEach(n -> times.put(AppliedState.key("identity", "user-" + n),
                        StateTimes.NONE.applied(NOW + n, keys)));
                state.applied("onesignal", "production", times, STILL_MINE);
            }
            // the log has a size of its own, however many rows there are
            assertThat(bytes("state/state.db")).isLessThan(ROWS * (long) BYTES);
            assertThat(bytes("state/state.db-wal")).isLessThan(16L * 1024 * 1024);
        }
    }

    @Test
    void whatIsCommittedIsForcedToDiskAndTheFileIsThisRelaysAlone() {
        try (Store store = new Store()) {
            assertThat(store.sql.queryForObject("PRAGMA synchronous", Integer.class)).as("FULL").isEqualTo(2);
            assertThat(store.sql.queryForObject("PRAGMA journal_mode", String.class)).isEqualTo("wal");
            assertThatThrownBy(() -> {
                try (Connection second = DriverManager.getConnection("jdbc:sqlite:" + file("state/state.db") + "?busy_timeout=100");
                        var statement = second.createStatement()) {
                    statement.executeQuery("SELECT count(*) FROM applied_state");
                }
            }).hasMessageContaining("SQLITE_BUSY");
        }
    }

    /** An earlier version was killed, and the start after the upgrade too, when it had carried a part of the rows over. */
    @Test
    void theStateOfAnEarlierVersionIsCarriedOverAndItsFileRemoved() throws Exception {
        old(ROWS);
        try (Store store = new Store()) {
            AppliedState state = store.state;
            assertThat(newest(state, "user-0", "user-" + (ROWS - 1), "never")).isEqualTo(Map.of("user-0", NOW, "user-" + (ROWS - 1), NOW + ROWS - 1));
            assertThat(store.rows()).isEqualTo(ROWS);
            state.applied("onesignal", "production", Map.of("user-1", at(NOW + ROWS)), STILL_MINE);
        }
        assertThat(file("state/state.mv.db")).doesNotExist();

        old(ROWS);
        try (Store store = new Store()) {
            assertThat(newest(store.state, "user-1", "user-2")).isEqualTo(Map.of("user-1", NOW + ROWS, "user-2", NOW + 2));
            assertThat(store.rows()).isEqualTo(ROWS);
        }
        assertThat(file("state/state.mv.db")).doesNotExist();
    }

    @Test
    void anOldStateThatCannotBeReadIsNotGivenUp() throws IOException {
        Files.createDirectories(file("state"));
        Files.writeString(file("state/state.mv.db"), "no database at all, but long enough to have a header ".repeat(200));
        assertRefused("the state of an earlier version cannot be read from " + file("state/state.mv.db"));
        assertThat(file("state/state.mv.db")).exists();
    }

    @Test
    void aDamagedStateFileIsNamedWithWhatToDo() throws IOException {
        Files.createDirectories(file("state"));
        Files.writeString(file("state/state.db"), "no database at all, but long enough to have a header ".repeat(200));
        assertRefused(() -> relay().start().close(), "the state database " + file("state/state.db") + " is damaged", "");
    }

    @Test
    void aPageThatIsDamagedIsNamedWithItsFileBeforeAnythingIsDelivered() throws Exception {
        fill();
        byte[] whole = Files.readAllBytes(file("state/state.db"));
        byte[] zeroed = whole.clone();
        Arrays.fill(zeroed, DAMAGED_PAGE * PAGE_BYTES, (DAMAGED_PAGE + 1) * PAGE_BYTES, (byte) 0);
        Files.write(file("state/state.db"), zeroed);
        assertRefused("the state database " + file("state/state.db") + " is damaged: ", "page " + (DAMAGED_PAGE + 1));

        byte[] flipped = whole.clone();
        // how many rows there are on it
        flipped[DAMAGED_PAGE * PAGE_BYTES + 4] ^= 2;
        Files.write(file("state/state.db"), flipped);
        assertRefused("the state database " + file("state/state.db") + " is damaged: ", "page " + (DAMAGED_PAGE + 1));

        Files.write(file("state/state.db"), Arrays.copyOf(whole, whole.length / 2));
        assertRefused("the state database " + file("state/state.db") + " is damaged: ", "%,d bytes instead of %,d".formatted(whole.length / 2, whole.length));

        Files.write(file("state/state.db"), whole);
        try (Store store = new Store()) {
            assertThat(store.rows()).isEqualTo(ROWS);
        }
    }

    @Test
    void whatCanBeReadOfADamagedFileIsKeptAsTheStartSays() throws Exception {
        assumeTrue(run("sqlite3", "-version") == 0, "sqlite3 is missing here");
        fill();
        byte[] zeroed = Files.readAllBytes(file("state/state.db"));
        Arrays.fill(zeroed, DAMAGED_PAGE * PAGE_BYTES, (DAMAGED_PAGE + 1) * PAGE_BYTES, (byte) 0);
        Files.write(file("state/state.db"), zeroed);
        String command = "sqlite3 state.db .dump | sed 's/^ROLLBACK.*/COMMIT;/' | sqlite3 readable.db";
        assertRefused("is damaged", command);
        assertThat(run("sh", "-c", "cd '" + file("state") + "' && " + command)).isZero();
        Files.move(file("state/readable.db"), file("state/state.db"), StandardCopyOption.REPLACE_EXISTING);
        Files.deleteIfExists(file("state/state.db-wal"));
        try (Store store = new Store()) {
            assertThat(store.rows()).isBetween(ROWS - 200L, ROWS - 1L);
        }
    }

    @Test
    void aPageThatIsFoundDamagedWhileItRunsIsToldInHealth() throws Exception {
        fill();
        try (RelayApp relay = relay().start()) {
            assertThat(relay.actuatorLoggedIn("/health").path("components").path("state").path("status").asText()).isEqualTo("UP");
            JdbcTemplate database = new JdbcTemplate(relay.bean(DataSource.class));
            database.execute("PRAGMA shrink_memory");
            try (RandomAccessFile open = new RandomAccessFile(file("state/state.db").toFile(), "rw")) {
                open.seek((long) DAMAGED_PAGE * PAGE_BYTES);
                open.write(new byte[PAGE_BYTES]);
            }
            List<String> users = IntStream.range(0, ROWS).mapToObj(n -> AppliedState.key("identity", "user-" + n)).toList();
            assertThatThrownBy(() -> relay.bean(AppliedState.class).times("onesignal", "production", users)).hasMessageContaining("SQLITE_CORRUPT");
            JsonNode state = relay.actuatorLoggedIn("/health").path("components").path("state");
            assertThat(state.path("status").asText()).isEqualTo("DOWN");
            assertThat(state.path("details").path("problem").asText()).contains("is damaged").contains("stop the relay and start it again");
        }
    }

    private void fill() {
        try (RelayApp relay = relay().start()) {
            Map<String, StateTimes> times = new HashMap<>();
            IntStream.range(0, ROWS).forEach(n -> times.put(AppliedState.key("identity", "user-" + n), at(NOW + n)));
            relay.bean(AppliedState.class).applied("onesignal", "production", times, STILL_MINE);
        }
    }

    private static int run(String... command) throws InterruptedException {
        try {
            return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor();
        } catch (IOException missing) {
            return -1;
        }
    }

    /** However old an event is when it comes: from then on an older one must not overwrite it. */
    @Test
    void statesThatWereAppliedBeforeAnyRetryAreRemovedAndOthersStayWhateverTheirEventsTime() {
        long longAgo = NOW - Duration.ofDays(400).toMillis();
        try (Store store = new Store()) {
            Map<String, StateTimes> times = new HashMap<>();
            // more than are looked through at once, and old ones among the last
            IntStream.range(0, 2500).forEach(n -> times.put(AppliedState.key("identity", "old-" + n), at(longAgo)));
            store.state.applied("onesignal", "production", times, STILL_MINE);
            store.sql.update("UPDATE applied_state SET applied_day = applied_day - 41");
            times.clear();
            IntStream.range(0, 500).forEach(n -> times.put(AppliedState.key("identity", "new-" + n), at(longAgo)));
            store.state.applied("onesignal", "production", times, STILL_MINE);
        }
        try (RelayApp relay = relay().start()) {
            JdbcTemplate database = new JdbcTemplate(relay.bean(DataSource.class));
            await().atMost(Duration.ofSeconds(30)).until(() -> rows(database) == 500);
            await().during(Duration.ofSeconds(2)).until(() -> rows(database) == 500);
        }
    }

    @Test
    void theLibraryIsNotUnpackedWhereEverybodyMayWrite() throws IOException {
        try (RelayApp relay = relay().start()) {
            assertThat(Path.of(System.getProperty("org.sqlite.tmpdir")).getFileName().toString()).isEqualTo("native");
            assertThat(relay.bean(HikariDataSource.class).getMaximumPoolSize()).isEqualTo(1);
        }
        try (Stream<Path> left = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
            assertThat(left.map(path -> path.getFileName().toString())).noneMatch(name -> name.startsWith("sqlite-") && name.endsWith("jdbc.so"));
        }
    }

    private RelayApp.Builder relay() {
        return RelayApp.with(folder).cleverTap("http://127.0.0.1:9");
    }

    private void assertRefused(String found) {
        assertRefused(found, "");
    }

    private void assertRefused(String found, String also) {
        assertRefused(() -> new Store().close(), found, also);
    }

    private static void assertRefused(ThrowingCallable start, String found, String also) {
        assertThatThrownBy(start).satisfies(failure -> {
            Throwable cause = failure;
            while (!(cause instanceof StartRefusedException) && cause.getCause() != null) {
                cause = cause.getCause();
            }
            assertThat(cause).isInstanceOf(StartRefusedException.class).hasMessageContaining(found);
            assertThat(cause.getMessage() + ((StartRefusedException) cause).action()).contains("backup", "away", also);
        });
    }

    private static Map<String, Long> newest(AppliedState state, String... users) {
        return state.times("onesignal", "production", List.of(users)).entrySet().stream()
                .collect(Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().newest()));
    }

    private static long rows(JdbcTemplate database) {
        return database.queryForObject("SELECT count(*) FROM applied_state", Long.class);
    }

    /** What a relay does with its state database, without the rest of a relay. */
    private final class Store implements AutoCloseable {

        private final HikariDataSource database = new HikariDataSource();
        private final JdbcTemplate sql = new JdbcTemplate(database);
        private final AppliedState state = new AppliedState(database, null, Clock.systemUTC());

        Store() {
            database.setJdbcUrl("jdbc:sqlite:" + file("state/state.db"));
            SqlInitializationProperties settings = new SqlInitializationProperties();
            settings.setMode(DatabaseInitializationMode.ALWAYS);
            try {
                new StateDatabase(database, settings).initializeDatabase();
            } catch (RuntimeException refused) {
                database.close();
                throw refused;
            }
        }

        long rows() {
            return AppliedStateTest.rows(sql);
        }

        @Override
        public void close() {
            database.close();
        }
    }

    private Path file(String name) {
        return folder.resolve(name);
    }

    private long bytes(String name) throws IOException {
        return Files.exists(file(name)) ? Files.size(file(name)) : 0;
    }

    /** What versions before SQLite have left behind. */
    private void old(int rows) throws SQLException {
        try (Connection connection = DriverManager.getConnection("jdbc:h2:file:" + file("state/state") + ";WRITE_DELAY=0;DB_CLOSE_ON_EXIT=FALSE", "", "")) {
            try (var statement = connection.createStatement()) {
                statement.execute("CREATE TABLE applied_state (destination VARCHAR(64) NOT NULL, account VARCHAR(64) NOT NULL,"
                        + " user_key VARCHAR(64) NOT NULL, event_time BIGINT NOT NULL, PRIMARY KEY (destination, account, user_key))");
            }
            try (PreparedStatement insert = connection.prepareStatement("INSERT INTO applied_state VALUES ('onesignal', 'production', ?, ?)")) {
                for (int n = 0; n < rows; n++) {
                    insert.setString(1, "user-" + n);
                    insert.setLong(2, NOW + n);
                    insert.addBatch();
                }
                insert.executeBatch();
            }
        }
    }
}
