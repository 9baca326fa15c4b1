package io.subscriptionrelay.webhook;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.subscriptionrelay.logs.Causes;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/** The answers to webhooks that are not kept. Each kind is logged once a minute for a route, however many come. */
@Component("refusals")
public class Refusals {

    private static final Logger LOG = LoggerFactory.getLogger(Refusals.class);
    private static final int RETRY_SECONDS = 30;
    private static final Duration QUIET = Duration.ofMinutes(1);

    private final MeterRegistry metrics;
    private final Clock clock;
    private final Map<String, Long> loggedAt = new ConcurrentHashMap<>();

    Refusals(MeterRegistry metrics, Clock clock) {
        this.metrics = metrics;
        this.clock = clock;
    }

    public void notAuthentic(Exchange exchange) {
        if (refuse(exchange, 401, "")) {
            LOG.warn("{} answers 401: {}. If these are the provider's own webhooks, compare its secret with the relay's; until it fits,"
                    + " the provider keeps sending and then gives up.", route(exchange), cause(exchange).getMessage());
        }
    }

    public void notAJsonObject(Exchange exchange) {
        String reason = cause(exchange).getMessage();
        if (refuse(exchange, 400, reason)) {
            LOG.warn("{} answers 400: {}", route(exchange), reason);
        }
    }

    public void notStored(Exchange exchange) {
        if (refuse(exchange, 503, "")) {
            LOG.error("{} answers 503, because the event could not be stored: {}", route(exchange), Causes.of(cause(exchange)));
        }
        exchange.getMessage().setHeader("Retry-After", RETRY_SECONDS);
    }

    private boolean refuse(Exchange exchange, int status, String body) {
        Message message = exchange.getMessage();
        message.removeHeaders("*");
        message.setHeader(Exchange.HTTP_RESPONSE_CODE, status);
        message.setHeader(Exchange.CONTENT_TYPE, "text/plain; charset=utf-8");
        message.setBody(body);
        Counter.builder("relay.webhooks.refused").description("Webhooks that were not kept")
                .tag("route", route(exchange)).tag("status", Integer.toString(status)).register(metrics).increment();
        long now = clock.millis();
        Long last = loggedAt.put(route(exchange) + status, now);
        if (last != null && now - last < QUIET.toMillis()) {
            loggedAt.put(route(exchange) + status, last);
            return false;
        }
        return true;
    }

    private static String route(Exchange exchange) {
        return exchange.getFromRouteId();
    }

    private static Exception cause(Exchange exchange) {
        return exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Exception.class);
    }
}
