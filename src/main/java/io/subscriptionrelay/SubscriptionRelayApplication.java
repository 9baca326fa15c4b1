package io.subscriptionrelay;

import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.trace.TraceCommand;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;

/**
 * Starts the relay: its routes and mappings are files under {@code RELAY_HOME}, its settings are Spring properties. With
 * {@code trace} as its first argument it only asks the relay that runs already what became of an event.
 */
@SpringBootApplication
@EnableConfigurationProperties(RelayProperties.class)
public class SubscriptionRelayApplication {

    public static void main(String[] arguments) {
        if (arguments.length > 0 && arguments[0].equals(TraceCommand.NAME)) {
            System.exit(new TraceCommand(System.getenv(), System.out, System.err).run(arguments));
        }
        SpringApplication.run(SubscriptionRelayApplication.class, arguments);
    }
}
