package io.subscriptionrelay.bench;

import io.subscriptionrelay.testing.ArtemisProcess;
import io.subscriptionrelay.testing.Broker;
import io.subscriptionrelay.testing.Certificate;
import io.subscriptionrelay.testing.Postgres;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongFunction;

/**
 * Row 12: what an event costs with one relay and with two on one Artemis and one PostgreSQL, each of them a process of its own and as operators
 * install it, so with TLS to the broker and with history. Two cores are busy with one relay already, so what tells whether a second relay would bring
 * as much as the first is not the rate but the processor time of an event: whatever one relay does because of the other is in it.
 */
final class TwoRelays {

    /** A third of what the machine could take, so that nothing waits for a core. Those of a user come five at a time, half a second apart. */
    private static final double PACE = 400;
    private static final long MEASURED = 20_000;
    private static final long WARM_UP_PORTION = 20_000;
    private static final long BURST = 8_000;
    private static final long IDLE = 10_000;
    private static final long QUIET = 2_000;
    private static final Duration LONGEST = Duration.ofMinutes(3);
    private static final int RUN = 1_000_000;
    private static final String CLEVERTAP = "deliver-clevertap-production";
    private static final String ONESIGNAL = "deliver-onesignal-production";
    /** The routes that take what waits at the broker. */
    private static final List<String> CONSUMING = List.of(Relay.TRANSLATE, CLEVERTAP, ONESIGNAL, "history");
    private static final String TABLES = "relname LIKE 'history%' OR relname IN ('applied_state', 'user_claim', 'relay_instance')";

    private final Options options;
    private final CleverTap cleverTap;
    private final OneSignal oneSignal;
    private final Postgres database;
    private final ArtemisProcess broker;
    private final List<Relay> relays;
    private int runs;

    private TwoRelays(Options options, CleverTap cleverTap, OneSignal oneSignal, Postgres database, ArtemisProcess broker, List<Relay> relays) {
        this.options = options;
        this.cleverTap = cleverTap;
        this.oneSignal = oneSignal;
        this.database = database;
        this.broker = broker;
        this.relays = relays;
    }

    static List<Result> measure(Options options) throws Exception {
        Path folder = Folders.fresh("two-relays");
        Certificate certificate = Certificate.of(folder, "broker", "dns:localhost");
        try (CleverTap cleverTap = new CleverTap(Drain.LATENCY);
                OneSignal oneSignal = new OneSignal(1000, Drain.LATENCY);
                Postgres database = Postgres.durable(folder.resolve("postgres"));
                ArtemisProcess broker = new ArtemisProcess(folder.resolve("artemis").toAbsolutePath(), folder.resolve("shared").toAbsolutePath(), certificate)
                        .start();
                Relay first = relay(folder.resolve("first"), cleverTap, oneSignal, database, broker, certificate);
                Relay second = relay(folder.resolve("second"), cleverTap, oneSignal, database, broker, certificate)) {
            first.awaitReadiness();
            second.awaitReadiness();
            return new TwoRelays(options, cleverTap, oneSignal, database, broker, List.of(first, second)).measure();
        } finally {
            Folders.delete(folder);
        }
    }

    private static Relay relay(Path data, CleverTap cleverTap, OneSignal oneSignal, Postgres database, ArtemisProcess broker, Certificate certificate) {
        return new Relay.Settings(data).cleverTap(cleverTap).oneSignal(oneSignal).state(database)
                .set("BROKER_URL", "tcp://localhost:" + broker.port() + Broker.tls(certificate)).set("BROKER_USER", Broker.USER)
                .set("BROKER_PASSWORD", Broker.PASSWORD).start();
    }

    private List<Result> measure() throws Exception {
        warmUp();
        Measures one = new Measures();
        Measures two = new Measures();
        Measures oneBurst = new Measures();
        Measures twoBurst = new Measures();
        double idle = 0;
        for (int round = 0; round < options.atMost(2); round++) {
            alone(true);
            one.add(run(1, PACE, options.time(MEASURED)));
            oneBurst.add(run(1, 0, options.time(BURST)));
            idle = idle();
            alone(false);
            two.add(run(2, PACE, options.time(MEASURED)));
            twoBurst.add(run(2, 0, options.time(BURST)));
        }
        String pace = "%.0f webhooks/s; an idle relay takes %.0f ms of a second".formatted(PACE, 1000 * idle);
        List<Result> results = new ArrayList<>();
        results.add(Result.ratio("12", "two relays, processor time of the relays an event", "µs", one.of("relays"), two.of("relays"), Result.atMost(1.15),
                "floor: one relay; " + pace));
        results.add(compare("12b", "of the broker", "µs", "broker", one, two));
        results.add(compare("12c", "of PostgreSQL", "µs", "database", one, two));
        results.add(compare("12d", "events a batch of translation", "", "translated a batch", one, two));
        results.add(compare("12e", "records a call, CleverTap", "", "records a call", one, two));
        results.add(compare("12f", "events a call, OneSignal", "", "events a call", one, two));
        results.add(compare("12g", "records taken for a record delivered, OneSignal", "", "taken", one, two));
        results.add(compare("12h", "PostgreSQL, transactions an event", "", "transactions", one, two));
        results.add(compare("12i", "PostgreSQL, rows written or deleted an event", "", "rows", one, two));
        results.add(compare("12j", "PostgreSQL, bytes of write-ahead log an event", "B", "log", one, two));
        results.add(compare("12k", "broker, bytes written an event", "B", "written", one, two));
        results.add(compare("12l", "events a second, received and delivered to CleverTap", "1/s", "rate", oneBurst, twoBurst));
        results.add(compare("12m", "processor time of the relays an event then", "µs", "relays", oneBurst, twoBurst));
        results.add(compare("12n", "of the broker then", "µs", "broker", oneBurst, twoBurst));
        results.add(compare("12o", "of PostgreSQL then", "µs", "database", oneBurst, twoBurst));
        return results;
    }

    private static Result compare(String row, String measure, String unit, String name, Measures one, Measures two) {
        return Result.ratio(row, measure, unit, one.of(name), two.of(name), null, "");
    }

    private void warmUp() throws Exception {
        List<Warmth> warmth = new ArrayList<>();
        for (Relay relay : relays) {
            warmth.add(new Warmth(relay));
        }
        long portions = options.time(Acknowledgements.RELAY_WARM_UP) / options.time(WARM_UP_PORTION);
        for (long n = 1; n <= 2 * portions; n++) {
            run(2, PACE, options.time(WARM_UP_PORTION));
            boolean warm = n >= portions;
            for (Warmth each : warmth) {
                warm &= each.reached();
            }
            if (warm) {
                return;
            }
        }
    }

    /** Whether the second relay takes nothing out of a queue; it gets no webhooks then, and what it takes by itself is not counted. */
    private void alone(boolean alone) throws Exception {
        for (String route : CONSUMING) {
            relays.get(1).route(route, alone ? "stop" : "start");
        }
        TimeUnit.MILLISECONDS.sleep(QUIET);
    }

    /** Of a core, while nothing comes. */
    private double idle() throws Exception {
        double before = Usage.processor(relays.get(0).pid());
        TimeUnit.MILLISECONDS.sleep(options.time(IDLE));
        return (Usage.processor(relays.get(0).pid()) - before) * 1000 / options.time(IDLE);
    }

    /** Webhooks to so many relays, and all that becomes of them: when nothing is left to do it is over. */
    private Map<String, Double> run(int to, double pace, long time) throws Exception {
        List<Relay> receiving = relays.subList(0, to);
        // asking costs the relays time, too
        Map<String, Double> before = counters(receiving);
        before.putAll(used(receiving));
        long records = cleverTap.records();
        long start = System.nanoTime();
        new Load(receiving.stream().map(Relay::port).toList(), Acknowledgements.CONNECTIONS, pace, requests(receiving.get(0).port())).warmUp(time);
        long received = 0;
        for (Relay relay : receiving) {
            received += (long) Relay.metric(relay.metrics(), "relay_events_received_total", "");
        }
        received -= before.get("received").longValue();
        double seconds = (cleverTap.await(records + received, LONGEST) - start) / 1e9;
        long calls = -1;
        while (calls != oneSignal.calls()) {
            calls = oneSignal.calls();
            TimeUnit.MILLISECONDS.sleep(QUIET);
        }
        Map<String, Double> after = used(receiving);
        after.putAll(counters(receiving));
        Map<String, Double> made = new LinkedHashMap<>();
        after.forEach((name, value) -> made.put(name, value - before.get(name)));
        check(made, received);
        oneSignal.checkExpected();
        return perEvent(made, received, seconds);
    }

    private LongFunction<byte[]> requests(int port) {
        int from = runs++ * RUN;
        long now = System.currentTimeMillis() / 1000;
        return n -> Samples.request(port, Samples.event("two", from + n, Filler.Users.BURSTS.of((int) (from + n), RUN), "app0")
                .getBytes(StandardCharsets.UTF_8), now);
    }

    private Map<String, Double> used(List<Relay> counted) throws Exception {
        Map<String, Double> totals = new LinkedHashMap<>();
        double processor = 0;
        for (Relay relay : counted) {
            processor += Usage.processor(relay.pid());
        }
        totals.put("relays", processor);
        totals.put("broker", Usage.processor(broker.pid()));
        totals.put("database", Usage.processor(database.pid()));
        totals.put("written", (double) Usage.written(broker.pid()));
        return totals;
    }

    private Map<String, Double> counters(List<Relay> counted) throws Exception {
        Map<String, Double> totals = new LinkedHashMap<>();
        totals.put("log", (double) database.number("SELECT pg_current_wal_lsn() - '0/0'"));
        totals.put("transactions", (double) database.number("SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = 'postgres'"));
        totals.put("rows", (double) database.number("SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables WHERE " + TABLES));
        for (String name : List.of("received", "clevertap", "onesignal", "stale", "calls", "onesignal calls", "translations", "taken")) {
            totals.put(name, 0.0);
        }
        for (Relay relay : counted) {
            String metrics = relay.metrics();
            totals.merge("received", Relay.metric(metrics, "relay_events_received_total", ""), Double::sum);
            totals.merge("clevertap", Relay.metric(metrics, "relay_records_delivered_total", "destination=\"clevertap\""), Double::sum);
            totals.merge("onesignal", Relay.metric(metrics, "relay_records_delivered_total", "destination=\"onesignal\""), Double::sum);
            totals.merge("stale", Relay.metric(metrics, "relay_events_skipped_total", "destination=\"onesignal\""), Double::sum);
            totals.merge("calls", Relay.metric(metrics, "relay_call_records_count", "destination=\"clevertap\""), Double::sum);
            totals.merge("onesignal calls", Relay.metric(metrics, "relay_call_records_count", "destination=\"onesignal\""), Double::sum);
            totals.merge("translations", (double) relay.batches(Relay.TRANSLATE), Double::sum);
            totals.merge("taken", (double) relay.taken("deliver.onesignal.production"), Double::sum);
        }
        return totals;
    }

    private void check(Map<String, Double> made, long received) {
        if (made.get("clevertap") != received || made.get("onesignal") + made.get("stale") != received) {
            throw new IllegalStateException("of " + received + " events not all have arrived: " + made);
        }
    }

    private static Map<String, Double> perEvent(Map<String, Double> made, long events, double seconds) {
        Map<String, Double> figures = new LinkedHashMap<>();
        for (String name : List.of("relays", "broker", "database")) {
            figures.put(name, made.get(name) * 1e6 / events);
        }
        for (String name : List.of("written", "log", "transactions", "rows", "taken")) {
            figures.put(name, made.get(name) / events);
        }
        figures.put("translated a batch", events / made.get("translations"));
        figures.put("records a call", events / made.get("calls"));
        figures.put("events a call", events / made.get("onesignal calls"));
        figures.put("rate", events / seconds);
        System.out.println(figures);
        return figures;
    }

    /** The figures of the rounds. */
    private static final class Measures {

        private final Map<String, Series> series = new LinkedHashMap<>();

        void add(Map<String, Double> round) {
            round.forEach((name, value) -> series.computeIfAbsent(name, any -> new Series()).add(value));
        }

        Series of(String name) {
            return series.get(name);
        }
    }
}
