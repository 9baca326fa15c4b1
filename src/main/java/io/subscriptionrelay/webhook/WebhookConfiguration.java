package io.subscriptionrelay.webhook;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.subscriptionrelay.event.StrictJson;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Clock;
import org.apache.camel.CamelContext;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.web.embedded.tomcat.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.ErrorPage;
import org.springframework.boot.web.server.ErrorPageRegistrar;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.util.unit.DataSize;

@Configuration(proxyBeanMethods = false)
class WebhookConfiguration {

    @Bean
    Clock clock() {
        return Clock.systemUTC();
    }

    /** What routes read JSON with, by this name. No default candidate: Spring's own answers are written by its own mapper. */
    @Bean(defaultCandidate = false)
    ObjectMapper strictJson() {
        return StrictJson.mapper();
    }

    @Bean("platform-http-engine")
    WebhookEngine platformHttpEngine(@Value("${server.port:8080}") int port) {
        return new WebhookEngine(port);
    }

    /**
     * Tomcat refuses TRACE by itself, on closed paths too; now it comes as far as the filter. What Tomcat refuses before that is answered
     * with its status alone.
     */
    @Bean
    WebServerFactoryCustomizer<TomcatServletWebServerFactory> onlyStatusesAreTold() {
        return server -> {
            server.addConnectorCustomizers(connector -> {
                connector.setAllowTrace(true);
                // a path with one in it is none, and no business of Tomcat's
                connector.setEncodedSolidusHandling("passthrough");
                connector.setEncodedReverseSolidusHandling("passthrough");
            });
            // after the valve that Spring Boot adds in the same way, so that it is asked first what to report
            server.addContextCustomizers(context -> context.getParent().getPipeline().addValve(new NoErrorReport()));
        };
    }

    /** A body that breaks off is a failure for Tomcat, which has the filter answer it as an error page. */
    @Bean
    ErrorPageRegistrar errorPage() {
        return errors -> errors.addErrorPages(new ErrorPage("/error"));
    }

    /** Tomcat calls no filter where there is no servlet. The filter passes nothing on to this one. */
    @Bean
    ServletRegistrationBean<HttpServlet> nothing() {
        ServletRegistrationBean<HttpServlet> registration = new ServletRegistrationBean<>(new HttpServlet() {
            @Override
            protected void service(HttpServletRequest request, HttpServletResponse response) {
                response.setStatus(HttpServletResponse.SC_NOT_FOUND);
            }
        }, "/");
        registration.setName("nothing");
        return registration;
    }

    @Bean
    FilterRegistrationBean<IngressFilter> ingressFilter(Webhooks webhooks, ErrorResponses refusals, WebhookEngine engine, CamelContext camel,
            @Value("${server.tomcat.max-swallow-size}") DataSize largestRead) {
        FilterRegistrationBean<IngressFilter> registration = new FilterRegistrationBean<>(
                new IngressFilter(webhooks, refusals, engine, camel, largestRead));
        registration.addUrlPatterns("/*");
        registration.setOrder(Ordered.HIGHEST_PRECEDENCE);
        return registration;
    }
}
