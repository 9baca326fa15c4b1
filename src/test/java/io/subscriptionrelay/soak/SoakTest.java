package io.subscriptionrelay.soak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.testing.Home;
import io.subscriptionrelay.testing.Load;
import io.subscriptionrelay.testing.RelayHistory;
import io.subscriptionrelay.testing.RelayProcess;
import io.subscriptionrelay.testing.Simulators;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A long time under a steady load of all three providers, most of it of users that were never seen before. Each third has an outage of both
 * destinations, a mapping whose events are refused until it is mended and they are replayed, and a replay of what was delivered: at the end
 * the relay takes what it took after the first third, but for what docs/operations.md says grows, and history knows what became of each event.
 * {@code -Dsoak.minutes=} says for how long, {@code -Dsoak.rate=} how many events a second.
 */
@Tag("soak")
class SoakTest {

    private static final int MINUTES = Integer.getInteger("soak.minutes", 120);
    private static final int RATE = Integer.getInteger("soak.rate", 300);
    private static final int USERS = 10_000_000;
    /** Small enough to be full after a third: how much is remembered of repeats is a setting. */
    private static final int IDS = 5_000;
    /** What docs/operations.md says. */
    private static final int BYTES_A_STATE = 400;
    /** Of history, with what each destination got; its merges need room for a while. */
    private static final int BYTES_AN_EVENT = 1000;
    /** So many events, by chance, are looked up in history at the end. */
    private static final int LOOKED_UP = 300;
    private static final String REFUSED = "Discarded on the dashboard";
    private static final Duration MOST_BEHIND = Duration.ofSeconds(15);
    private static final int REMEMBERED = 5_000;
    private static final Duration SAMPLE = Duration.ofSeconds(30);
    private static final long MEGABYTE = 1024 * 1024;

    @TempDir
    Path folder;

    @Test
    void atTheEndItTakesWhatItTookAfterAThird() throws Exception {
        Duration third = Duration.ofMinutes(MINUTES).dividedBy(3);
        Path home = Home.copyTo(folder.resolve("home"));
        edit(home.resolve("mappings/revenuecat/clevertap.yaml"), "(?m)^profile: .*", "profile: on");
        try (Simulators simulators = new Simulators();
                RelayProcess relay = new RelayProcess(folder, simulators).allProviders().set("RELAY_HOME", home.toString())
                        .set("relay.broker.duplicate-window", Integer.toString(IDS)).start();
                Load load = new Load(relay, USERS, RATE)) {
            simulators.cleverTap.discarded(REFUSED);
            simulators.cleverTap.keep(REMEMBERED).latency(Duration.ofMillis(20), Duration.ofMillis(200));
            simulators.oneSignal.keep(REMEMBERED).latency(Duration.ofMillis(10), Duration.ofMillis(80));
            load.start();
            Figures early = afterAThird(relay, simulators, load, home, third, "first");
            afterAThird(relay, simulators, load, home, third, "second");
            Figures late = afterAThird(relay, simulators, load, home, third, "third");
            load.stop();
            drained(relay);
            eachIsInHistoryOnce(relay, load);
            theirEndIsKnown(relay, load);
            relay.terminate();
            long rows = rows();
            System.out.printf("state: %,d rows, %.0f bytes each%n", rows, (double) size("data/state/state.db") / rows);

            assertThat(late.broker()).as("bytes of the broker").isLessThan(early.broker() * 5 / 4 + 64 * MEGABYTE);
            assertThat(late.heap()).as("heap after a collection").isLessThan(early.heap() * 5 / 4 + 16 * MEGABYTE);
            assertThat(late.threads()).as("threads").isLessThanOrEqualTo(early.threads() + 20);
            assertThat(late.files()).as("open files").isLessThanOrEqualTo(early.files() + 30);
            assertThat(late.slowest()).as("99th percentile of the acknowledgements").isLessThan(early.slowest() * 2 + 100);
            assertThat(size("data/state/state.db")).as("bytes of the states").isLessThan(rows * BYTES_A_STATE);
            System.out.printf("history: %.0f bytes an event%n", (double) (late.history() - early.history()) / (late.events() - early.events()));
            assertThat(late.history() - early.history()).as("bytes of history")
                    .isLessThan((long) (late.events() - early.events()) * BYTES_AN_EVENT);
            assertThat(late.others()).as("other files").isLessThan(early.others() + 4 * MEGABYTE);
        }
    }

    /** Qonversion's have no id but a key, of which history shows a hash. */
    private static void eachIsInHistoryOnce(RelayProcess relay, Load load) {
        Instant stopped = Instant.now();
        await().atMost(Duration.ofMinutes(1)).until(() -> RelayHistory.completeUntil(relay).isAfter(stopped));
        List<String> ids = RelayHistory.ids(relay);
        Set<String> different = new HashSet<>(ids);
        assertThat(ids).as("events in history").hasSize(load.accepted().size());
        assertThat(different).as("different events in history").hasSize(ids.size());
        assertThat(load.accepted().keySet().stream().filter(id -> !load.provider(id).equals("qonversion"))
                .filter(id -> !different.contains(load.provider(id) + " " + id)).toList()).as("events that are not in history").isEmpty();
    }

    /** An outage of both destinations, a mistake that is mended, and replays, then peace for long enough to drain, then what it takes. */
    private Figures afterAThird(RelayProcess relay, Simulators simulators, Load load, Path home, Duration third, String name) throws Exception {
        long end = System.nanoTime() + third.toNanos();
        pause(third.dividedBy(6));
        simulators.cleverTap.stop();
        simulators.oneSignal.stop();
        pause(third.dividedBy(6));
        simulators.cleverTap.start();
        simulators.oneSignal.start();
        edit(home.resolve("mappings/revenuecat/clevertap.jslt"), "\\z", "\n// " + name + " edit\n");
        drained(relay);
        refusedAndReplayed(relay, home);
        replayed(relay);
        pause(Duration.ofNanos(end - System.nanoTime()).minus(SAMPLE));
        drained(relay);
        load.slowest();
        pause(SAMPLE);
        Duration behind = Duration.between(RelayHistory.completeUntil(relay), Instant.now());
        assertThat(behind).as("history is behind by").isLessThan(MOST_BEHIND);
        Figures figures = new Figures(load.accepted().size(), size("data/broker"), size("data/state/state.db") + size("data/state/state.db-wal"),
                history(), others(), relay.heapAfterCollection(), relay.gauge("jvm_threads_live_threads"), relay.gauge("process_files_open_files"),
                TimeUnit.NANOSECONDS.toMillis(load.slowest()));
        System.out.printf("%s third: %,d events, broker %,d MB, state %,d MB, history %,d MB and %d ms behind, other files %,d kB,"
                + " heap after a collection %,d MB, %d threads, %d open files, p99 %d ms%n", name, figures.events(), figures.broker() / MEGABYTE,
                figures.state() / MEGABYTE, figures.history() / MEGABYTE, behind.toMillis(), figures.others() / 1024, figures.heap() / MEGABYTE, figures.threads(),
                figures.files(), figures.slowest());
        return figures;
    }

    /** Events are refused by the name that a mistake in the settings gives them, until they get their own name back. */
    private static void refusedAndReplayed(RelayProcess relay, Path home) throws IOException {
        Path settings = home.resolve("mappings/revenuecat/clevertap.yaml");
        String shipped = Files.readString(settings);
        edit(settings, "renewal: rc_renewal_event", "renewal: " + REFUSED);
        await().atMost(Duration.ofMinutes(10)).pollInterval(Duration.ofSeconds(1)).until(() -> parked(relay) > RATE);
        Files.writeString(settings, shipped);
        // what was translated before the mend may still be parked
        await().atMost(Duration.ofMinutes(10)).pollInterval(Duration.ofSeconds(10)).until(() -> {
            relay.manage("POST", "/parked");
            return parked(relay) == 0;
        });
    }

    private static int parked(RelayProcess relay) throws IOException {
        return json(relay.actuator("/parked?limit=1")).path("total").asInt();
    }

    /** The states of what came in the last minute are sent once more. */
    private static void replayed(RelayProcess relay) throws IOException {
        JsonNode job = json(relay.manage("POST", "/replays?provider=revenuecat&rate=" + RATE + "&from=" + Instant.now().minusSeconds(60)));
        assertThat(job.path("id").asText()).as("a job: %s", job).isNotEmpty();
        await().atMost(Duration.ofMinutes(5)).pollInterval(Duration.ofSeconds(1)).until(
                () -> !json(relay.actuator("/replays/" + job.path("id").asText())).path("state").asText().equals("running"));
        JsonNode done = json(relay.actuator("/replays/" + job.path("id").asText()));
        assertThat(done.path("state").asText()).as("%s", done).isEqualTo("done");
        assertThat(done.path("total").asInt()).as("%s", done).isPositive();
    }

    /** Each was delivered to CleverTap in the end, those too that were refused at first. */
    private static void theirEndIsKnown(RelayProcess relay, Load load) throws IOException {
        List<String> ids = new ArrayList<>(load.accepted().keySet());
        Collections.shuffle(ids, new Random(MINUTES));
        for (String id : ids.subList(0, Math.min(LOOKED_UP, ids.size()))) {
            // each has a user of its own, and Qonversion's events no id that the load could know
            JsonNode events = json(relay.actuator("/events?user=" + load.accepted().get(id))).path("events");
            assertThat(events).as("%s in history: %s", id, events).hasSize(1);
            assertThat(events.path(0).path("trace")).as("what became of %s", id).anySatisfy(step -> {
                assertThat(step.path("destination").asText()).isEqualTo("clevertap");
                assertThat(step.path("outcome").asText()).isEqualTo("delivered");
            });
        }
    }

    private static JsonNode json(HttpResponse<String> response) throws IOException {
        return StrictJson.mapper().readTree(response.body());
    }

    /** What the relay takes, in bytes, in numbers, and in milliseconds. */
    private record Figures(int events, long broker, long state, long history, long others, long heap, long threads, long files, long slowest) {
    }

    private static void edit(Path file, String pattern, String replacement) throws IOException {
        Files.writeString(file, Files.readString(file).replaceFirst(pattern, replacement));
    }

    /** Waits while nothing else is to be waited for. */
    private static void pause(Duration time) {
        await().pollDelay(time).atMost(time.plusMinutes(1)).until(() -> true);
    }

    /** Waits until only what has just come waits in the queues. */
    private static void drained(RelayProcess relay) {
        await().atMost(Duration.ofMinutes(15)).pollInterval(Duration.ofSeconds(2)).until(() -> relay.gauge("relay_queue_messages") < 5L * RATE);
    }

    private long size(String path) throws IOException {
        return sizes(folder.resolve(path)).values().stream().mapToLong(Long::longValue).sum();
    }

    private long history() throws IOException {
        return size("data/history");
    }

    private long others() throws IOException {
        return size("data") - size("data/broker") - size("data/state/state.db") - size("data/state/state.db-wal") - history();
    }

    private static Map<Path, Long> sizes(Path path) throws IOException {
        Map<Path, Long> sizes = new TreeMap<>();
        Files.walkFileTree(path, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                sizes.put(file, attributes.size());
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException goneMeanwhile) {
                return FileVisitResult.CONTINUE;
            }
        });
        return sizes;
    }

    private long rows() throws Exception {
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("data/state/state.db"));
                Statement statement = connection.createStatement(); ResultSet count = statement.executeQuery("SELECT count(*) FROM applied_state")) {
            count.next();
            return count.getLong(1);
        }
    }
}
