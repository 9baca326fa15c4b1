package io.subscriptionrelay.history;

import org.springframework.boot.actuate.autoconfigure.web.ManagementContextConfiguration;
import org.springframework.context.annotation.Bean;

/** Puts the parked events on the management port, and only there. */
@ManagementContextConfiguration(proxyBeanMethods = false)
public class ParkedManagementConfiguration {

    @Bean
    ParkedController parkedController(ParkedEvents parked) {
        return new ParkedController(parked);
    }
}
