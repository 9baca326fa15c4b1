package io.subscriptionrelay.config;

import org.apache.camel.CamelContext;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

/**
 * Stops the routes before anything else, while the web server still answers: webhooks that come in meanwhile get 503 and
 * are sent again, instead of meeting a closed port.
 */
@Component
class RoutesStopFirst implements SmartLifecycle {

    /** Not the context itself: Spring would then start it before its routes are known. */
    private final ObjectProvider<CamelContext> camel;
    private volatile boolean running;

    RoutesStopFirst(ObjectProvider<CamelContext> camel) {
        this.camel = camel;
    }

    @Override
    public void start() {
        running = true;
    }

    @Override
    public void stop() {
        running = false;
        camel.getObject().stop();
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    @Override
    public int getPhase() {
        return Integer.MAX_VALUE;
    }
}
