package io.subscriptionrelay.history;

import org.springframework.boot.actuate.autoconfigure.web.ManagementContextConfiguration;
import org.springframework.context.annotation.Bean;

/** Puts events, what became of them and their replays on the management port, and only there. */
@ManagementContextConfiguration(proxyBeanMethods = false)
public class EventsManagementConfiguration {

    @Bean
    EventsController eventsController(Events events) {
        return new EventsController(events);
    }

    @Bean
    ReplaysController replaysController(Replays replays) {
        return new ReplaysController(replays);
    }
}
