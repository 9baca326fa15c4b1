package io.subscriptionrelay.order;

import com.zaxxer.hikari.HikariDataSource;
import io.subscriptionrelay.config.StartRefusedException;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.autoconfigure.sql.init.SqlDataSourceScriptDatabaseInitializer;
import org.springframework.boot.autoconfigure.sql.init.SqlInitializationProperties;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.DependsOn;
import org.springframework.jdbc.support.JdbcUtils;
import org.springframework.jdbc.support.MetaDataAccessException;
import org.springframework.stereotype.Component;

/**
 * Makes the tables, in the data directory or in PostgreSQL. A PostgreSQL that is still starting is waited for; a database that cannot be used
 * is a refused start with a reason. Relays that start together make the tables one after the other.
 */
@Component
// it holds the lock of the data directory
@DependsOn("embeddedBroker")
@EnableConfigurationProperties(SqlInitializationProperties.class)
public class StateDatabase extends SqlDataSourceScriptDatabaseInitializer {

    private static final Logger LOG = LoggerFactory.getLogger(StateDatabase.class);
    private static final String POSTGRES = "jdbc:postgresql:";
    private static final String POSTGRES_TABLES = "classpath:schema-postgresql.sql";
    private static final String EMBEDDED_TABLES = "classpath:schema-sqlite.sql";
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final long LOOK_AGAIN_MILLIS = 500;
    /** Any number that no other application on this database uses. */
    private static final long TABLES = 0x5265_6c61_79L;

    private final HikariDataSource database;
    private final StateFile file;

    StateDatabase(HikariDataSource database, SqlInitializationProperties settings) {
        super(database, of(database, settings));
        this.database = database;
        file = isPostgres(database.getJdbcUrl()) ? null : new StateFile(database);
    }

    private static SqlInitializationProperties of(HikariDataSource database, SqlInitializationProperties settings) {
        settings.setSchemaLocations(List.of(isPostgres(database.getJdbcUrl()) ? POSTGRES_TABLES : EMBEDDED_TABLES));
        return settings;
    }

    /**
     * Whether the URL is PostgreSQL's. No part of it is repeated, because a password may stand in it.
     *
     * @throws StartRefusedException when it is of another kind of database, which the relay does not keep its state in
     */
    public static boolean isPostgres(String url) {
        if (!url.startsWith(POSTGRES) && !url.startsWith(StateFile.URL)) {
            throw new StartRefusedException("STATE_JDBC_URL names a database of another kind than PostgreSQL",
                    "Set it to jdbc:postgresql://<host>:5432/<database>, or leave it unset: then the state is kept in the data directory.");
        }
        return url.startsWith(POSTGRES);
    }

    /** Whether it is PostgreSQL, and not the embedded database. */
    public static boolean isPostgres(DataSource dataSource) {
        try {
            return "PostgreSQL".equals(JdbcUtils.commonDatabaseName(
                    JdbcUtils.extractDatabaseMetaData(dataSource, DatabaseMetaData::getDatabaseProductName)));
        } catch (MetaDataAccessException e) {
            throw new IllegalStateException("the state database answers no longer", e);
        }
    }

    @Override
    public boolean initializeDatabase() {
        if (file != null) {
            return openFile();
        }
        // a host that is gone says nothing: without these a batch would wait for it for a quarter of an hour
        database.addDataSourceProperty("connectTimeout", "5");
        database.addDataSourceProperty("socketTimeout", "20");
        database.addDataSourceProperty("tcpKeepAlive", "true");
        database.addDataSourceProperty("ApplicationName", "subscription-relay");
        await();
        try (Connection connection = database.getConnection(); Statement statement = connection.createStatement()) {
            statement.execute("SELECT pg_advisory_lock(" + TABLES + ")");
            try {
                return super.initializeDatabase();
            } finally {
                statement.execute("SELECT pg_advisory_unlock(" + TABLES + ")");
            }
        } catch (SQLException e) {
            throw refused(e);
        }
    }

    private boolean openFile() {
        file.prepare();
        try {
            boolean made = super.initializeDatabase();
            file.check();
            file.addColumns();
            file.takeOver();
            return made;
        } catch (StartRefusedException e) {
            throw e;
        } catch (SQLException | RuntimeException e) {
            throw file.refused(e);
        }
    }

    private void await() {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        boolean told = false;
        while (true) {
            try (Connection connection = DriverManager.getConnection(database.getJdbcUrl(), login())) {
                return;
            } catch (SQLException e) {
                if (!passing(e) || System.nanoTime() > deadline) {
                    throw refused(e);
                }
                if (!told) {
                    LOG.info("Waiting for the state database, up to {} s: {}", PATIENCE.toSeconds(), e.getMessage());
                    told = true;
                }
            }
            try {
                Thread.sleep(LOOK_AGAIN_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new StartRefusedException("the start was interrupted", "Start it again.");
            }
        }
    }

    private Properties login() {
        Properties login = new Properties();
        login.putAll(database.getDataSourceProperties());
        if (database.getUsername() != null && !database.getUsername().isBlank()) {
            login.setProperty("user", database.getUsername());
        }
        if (database.getPassword() != null && !database.getPassword().isBlank()) {
            login.setProperty("password", database.getPassword());
        }
        return login;
    }

    /** PostgreSQL: 08 is about connections, 57P03 says that it is starting or stopping, 53300 that it has too many connections. */
    private static boolean passing(SQLException e) {
        String state = String.valueOf(e.getSQLState());
        return state.startsWith("08") || state.equals("57P03") || state.equals("53300");
    }

    /** No part of the URL is repeated, because a password may stand in it. */
    private static StartRefusedException refused(SQLException e) {
        String state = String.valueOf(e.getSQLState());
        if (state.startsWith("28")) {
            return new StartRefusedException("the state database does not let the relay in: " + e.getMessage(),
                    "Set STATE_JDBC_USER and STATE_JDBC_PASSWORD to a user of the database in STATE_JDBC_URL.", e);
        }
        if (state.equals("3D000")) {
            return new StartRefusedException("the state database does not exist: " + e.getMessage(),
                    "Create it, or name another one in STATE_JDBC_URL (jdbc:postgresql://<host>:5432/<database>).", e);
        }
        return new StartRefusedException("the state database cannot be used: " + e.getMessage(),
                "Start PostgreSQL, or set STATE_JDBC_URL to where it runs (jdbc:postgresql://<host>:5432/<database>); without"
                        + " STATE_JDBC_URL the relay keeps its state in its data directory.", e);
    }
}
