package io.subscriptionrelay.deliver;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.history.HistoryOutcome.Said;
import java.util.Map;

/**
 * How a call ended.
 *
 * @param status the HTTP status; 0: there is no answer
 * @param headers of the answer, as they came
 * @param body the answer's body; missing when it is not JSON
 * @param text what came in place of JSON, for people; null where JSON came
 * @param retryAfter how long the destination wants to be left alone, in nanoseconds; 0: it did not say
 * @param problem what went wrong when there is no answer, without personal data
 * @param sent whether the call may have reached the destination
 */
record Answer(int status, Map<String, String> headers, JsonNode body, String text, long retryAfter, String problem, boolean sent) {

    private static final int LONGEST_EXCERPT = 2000;

    boolean credentialsRefused() {
        return status == 401 || status == 403;
    }

    /** What history keeps of it. */
    Said excerpt() {
        String came = text == null ? body.toString() : text;
        return new Said(status, came.length() <= LONGEST_EXCERPT ? came : came.substring(0, LONGEST_EXCERPT) + "…");
    }

    /** For people. */
    String said() {
        return status == 0 ? problem : "HTTP " + status;
    }
}
