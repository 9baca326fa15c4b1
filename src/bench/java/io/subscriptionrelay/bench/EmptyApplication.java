package io.subscriptionrelay.bench;

import org.apache.activemq.artemis.core.config.impl.ConfigurationImpl;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.apache.camel.builder.RouteBuilder;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.actuate.autoconfigure.security.servlet.ManagementWebSecurityAutoConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.security.servlet.SecurityAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.DependsOn;
import org.springframework.core.env.Environment;

/**
 * The floor of row 10: an application that does nothing, of the same starters: Spring Boot with its two ports, Camel with one route, and an embedded
 * Artemis on disk, all as they configure themselves,
 * but without a login.
 */
@SpringBootConfiguration
@EnableAutoConfiguration(exclude = {SecurityAutoConfiguration.class, ManagementWebSecurityAutoConfiguration.class})
public class EmptyApplication {

    /** Arguments: data directory, port, port of operations. */
    public static void main(String[] arguments) {
        SpringApplication application = new SpringApplication(EmptyApplication.class);
        application.run("--spring.config.location=optional:file:" + arguments[0] + "/none.yaml", "--spring.datasource.url=jdbc:sqlite:" + arguments[0] + "/state.db",
                "--spring.artemis.mode=native", "--data=" + arguments[0], "--server.port=" + arguments[1], "--management.server.port=" + arguments[2],
                "--management.endpoint.health.probes.enabled=true", "--management.endpoints.web.exposure.include=health",
                "--management.health.jms.enabled=false", "--camel.main.run-controller=true");
    }

    @Bean(initMethod = "start", destroyMethod = "stop")
    EmbeddedActiveMQ broker(Environment environment) throws Exception {
        String folder = environment.getRequiredProperty("data") + "/broker/";
        return new EmbeddedActiveMQ().setConfiguration(new ConfigurationImpl().setSecurityEnabled(false).setJournalDirectory(folder + "journal")
                .setBindingsDirectory(folder + "bindings").setPagingDirectory(folder + "paging").setLargeMessagesDirectory(folder + "large")
                .addAcceptorConfiguration("in-vm", "vm://0"));
    }

    @Bean
    @DependsOn("broker")
    ActiveMQConnectionFactory connections() {
        return new ActiveMQConnectionFactory("vm://0");
    }

    @Bean
    RouteBuilder route() {
        return new RouteBuilder() {
            @Override
            public void configure() {
                from("jms:queue:events").to("log:events");
            }
        };
    }
}
