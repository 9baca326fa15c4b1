package io.subscriptionrelay.delivery;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.subscriptionrelay.delivery.AccountMonitor.Problem;
import io.subscriptionrelay.logs.Causes;
import java.time.Clock;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Map;
import javax.net.ssl.SSLException;
import org.apache.camel.Exchange;
import org.apache.camel.Processor;
import org.apache.camel.http.base.HttpOperationFailedException;
import org.springframework.stereotype.Component;

/**
 * What the redelivery policy of the HTTP steps asks: how long to wait, as the destination said, and whether waiting is the
 * right thing at all.
 */
@Component("outage")
public class Outage implements Processor {

    private static final String GIVEN_UP = "relayGivenUp";
    private static final String SUSPECTED = "relayContentSuspected";
    private static final String REPEATS = "relayRepeats";
    private static final String SUCCESSES_BEFORE = "relaySuccessesBefore";
    /** Someone else's clock or typing mistake must not stop an account for years. */
    private static final Duration LONGEST_WAIT = Duration.ofHours(1);
    /** So often a call fails while others succeed before its content is taken for the reason. */
    private static final int ATTEMPTS_IN_COMPANY = 4;
    /** So often, once a call with the same records has shown that it is their content. */
    private static final int ATTEMPTS_UNDER_SUSPICION = 2;

    private final AccountMonitor monitor;
    private final MeterRegistry metrics;
    private final Clock clock;

    Outage(AccountMonitor monitor, MeterRegistry metrics, Clock clock) {
        this.monitor = monitor;
        this.metrics = metrics;
        this.clock = clock;
    }

    /** Called on each failure, before the wait: tells the monitor, and sets the wait that the destination asked for. */
    @Override
    public void process(Exchange exchange) {
        Exception cause = exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Exception.class);
        String destination = exchange.getProperty(Headers.DESTINATION, String.class);
        String account = exchange.getProperty(Headers.ACCOUNT, String.class);
        if (exchange.getProperty(SUCCESSES_BEFORE) == null) {
            exchange.setProperty(SUCCESSES_BEFORE, monitor.successes(destination, account));
        }
        exchange.setProperty(REPEATS, repeats(exchange) + 1);
        Counter.builder("relay.calls.failed").description("Calls that a destination did not answer as it should, and that are repeated")
                .tag("destination", destination).tag("account", account)
                .tag("answer", cause instanceof HttpOperationFailedException answer ? Integer.toString(answer.getStatusCode()) : "none")
                .register(metrics).increment();
        exchange.getIn().removeHeader(Exchange.REDELIVERY_DELAY);
        if (cause instanceof HttpOperationFailedException answer) {
            int status = answer.getStatusCode();
            monitor.failed(destination, account, status == 401 || status == 403 ? Problem.CREDENTIALS : Problem.OUTAGE, "HTTP " + status);
            long wait = retryAfter(answer.getResponseHeaders());
            if (wait > 0) {
                exchange.getIn().setHeader(Exchange.REDELIVERY_DELAY, wait);
            }
        } else {
            monitor.failed(destination, account, Problem.OUTAGE, cause instanceof SSLException
                    ? "no trusted connection: " + Causes.of(cause) : cause.getClass().getSimpleName());
        }
    }

    /**
     * Whether to wait and try again. An outage is waited for, however long; but a call that gets nothing but server errors
     * while others to the same account succeed is not in an outage: its content is what the destination fails on.
     */
    public boolean waitFor(Exchange exchange) {
        Exception cause = exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Exception.class);
        boolean serverError = cause instanceof HttpOperationFailedException answer && answer.getStatusCode() >= 500
                && answer.getStatusCode() != 503;
        if (!serverError) {
            return true;
        }
        int attempts = exchange.getIn().getHeader(Exchange.REDELIVERY_COUNTER, 0, Integer.class);
        long before = exchange.getProperty(SUCCESSES_BEFORE, Long.MAX_VALUE, Long.class);
        long now = monitor.successes(exchange.getProperty(Headers.DESTINATION, String.class),
                exchange.getProperty(Headers.ACCOUNT, String.class));
        boolean suspected = exchange.getProperty(SUSPECTED, false, Boolean.class);
        boolean wait = suspected ? attempts < ATTEMPTS_UNDER_SUSPICION : attempts < ATTEMPTS_IN_COMPANY || now <= before;
        if (!wait) {
            exchange.setProperty(GIVEN_UP, true);
            exchange.setProperty(SUSPECTED, true);
        }
        return wait;
    }

    /** Forgets what was known of the call before, but for the suspicion against the records of this exchange. */
    public static void begin(Exchange exchange) {
        exchange.removeProperty(GIVEN_UP);
        exchange.removeProperty(REPEATS);
        exchange.removeProperty(SUCCESSES_BEFORE);
    }

    /**
     * Whether the call before was given up, because others succeeded meanwhile. The exception that Camel leaves in the exchange
     * does not say so: it stays there after an attempt that went well.
     */
    public static boolean givenUp(Exchange exchange) {
        return exchange.getProperty(GIVEN_UP, false, Boolean.class);
    }

    /** How often the call under way was repeated. */
    public static int repeats(Exchange exchange) {
        return exchange.getProperty(REPEATS, 0, Integer.class);
    }

    /** Milliseconds of a Retry-After header in seconds or as a date; 0 when there is none. */
    private long retryAfter(Map<String, String> headers) {
        if (headers == null) {
            return 0;
        }
        for (Map.Entry<String, String> header : headers.entrySet()) {
            if ("Retry-After".equalsIgnoreCase(header.getKey()) && header.getValue() != null) {
                return Math.max(0, Math.min(LONGEST_WAIT.toMillis(), milliseconds(header.getValue().trim())));
            }
        }
        return 0;
    }

    private long milliseconds(String value) {
        if (!value.isEmpty() && value.length() <= 9 && value.chars().allMatch(Character::isDigit)) {
            return Long.parseLong(value) * 1000;
        }
        try {
            return ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant().toEpochMilli() - clock.millis();
        } catch (DateTimeParseException e) {
            return 0;
        }
    }
}
