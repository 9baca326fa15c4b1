package io.subscriptionrelay.testing;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.stream.Stream;

/** A real PostgreSQL that can be stopped and started again on its port and data. */
public final class Postgres implements AutoCloseable {

    private final Path folder;
    private final Map<String, String> settings;
    private int port;
    private EmbeddedPostgres server;

    /** Starts it with its data in this folder. */
    public Postgres(Path folder) {
        this(folder, Map.of());
    }

    private Postgres(Path folder, Map<String, String> settings) {
        this.folder = folder;
        this.settings = settings;
        start();
    }

    /** One that forces to the disk what it confirms, as an installed one does. The library's own is quicker. */
    public static Postgres durable(Path folder) {
        return new Postgres(folder, Map.of("fsync", "on", "synchronous_commit", "on"));
    }

    public Postgres start() {
        try {
            EmbeddedPostgres.Builder builder = EmbeddedPostgres.builder().setDataDirectory(folder).setCleanDataDirectory(false)
                    .setServerConfig("max_connections", "60");
            settings.forEach(builder::setServerConfig);
            server = (port == 0 ? builder : builder.setPort(port)).start();
            port = server.getPort();
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Breaks all connections and stops it. */
    public void stop() {
        try {
            server.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public String url() {
        return "jdbc:postgresql://127.0.0.1:" + port + "/postgres";
    }

    /** Of the process that has started all others of it. */
    public long pid() {
        try (Stream<String> lines = Files.lines(folder.resolve("postmaster.pid"))) {
            return Long.parseLong(lines.findFirst().orElseThrow());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public String user() {
        return "postgres";
    }

    public void execute(String sql) {
        try (Connection connection = server.getPostgresDatabase().getConnection(); Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The number that a query gives. */
    public long number(String sql) {
        try (Connection connection = server.getPostgresDatabase().getConnection(); Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            result.next();
            return result.getLong(1);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        stop();
    }
}
