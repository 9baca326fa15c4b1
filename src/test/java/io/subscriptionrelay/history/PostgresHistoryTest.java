package io.subscriptionrelay.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import io.subscriptionrelay.testing.Postgres;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.core.io.ClassPathResource;
import org.springframework.jdbc.datasource.init.ResourceDatabasePopulator;

/** History in a real PostgreSQL. */
class PostgresHistoryTest extends HistoryStoreContract {

    @TempDir
    static Path folder;
    private static Postgres postgres;
    private static HikariDataSource dataSource;

    @BeforeAll
    static void start() {
        postgres = new Postgres(folder.resolve("postgres"));
        dataSource = new HikariDataSource();
        dataSource.setJdbcUrl(postgres.url());
        dataSource.setUsername(postgres.user());
        new ResourceDatabasePopulator(new ClassPathResource("schema-postgresql.sql")).execute(dataSource);
    }

    @AfterAll
    static void stop() {
        dataSource.close();
        postgres.close();
    }

    @BeforeEach
    void clear() {
        store.trim(Long.MAX_VALUE, Long.MAX_VALUE);
    }

    @Override
    HistoryStore open() {
        return new PostgresHistory(dataSource);
    }

    @Test
    void twoRelaysAppendAndTrimAtOnce() throws Exception {
        ExecutorService relays = Executors.newFixedThreadPool(3);
        try {
            List<Future<?>> done = new ArrayList<>();
            for (int relay = 0; relay < 2; relay++) {
                HistoryStore its = open();
                String name = "r" + relay + "-";
                done.add(relays.submit(() -> {
                    for (int i = 0; i < 30; i++) {
                        HistoryOutcome outcome = outcome(name + i, NOON + i * DAY / 4, 1, EventOutcome.DELIVERED, "onesignal");
                        its.append(List.of(new HistoryBatch(name + i, List.of(event(name + i, NOON + i * DAY / 4, "{}"),
                                event("shared" + i, NOON + i * DAY / 4, "{}")), List.of(outcome))));
                    }
                }));
            }
            done.add(relays.submit(() -> {
                for (int i = 0; i < 30; i++) {
                    store.trim(NOON - DAY, Long.MAX_VALUE);
                    store.append(List.of(batch(outcome("gone" + i, NOON - 9 * DAY, 1, EventOutcome.REPLAYED, "onesignal"))));
                }
            }));
            for (Future<?> one : done) {
                one.get();
            }
        } finally {
            relays.shutdownNow();
        }
        assertThat(store.count(HistoryFilter.ALL)).isEqualTo(90);
        assertThat(store.count(filter("outcome", "delivered"))).isEqualTo(60);
    }

    @Test
    void whatFewEventsHaveIsFoundByAnIndexAndWhatAllHaveInTheirOrder() {
        keep(event("first", NOON, "{\"app_user_id\":\"u-first\"}"));
        postgres.execute("INSERT INTO history_event (received_at, event_number, id_number, provider, event_key, type, webhook, terms)"
                + " SELECT " + NOON + " + n, n, n, 'revenuecat', 'e' || n, 'RENEWAL', '{}', array_to_tsvector(ARRAY['=u-' || n, 'word', repeat('x', 400)])"
                + " FROM generate_series(1, 20000) AS n");
        // as PostgreSQL does by itself within some minutes
        postgres.execute("VACUUM ANALYZE history_event");
        long before = scans();
        assertThat(ids(store.newest(filter("user", "u-7"), null, 5, false))).containsExactly("e7");
        assertThat(ids(store.newest(filter("q", "u-8"), null, 5, false))).containsExactly("e8");
        Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> scans() >= before + 4);
        assertThat(ids(store.newest(filter("q", "word"), null, 3, false))).containsExactly("e20000", "e19999", "e19998");
    }

    /** How often the index of terms was asked; connections tell it once they have rested for a second. */
    private static long scans() {
        return postgres.number("SELECT sum(idx_scan) FROM pg_stat_user_indexes WHERE indexrelname LIKE 'history_event_%_terms_idx'");
    }

    @Test
    void aDatabaseThatIsAwayIsToldWithoutContentAndLeavesNothing() {
        keep(event("a", NOON, "{}"));
        postgres.execute("ALTER TABLE history_outcome ADD CONSTRAINT broken CHECK (step <> 'broken')");
        try {
            HistoryOutcome bad = new HistoryOutcome(1, EventOutcome.PARKED, "revenuecat", "jane-secret", NOON, "broken", null, null, null, null, null, null,
                    bytes("secret"), null);
            HistoryBatch batch = new HistoryBatch("b", List.of(event("b", NOON + DAY, "{}")), List.of(bad));
            assertThatThrownBy(() -> store.append(List.of(batch))).isInstanceOf(UncheckedStoreException.class)
                    .hasMessageContaining("history in PostgreSQL cannot be written").hasMessageNotContaining("secret");
        } finally {
            postgres.execute("ALTER TABLE history_outcome DROP CONSTRAINT broken");
        }
        assertThat(ids(store.newest(HistoryFilter.ALL, null, 10, false))).containsExactly("a");
    }
}
