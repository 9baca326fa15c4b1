package io.subscriptionrelay.commands;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.logs.Printable;
import java.io.PrintStream;
import java.util.Set;

/** An event as people read it: who sent it, then a line for each thing that became of it. */
final class EventLines {

    private final PrintStream out;

    EventLines(PrintStream out) {
        this.out = out;
    }

    void print(JsonNode event) {
        out.println(Printable.text(event.path("provider").asText()) + " event " + Printable.id(event.path("eventId").asText()));
        boolean settled = false;
        for (JsonNode line : event.path("trace")) {
            out.println(Printable.text("  " + line.path("at").asText() + "  " + said(line)));
            settled |= !Set.of("received", "repeated", "sent-back", "replayed").contains(line.path("outcome").asText());
        }
        if (!settled) {
            out.println("  not settled yet: it waits in a queue, or no destination is on");
        }
    }

    private static String said(JsonNode line) {
        String outcome = line.path("outcome").asText();
        StringBuilder said = new StringBuilder(switch (outcome) {
            case "sent-back" -> "sent back, will be tried again";
            case "repeated" -> "received again, which changes nothing";
            default -> outcome;
        });
        if (line.has("destination")) {
            said.append(outcome.equals("delivered") ? " to " : " for ").append(line.path("destination").asText());
            if (line.has("account")) {
                said.append(' ').append(line.path("account").asText());
            }
        }
        if (line.has("step")) {
            said.append(" as ").append(line.path("step").asText());
        }
        if (line.path("attempts").asInt() > 1 || outcome.equals("sent-back")) {
            said.append(", attempt ").append(line.path("attempts").asInt());
        }
        if (line.has("reason")) {
            said.append(": ").append(line.path("reason").asText());
        }
        if (line.has("parkedId")) {
            said.append(" (parked id ").append(line.path("parkedId").asText()).append(')');
        }
        return said.toString();
    }
}
