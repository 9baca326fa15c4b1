package io.subscriptionrelay.bench;

import io.subscriptionrelay.testing.Ports;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Rows 8, 9 and 10: what grows with the backlog and the number of accounts. The rate is taken over the same records after
 * the start in each case, so that the JVM is equally warm and only what waits behind them differs.
 */
final class Growth {

    /** As before row 4. */
    private static final int WARM_UP = Drain.WARM_UP;
    private static final int MEASURED = 30_000;
    /** So that 10,000, and 100,000, are left behind what is measured. */
    private static final int LEAST = WARM_UP + MEASURED + 10_000;
    private static final int MORE = WARM_UP + MEASURED + 100_000;
    private static final int MOST = 1_000_000;
    private static final String SMALL_HEAP = "-Xmx512m";
    private static final double MEGABYTE = 1024 * 1024;
    private static final Duration LONGEST = Duration.ofMinutes(2);

    private Growth() {
    }

    /** In seconds and megabytes. */
    private record Small(double emptyAfter, double readyAfter, double peakMemory) {
    }

    static List<Result> measure(Options options) throws Exception {
        List<Result> results = new ArrayList<>();
        if (options.rows().contains(10)) {
            results.addAll(starts(options));
        }
        if (options.rows().contains(8)) {
            Series least = Series.of(drain(options, options.size(LEAST), 1));
            double more = drain(options, options.size(MORE), 1);
            double ten = drain(options, options.size(LEAST), 10);
            double fifty = drain(options, options.size(LEAST), 50);
            double most = drain(options, options.size(MOST), 1);
            // the machine may be another one by now than it was at first
            least.add(drain(options, options.size(LEAST), 1));
            Series floor = Series.of(least.median());
            String note = "records %s to %s; floor: before %s and after %s".formatted(Report.number(options.size(WARM_UP)),
                    Report.number(options.size(WARM_UP + MEASURED)), Report.number(least.rounds().get(0).intValue()), Report.number(least.rounds().get(1).intValue()));
            results.add(Result.ratio("8", "drain, 100 k waiting", "1/s", floor, Series.of(more), Result.atLeast(0.8), note));
            results.add(Result.ratio("8c", "drain, 10 accounts", "1/s", floor, Series.of(ten), Result.atLeast(0.8), note));
            results.add(Result.ratio("8d", "drain, 50 accounts", "1/s", floor, Series.of(fifty), Result.atLeast(0.8), note));
            results.add(Result.ratio("8b", "drain, 1 M waiting", "1/s", floor, Series.of(most), Result.atLeast(0.8), note));
        }
        if (options.rows().contains(9) || options.rows().contains(10)) {
            Small small = small(options);
            if (options.rows().contains(9)) {
                results.add(Result.value("9", "peak memory with 1 M waiting", "MB", Series.of(small.peakMemory()), Result.atMost(900),
                        SMALL_HEAP));
            }
            if (options.rows().contains(10)) {
                results.add(Result.ratio("10b", "start to readiness, 1 M waiting", "s", Series.of(small.emptyAfter()), Series.of(small.readyAfter()),
                        Result.atMost(2.5), SMALL_HEAP + "; floor: the same relay with nothing waiting"));
            }
        }
        return results;
    }

    private static Path installed() throws Exception {
        Path folder = Folders.fresh("installed");
        Process process = new ProcessBuilder("deploy/class-archive", Relay.JAR, folder.toString()).inheritIO()
                .redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        if (process.waitFor() != 0) {
            throw new IllegalStateException("deploy/class-archive failed");
        }
        return folder;
    }

    /** In turns: the floor, the relay as it is installed, and its jar alone. */
    private static List<Result> starts(Options options) throws Exception {
        Path installed = installed();
        Series floor = new Series();
        Series archived = new Series();
        Series jar = new Series();
        try (CleverTap destination = new CleverTap(Duration.ZERO)) {
            for (int round = 0; round < options.atMost(3); round++) {
                floor.add(emptyStart());
                archived.add(start(new Relay.Settings(Folders.fresh("empty")).cleverTap(destination).installed(installed)));
                jar.add(start(new Relay.Settings(Folders.fresh("empty")).cleverTap(destination)));
            }
        }
        return List.of(Result.ratio("10", "start to readiness, empty", "s", floor, archived, Result.atMost(1.3), "as installed by deploy/class-archive"),
                Result.ratio("10c", "the same, the jar alone", "s", floor, jar, Result.atMost(1.6), ""));
    }

    private static double start(Relay.Settings settings) throws Exception {
        try (Relay relay = settings.start()) {
            return relay.awaitReadiness() / 1e9;
        }
    }

    private static double emptyStart() throws Exception {
        int management = Ports.free();
        try (Program floor = new Program("empty-application", List.of("-cp", libraries(), EmptyApplication.class.getName(),
                Folders.fresh("empty-floor").toAbsolutePath().toString(), Integer.toString(Ports.free()), Integer.toString(management)), Map.of())) {
            floor.await("readiness", Duration.ofSeconds(300), () -> Relay.status(management, "/actuator/health/readiness") == 200);
            return (System.nanoTime() - floor.startedAt()) / 1e9;
        }
    }

    /** Without the relay, which would configure itself. */
    private static String libraries() {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator)).filter(entry -> !entry.equals("target/classes"))
                .collect(Collectors.joining(File.pathSeparator));
    }

    private static double drain(Options options, int waiting, int accounts) throws Exception {
        Path data = Folders.copy(Folders.filled(waiting, Filler.Users.ONE_EACH, accounts), "growth");
        try (CleverTap destination = new CleverTap(Drain.LATENCY)) {
            Relay.Settings settings = new Relay.Settings(data).cleverTap(destination).heldBack();
            if (accounts > 1) {
                accounts(settings, destination, accounts);
            }
            try (Relay relay = settings.start()) {
                relay.awaitReadiness();
                relay.translate();
                long from = destination.await(options.size(WARM_UP), LONGEST);
                return Drain.rate(destination, from, destination.await(options.size(WARM_UP) + options.size(MEASURED), LONGEST));
            }
        } finally {
            Folders.delete(data);
        }
    }

    /** A start with 1,000,000 waiting, and a part of their drain, in a smaller heap than a relay is deployed with. */
    private static Small small(Options options) throws Exception {
        Path data = Folders.copy(Folders.filled(options.size(MOST), Filler.Users.ONE_EACH, 1), "small");
        double emptyAfter;
        try (CleverTap destination = new CleverTap(Drain.LATENCY)) {
            emptyAfter = start(new Relay.Settings(Folders.fresh("empty")).option(SMALL_HEAP).cleverTap(destination).heldBack());
        }
        try (CleverTap destination = new CleverTap(Drain.LATENCY);
                Relay relay = new Relay.Settings(data).option(SMALL_HEAP).cleverTap(destination).heldBack().start()) {
            double readyAfter = relay.awaitReadiness() / 1e9;
            relay.translate();
            destination.await(options.size(WARM_UP) + options.size(MEASURED), LONGEST);
            return new Small(emptyAfter, readyAfter, relay.peakMemory() / MEGABYTE);
        } finally {
            Folders.delete(data);
        }
    }

    /** As an integration engineer does it: a settings file, an account's route each, and a route that chooses by the app. */
    private static void accounts(Relay.Settings settings, CleverTap destination, int accounts) throws Exception {
        Path home = Folders.fresh("home");
        Folders.copyInto(Path.of("routes"), Files.createDirectories(home.resolve("routes")));
        Folders.copyInto(Path.of("mappings"), Files.createDirectories(home.resolve("mappings")));
        Path chooser = home.resolve("routes/translate/" + Samples.PROVIDER + ".camel.yaml");
        String route = Files.readString(chooser);
        String chosen = route.replace("expression: ${exchangeProperty.environment}\n", "expression: ${exchangeProperty.appId}\n");
        if (chosen.equals(route)) {
            throw new IllegalStateException(chooser + " chooses the account in another way now");
        }
        Files.writeString(chooser, chosen);
        for (int n = 0; n < accounts; n++) {
            String account = Filler.app(n, accounts);
            String property = "relay.destinations.clevertap.accounts." + account + ".";
            settings.property(property + "id", CleverTap.ACCOUNT).property(property + "secret", CleverTap.PASSCODE)
                    .property(property + "url", destination.url());
            Files.writeString(home.resolve("routes/deliver/clevertap-" + account + ".camel.yaml"),
                    Files.readString(Path.of("routes/deliver/clevertap-sandbox.camel.yaml")).replace("sandbox", account));
        }
        settings.set("RELAY_HOME", home.toAbsolutePath().toString());
    }
}
