package io.subscriptionrelay.delivery;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.subscriptionrelay.delivery.AccountMonitor.Problem;
import io.subscriptionrelay.logs.Causes;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.time.Clock;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Map;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.apache.camel.Exchange;
import org.apache.camel.Processor;
import org.apache.camel.http.base.HttpOperationFailedException;
import org.apache.hc.client5.http.ConnectTimeoutException;
import org.springframework.stereotype.Component;

/**
 * What the redelivery policy of the HTTP steps asks: how long to wait, as the destination said, and whether waiting is the
 * right thing at all.
 */
@Component("outage")
public class Outage implements Processor {

    private static final String GIVEN_UP = "relayGivenUp";
    private static final String PUT_OFF = "relayPutOff";
    private static final String SUSPECTED = "relayContentSuspected";
    private static final String REPEATS = "relayRepeats";
    private static final String SERVER_ERRORS = "relayServerErrors";
    private static final String BARREN = "relayFailuresSinceSuccess";
    private static final String SUCCESS_SEEN = "relayNewestSuccessSeen";
    private static final String BEGUN = "relayCallBegun";
    private static final String FIRST_FAILED = "relayCallFirstFailed";
    private static final String UNANSWERED = "relayCallUnanswered";
    /** Someone else's clock or typing mistake must not stop an account for years. */
    private static final Duration LONGEST_WAIT = Duration.ofHours(1);
    /** So often a call fails while others succeed before its content is taken for the reason. */
    private static final int ATTEMPTS_IN_COMPANY = 4;
    /** So often it fails after that without any other call to tell the reason, until its records let others go first. */
    private static final int PROBES = 10;
    /** To find a bad record among 1000 takes ten calls that fail one after the other; more are an outage. */
    private static final int MOST_BARREN = 12;

    private final AccountMonitor monitor;
    private final MeterRegistry metrics;
    private final Clock clock;

    Outage(AccountMonitor monitor, MeterRegistry metrics, Clock clock) {
        this.monitor = monitor;
        this.metrics = metrics;
        this.clock = clock;
    }

    /**
     * Whether a call failed, and not a step before or after it, which the state database or the broker may make fail with the same
     * cause. Such a step must not be repeated in place: the batch is rolled back and begun again.
     */
    public boolean isOfCall(Exchange exchange) {
        Exception failure = exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Exception.class);
        return failure instanceof IOException || failure instanceof HttpOperationFailedException;
    }

    /** Called on each failure, before the wait: tells the monitor, and sets the wait that the destination asked for. */
    @Override
    public void process(Exchange exchange) {
        Exception cause = exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Exception.class);
        String destination = exchange.getProperty(Headers.DESTINATION, String.class);
        String account = exchange.getProperty(Headers.ACCOUNT, String.class);
        exchange.setProperty(UNANSWERED, true);
        if (cause instanceof HttpOperationFailedException || neverSent(cause)) {
            ClaimGuard.callEnds(exchange);
        }
        if (exchange.getProperty(FIRST_FAILED) == null) {
            exchange.setProperty(FIRST_FAILED, System.nanoTime());
        }
        Long success = monitor.newestSuccess(destination, account);
        boolean barren = success.equals(exchange.getProperty(SUCCESS_SEEN));
        exchange.setProperty(SUCCESS_SEEN, success);
        exchange.setProperty(BARREN, barren ? count(exchange, BARREN) + 1 : 1);
        exchange.setProperty(SERVER_ERRORS, serverError(cause) ? count(exchange, SERVER_ERRORS) + 1 : 0);
        exchange.setProperty(REPEATS, repeats(exchange) + 1);
        Counter.builder("relay.calls.failed").description("Calls that a destination did not answer as it should, and that are repeated")
                .tag("destination", destination).tag("account", account)
                .tag("answer", cause instanceof HttpOperationFailedException answer ? Integer.toString(answer.getStatusCode()) : "none")
                .register(metrics).increment();
        exchange.getIn().removeHeader(Exchange.REDELIVERY_DELAY);
        if (cause instanceof HttpOperationFailedException answer) {
            int status = answer.getStatusCode();
            if (!serverError(cause) || !suspicious(exchange)) {
                monitor.failed(destination, account, status == 401 || status == 403 ? Problem.CREDENTIALS : Problem.OUTAGE, "HTTP " + status);
            }
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
     * while others to the same account succeed is not in an outage: its content is what the destination fails on. As long as
     * nobody knows which of the two it is, it is tried with one record at a time, see {@link Probe}, and then put off.
     */
    public boolean waitFor(Exchange exchange) {
        if (!serverError(exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Exception.class))) {
            return true;
        }
        int errors = count(exchange, SERVER_ERRORS);
        boolean inCompany = errors >= ATTEMPTS_IN_COMPANY && inCompany(exchange);
        if (inCompany || suspicious(exchange)) {
            exchange.setProperty(GIVEN_UP, true);
            if (inCompany) {
                suspect(exchange);
            }
            return false;
        }
        if (errors >= ATTEMPTS_IN_COMPANY + PROBES) {
            exchange.setProperty(PUT_OFF, true);
            return false;
        }
        return true;
    }

    /** Whether there was not even a connection. */
    private static boolean neverSent(Exception cause) {
        return cause instanceof ConnectException || cause instanceof UnknownHostException || cause instanceof ConnectTimeoutException
                || cause instanceof SSLHandshakeException;
    }

    private static boolean serverError(Exception cause) {
        return cause instanceof HttpOperationFailedException answer && answer.getStatusCode() >= 500 && answer.getStatusCode() != 503;
    }

    /** Whether a call succeeded that began after this one failed; one that began before may have missed the beginning of an outage. */
    private boolean inCompany(Exchange exchange) {
        long success = monitor.newestSuccess(exchange.getProperty(Headers.DESTINATION, String.class),
                exchange.getProperty(Headers.ACCOUNT, String.class));
        return success - exchange.getProperty(FIRST_FAILED, success, Long.class) > 0;
    }

    /** Whether the records are known to contain a bad one; forgotten when nothing succeeds any more, because that is an outage. */
    private static boolean suspicious(Exchange exchange) {
        return exchange.getProperty(SUSPECTED, false, Boolean.class) && count(exchange, BARREN) <= MOST_BARREN;
    }

    /** Whether the call under way has failed so often that one of its records alone is the better question. */
    static boolean doubtful(Exchange exchange) {
        return count(exchange, SERVER_ERRORS) >= ATTEMPTS_IN_COMPANY;
    }

    private static int count(Exchange exchange, String property) {
        return exchange.getProperty(property, 0, Integer.class);
    }

    /** From here on the records of this exchange are suspected: others of them were taken, or they failed in company before. */
    public static void suspect(Exchange exchange) {
        exchange.setProperty(SUSPECTED, true);
        exchange.setProperty(BARREN, 0);
    }

    /** A call begins. Forgets what was known of the call before, but for the suspicion against the records of this exchange. */
    public static void begin(Exchange exchange) {
        exchange.removeProperty(GIVEN_UP);
        exchange.removeProperty(PUT_OFF);
        exchange.removeProperty(SERVER_ERRORS);
        exchange.removeProperty(REPEATS);
        exchange.removeProperty(FIRST_FAILED);
        repeat(exchange);
    }

    /** The call is made now, for the first time or again. */
    static void repeat(Exchange exchange) {
        ClaimGuard.callBegins(exchange);
        exchange.removeProperty(UNANSWERED);
        exchange.setProperty(BEGUN, System.nanoTime());
    }

    /**
     * Whether the call before ended with a failure of the destination that was not repeated: it was given up or put off, or the relay
     * or the route stops. The status that Camel leaves in the message says nothing of the records then.
     */
    static boolean unanswered(Exchange exchange) {
        return exchange.getProperty(UNANSWERED, false, Boolean.class);
    }

    /** When the call that was answered began, by {@link System#nanoTime()}. */
    public static long begun(Exchange exchange) {
        return exchange.getProperty(BEGUN, Long.class);
    }

    /**
     * Whether the call before was given up, because others succeeded meanwhile. The exception that Camel leaves in the exchange
     * does not say so: it stays there after an attempt that went well.
     */
    public static boolean givenUp(Exchange exchange) {
        return exchange.getProperty(GIVEN_UP, false, Boolean.class);
    }

    /**
     * Whether the call before was given up for now, because it met server errors for minutes, and nothing said whether the
     * destination or the records are the reason. What waits behind it goes first, and may tell.
     */
    public static boolean putOff(Exchange exchange) {
        return exchange.getProperty(PUT_OFF, false, Boolean.class);
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
