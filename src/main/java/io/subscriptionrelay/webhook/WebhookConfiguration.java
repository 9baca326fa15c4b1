package io.subscriptionrelay.webhook;

import java.time.Clock;
import org.apache.camel.CamelContext;
import org.apache.camel.component.platform.http.spi.PlatformHttpEngine;
import org.apache.camel.component.platform.http.springboot.SpringBootPlatformHttpEngine;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;

@Configuration(proxyBeanMethods = false)
class WebhookConfiguration {

    @Bean
    Clock clock() {
        return Clock.systemUTC();
    }

    /** Runs a webhook on the thread that received it, so that Tomcat's own limit is the only queue. */
    @Bean("platform-http-engine")
    PlatformHttpEngine platformHttpEngine(@Value("${server.port:8080}") int port) {
        return new SpringBootPlatformHttpEngine(port, Runnable::run);
    }

    @Bean
    FilterRegistrationBean<WebhookDoor> webhookDoor(Webhooks webhooks, CamelContext camel) {
        FilterRegistrationBean<WebhookDoor> registration = new FilterRegistrationBean<>(new WebhookDoor(webhooks, camel));
        registration.addUrlPatterns(WebhookDoor.PATH + "*");
        registration.setOrder(Ordered.HIGHEST_PRECEDENCE);
        return registration;
    }
}
