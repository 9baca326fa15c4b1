package io.subscriptionrelay.history;

import static org.assertj.core.api.Assertions.assertThat;

import io.subscriptionrelay.event.Envelope;
import io.subscriptionrelay.event.Headers;
import io.subscriptionrelay.event.QueueNames;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.apache.camel.support.DefaultMessage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A record that is held back is sent when its time is over, unless a newer event of the same user and product has come. */
class HeldRecordsTest {

    private static final Instant START = Instant.parse("2026-10-01T12:00:00Z");
    private static final long EXPIRED = START.toEpochMilli() - 5;
    private static final long UNTIL = START.plus(Duration.ofMinutes(25)).toEpochMilli();

    @TempDir
    Path folder;
    private final DefaultCamelContext camel = new DefaultCamelContext();
    private final Exchange exchange = new DefaultExchange(camel);
    private Instant now = START;
    private Instant complete;
    private boolean historyOn = true;
    private LuceneHistory store;
    private OutcomeLog outcomes;
    private HeldRecords held;
    private Message record;

    @BeforeEach
    void hold() {
        Clock clock = new Clock() {
            @Override
            public Instant instant() {
                return now;
            }

            @Override
            public ZoneOffset getZone() {
                return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(java.time.ZoneId zone) {
                return this;
            }
        };
        store = new LuceneHistory(folder, 1L << 30);
        outcomes = new OutcomeLog(clock);
        HistoryKeeper keeper = new HistoryKeeper(store, null, null, null, new io.micrometer.core.instrument.simple.SimpleMeterRegistry(), clock) {
            @Override
            Instant completeUntil() {
                return complete == null ? now : complete;
            }
        };
        held = new HeldRecords(store, keeper, () -> historyOn, outcomes, clock);
        keep("expired", "EXPIRATION", "expiration", "lena", "pro", EXPIRED, "");
        record = new DefaultMessage(camel);
        record.setBody(Envelope.join("{\"evtName\":\"x\"}".getBytes(StandardCharsets.UTF_8), "{}".getBytes(StandardCharsets.UTF_8)));
        record.setHeader(Headers.PROVIDER, "revenuecat");
        record.setHeader(Headers.EVENT_ID, "expired");
        record.setHeader(Headers.STEP, "expiration");
        record.setHeader(Headers.EVENT_TIME, EXPIRED);
        record.setHeader(Headers.DESTINATION, "clevertap");
        record.setHeader(Headers.ACCOUNT, "production");
        held.hold(exchange, record, UNTIL);
    }

    @AfterEach
    void close() {
        store.close();
    }

    @Test
    void itWaitsOnDiskInPortionsOfTenMinutesAndOfOne() {
        assertThat(outcomes.held).containsExactly("expired until 2026-10-01T12:25:00Z");
        StringBuilder queues = new StringBuilder();
        int rounds = 0;
        while (record.getHeader(Headers.NOT_BEFORE) != null) {
            queues.append(record.getHeader(Headers.QUEUE, String.class).replace("deliver.later.", "")).append(' ');
            now = Instant.ofEpochMilli(record.getHeader(Headers.NOT_BEFORE, Long.class));
            assertThat(cameBack()).isTrue();
            assertThat(++rounds).isLessThan(20);
        }
        assertThat(queues.toString().trim()).isEqualTo("10m 10m 1m 1m 1m 1m 1m");
        assertThat(now.toEpochMilli()).isEqualTo(UNTIL);
        assertThat(record.getHeader(Headers.QUEUE)).isEqualTo("deliver.clevertap.production");
        assertThat(outcomes.skipped).isEmpty();
    }

    @Test
    void aRenewalOfTheSameUserAndProductSupersedesIt() {
        keep("renewed", "RENEWAL", "renewal", "lena", "pro", EXPIRED + 60_000, "");
        now = Instant.ofEpochMilli(UNTIL);
        assertThat(cameBack()).isFalse();
        assertThat(outcomes.skipped).containsExactly("expired");
        assertThat(outcomes.reasons).containsExactly("superseded by renewal");
    }

    @Test
    void whatIsOlderOrOfAnotherUserOrProductOrNoNewsSupersedesNothing() {
        keep("older", "RENEWAL", "renewal", "lena", "pro", EXPIRED - 1, "");
        keep("other-user", "RENEWAL", "renewal", "mia", "pro", EXPIRED + 60_000, "");
        keep("other-product", "RENEWAL", "renewal", "lena", "basic", EXPIRED + 60_000, "");
        keep("beside", "CANCELLATION", "cancellation", "lena", "pro", EXPIRED + 60_000, ",\"supersedes\":false");
        keep("again", "EXPIRATION", "expiration", "lena", "pro", EXPIRED + 60_000, "");
        keep("unknown", "NEWLY_INVENTED", null, "lena", "pro", EXPIRED + 60_000, "");
        now = Instant.ofEpochMilli(UNTIL);
        assertThat(cameBack()).isTrue();
        assertThat(record.getHeader(Headers.QUEUE)).isEqualTo("deliver.clevertap.production");
    }

    @Test
    void whileHistoryIsBehindItGoesOnWaiting() {
        now = Instant.ofEpochMilli(UNTIL + 1);
        complete = Instant.ofEpochMilli(UNTIL - 1);
        assertThat(cameBack()).isTrue();
        assertThat(record.getHeader(Headers.QUEUE)).isEqualTo(QueueNames.MINUTE);
        complete = null;
        historyOn = false;
        assertThat(cameBack()).isTrue();
        assertThat(record.getHeader(Headers.QUEUE)).as("without history nothing is known").isEqualTo("deliver.clevertap.production");
    }

    /** As the deliver routes do it. */
    private boolean cameBack() {
        record.removeHeader(Headers.NOT_BEFORE);
        record.setHeader(Headers.QUEUE, QueueNames.deliver("clevertap", "production"));
        return held.due(exchange, record);
    }

    private void keep(String id, String type, String step, String user, String product, long time, String more) {
        String attributes = "{\"user\":\"" + user + "\",\"product\":\"" + product + "\",\"time\":" + time + more + "}";
        String webhook = "{\"event\":{\"app_user_id\":\"" + user + "\",\"id\":\"" + id + "\"}}";
        HistoryOutcome outcome = new HistoryOutcome(time + 10, EventOutcome.DELIVERED, "revenuecat", id, time + 5, step, "clevertap", "production", 0, 1, null,
                null, null, null);
        store.append(List.of(new HistoryBatch(id, List.of(new HistoryEvent("revenuecat", id, type, time + 5, webhook.getBytes(StandardCharsets.UTF_8),
                attributes.getBytes(StandardCharsets.UTF_8))), List.of(outcome))));
    }
}
