package io.subscriptionrelay.bench;

import io.subscriptionrelay.order.AppliedState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/**
 * What a row of applied state costs in an embedded database: bytes in its folder, and the time of a batch, which is a look-up of its users and
 * a commit that is forced to disk. Half of the users of a batch are new, the others are chosen among all before.
 *
 * <pre>java -Xmx512m -cp … io.subscriptionrelay.bench.StateRows sqlite|h2 [rows] [rows a batch] [page size]</pre>
 */
final class StateRows {

    private static final String TABLE = "CREATE TABLE applied_state (destination VARCHAR(64) NOT NULL, account VARCHAR(64) NOT NULL,"
            + " user_key VARCHAR(64) NOT NULL, event_time BIGINT NOT NULL, PRIMARY KEY (destination, account, user_key))";
    private static final String UPSERT = "INSERT INTO applied_state (destination, account, user_key, event_time) VALUES (?, ?, ?, ?)"
            + " ON CONFLICT (destination, account, user_key) DO UPDATE SET event_time = excluded.event_time"
            + " WHERE excluded.event_time > applied_state.event_time";
    private static final String MERGE = "MERGE INTO applied_state AS t USING (VALUES (CAST(? AS VARCHAR), CAST(? AS VARCHAR), CAST(? AS VARCHAR),"
            + " CAST(? AS BIGINT))) AS s (destination, account, user_key, event_time)"
            + " ON t.destination = s.destination AND t.account = s.account AND t.user_key = s.user_key"
            + " WHEN MATCHED AND t.event_time < s.event_time THEN UPDATE SET event_time = s.event_time"
            + " WHEN NOT MATCHED THEN INSERT (destination, account, user_key, event_time)"
            + " VALUES (s.destination, s.account, s.user_key, s.event_time)";
    private static final String ONE = "SELECT event_time FROM applied_state WHERE destination = ? AND account = ? AND user_key = ?";

    private StateRows() {
    }

    public static void main(String[] arguments) throws SQLException, IOException {
        boolean sqlite = arguments[0].equals("sqlite");
        int rows = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 200_000;
        int size = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 250;
        String page = arguments.length > 3 ? arguments[3] : "4096";
        Path folder = Folders.ROOT.resolve("state-" + arguments[0]);
        Folders.delete(folder);
        Files.createDirectories(folder);
        String url = sqlite ? "jdbc:sqlite:" + folder.resolve("state.db") + "?journal_mode=WAL&synchronous=FULL&locking_mode=EXCLUSIVE&page_size="
                + page + "&cache_size=-8000" : "jdbc:h2:file:" + folder.resolve("state").toAbsolutePath() + ";WRITE_DELAY=0;DB_CLOSE_ON_EXIT=FALSE";
        long opening = System.nanoTime();
        try (Connection connection = DriverManager.getConnection(url)) {
            try (Statement statement = connection.createStatement()) {
                statement.execute(TABLE + (sqlite ? " WITHOUT ROWID" : ""));
            }
            System.out.printf("opened in %.0f ms%n", (System.nanoTime() - opening) / 1e6);
            SplittableRandom random = new SplittableRandom(1);
            List<Long> look = new ArrayList<>();
            List<Long> store = new ArrayList<>();
            int known = 0;
            for (int batch = 1; known < rows; batch++) {
                String[] users = new String[size];
                for (int i = 0; i < size; i++) {
                    users[i] = AppliedState.key("onesignal_id", "user-" + (i % 2 == 0 || known == 0 ? known++ : random.nextInt(known)));
                }
                Arrays.sort(users);
                long start = System.nanoTime();
                look(connection, users);
                look.add(System.nanoTime() - start);
                start = System.nanoTime();
                store(connection, users, batch, sqlite ? UPSERT : MERGE);
                store.add(System.nanoTime() - start);
                if (known / (rows / 4) != (known - size / 2) / (rows / 4)) {
                    System.out.printf("%,d rows: %.0f bytes a row; look-up of %d %.1f ms, store %.1f ms, slowest %.0f ms%n", known,
                            (double) bytes(folder) / known, size, middle(look), middle(store), store.stream().mapToLong(n -> n).max().orElse(0) / 1e6);
                    look.clear();
                    store.clear();
                }
            }
        }
        System.out.printf("closed: %.0f bytes a row%n", (double) bytes(folder) / rows);
    }

    private static void look(Connection connection, String[] users) throws SQLException {
        try (PreparedStatement query = connection.prepareStatement(ONE)) {
            query.setString(1, "onesignal");
            query.setString(2, "production");
            for (String user : users) {
                query.setString(3, user);
                try (ResultSet row = query.executeQuery()) {
                    row.next();
                }
            }
        }
    }

    private static void store(Connection connection, String[] users, long time, String sql) throws SQLException {
        connection.setAutoCommit(false);
        try (PreparedStatement insert = connection.prepareStatement(sql)) {
            for (String user : users) {
                insert.setString(1, "onesignal");
                insert.setString(2, "production");
                insert.setString(3, user);
                insert.setLong(4, 1_790_812_800_000L + time);
                insert.addBatch();
            }
            insert.executeBatch();
            connection.commit();
        }
        connection.setAutoCommit(true);
    }

    private static double middle(List<Long> nanos) {
        return nanos.stream().sorted().skip(nanos.size() / 2).findFirst().orElse(0L) / 1e6;
    }

    private static long bytes(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile).mapToLong(file -> file.toFile().length()).sum();
        }
    }
}
