package io.subscriptionrelay.jmsbatch;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.jms.ConnectionFactory;
import org.apache.camel.component.jms.JmsComponent;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
class JmsBatchConfiguration {

    @Bean("jms-batch-component")
    JmsBatchComponent jmsBatch(ConnectionFactory connectionFactory, JmsComponent jms, MeterRegistry metrics) {
        JmsBatchComponent component = new JmsBatchComponent();
        component.setConnectionFactory(connectionFactory);
        component.setJoining(jms.getConfiguration().getConnectionFactory());
        component.countFailuresAfterCommit(Counter.builder("relay.after.commit.failed")
                .description("Counts and traces that failed although their batch was committed").register(metrics)::increment);
        return component;
    }
}
