package io.subscriptionrelay.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.zaxxer.hikari.HikariDataSource;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.history.EventOutcome;
import io.subscriptionrelay.history.HistoryBatch;
import io.subscriptionrelay.history.HistoryEvent;
import io.subscriptionrelay.history.HistoryOutcome;
import io.subscriptionrelay.history.HistoryStore;
import io.subscriptionrelay.history.LuceneHistory;
import io.subscriptionrelay.history.PostgresHistory;
import io.subscriptionrelay.mapping.Facts;
import io.subscriptionrelay.mapping.Mapper;
import io.subscriptionrelay.testing.Postgres;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.io.ClassPathResource;
import org.springframework.jdbc.datasource.init.ResourceDatabasePopulator;

/**
 * Row 11: a history of 1,000,000 events of four weeks, each with what was sent to CleverTap and to OneSignal and what they answered: what it takes to
 * keep one and on the disk, how long a person waits for a search, for each page, for a start, and for a comparison with today's mappings.
 */
final class KeptEvents {

    private static final int EVENTS = 1_000_000;
    private static final int COMPARED = 100_000;
    /** About as many as a batch of translation. */
    private static final int BATCH = 500;
    /** History takes what waits for it at once. */
    private static final int BATCHES = 4;
    private static final long WEEKS = Duration.ofDays(28).toMillis();
    private static final long MAX_BYTES = 10L << 30;
    private static final int WARM_UP = 100;
    private static final int SEARCHES = 200;
    private static final int PAGES = 100;
    /** So many pages are named in the note, the slowest first. */
    private static final int NAMED = 3;
    /** The mapping with the most text. */
    private static final String EDITED = "revenuecat/braze.jslt";
    private static final int USERS = 5;
    private static final Duration LONGEST_COMPARISON = Duration.ofMinutes(10);
    private static final HistoryOutcome.Said CLEVERTAP = new HistoryOutcome.Said(200, "{\"status\":\"success\",\"processed\":1000,\"unprocessed\":[]}");

    private final Options options;
    /** Where history is, or null: in the data directory. */
    private final Postgres database;
    private final String row;
    private final int events;
    private final long first;

    private KeptEvents(Options options, Postgres database) {
        this.options = options;
        this.database = database;
        row = database == null ? "11" : "11p";
        events = options.size(EVENTS);
        first = System.currentTimeMillis() - WEEKS;
    }

    static List<Result> measure(Options options) throws Exception {
        if (!options.postgres()) {
            return new KeptEvents(options, null).measure();
        }
        Path folder = Folders.fresh("kept-postgres");
        try (Postgres database = Postgres.durable(folder.resolve("postgres"))) {
            return new KeptEvents(options, database).measure();
        } finally {
            Folders.delete(folder);
        }
    }

    private List<Result> measure() throws Exception {
        List<Result> results = new ArrayList<>();
        Path data = Folders.fresh("kept");
        fill(data, results);
        starts(data, results);
        Folders.delete(data);
        return results;
    }

    private String id(int n) {
        return "kept-" + n;
    }

    private int user(int n) {
        return n / USERS;
    }

    private long receivedAt(int n) {
        return first + WEEKS / events * n;
    }

    private void fill(Path data, List<Result> results) throws Exception {
        double floor = 0;
        double taken = 0;
        long bytes = 0;
        Path file = data.resolve("floor");
        try (ConfigurableApplicationContext parts = Parts.mappings();
                HikariDataSource connections = database == null ? null : connections();
                HistoryStore history = database == null ? new LuceneHistory(data.resolve("history"), MAX_BYTES) : new PostgresHistory(connections);
                FileChannel plain = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            Mapper mapper = parts.getBean(Mapper.class);
            for (int from = 0; from < events; from += BATCH * BATCHES) {
                List<HistoryBatch> batches = new ArrayList<>();
                for (int n = from; n < Math.min(events, from + BATCH * BATCHES); n += BATCH) {
                    batches.add(batch(mapper, n, Math.min(events, n + BATCH)));
                }
                long start = System.nanoTime();
                history.append(batches);
                taken += System.nanoTime() - start;
                start = System.nanoTime();
                write(plain, batches);
                floor += System.nanoTime() - start;
            }
            bytes = history.bytes();
        }
        Files.delete(file);
        results.add(Result.ratio(row, "an event with two records kept", "µs", Series.of(floor / 1e3 / events), Series.of(taken / 1e3 / events), null,
                "floor: the same bytes written to a file and forced"));
        results.add(Result.value(row + "b", "bytes on disk, an event", "B", Series.of((double) bytes / events), Result.atMost(1024), ""));
    }

    private HikariDataSource connections() {
        HikariDataSource connections = new HikariDataSource();
        connections.setJdbcUrl(database.url());
        connections.setUsername(database.user());
        new ResourceDatabasePopulator(new ClassPathResource("schema-postgresql.sql")).execute(connections);
        return connections;
    }

    private static void write(FileChannel plain, List<HistoryBatch> batches) throws IOException {
        for (HistoryBatch batch : batches) {
            for (HistoryEvent event : batch.events()) {
                plain.write(ByteBuffer.wrap(event.webhook()));
            }
            for (HistoryOutcome outcome : batch.outcomes()) {
                plain.write(ByteBuffer.wrap(outcome.record()));
            }
        }
        plain.force(false);
    }

    private HistoryBatch batch(Mapper mapper, int from, int to) throws Exception {
        List<HistoryEvent> received = new ArrayList<>();
        List<HistoryOutcome> outcomes = new ArrayList<>();
        for (int n = from; n < to; n++) {
            byte[] body = Samples.event("kept", n, user(n), "app0").getBytes(StandardCharsets.UTF_8);
            ObjectNode json = (ObjectNode) StrictJson.mapper().readTree(body);
            Facts facts = mapper.facts(Samples.PROVIDER, json, body);
            received.add(new HistoryEvent(Samples.PROVIDER, id(n), facts.type(), receivedAt(n), body, StrictJson.mapper().writeValueAsBytes(facts.json())));
            outcomes.addAll(delivered(mapper, n, facts, json, "clevertap", CLEVERTAP));
            outcomes.addAll(delivered(mapper, n, facts, json, "onesignal", new HistoryOutcome.Said(202, "{\"identity\":{\"onesignal_id\":\""
                    + new UUID(n, user(n)) + "\"}}")));
        }
        return new HistoryBatch("batch-" + from, received, outcomes);
    }

    private List<HistoryOutcome> delivered(Mapper mapper, int n, Facts facts, JsonNode webhook, String destination, HistoryOutcome.Said answer)
            throws Exception {
        List<HistoryOutcome> outcomes = new ArrayList<>();
        for (JsonNode record : mapper.apply(Samples.PROVIDER, destination, Samples.STEP, facts, webhook)) {
            outcomes.add(new HistoryOutcome(receivedAt(n) + 700, EventOutcome.DELIVERED, Samples.PROVIDER, id(n), receivedAt(n), Samples.STEP, destination,
                    "production", outcomes.size(), 1, null, null, StrictJson.mapper().writeValueAsBytes(record), answer));
        }
        return outcomes;
    }

    private void starts(Path data, List<Result> results) throws Exception {
        Series empty = new Series();
        Series full = new Series();
        for (int round = 0; round < options.atMost(3); round++) {
            try (CleverTap destination = new CleverTap(Duration.ZERO)) {
                try (Relay relay = settings(Folders.fresh("empty"), "empty_" + round).cleverTap(destination).start()) {
                    empty.add(relay.awaitReadiness() / 1e9);
                }
                try (Relay relay = settings(data, "postgres").cleverTap(destination).set("CONSOLE_PASSWORD", Pages.PASSWORD).start()) {
                    full.add(relay.awaitReadiness() / 1e9);
                    if (round == 0) {
                        searches(relay, results);
                        String comparison = compare(relay, results);
                        pages(Pages.of(relay), comparison, results);
                    }
                }
            }
        }
        results.add(Result.value(row + "f", "a start with them takes longer by", "s", Series.of(full.median() - empty.median()), Result.atMost(1),
                "%.1f s with none".formatted(empty.median())));
    }

    /** With history in this folder, or in this database of the server. */
    private Relay.Settings settings(Path data, String name) {
        Relay.Settings settings = new Relay.Settings(data);
        if (database == null) {
            return settings;
        }
        if (!name.equals("postgres")) {
            database.execute("CREATE DATABASE " + name);
        }
        return settings.state(database).set("STATE_JDBC_URL", database.url().replaceFirst("/postgres$", "/" + name));
    }

    private void searches(Relay relay, List<Result> results) throws Exception {
        SplittableRandom random = new SplittableRandom(11);
        List<IntFunction<String>> searches = List.of(
                n -> "limit=50",
                n -> "limit=50&provider=revenuecat&type=RENEWAL&outcome=delivered&destination=onesignal",
                n -> "limit=50&q=kept-" + n,
                n -> "limit=50&q=yin",
                n -> "limit=50&from=" + Instant.ofEpochMilli(receivedAt(n)) + "&to=" + Instant.ofEpochMilli(receivedAt(n) + 60_000),
                n -> "limit=50&outcome=parked");
        results.add(Result.value(row + "c", "a search, p95", "ms", Series.of(p95(relay, random, searches)), Result.atMost(100), "over HTTP"));
        results.add(Result.value(row + "d", "a search by user, p95", "ms", Series.of(p95(relay, random, List.of(n -> "limit=50&user=" + Samples.USER + user(n)))),
                Result.atMost(20), "over HTTP"));
    }

    private double p95(Relay relay, SplittableRandom random, List<IntFunction<String>> searches) throws Exception {
        int[] i = new int[1];
        return p95(SEARCHES * searches.size(), () -> relay.manage("GET", "/actuator/events?"
                + searches.get(i[0]++ % searches.size()).apply(random.nextInt(events))));
    }

    private String compare(Relay relay, List<Result> results) throws Exception {
        int compared = Math.min(events, options.size(COMPARED));
        String id = StrictJson.mapper().readTree(relay.manage("POST", "/actuator/replays?dry-run=true&events=again&destination=clevertap&from="
                + Instant.ofEpochMilli(receivedAt(events - compared)))).path("id").asText();
        long start = System.nanoTime();
        JsonNode[] job = new JsonNode[1];
        relay.await("comparison", LONGEST_COMPARISON, () -> {
            job[0] = StrictJson.mapper().readTree(relay.manage("GET", "/actuator/replays/" + id));
            return !job[0].path("state").asText().equals("running");
        });
        double seconds = (System.nanoTime() - start) / 1e9;
        if (job[0].path("same").asInt() != compared) {
            throw new IllegalStateException("of " + compared + " events not all are as they were: " + job[0]);
        }
        results.add(Result.value(row + "e", "comparison of " + Report.number(compared) + " events", "s", Series.of(seconds), Result.atMost(60), ""));
        return id;
    }

    /** Each page after a login, by what stands in it; and the playground's answer to what is typed. */
    private void pages(Pages pages, String comparison, List<Result> results) throws Exception {
        SplittableRandom random = new SplittableRandom(12);
        Map<String, IntFunction<String>> asked = new LinkedHashMap<>();
        asked.put("overview", n -> "/overview");
        asked.put("its charts", n -> "/overview/series?of=day");
        asked.put("events", n -> "/events");
        asked.put("events by id", n -> "/events?search=kept-" + n);
        asked.put("events by user", n -> "/events?search=user:" + Samples.USER + user(n));
        asked.put("events by filters", n -> "/events?search=" + Pages.encoded("provider:revenuecat type:RENEWAL outcome:delivered destination:onesignal"));
        asked.put("events by a word that all have", n -> "/events?search=yin");
        asked.put("events by a word that none has", n -> "/events?search=nowhere" + n);
        asked.put("events of a minute", n -> "/events?search=" + Pages.encoded("from:" + Instant.ofEpochMilli(receivedAt(n)) + " to:"
                + Instant.ofEpochMilli(receivedAt(n) + 60_000)));
        asked.put("an event", n -> "/events/revenuecat?id=kept-" + n);
        asked.put("parked", n -> "/parked");
        asked.put("replays", n -> "/replays");
        asked.put("a replay", n -> "/replays/" + comparison);
        asked.put("mappings", n -> "/mappings");
        asked.put("playground", n -> "/mappings/playground");
        asked.put("playground with an event", n -> "/mappings/playground?provider=revenuecat&event=kept-" + n);
        asked.put("test event", n -> "/test-event");
        Map<String, Double> taken = new LinkedHashMap<>();
        for (Map.Entry<String, IntFunction<String>> page : asked.entrySet()) {
            taken.put(page.getKey(), p95(PAGES, () -> pages.get(page.getValue().apply(random.nextInt(events)))));
        }
        List<Map.Entry<String, Double>> slowest = taken.entrySet().stream().sorted(Map.Entry.<String, Double>comparingByValue().reversed()).toList();
        results.add(Result.value(row + "g", "the slowest page, p95", "ms", Series.of(slowest.get(0).getValue()), Result.atMost(200),
                slowest.stream().limit(NAMED).map(page -> page.getKey() + " " + Report.number(page.getValue())).collect(Collectors.joining(", "))));
        String text = Files.readString(Path.of("mappings").resolve(EDITED));
        int[] edit = new int[1];
        double tried = p95(SEARCHES, () -> pages.post("/mappings/playground", Map.of("provider", Samples.PROVIDER, "file", EDITED, "text",
                text + "// " + edit[0]++ + "\n", "webhook", Samples.event("typed", edit[0], edit[0], "app0"))));
        results.add(Result.value(row + "h", "playground, what is typed to its result, p95", "ms", Series.of(tried), Result.atMost(300), EDITED));
    }

    /** Something that is waited for. */
    private interface Ask {
        void run() throws Exception;
    }

    private static double p95(int times, Ask ask) throws Exception {
        double[] taken = new double[times];
        for (int i = -WARM_UP; i < taken.length; i++) {
            long start = System.nanoTime();
            ask.run();
            if (i >= 0) {
                taken[i] = (System.nanoTime() - start) / 1e6;
            }
        }
        Arrays.sort(taken);
        return taken[taken.length * 95 / 100];
    }
}
