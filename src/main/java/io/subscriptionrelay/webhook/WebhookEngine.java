package io.subscriptionrelay.webhook;

import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.camel.Exchange;
import org.apache.camel.ExchangePattern;
import org.apache.camel.Processor;
import org.apache.camel.component.platform.http.PlatformHttpEndpoint;
import org.apache.camel.component.platform.http.spi.PlatformHttpConsumer;
import org.apache.camel.component.platform.http.springboot.SpringBootPlatformHttpConsumer;
import org.apache.camel.component.platform.http.springboot.SpringBootPlatformHttpEngine;

/**
 * Runs {@code platform-http:} routes on the thread that received the request, so that Tomcat's own limit is the only queue. Webhooks
 * get to their route straight from the {@link IngressFilter}, with the bytes that it has read and the headers that it lets in: on the way
 * through Spring MVC, which dispatches each request twice, an acknowledgement would cost twice as much, and reading the request once
 * more would make two thirds of what the garbage collector has to do. Besides, nothing of Spring MVC belongs on the public port. A route
 * that consumes from a path beside the webhooks is never asked.
 */
final class WebhookEngine extends SpringBootPlatformHttpEngine {

    private final Map<String, WebhookConsumer> consumers = new ConcurrentHashMap<>();

    WebhookEngine(int port) {
        super(port, Runnable::run);
    }

    @Override
    public PlatformHttpConsumer createConsumer(PlatformHttpEndpoint endpoint, Processor processor) {
        return new WebhookConsumer(endpoint, processor);
    }

    /**
     * Has a route answer a request.
     *
     * @param headers the only ones that the route may see
     * @return false when no route consumes from the path
     */
    boolean answer(String path, Map<String, String> headers, byte[] body, HttpServletResponse response) throws ServletException, IOException {
        WebhookConsumer consumer = consumers.get(path);
        if (consumer == null) {
            return false;
        }
        consumer.answer(headers, body, response);
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

        private void answer(Map<String, String> headers, byte[] body, HttpServletResponse response) throws ServletException, IOException {
            Exchange exchange = createExchange(true);
            exchange.setPattern(ExchangePattern.InOut);
            exchange.getMessage().setBody(body);
            headers.forEach(exchange.getMessage()::setHeader);
            try {
                createUoW(exchange);
                try {
                    getProcessor().process(exchange);
                } catch (Exception e) {
                    exchange.setException(e);
                }
                if (exchange.getException() == null && exchange.getMessage().getHeader(Exchange.HTTP_RESPONSE_CODE) == null) {
                    // no step has said that the event is kept; without a status Camel would answer 200
                    exchange.getMessage().setHeader(Exchange.HTTP_RESPONSE_CODE, HttpServletResponse.SC_SERVICE_UNAVAILABLE);
                }
                afterProcess(response, exchange);
            } catch (ServletException | IOException | RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new ServletException(e);
            }
        }
    }
}
