package io.subscriptionrelay;

import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.trace.TraceCommand;
import java.util.List;
import java.util.Optional;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;

/**
 * Starts the relay: its routes and mappings are files under {@code RELAY_HOME}, its settings are Spring properties. With
 * {@code trace} as its first argument it only asks the relay that runs already what became of an event. An argument that it does not
 * know ends it with status 2: whoever means something else by it must not start a relay with its real accounts.
 */
@SpringBootApplication
@EnableConfigurationProperties(RelayProperties.class)
public class SubscriptionRelayApplication {

    private static final String RUN = "run";
    private static final String HELP = "--help";
    private static final int WRONG_USE = 2;
    private static final String USAGE = """
            usage: java -jar subscription-relay.jar [run] [--name=value ...]    starts the relay; each option is a Spring property
                   java -jar subscription-relay.jar trace <event id>            asks the running relay what became of an event""";

    public static void main(String[] arguments) {
        List<String> options = List.of(arguments);
        if (!options.isEmpty() && options.get(0).equals(TraceCommand.NAME)) {
            System.exit(new TraceCommand(System.getenv(), System.out, System.err).run(arguments));
        }
        if (!options.isEmpty() && options.get(0).equals(RUN)) {
            options = options.subList(1, options.size());
        }
        if (options.contains(HELP)) {
            System.out.println(USAGE);
            return;
        }
        Optional<String> unknown = options.stream().filter(argument -> !argument.matches("(?s)--[^=]+=.*")).findFirst();
        if (unknown.isPresent()) {
            System.err.println("Nothing is started, because the argument `" + withoutValue(unknown.get()) + "` is not known: there are the commands `"
                    + RUN + "` (or none) and `" + TraceCommand.NAME + "`, and after `" + RUN + "` the options --name=value, which are Spring properties.");
            System.exit(WRONG_USE);
        }
        SpringApplication.run(SubscriptionRelayApplication.class, options.toArray(String[]::new));
    }

    /** Of what might have been meant as a setting, only the name: the value may be a secret. */
    private static String withoutValue(String argument) {
        int end = argument.indexOf('=');
        return end < 0 ? argument : argument.substring(0, end) + "=...";
    }
}
