package io.subscriptionrelay.bench;

import io.subscriptionrelay.testing.Ports;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongFunction;

/**
 * Rows 1 and 2: durable acknowledgements, with 64 connections and with one. Nothing is translated meanwhile, on either side, and what
 * was stored is thrown away between the rounds.
 */
final class Acknowledgements {

    static final int CONNECTIONS = 64;
    private static final String EVENTS = "events." + Samples.PROVIDER;
    private static final long FLOOR_WARM_UP = 15_000;
    /** The compiler of the JVM needs so long for ten times as much code. */
    static final long RELAY_WARM_UP = 70_000;
    /** Few, because the compiler of the JVM would hardly get a turn beside 64 busy threads on two cores. */
    private static final int WARMING_CONNECTIONS = 4;
    private static final long PORTION = 5_000;
    private static final long WARM_UP = 500;
    private static final long MEASURED = 3000;
    /** As many as a shop of 86 million events a day has, and a tenth of what two cores can take. */
    private static final double PACE = 1000;
    private static final long PACED = 5000;
    private static final AtomicLong RUN = new AtomicLong();

    private Acknowledgements() {
    }

    /** Distinct webhooks for a port. */
    static LongFunction<byte[]> requests(int port) {
        String run = "run" + RUN.incrementAndGet();
        long now = System.currentTimeMillis() / 1000;
        return n -> Samples.request(port, Samples.event(run, n, n, "app0").getBytes(StandardCharsets.UTF_8), now);
    }

    static List<Result> measure(Options options) throws Exception {
        List<Result> results = new ArrayList<>();
        try (CleverTap destination = new CleverTap(Duration.ZERO);
                Floor bare = Floor.start("web-floor-bare");
                Relay relay = new Relay.Settings(Folders.fresh("web")).cleverTap(destination).heldBack().start()) {
            bare.warmUp(options);
            relay.awaitReadiness();
            warmUp(relay, relay.port(), options, RELAY_WARM_UP);
            if (options.rows().contains(1)) {
                try (Floor floor = Floor.start("web-floor", WebFloor.IDS)) {
                    floor.warmUp(options);
                    results.addAll(manyConnections(options, floor, bare, relay));
                }
            }
            if (options.rows().contains(2)) {
                results.addAll(oneConnection(options, bare, relay));
            }
        }
        return results;
    }

    private record Floor(Program program, int port) implements AutoCloseable {

        static Floor start(String folder, String... arguments) throws Exception {
            int port = Ports.free();
            List<String> all = new ArrayList<>(List.of(Folders.fresh(folder).toString(), Integer.toString(port)));
            all.addAll(List.of(arguments));
            return new Floor(Program.of(WebFloor.class, all.toArray(String[]::new)), port);
        }

        void warmUp(Options options) throws Exception {
            program.awaitPort(port);
            Acknowledgements.warmUp(program, port, options, FLOOR_WARM_UP);
        }

        Load.Measured run(int connections, long measured) throws Exception {
            return Acknowledgements.run(program, port, connections, 0, measured);
        }

        Load.Measured paced(long measured) throws Exception {
            return Acknowledgements.run(program, port, CONNECTIONS, PACE, measured);
        }

        @Override
        public void close() {
            program.close();
        }
    }

    private static List<Result> manyConnections(Options options, Floor floor, Floor bare, Relay relay) throws Exception {
        Series floorRate = new Series();
        Series floorTail = new Series();
        Series bareRate = new Series();
        Series rate = new Series();
        Series tail = new Series();
        Series floorPaced = new Series();
        Series paced = new Series();
        for (int round = 0; round < options.rounds(); round++) {
            Load.Measured least = floor.run(CONNECTIONS, options.time(MEASURED));
            floorRate.add(least.perSecond());
            floorTail.add(least.p99());
            Load.Measured measured = run(relay, relay.port(), CONNECTIONS, 0, options.time(MEASURED));
            rate.add(measured.perSecond());
            tail.add(measured.p99());
            bareRate.add(bare.run(CONNECTIONS, options.time(MEASURED)).perSecond());
            floorPaced.add(floor.paced(options.time(PACED)).p99());
            paced.add(run(relay, relay.port(), CONNECTIONS, PACE, options.time(PACED)).p99());
        }
        return List.of(Result.ratio("1", "acknowledgements, 64 connections", "1/s", floorRate, rate, Result.atLeast(0.7), ""),
                Result.ratio("1b", "p99 at 1,000 webhooks/s", "ms", floorPaced, paced, Result.atMost(2), "≤ 25 ms is wanted on an idle machine"),
                Result.ratio("1d", "p99 of row 1", "ms", floorTail, tail, null, "the queue of 64 that all are answered in"),
                Result.ratio("1c", "the same against a floor without ids", "1/s", bareRate, rate, null, "it would keep a repeat twice"));
    }

    private static List<Result> oneConnection(Options options, Floor bare, Relay relay) throws Exception {
        Series floorMiddle = new Series();
        Series middle = new Series();
        for (int round = 0; round < options.rounds(); round++) {
            floorMiddle.add(bare.run(1, options.time(MEASURED / 2)).p50());
            middle.add(run(relay, relay.port(), 1, 0, options.time(MEASURED / 2)).p50());
        }
        return List.of(Result.ratio("2", "acknowledgement, 1 connection, p50", "ms", floorMiddle, middle, Result.atMost(1.4), ""));
    }

    /**
     * With everything that happens in a round: when stored events were thrown away for the first time only before the first round, the
     * compiler had work for twenty seconds of what was measured.
     */
    private static void warmUp(Program program, int port, Options options, long least) throws Exception {
        Warmth warmth = new Warmth(program);
        long portions = options.time(least) / options.time(PORTION);
        for (long n = 1; n <= portions || !warmth.reached() && n <= 2 * portions; n++) {
            new Load(port, n % 3 == 0 ? CONNECTIONS : WARMING_CONNECTIONS, 0, requests(port)).warmUp(options.time(PORTION));
            program.purge(EVENTS);
        }
    }

    static void warmUp(int port, long time) throws InterruptedException {
        new Load(port, WARMING_CONNECTIONS, 0, requests(port)).warmUp(time);
    }

    private static Load.Measured run(Program program, int port, int connections, double pace, long measured) throws Exception {
        Load.Measured result = new Load(port, connections, pace, requests(port)).run(WARM_UP, measured);
        program.purge(EVENTS);
        return result;
    }
}
