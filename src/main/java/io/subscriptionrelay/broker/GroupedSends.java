package io.subscriptionrelay.broker;

import io.subscriptionrelay.delivery.Headers;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageProducer;
import org.apache.camel.component.jms.JmsConfiguration;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/**
 * Has {@code jms:} send messages with an id together with others of the same moment. Those of a transaction, and those whose endpoint asks
 * for anything special, such as a priority, are sent as {@code jms:} always does.
 */
final class GroupedSends extends JmsConfiguration {

    private final GroupCommit groups;

    GroupedSends(GroupCommit groups) {
        this.groups = groups;
    }

    @Override
    protected CamelJmsTemplate createCamelJmsTemplate(ConnectionFactory connectionFactory) {
        return new Template(this, connectionFactory, groups);
    }

    private static final class Template extends CamelJmsTemplate {

        private final JmsConfiguration configuration;
        private final GroupCommit groups;

        Template(JmsConfiguration configuration, ConnectionFactory connectionFactory, GroupCommit groups) {
            super(configuration, connectionFactory);
            this.configuration = configuration;
            this.groups = groups;
        }

        @Override
        protected void doSend(MessageProducer producer, Message message) throws JMSException {
            String id = plain() ? message.getStringProperty(Headers.DUPLICATE_ID) : null;
            if (id == null) {
                super.doSend(producer, message);
            } else {
                groups.send(id, producer.getDestination(), message, () -> super.doSend(producer, message));
            }
        }

        private boolean plain() {
            boolean asUsual = !isExplicitQosEnabled() || getDeliveryMode() == Message.DEFAULT_DELIVERY_MODE
                    && getPriority() == Message.DEFAULT_PRIORITY && getTimeToLive() <= 0;
            return asUsual && getDeliveryDelay() < 0 && !configuration.isPreserveMessageQos() && !isSessionTransacted()
                    && !TransactionSynchronizationManager.hasResource(obtainConnectionFactory());
        }
    }
}
