package io.subscriptionrelay.translate;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.event.Headers;
import io.subscriptionrelay.event.RecordMessage;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.history.DryRun;
import io.subscriptionrelay.jmsbatch.BatchTransaction;
import io.subscriptionrelay.mapping.Attempt;
import io.subscriptionrelay.mapping.Mapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.ProducerTemplate;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.stereotype.Component;

/**
 * Runs the provider's own route and the mappings on a parked event, and keeps what the translator would send. The route is the
 * real one, so whatever else was added to it happens too.
 */
@Component
class RouteDryRun implements DryRun {

    private static final String PROPERTY = "relayDryRun";

    private final Translator translator;
    private final Mapper mapper;
    /** Not the template itself: it would start Camel before its routes are known. */
    private final Supplier<ProducerTemplate> template;

    @Autowired
    RouteDryRun(Translator translator, Mapper mapper, ObjectProvider<ProducerTemplate> template) {
        this(translator, mapper, template::getObject);
    }

    RouteDryRun(Translator translator, Mapper mapper, Supplier<ProducerTemplate> template) {
        this.translator = translator;
        this.mapper = mapper;
        this.template = template;
    }

    /** What was found out until now. Filled by one thread. */
    static final class Results {

        private final Mapper mapper;
        private final Attempt attempt = Attempt.ofThread();
        private final List<Map<String, Object>> found = new ArrayList<>();

        private Results(Mapper mapper) {
            this.mapper = mapper;
        }

        /** Has the thread that a route goes on with use the mappings of the dry run too; null when those are the ones in use. */
        Attempt.Running begin() {
            return attempt == null ? null : attempt.begin();
        }

        void skipped(String destination, String step, String reason) {
            add("skipped", destination, null, step, null, null, reason);
        }

        void take(List<Message> messages) {
            for (Message message : messages) {
                String reason = message.getHeader(Headers.REASON, String.class);
                String destination = message.getHeader(Headers.DESTINATION, String.class);
                JsonNode record = reason == null ? new RecordMessage(message).record() : null;
                Map<String, Object> result = add(record == null ? "parked" : "sent", destination, message.getHeader(Headers.ACCOUNT, String.class),
                        message.getHeader(Headers.STEP, String.class), message.getHeader(Headers.PART, Integer.class), record, reason);
                if (record != null) {
                    result.put("state", message.getHeader(Headers.STATE_KEY) != null && message.getHeader(Headers.ORDER_ONLY) == null);
                    mapper.destination(destination).problem(record).ifPresent(problem -> result.put("problem", problem));
                }
            }
        }

        private Map<String, Object> add(String outcome, String destination, String account, String step, Integer part, JsonNode record,
                String reason) {
            Map<String, Object> result = new LinkedHashMap<>();
            result.put("outcome", outcome);
            put(result, Headers.DESTINATION, destination);
            put(result, Headers.ACCOUNT, account);
            put(result, Headers.STEP, step);
            put(result, Headers.PART, part);
            put(result, "record", record);
            put(result, Headers.REASON, reason);
            found.add(result);
            return result;
        }

        private static void put(Map<String, Object> result, String name, Object value) {
            if (value != null) {
                result.put(name, value);
            }
        }
    }

    /** Null unless the exchange is a dry run. */
    static Results of(Exchange exchange) {
        return exchange.getProperty(PROPERTY, Results.class);
    }

    @Override
    public List<Map<String, Object>> of(Replay replay) {
        Results results = new Results(mapper);
        JsonNode webhook;
        try {
            webhook = StrictJson.mapper().readTree(replay.webhook());
        } catch (IOException | RuntimeException e) {
            results.add("parked", replay.destination(), null, null, null, null, Translator.unreadable(e));
            return results.found;
        }
        // without a consumer it fails at once, instead of waiting for one
        Exchange end = template.get().send("direct:translate-" + replay.provider() + "?block=false", exchange -> {
            exchange.setProperty(PROPERTY, results);
            BatchTransaction.withoutCommit(exchange);
            Message message = exchange.getMessage();
            exchange.setProperty(Translator.RAW, replay.webhook());
            message.setBody(webhook);
            message.setHeader(Headers.PROVIDER, replay.provider());
            message.setHeader(Headers.EVENT_ID, replay.eventId());
            message.setHeader(Headers.RECEIVED_AT, replay.receivedAt());
            message.setHeader(Headers.DESTINATION, replay.destination());
            message.setHeader(Headers.PART, replay.part());
            message.setHeader(Headers.RECORD, replay.record());
            message.setBody(translator.read(exchange));
        });
        if (end.getException() != null) {
            results.add("nothing", replay.destination(), null, null, null, null, "the route translate-" + replay.provider()
                    + " does not run, or fails on this event (" + end.getException().getClass().getSimpleName() + ")");
            return results.found;
        }
        translator.unreached(end);
        if (results.found.isEmpty()) {
            results.add("nothing", replay.destination(), null, null, null, null, "no destination that is on is sent this event");
        }
        return results.found;
    }
}
