package io.subscriptionrelay.demo;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.simulator.CleverTapSimulator.StoredRecord;
import io.subscriptionrelay.simulator.OneSignalSimulator;
import io.subscriptionrelay.simulator.OneSignalSimulator.Update;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.springframework.context.annotation.Profile;
import org.springframework.stereotype.Component;

/** Says in text what became of webhooks. */
@Component
@Profile("demo")
class DemoTable {

    private static final List<String> HEADINGS =
            List.of("webhook", "HTTP", "CleverTap stored", "OneSignal holds (+ more tags)", "not delivered, and why");
    private static final int[] WIDTHS = {26, 4, 31, 33, 28};
    private static final String BETWEEN = " | ";
    /** The tags that say most, if there is no room for all. */
    private static final List<String> TELLING =
            List.of("subscription_status", "active_subscription", "plan", "last_event_type", "last_event", "environment");

    private final RelayProperties properties;
    private final OneSignalSimulator oneSignal;

    DemoTable(RelayProperties properties, OneSignalSimulator oneSignal) {
        this.properties = properties;
        this.oneSignal = oneSignal;
    }

    /** One row for each webhook; the tags are as they stood when it had been delivered. */
    String render(List<Row> rows) {
        StringBuilder text = new StringBuilder();
        append(text, HEADINGS.stream().map(List::of).toList());
        String last = null;
        for (Row row : rows) {
            if (!row.provider().equals(last)) {
                rule(text);
                last = row.provider();
                text.append(last).append('\n');
            }
            append(text, List.of(List.of("  " + row.webhook()), List.of(Integer.toString(row.status())), row.cleverTap(), row.oneSignal(),
                    row.notDelivered()));
        }
        return text.toString();
    }

    /** The cells of a row, each as its lines before they are wrapped. */
    record Row(String provider, String webhook, int status, List<String> cleverTap, List<String> oneSignal, List<String> notDelivered) {
    }

    /** To be called as soon as the webhook is settled, because it looks at the tags as they are. */
    Row row(Outcome outcome) {
        return new Row(outcome.webhook().provider(), outcome.webhook().title(), outcome.status(),
                outcome.records().stream().map(this::text).toList(),
                outcome.updates().stream().map(update -> tags(update, 1)).toList(),
                outcome.notDelivered());
    }

    /** A stored record: its name, amount and currency. */
    String text(StoredRecord record) {
        JsonNode data = record.data();
        StringBuilder text = new StringBuilder(record.type().equals("event") ? record.name()
                : record.type() + " with " + data.size() + " properties");
        if (data.hasNonNull("amount")) {
            text.append(' ').append(data.get("amount").asText()).append(' ').append(data.path("currency").asText());
        }
        String account = account("clevertap", record.account());
        if (!"production".equals(account)) {
            text.append(" (").append(account).append(" account)");
        }
        return text.toString();
    }

    private String account(String destination, String id) {
        return properties.destinations().get(destination).accounts().entrySet().stream()
                .filter(entry -> id.equals(entry.getValue().id())).map(Map.Entry::getKey).findFirst().orElse(id);
    }

    /** All tags that a user has now, on one line. */
    String allTags(Update update) {
        return oneSignal.tags(update.app(), update.label(), update.id()).entrySet().stream()
                .map(tag -> tag.getKey() + "=" + tag.getValue()).collect(Collectors.joining(", "));
    }

    /** The most telling ones of the tags that the user has now, and how many more there are. */
    String tags(Update update, int most) {
        Map<String, String> held = oneSignal.tags(update.app(), update.label(), update.id());
        List<String> shown = new ArrayList<>();
        for (String name : TELLING) {
            held.forEach((tag, value) -> {
                if (tag.toLowerCase(Locale.ROOT).equals(name) && shown.size() < most) {
                    shown.add(tag + "=" + value);
                }
            });
        }
        return String.join(", ", shown) + (held.size() > shown.size() ? " +" + (held.size() - shown.size()) : "");
    }

    private static void append(StringBuilder text, List<List<String>> cells) {
        List<List<String>> wrapped = new ArrayList<>();
        int height = 1;
        for (int column = 0; column < WIDTHS.length; column++) {
            int width = WIDTHS[column];
            List<String> lines = cells.get(column).stream().flatMap(line -> wrap(line, width).stream()).toList();
            wrapped.add(lines);
            height = Math.max(height, lines.size());
        }
        for (int line = 0; line < height; line++) {
            StringBuilder row = new StringBuilder();
            for (int column = 0; column < WIDTHS.length; column++) {
                String cell = line < wrapped.get(column).size() ? wrapped.get(column).get(line) : "";
                row.append(column == 0 ? "" : BETWEEN).append(cell).append(" ".repeat(WIDTHS[column] - cell.length()));
            }
            text.append(row.toString().stripTrailing()).append('\n');
        }
    }

    private static void rule(StringBuilder text) {
        for (int column = 0; column < WIDTHS.length; column++) {
            text.append(column == 0 ? "" : "-+-").append("-".repeat(WIDTHS[column]));
        }
        text.append('\n');
    }

    /** Breaks at blanks; further lines are indented, so that it shows where the next thing begins. */
    private static List<String> wrap(String text, int width) {
        List<String> lines = new ArrayList<>();
        StringBuilder line = new StringBuilder();
        String indent = " ".repeat(text.length() - text.stripLeading().length());
        line.append(indent);
        for (String word : text.strip().split(" ")) {
            if (!line.toString().isBlank() && line.length() + 1 + word.length() > width) {
                lines.add(line.toString());
                line.setLength(0);
                line.append(indent).append(' ');
            }
            line.append(line.toString().isBlank() ? "" : " ").append(word);
            while (line.length() > width) {
                lines.add(line.substring(0, width));
                line.delete(0, width).insert(0, indent + ' ');
            }
        }
        lines.add(line.toString());
        return lines;
    }
}
