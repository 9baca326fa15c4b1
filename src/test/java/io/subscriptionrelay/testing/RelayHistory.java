package io.subscriptionrelay.testing;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.event.StrictJson;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URLEncoder;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** What the history of a relay has, as its operations port shows it to who has logged in. */
public final class RelayHistory {

    private static final int PAGE = 100;

    private RelayHistory() {
    }

    /**
     * An event with what became of it.
     *
     * @param webhook as it came, character by character
     */
    public record Entry(String provider, String eventId, String webhook, List<Line> trace) {
    }

    /** What became of an event at one time; null where something does not apply. The record is as it was sent. */
    public record Line(String outcome, String destination, String account, Integer part, JsonNode record) {
    }

    /** Up to when it knows all. */
    public static Instant completeUntil(RelayProcess relay) {
        try {
            return Instant.parse(StrictJson.mapper().readTree(page(relay, "?limit=1")).path("completeUntil").asText());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** All of it, the newest first. */
    public static List<Entry> read(RelayProcess relay) {
        List<Entry> entries = new ArrayList<>();
        each(relay, "content=true", entries::add);
        return entries;
    }

    /** The providers and ids of all events; what is there twice comes twice. */
    public static List<String> ids(RelayProcess relay) {
        List<String> ids = new ArrayList<>();
        each(relay, "content=false", entry -> ids.add(entry.provider() + " " + entry.eventId()));
        return ids;
    }

    private static void each(RelayProcess relay, String query, Consumer<Entry> entries) {
        try {
            String next = "";
            while (next != null) {
                next = read(page(relay, "?" + query + "&limit=" + PAGE
                        + (next.isEmpty() ? "" : "&next=" + URLEncoder.encode(next, StandardCharsets.UTF_8))), entries);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String page(RelayProcess relay, String query) throws IOException {
        HttpResponse<String> answer = relay.actuatorLoggedIn("/events" + query);
        if (answer.statusCode() != 200) {
            throw new IOException("history answers " + answer.statusCode() + ": " + answer.body());
        }
        return answer.body();
    }

    /** Reads the events of a page; gives where the next one begins, or null. */
    private static String read(String page, Consumer<Entry> entries) throws IOException {
        String next = null;
        try (JsonParser json = StrictJson.mapper().createParser(page)) {
            json.nextToken();
            for (String name = json.nextFieldName(); name != null; name = json.nextFieldName()) {
                JsonToken value = json.nextToken();
                if (name.equals("events")) {
                    while (json.nextToken() == JsonToken.START_OBJECT) {
                        entries.accept(event(page, json));
                    }
                } else if (name.equals("next") && value == JsonToken.VALUE_STRING) {
                    next = json.getText();
                } else {
                    json.skipChildren();
                }
            }
        }
        return next;
    }

    private static Entry event(String page, JsonParser json) throws IOException {
        String provider = null;
        String eventId = null;
        String webhook = null;
        List<Line> trace = new ArrayList<>();
        for (String name = json.nextFieldName(); name != null; name = json.nextFieldName()) {
            json.nextToken();
            switch (name) {
                case "provider" -> provider = json.getText();
                case "eventId" -> eventId = json.getText();
                case "webhook" -> webhook = raw(page, json);
                case "trace" -> StrictJson.mapper().readTree(raw(page, json)).forEach(line -> trace.add(new Line(line.path("outcome").asText(),
                        text(line, "destination"), text(line, "account"), line.has("part") ? line.path("part").asInt() : null, line.get("record"))));
                default -> json.skipChildren();
            }
        }
        return new Entry(provider, eventId, webhook, List.copyOf(trace));
    }

    private static String text(JsonNode line, String name) {
        return line.has(name) ? line.get(name).asText() : null;
    }

    /** The value as it stands in the page, with the blanks behind it: the page repeats what came. */
    private static String raw(String page, JsonParser json) throws IOException {
        if (json.currentToken() == JsonToken.VALUE_STRING) {
            return json.getText();
        }
        int begin = (int) json.currentTokenLocation().getCharOffset();
        json.skipChildren();
        int end = (int) json.currentLocation().getCharOffset();
        while (Character.isWhitespace(page.charAt(end))) {
            end++;
        }
        return page.substring(begin, end);
    }
}
