package io.subscriptionrelay.bench;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.subscriptionrelay.broker.StorageHealth;
import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.mapping.Mapper;
import io.subscriptionrelay.webhook.Webhooks;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Single parts of the relay with the relay's own settings and nothing around them: what the floors are built on, so that
 * they differ from the relay in what is measured and in nothing else.
 */
final class Parts {

    private Parts() {
    }

    /** The broker as the relay configures it, and the mappings. */
    static ConfigurableApplicationContext broker(Path dataDir) {
        try {
            return start(dataDir, Class.forName("io.subscriptionrelay.broker.BrokerConfiguration"),
                    Class.forName("io.subscriptionrelay.broker.ExternalBroker"), StorageHealth.class, Mapper.class, Webhooks.class);
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException("the relay configures its broker elsewhere now", e);
        }
    }

    /** The mappings alone. */
    static ConfigurableApplicationContext mappings() {
        return start(Path.of("target/bench/none"), Mapper.class);
    }

    private static ConfigurableApplicationContext start(Path dataDir, Class<?>... parts) {
        List<Class<?>> sources = new ArrayList<>(List.of(parts));
        sources.add(Surroundings.class);
        SpringApplication application = new SpringApplication(sources.toArray(Class<?>[]::new));
        application.setWebApplicationType(WebApplicationType.NONE);
        application.setLogStartupInfo(false);
        return application.run("--relay.data-dir=" + dataDir.toAbsolutePath(), "--REVENUECAT_AUTHORIZATION=" + Samples.AUTHORIZATION,
                "--logging.level.root=WARN");
    }

    @Configuration(proxyBeanMethods = false)
    @EnableConfigurationProperties(RelayProperties.class)
    static class Surroundings {

        @Bean
        MeterRegistry metrics() {
            return new SimpleMeterRegistry();
        }

        @Bean
        Clock clock() {
            return Clock.systemUTC();
        }
    }
}
