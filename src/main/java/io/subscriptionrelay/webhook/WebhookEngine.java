package io.subscriptionrelay.webhook;

import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.camel.Processor;
import org.apache.camel.component.platform.http.PlatformHttpEndpoint;
import org.apache.camel.component.platform.http.spi.PlatformHttpConsumer;
import org.apache.camel.component.platform.http.springboot.SpringBootPlatformHttpConsumer;
import org.apache.camel.component.platform.http.springboot.SpringBootPlatformHttpEngine;

/**
 * Runs {@code platform-http:} routes on the thread that received the request, so that Tomcat's own limit is the only queue. Webhooks
 * get to their route straight from the {@link WebhookDoor}: on the way through Spring MVC, which dispatches each request twice, an
 * acknowledgement would cost twice as much. All other paths go that way.
 */
final class WebhookEngine extends SpringBootPlatformHttpEngine {

    private final Map<String, WebhookConsumer> consumers = new ConcurrentHashMap<>();

    WebhookEngine(int port) {
        super(port, Runnable::run);
    }

    @Override
    public PlatformHttpConsumer createConsumer(PlatformHttpEndpoint endpoint, Processor processor) {
        return endpoint.getPath().startsWith(WebhookDoor.PATH) ? new WebhookConsumer(endpoint, processor)
                : super.createConsumer(endpoint, processor);
    }

    /**
     * Has a route answer a request.
     *
     * @return false when no route consumes from the path
     */
    boolean answer(String path, HttpServletRequest request, HttpServletResponse response) throws ServletException, IOException {
        WebhookConsumer consumer = consumers.get(path);
        if (consumer == null) {
            return false;
        }
        consumer.answer(request, response);
        return true;
    }

    private final class WebhookConsumer extends SpringBootPlatformHttpConsumer {

        WebhookConsumer(PlatformHttpEndpoint endpoint, Processor processor) {
            super(endpoint, processor, Runnable::run);
        }

        @Override
        protected void doStart() throws Exception {
            super.doStart();
            consumers.put(getEndpoint().getPath(), this);
        }

        @Override
        protected void doStop() throws Exception {
            consumers.remove(getEndpoint().getPath(), this);
            super.doStop();
        }

        private void answer(HttpServletRequest request, HttpServletResponse response) throws ServletException, IOException {
            try {
                handleService(request, response);
            } catch (ServletException | IOException | RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new ServletException(e);
            }
        }
    }
}
