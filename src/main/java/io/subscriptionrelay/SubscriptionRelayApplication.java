package io.subscriptionrelay;

import io.hawt.springboot.HawtioManagementConfiguration;
import io.subscriptionrelay.commands.Commands;
import io.subscriptionrelay.config.RelayProperties;
import org.apache.camel.component.platform.http.springboot.SpringBootPlatformHttpAutoConfiguration;
import org.apache.camel.component.platform.http.springboot.SpringBootPlatformWebMvcConfiguration;
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
 * The relay: its routes and mappings are files under {@code RELAY_HOME}, its settings are Spring properties. What else the program can do is in
 * {@link Commands}.
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

    public static void main(String[] arguments) {
        Commands.main(SubscriptionRelayApplication.class, arguments);
    }
}
