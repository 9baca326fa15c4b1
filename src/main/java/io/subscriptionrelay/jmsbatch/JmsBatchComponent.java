package io.subscriptionrelay.jmsbatch;

import jakarta.jms.ConnectionFactory;
import java.util.Map;
import org.apache.camel.Endpoint;
import org.apache.camel.spi.Metadata;
import org.apache.camel.support.DefaultComponent;

/** Creates {@code jms-batch:} endpoints. */
@org.apache.camel.spi.annotations.Component("jms-batch")
public class JmsBatchComponent extends DefaultComponent {

    @Metadata(autowired = true, description = "The connection factory of the queues.")
    private ConnectionFactory connectionFactory;

    @Metadata(label = "advanced", description = "The connection factory of another component, whose sends in the thread of a batch join"
            + " its transaction. By default one with the same connection factory does.")
    private ConnectionFactory joining;

    private Runnable failuresAfterCommit = () -> { };

    @Override
    protected Endpoint createEndpoint(String uri, String remaining, Map<String, Object> parameters) throws Exception {
        JmsBatchEndpoint endpoint = new JmsBatchEndpoint(uri, this, remaining);
        setProperties(endpoint, parameters);
        return endpoint;
    }

    /** What counts the failures of actions that ran after a commit. */
    void countFailuresAfterCommit(Runnable counter) {
        failuresAfterCommit = counter;
    }

    void countFailureAfterCommit() {
        failuresAfterCommit.run();
    }

    public ConnectionFactory getConnectionFactory() {
        return connectionFactory;
    }

    public void setConnectionFactory(ConnectionFactory connectionFactory) {
        this.connectionFactory = connectionFactory;
    }

    public ConnectionFactory getJoining() {
        return joining == null ? connectionFactory : joining;
    }

    public void setJoining(ConnectionFactory joining) {
        this.joining = joining;
    }
}
