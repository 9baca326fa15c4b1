package io.subscriptionrelay.delivery;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.subscriptionrelay.logs.Causes;
import io.subscriptionrelay.webhook.StrictJson;
import java.io.IOException;
import java.io.InputStream;
import org.apache.camel.Exchange;

/**
 * A destination's answer, read within limits.
 *
 * @param status the HTTP status; 0 when there is no answer because the relay or its route stops
 * @param json the body; missing when it is not JSON
 * @param repeats how often the call was repeated until it was answered
 */
public record Answer(int status, JsonNode json, int repeats) {

    /** An answer about 1000 records repeats each of them. */
    private static final int LARGEST = 16 * 1024 * 1024;
    private static final int LONGEST_TEXT = 200;

    /** No answer, for a reason of the caller's own. */
    public static Answer none(int status) {
        return new Answer(status, MissingNode.getInstance(), 0);
    }

    /** Reads the answer of the HTTP step before; if there is one, the call is over. */
    public static Answer of(Exchange exchange) {
        Integer status = exchange.getMessage().getHeader(Exchange.HTTP_RESPONSE_CODE, Integer.class);
        if (status == null || Outage.unanswered(exchange)) {
            return new Answer(0, MissingNode.getInstance(), Outage.repeats(exchange));
        }
        ClaimGuard.callEnds(exchange);
        try (InputStream body = exchange.getMessage().getBody(InputStream.class)) {
            byte[] bytes = body == null ? new byte[0] : body.readNBytes(LARGEST);
            return new Answer(status, bytes.length == 0 ? MissingNode.getInstance() : StrictJson.mapper().readTree(bytes),
                    Outage.repeats(exchange));
        } catch (IOException | NumberFormatException notJson) {
            return new Answer(status, MissingNode.getInstance(), Outage.repeats(exchange));
        }
    }

    /** Whether there is none because the relay or its route stops: nothing is repeated then, and nothing is known of the records. */
    public boolean brokenOff() {
        return status == 0;
    }

    public boolean success() {
        return status >= 200 && status < 300;
    }

    /** What a destination says of a refusal, on one line and without e-mail addresses. */
    public static String line(String text) {
        String line = Causes.line(text);
        return line.length() <= LONGEST_TEXT ? line : line.substring(0, LONGEST_TEXT) + "…";
    }
}
