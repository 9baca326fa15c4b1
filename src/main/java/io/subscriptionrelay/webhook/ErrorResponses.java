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
@Component("errorResponses")
public class ErrorResponses {

    private static final Logger LOG = LoggerFactory.getLogger(ErrorResponses.class);
    private static final int NOT_AUTHENTIC = 401;
    private static final int RETRY_SECONDS = 30;
    private static final Duration QUIET = Duration.ofMinutes(1);

    private final MeterRegistry metrics;
    private final Clock clock;
    private final Map<String, Long> loggedAt = new ConcurrentHashMap<>();

    ErrorResponses(MeterRegistry metrics, Clock clock) {
        this.metrics = metrics;
        this.clock = clock;
    }

    public void notAuthentic(Exchange exchange) {
        answer(exchange, NOT_AUTHENTIC, "");
        toldNotAuthentic(route(exchange), cause(exchange));
    }

    /** Counts and tells of a webhook that has got its 401 before it came to its route. */
    void toldNotAuthentic(String route, Exception cause) {
        if (count(route, NOT_AUTHENTIC)) {
            LOG.warn("{} answers 401: {}. If these are the provider's own webhooks, compare its secret with the relay's; until it fits,"
                    + " the provider keeps sending and then gives up.", route, cause.getMessage());
        }
    }

    public void notAJsonObject(Exchange exchange) {
        String reason = cause(exchange).getMessage();
        answer(exchange, 400, reason);
        if (count(route(exchange), 400)) {
            LOG.warn("{} answers 400: {}", route(exchange), reason);
        }
    }

    public void notStored(Exchange exchange) {
        answer(exchange, 503, "");
        if (count(route(exchange), 503)) {
            LOG.error("{} answers 503, because the event could not be stored: {}", route(exchange), Causes.of(cause(exchange)));
        }
        exchange.getMessage().setHeader("Retry-After", RETRY_SECONDS);
    }

    private static void answer(Exchange exchange, int status, String body) {
        Message message = exchange.getMessage();
        message.removeHeaders("*");
        message.setHeader(Exchange.HTTP_RESPONSE_CODE, status);
        message.setHeader(Exchange.CONTENT_TYPE, "text/plain; charset=utf-8");
        message.setBody(body);
    }

    /** Whether this kind is to be logged. */
    private boolean count(String route, int status) {
        Counter.builder("relay.webhooks.refused").description("Webhooks that were not kept")
                .tag("route", route).tag("status", Integer.toString(status)).register(metrics).increment();
        long now = clock.millis();
        Long last = loggedAt.put(route + status, now);
        if (last != null && now - last < QUIET.toMillis()) {
            loggedAt.put(route + status, last);
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
