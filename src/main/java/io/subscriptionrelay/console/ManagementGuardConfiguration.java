package io.subscriptionrelay.console;

import java.time.Clock;
import org.springframework.boot.actuate.autoconfigure.endpoint.web.WebEndpointProperties;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextConfiguration;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.core.Ordered;

/** Puts the guard in front of the management port, and of nothing else. */
@ManagementContextConfiguration(proxyBeanMethods = false)
public class ManagementGuardConfiguration {

    @Bean
    FilterRegistrationBean<ManagementGuard> managementGuard(ManagementAccess access, WebEndpointProperties endpoints, Clock clock) {
        FilterRegistrationBean<ManagementGuard> registration = new FilterRegistrationBean<>(
                new ManagementGuard(access, endpoints.getBasePath(), clock));
        registration.addUrlPatterns(endpoints.getBasePath() + "/*");
        registration.setOrder(Ordered.HIGHEST_PRECEDENCE);
        return registration;
    }
}
