package io.subscriptionrelay.history;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
class HistoryConfiguration {

    @Bean(destroyMethod = "close")
    HistoryStore historyStore() {
        return new MemoryHistory();
    }
}
