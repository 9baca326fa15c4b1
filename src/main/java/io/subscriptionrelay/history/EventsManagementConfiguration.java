package io.subscriptionrelay.history;

import org.springframework.boot.actuate.autoconfigure.web.ManagementContextConfiguration;
import org.springframework.context.annotation.Bean;

/** Puts what became of events on the management port, and only there. */
@ManagementContextConfiguration(proxyBeanMethods = false)
public class EventsManagementConfiguration {

    @Bean
    EventsController eventsController(EventTraces events) {
        return new EventsController(events);
    }
}
