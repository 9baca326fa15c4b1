package io.subscriptionrelay.webhook;

import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Clock;
import org.apache.camel.CamelContext;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.web.embedded.tomcat.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.util.unit.DataSize;

@Configuration(proxyBeanMethods = false)
class WebhookConfiguration {

    private static final int AFTER_THE_DOOR = Ordered.HIGHEST_PRECEDENCE + 1;

    @Bean
    Clock clock() {
        return Clock.systemUTC();
    }

    @Bean("platform-http-engine")
    WebhookEngine platformHttpEngine(@Value("${server.port:8080}") int port) {
        return new WebhookEngine(port);
    }

    /** Tomcat refuses TRACE by itself, on closed paths too; now it comes as far as the filters. */
    @Bean
    WebServerFactoryCustomizer<TomcatServletWebServerFactory> traceComesToTheDoor() {
        return server -> server.addConnectorCustomizers(connector -> connector.setAllowTrace(true));
    }

    /** Beside the webhooks nothing answers TRACE, which would repeat the request. */
    @Bean
    FilterRegistrationBean<Filter> noTrace() {
        FilterRegistrationBean<Filter> registration = new FilterRegistrationBean<>((request, response, chain) -> {
            if ("TRACE".equals(((HttpServletRequest) request).getMethod())) {
                ((HttpServletResponse) response).setStatus(HttpServletResponse.SC_METHOD_NOT_ALLOWED);
            } else {
                chain.doFilter(request, response);
            }
        });
        registration.setOrder(AFTER_THE_DOOR);
        return registration;
    }

    @Bean
    FilterRegistrationBean<WebhookDoor> webhookDoor(Webhooks webhooks, Refusals refusals, WebhookEngine engine, CamelContext camel,
            @Value("${server.tomcat.max-swallow-size}") DataSize largestRead) {
        FilterRegistrationBean<WebhookDoor> registration = new FilterRegistrationBean<>(
                new WebhookDoor(webhooks, refusals, engine, camel, largestRead));
        registration.addUrlPatterns("/*");
        registration.setOrder(Ordered.HIGHEST_PRECEDENCE);
        return registration;
    }
}
