package io.subscriptionrelay.config;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.web.server.PortInUseException;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.Environment;

/** Names the variable that moves the port, which Spring Boot's own sentence leaves out. */
@Order(Ordered.HIGHEST_PRECEDENCE)
class PortInUseAnalyzer extends AbstractFailureAnalyzer<PortInUseException> {

    private final Environment environment;

    PortInUseAnalyzer(Environment environment) {
        this.environment = environment;
    }

    @Override
    protected FailureAnalysis analyze(Throwable rootFailure, PortInUseException cause) {
        boolean operations = environment.getProperty("management.server.port", Integer.class, 0) == cause.getPort();
        return new FailureAnalysis("Port " + cause.getPort() + ", for " + (operations ? "operations" : "webhooks")
                + ", is in use by another process.",
                "Stop that process, or set " + (operations ? "MANAGEMENT_SERVER_PORT" : "SERVER_PORT") + " to a free port.", cause);
    }
}
