package io.subscriptionrelay.deliver;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** What a destination does with a call, asked when the call begins. */
public interface VirtualServer {

    Reply answer(Call call);

    /**
     * A call as the destination sees it.
     *
     * @param at the time since the start
     * @param ids of the records in it
     * @param body JSON
     */
    record Call(Duration at, String path, List<String> ids, String body) {
    }

    /** @param status 0: no answer; -1: no connection */
    record Reply(Duration latency, int status, Map<String, String> headers, byte[] body) {

        static Reply of(int status, String body) {
            return new Reply(Duration.ofMillis(50), status, Map.of(), body.getBytes(StandardCharsets.UTF_8));
        }

        /** CleverTap has taken all; OneSignal takes them with this too. */
        static Reply taken(Call call) {
            return of(200, "{\"status\":\"success\",\"processed\":" + call.ids().size() + ",\"unprocessed\":[]}");
        }

        Reply after(Duration time) {
            return new Reply(time, status, headers, body);
        }

        Reply with(String header, String value) {
            return new Reply(latency, status, Map.of(header, value), body);
        }
    }
}
