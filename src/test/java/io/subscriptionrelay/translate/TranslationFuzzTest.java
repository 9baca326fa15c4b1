package io.subscriptionrelay.translate;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.subscriptionrelay.event.Headers;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.mapping.Facts;
import io.subscriptionrelay.mapping.Mapper;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Webhook;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.support.DefaultExchange;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** Any JSON object through the shipped mappings: records, a reason to skip or a reason to park, and never anything else. */
class TranslationFuzzTest {

    private static final List<String> PROVIDERS = List.of("revenuecat", "purchasely", "qonversion");

    @TempDir
    static Path folder;
    private static RelayApp relay;
    private static Translator translator;
    private static CamelContext camel;

    @BeforeAll
    static void start() {
        relay = RelayApp.with(folder).cleverTap("http://127.0.0.1:9").oneSignal("http://127.0.0.1:9").set("relay.trace.keep", "0")
                .set("PURCHASELY_SHARED_SECRET", Webhook.PURCHASELY_SECRET).set("QONVERSION_TOKEN", Webhook.QONVERSION_TOKEN).start();
        translator = relay.bean(Translator.class);
        camel = relay.bean(CamelContext.class);
    }

    @AfterAll
    static void stop() {
        relay.close();
    }

    @FuzzTest(maxDuration = "2m")
    void anyObjectBecomesRecordsOrAReason(byte[] body) throws IOException {
        JsonNode json;
        try {
            json = StrictJson.mapper().readTree(body);
        } catch (IOException | NumberFormatException refusedAtTheDoor) {
            return;
        }
        if (!(json instanceof ObjectNode webhook)) {
            return;
        }
        for (String provider : PROVIDERS) {
            Facts facts = relay.bean(Mapper.class).facts(provider, webhook, body);
            if (facts.id().isBlank() || facts.id().length() > 255) {
                throw new AssertionError("the id " + facts.id());
            }
            for (String step : steps(provider, json)) {
                check(translate(provider, facts, webhook, body, step));
            }
        }
    }

    private static List<Message> translate(String provider, Facts facts, ObjectNode webhook, byte[] body, String step) {
        Exchange exchange = new DefaultExchange(camel);
        exchange.setProperty(Translator.RAW, body);
        exchange.getMessage().setBody(webhook);
        exchange.getMessage().setHeader(Headers.PROVIDER, provider);
        exchange.getMessage().setHeader(Headers.EVENT_ID, facts.id());
        exchange.getMessage().setHeader(Headers.RECEIVED_AT, 1_790_812_800_000L);
        exchange.getMessage().setBody(translator.read(exchange));
        exchange.setProperty(Translator.STEP, step);
        exchange.setProperty(Translator.ACCOUNT, "production");
        return translator.translate(exchange);
    }

    private static void check(List<Message> messages) throws IOException {
        for (Message message : messages) {
            String queue = message.getHeader(Headers.QUEUE, String.class);
            if (queue.startsWith("deliver.")) {
                byte[] envelope = message.getBody(byte[].class);
                int end = 0;
                while (envelope[end] != '\n') {
                    end++;
                }
                StrictJson.mapper().readTree(envelope, 0, end);
            } else if (!queue.startsWith("parked.events.") || message.getHeader(Headers.REASON) == null
                    || message.getHeader(Headers.REASON, String.class).contains("NullPointer")) {
                throw new AssertionError(queue + " " + message.getHeader(Headers.REASON));
            }
        }
    }

    /** The step that the event's own type leads to, or nearly so, and one that fits all. */
    private static TreeSet<String> steps(String provider, JsonNode webhook) {
        TreeSet<String> steps = new TreeSet<>(List.of("renewal", "subscription_renewed"));
        String type = webhook.path("event").path("type").asText(webhook.path("event_name").asText("")).toLowerCase(java.util.Locale.ROOT);
        if (!type.isBlank()) {
            steps.add(type);
        }
        return steps;
    }
}
