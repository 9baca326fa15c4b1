package io.subscriptionrelay.jmsbatch;

import jakarta.jms.ConnectionFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
class JmsBatchConfiguration {

    @Bean("jms-batch-component")
    JmsBatchComponent jmsBatch(ConnectionFactory connectionFactory) {
        JmsBatchComponent component = new JmsBatchComponent();
        component.setConnectionFactory(connectionFactory);
        return component;
    }
}
