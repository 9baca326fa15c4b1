package io.subscriptionrelay.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.mapping.Facts;
import io.subscriptionrelay.mapping.Mapper;
import io.subscriptionrelay.mapping.MappingFailedException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * Row 3: from the parsed event to what a destination gets, with the shipped mappings; the facts, which the mappings need, are part
 * of it. The floor parses the same event and writes it again.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class Translation {

    private static final int EVENTS = 64;
    private static final long WARM_UP = 1000;
    private static final long MEASURED = 500;

    private final byte[][] bodies = new byte[EVENTS][];
    private final ObjectNode[] events = new ObjectNode[EVENTS];
    private ConfigurableApplicationContext parts;
    private Mapper mapper;
    private int turn;

    @Setup
    public void prepare() throws IOException {
        parts = Parts.mappings();
        mapper = parts.getBean(Mapper.class);
        for (int n = 0; n < EVENTS; n++) {
            bodies[n] = Samples.event("jmh", n, n, "app0").getBytes(StandardCharsets.UTF_8);
            events[n] = (ObjectNode) StrictJson.mapper().readTree(bodies[n]);
        }
    }

    @TearDown
    public void close() {
        parts.close();
    }

    private int next() {
        turn = (turn + 1) % EVENTS;
        return turn;
    }

    @Benchmark
    public byte[] floor() throws IOException {
        return StrictJson.mapper().writeValueAsBytes(StrictJson.mapper().readTree(bodies[next()]));
    }

    @Benchmark
    public Facts facts() {
        int n = next();
        return mapper.facts(Samples.PROVIDER, events[n], bodies[n]);
    }

    @Benchmark
    public JsonNode clevertap() throws MappingFailedException {
        return translate("clevertap");
    }

    @Benchmark
    public JsonNode onesignal() throws MappingFailedException {
        return translate("onesignal");
    }

    private JsonNode translate(String destination) throws MappingFailedException {
        int n = next();
        Facts facts = mapper.facts(Samples.PROVIDER, events[n], bodies[n]);
        return mapper.apply(Samples.PROVIDER, destination, Samples.STEP, facts, events[n]);
    }

    private static String[] jvmArguments(String what) {
        Path recording = Recordings.next(what);
        return recording == null ? new String[] {"-Xmx512m"}
                : new String[] {"-Xmx512m", "-XX:StartFlightRecording=settings=profile,dumponexit=true,filename=" + recording.toAbsolutePath()};
    }

    static List<Result> measure(Options options) throws RunnerException {
        Map<String, Series> series = new TreeMap<>();
        for (int round = 0; round < options.rounds(); round++) {
            Collection<RunResult> results = new Runner(new OptionsBuilder().include("\\." + Translation.class.getSimpleName() + "\\.")
                    .forks(1).warmupIterations(1).warmupTime(TimeValue.milliseconds(WARM_UP)).measurementIterations(1)
                    .exclude(round == 0 ? "^$" : "\\.facts$").measurementTime(TimeValue.milliseconds(MEASURED)).jvmArgs(jvmArguments("translation")).verbosity(VerboseMode.SILENT).build()).run();
            for (RunResult result : results) {
                String name = result.getParams().getBenchmark();
                series.computeIfAbsent(name.substring(name.lastIndexOf('.') + 1), unused -> new Series())
                        .add(result.getPrimaryResult().getScore());
            }
        }
        Series floor = series.get("floor");
        List<Result> lines = new ArrayList<>();
        lines.add(Result.ratio("3", "event to CleverTap record", "µs", floor, series.get("clevertap"), Result.atMost(2), ""));
        lines.add(Result.ratio("3b", "event to OneSignal tags", "µs", floor, series.get("onesignal"), Result.atMost(2), ""));
        lines.add(Result.ratio("3c", "the facts, a part of both", "µs", floor, series.get("facts"), null, ""));
        return lines;
    }
}
