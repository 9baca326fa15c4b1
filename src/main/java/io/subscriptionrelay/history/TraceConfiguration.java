package io.subscriptionrelay.history;

import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.order.StateDatabase;
import javax.sql.DataSource;
import org.springframework.boot.sql.init.dependency.DependsOnDatabaseInitialization;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Traces are kept where the state is: in PostgreSQL, which several relays share, or in the data directory. */
@Configuration(proxyBeanMethods = false)
class TraceConfiguration {

    private static final String FILE = "state/traces.mv";

    @Bean(destroyMethod = "close")
    @DependsOnDatabaseInitialization
    TraceStore traceStore(DataSource dataSource, RelayProperties properties) {
        return StateDatabase.isPostgres(dataSource) ? new TraceTable(dataSource)
                : new TraceFile(properties.dataFolder().resolve(FILE), properties.trace().keep().toMillis());
    }
}
