package io.subscriptionrelay.history;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.event.Headers;
import io.subscriptionrelay.event.QueueNames;
import io.subscriptionrelay.event.RecordMessage;
import io.subscriptionrelay.event.StrictJson;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.stereotype.Component;

/**
 * Holds records back, as the settings of their mapping say ({@code hold:}), and skips those that a newer event of the same user and product has
 * superseded meanwhile. They wait on disk, in the queues of what comes back after a minute or ten; history says what has come since.
 */
@Component
public class HeldRecords {

    private static final Duration LONG = Duration.ofMinutes(10);
    private static final Duration SHORT = Duration.ofMinutes(1);
    /** A newer event may have come before this one. */
    private static final Duration OUT_OF_ORDER = Duration.ofDays(1);
    /** Nobody has so many events in the time that a record is held. */
    private static final int LOOKED_AT = 200;

    private final HistoryStore store;
    private final HistoryKeeper keeper;
    private final BooleanSupplier historyOn;
    private final Outcomes outcomes;
    private final Clock clock;

    @Autowired
    HeldRecords(HistoryStore store, HistoryKeeper keeper, HistoryFeed feed, Outcomes outcomes, Clock clock) {
        this(store, keeper, feed::on, outcomes, clock);
    }

    HeldRecords(HistoryStore store, HistoryKeeper keeper, BooleanSupplier historyOn, Outcomes outcomes, Clock clock) {
        this.store = store;
        this.keeper = keeper;
        this.historyOn = historyOn;
        this.outcomes = outcomes;
        this.clock = clock;
    }

    /** Holds nothing back: a dry run sends nothing that could wait. */
    public static HeldRecords ofDryRuns() {
        return new HeldRecords(null, null, () -> false, Outcomes.ofDryRuns(), Clock.systemUTC());
    }

    /** Addresses a record that is on its way to its account so that it is held back until this time, in milliseconds since 1970. */
    public void hold(Exchange exchange, Message record, long until) {
        record.setHeader(Headers.HELD_UNTIL, until);
        address(record, until);
        outcomes.held(exchange, new RecordMessage(record), Instant.ofEpochMilli(until).toString());
    }

    private void address(Message record, long until) {
        long left = until - clock.millis();
        Duration wait = left >= LONG.toMillis() ? LONG : SHORT;
        record.setHeader(Headers.NOT_BEFORE, clock.millis() + Math.min(wait.toMillis(), Math.max(left, 0)));
        record.setHeader(Headers.QUEUE, wait == LONG ? QueueNames.TEN_MINUTES : QueueNames.MINUTE);
    }

    /**
     * Whether a record that was held back is sent somewhere: to its account, or where it goes on waiting. Otherwise it is superseded, and skipped.
     *
     * @param record addressed to its account
     */
    public boolean due(Exchange exchange, Message record) {
        long until = record.getHeader(Headers.HELD_UNTIL, Long.class);
        if (until > clock.millis()) {
            address(record, until);
            return true;
        }
        if (!historyOn.getAsBoolean()) {
            return true;
        }
        Optional<String> by;
        try {
            if (keeper.completeUntil().toEpochMilli() < until) {
                address(record, clock.millis() + SHORT.toMillis());
                return true;
            }
            by = supersededBy(new RecordMessage(record));
        } catch (UncheckedStoreException | BrokerSilentException e) {
            address(record, clock.millis() + SHORT.toMillis());
            return true;
        }
        by.ifPresent(step -> outcomes.skipped(exchange, new RecordMessage(record), "superseded by " + step));
        return by.isEmpty();
    }

    private Optional<String> supersededBy(RecordMessage record) {
        String provider = record.text(Headers.PROVIDER);
        List<HistoryStore.Found> own = store.newest(HistoryFilter.of(Map.of("id", record.text(Headers.EVENT_ID), "provider", provider)), null, 1, true);
        if (own.isEmpty()) {
            return Optional.empty();
        }
        JsonNode held = attributes(own.get(0).event());
        String user = held.path("user").asText("");
        if (user.isBlank()) {
            return Optional.empty();
        }
        long from = own.get(0).event().receivedAt() - OUT_OF_ORDER.toMillis();
        for (HistoryStore.Found other : store.newest(HistoryFilter.of(Map.of("user", user, "provider", provider, "from", Long.toString(from))), null,
                LOOKED_AT, true)) {
            JsonNode newer = attributes(other.event());
            Optional<String> step = other.outcomes().stream().map(HistoryOutcome::step).filter(Objects::nonNull).findFirst();
            if (step.isPresent() && !step.get().equals(record.text(Headers.STEP)) && newer.path("time").asLong() > record.number(Headers.EVENT_TIME)
                    && newer.path("user").equals(held.path("user")) && newer.path("product").equals(held.path("product"))
                    && newer.path("supersedes").asBoolean(true)) {
                return step;
            }
        }
        return Optional.empty();
    }

    private static JsonNode attributes(HistoryEvent event) {
        try {
            return event.attributes() == null ? StrictJson.mapper().missingNode() : StrictJson.mapper().readTree(event.attributes());
        } catch (IOException e) {
            return StrictJson.mapper().missingNode();
        }
    }
}
