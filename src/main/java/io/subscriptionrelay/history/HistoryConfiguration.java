package io.subscriptionrelay.history;

import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.order.StateDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.sql.init.dependency.DependsOnDatabaseInitialization;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** History is kept where the state is: in PostgreSQL, which several relays share, or in the data directory. */
@Configuration(proxyBeanMethods = false)
class HistoryConfiguration {

    private static final Logger LOG = LoggerFactory.getLogger(HistoryConfiguration.class);
    private static final String FOLDER = "history";
    /** What versions before 1.1 kept in its place, and what they put aside of it. */
    private static final List<String> TRACES = List.of("state/traces.mv", "state/traces.mv.damaged");

    @Bean(destroyMethod = "close")
    @DependsOnDatabaseInitialization
    HistoryStore historyStore(DataSource dataSource, RelayProperties properties) {
        forgetTraces(properties.dataFolder());
        if (StateDatabase.isPostgres(dataSource)) {
            return new PostgresHistory(dataSource);
        }
        return new LuceneHistory(properties.dataFolder().resolve(FOLDER), properties.history().maxSize().toBytes());
    }

    /** They name no event that history could show. */
    private static void forgetTraces(Path data) {
        for (String file : TRACES) {
            try {
                if (Files.deleteIfExists(data.resolve(file))) {
                    LOG.info("{} of an earlier version is deleted: what becomes of events is kept in {} from now on", file, FOLDER);
                }
            } catch (IOException e) {
                LOG.warn("{} of an earlier version cannot be deleted; delete it yourself", data.resolve(file));
            }
        }
    }
}
