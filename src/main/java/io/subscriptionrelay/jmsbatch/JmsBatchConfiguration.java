package io.subscriptionrelay.jmsbatch;

import jakarta.jms.ConnectionFactory;
import org.apache.camel.component.jms.JmsComponent;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
class JmsBatchConfiguration {

    @Bean("jms-batch-component")
    JmsBatchComponent jmsBatch(ConnectionFactory connectionFactory, JmsComponent jms) {
        JmsBatchComponent component = new JmsBatchComponent();
        component.setConnectionFactory(connectionFactory);
        component.setJoining(jms.getConfiguration().getConnectionFactory());
        return component;
    }
}
