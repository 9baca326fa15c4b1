package io.subscriptionrelay;

import io.hawt.springboot.HawtioManagementConfiguration;
import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.history.TraceCommand;
import io.subscriptionrelay.mapping.SchemasCommand;
import java.util.List;
import java.util.Optional;
import org.apache.camel.component.platform.http.springboot.SpringBootPlatformHttpAutoConfiguration;
import org.apache.camel.component.platform.http.springboot.SpringBootPlatformWebMvcConfiguration;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.actuate.autoconfigure.observation.web.servlet.WebMvcObservationAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.security.servlet.ManagementWebSecurityAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurationExcludeFilter;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.security.servlet.SecurityAutoConfiguration;
import org.springframework.boot.autoconfigure.security.servlet.SecurityFilterAutoConfiguration;
import org.springframework.boot.autoconfigure.security.servlet.UserDetailsServiceAutoConfiguration;
import org.springframework.boot.autoconfigure.thymeleaf.ThymeleafAutoConfiguration;
import org.springframework.boot.autoconfigure.web.servlet.DispatcherServletAutoConfiguration;
import org.springframework.boot.autoconfigure.web.servlet.HttpEncodingAutoConfiguration;
import org.springframework.boot.autoconfigure.web.servlet.MultipartAutoConfiguration;
import org.springframework.boot.autoconfigure.web.servlet.WebMvcAutoConfiguration;
import org.springframework.boot.autoconfigure.web.servlet.error.ErrorMvcAutoConfiguration;
import org.springframework.boot.context.TypeExcludeFilter;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.ComponentScan;
import org.springframework.context.annotation.ComponentScan.Filter;
import org.springframework.context.annotation.FilterType;
import org.springframework.stereotype.Controller;
import org.springframework.web.bind.annotation.ControllerAdvice;

/**
 * Starts the relay: its routes and mappings are files under {@code RELAY_HOME}, its settings are Spring properties. With
 * {@code trace} as its first argument it only asks the relay that runs already what became of an event, with {@code schemas} it writes
 * the schemas of the mappings' settings. An argument that it does not know ends it with status 2: whoever means something else by it must not start a relay with its real accounts.
 *
 * <p>This context serves the public port, so nothing that answers requests belongs in it but the webhooks' own filter. What serves the
 * operations port is a context of its own, made of {@link ManagementContextConfiguration}s; Spring would take those, and controllers, for
 * components of this one too. The exclusions stand here, where no setting can replace them.
 */
@SpringBootConfiguration
@EnableAutoConfiguration(exclude = {DispatcherServletAutoConfiguration.class, WebMvcAutoConfiguration.class, ErrorMvcAutoConfiguration.class,
    HttpEncodingAutoConfiguration.class, MultipartAutoConfiguration.class, WebMvcObservationAutoConfiguration.class,
    SpringBootPlatformHttpAutoConfiguration.class, SpringBootPlatformWebMvcConfiguration.class, HawtioManagementConfiguration.class,
    SecurityAutoConfiguration.class, SecurityFilterAutoConfiguration.class, UserDetailsServiceAutoConfiguration.class,
    ManagementWebSecurityAutoConfiguration.class, ThymeleafAutoConfiguration.class})
@ComponentScan(excludeFilters = {@Filter(type = FilterType.CUSTOM, classes = {TypeExcludeFilter.class, AutoConfigurationExcludeFilter.class}),
    @Filter({ManagementContextConfiguration.class, Controller.class, ControllerAdvice.class})})
@EnableConfigurationProperties(RelayProperties.class)
public class SubscriptionRelayApplication {

    private static final String RUN = "run";
    private static final String HELP = "--help";
    private static final int WRONG_USE = 2;
    private static final String USAGE = """
            usage: java -jar subscription-relay.jar [run] [--name=value ...]    starts the relay; each option is a Spring property
                   java -jar subscription-relay.jar trace <event id>            asks the running relay what became of an event
                   java -jar subscription-relay.jar schemas                     writes the schemas of the settings in mappings/ anew""";

    public static void main(String[] arguments) {
        List<String> options = List.of(arguments);
        if (!options.isEmpty() && options.get(0).equals(TraceCommand.NAME)) {
            System.exit(new TraceCommand(System.getenv(), System.out, System.err).run(arguments));
        }
        if (!options.isEmpty() && options.get(0).equals(SchemasCommand.NAME)) {
            System.exit(new SchemasCommand(System.getenv(), System.out, System.err).run(arguments));
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
                    + RUN + "` (or none), `" + TraceCommand.NAME + "` and `" + SchemasCommand.NAME
                    + "`, and after `" + RUN + "` the options --name=value, which are Spring properties.");
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
