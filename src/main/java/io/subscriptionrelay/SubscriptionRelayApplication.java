package io.subscriptionrelay;

import io.subscriptionrelay.config.RelayProperties;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;

/** Starts the relay: its routes and mappings are files under {@code RELAY_HOME}, its settings are Spring properties. */
@SpringBootApplication
@EnableConfigurationProperties(RelayProperties.class)
public class SubscriptionRelayApplication {

    public static void main(String[] arguments) {
        SpringApplication.run(SubscriptionRelayApplication.class, arguments);
    }
}
