package io.subscriptionrelay.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Row 13: what somebody who edits mappings waits for, from the jar as it is built and without options of the JVM. The floor is {@code --version}, which is the
 * start of a JVM, of the jar and of the command line.
 */
final class CommandTimes {

    private static final Path JAR = Path.of("target/subscription-relay.jar");
    private static final String WEBHOOK = "mappings/revenuecat/examples/renewal.webhook.json";
    private static final String EDITED = "mappings/revenuecat/clevertap.jslt";
    private static final Duration LONGEST = Duration.ofMinutes(2);
    private static final int SAVES = 10;

    private CommandTimes() {
    }

    static List<Result> measure(Options options) throws Exception {
        Path home = Folders.fresh("commands");
        Folders.copyInto(Path.of("mappings"), home.resolve("mappings"));
        Folders.copyInto(Path.of("routes"), home.resolve("routes"));
        String webhook = home.resolve(WEBHOOK).toString();
        Series floor = new Series();
        Series map = new Series();
        Series check = new Series();
        Series test = new Series();
        for (int round = 0; round < options.rounds(); round++) {
            floor.add(run(home, "--version"));
            map.add(run(home, "map", "revenuecat", webhook));
            check.add(run(home, "check"));
            test.add(run(home, "test"));
        }
        Result again = Result.value("13d", "map --watch, from a save to its result", "s", saves(home, webhook), Result.atMost(1), "");
        Folders.delete(home);
        List<Result> results = new ArrayList<>();
        results.add(Result.value("13", "map", "s", map, Result.atMost(4), "%.2f times --version".formatted(map.median() / floor.median())));
        results.add(Result.value("13b", "check", "s", check, null, "%.2f times".formatted(check.median() / floor.median())));
        results.add(Result.value("13c", "test, all examples", "s", test, Result.atMost(15), "%.2f times".formatted(test.median() / floor.median())));
        results.add(again);
        return results;
    }

    private static Process start(Path home, Path out, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-jar", JAR.toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(out.toFile());
        builder.environment().put("RELAY_HOME", home.toString());
        return builder.start();
    }

    private static double run(Path home, String... arguments) throws Exception {
        Path out = home.resolve("out");
        long start = System.nanoTime();
        Process process = start(home, out, arguments);
        if (!process.waitFor(LONGEST.toSeconds(), TimeUnit.SECONDS) || process.exitValue() != 0) {
            throw new IllegalStateException(List.of(arguments) + " has failed: " + Files.readString(out));
        }
        return (System.nanoTime() - start) / 1e9;
    }

    /** Each save changes what is shown. */
    private static Series saves(Path home, String webhook) throws Exception {
        Path out = home.resolve("out");
        Path mapping = home.resolve(EDITED);
        String text = Files.readString(mapping);
        Series taken = new Series();
        Process process = start(home, out, "map", "revenuecat", webhook, "--to", "clevertap", "--watch");
        try {
            await(out, "\"country_code\"");
            for (int n = 0; n < SAVES; n++) {
                Files.writeString(mapping, text.replace("\"country_code\"", "\"country_code_" + n + "\""));
                long saved = System.nanoTime();
                await(out, "\"country_code_" + n + "\"");
                taken.add((System.nanoTime() - saved) / 1e9);
            }
        } finally {
            process.destroy();
            process.waitFor();
        }
        return taken;
    }

    private static void await(Path out, String text) throws Exception {
        long deadline = System.nanoTime() + LONGEST.toNanos();
        while (!Files.readString(out).contains(text)) {
            if (System.nanoTime() - deadline > 0) {
                throw new IllegalStateException("map --watch does not show " + text + ": " + Files.readString(out));
            }
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }
}
