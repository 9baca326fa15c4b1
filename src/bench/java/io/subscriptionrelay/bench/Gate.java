package io.subscriptionrelay.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Stops a change that costs much speed: the ratios of the short form are compared with those recorded. Ratios travel from one machine
 * to another better than figures do, and 70 % leaves room for what is left of the noise.
 */
final class Gate {

    private static final Path RECORDED = Path.of("bench/recorded.json");
    private static final double ENOUGH = 0.7;
    /** What repeats well in a short time; the tails of latencies do not. */
    private static final List<String> ROWS = List.of("1", "3", "3b", "4");

    private Gate() {
    }

    /** What is too slow, in words; empty when nothing is. */
    static List<String> slower(List<Result> results) throws IOException {
        JsonNode recorded = new ObjectMapper().readTree(RECORDED.toFile());
        List<String> slower = new ArrayList<>();
        for (Result result : results) {
            if (ROWS.contains(result.row())) {
                double was = recorded.required(result.row()).doubleValue();
                double is = result.ratio().median();
                boolean enough = result.bound().atLeast() ? is >= ENOUGH * was : is <= was / ENOUGH;
                if (!enough) {
                    slower.add("row %s, %s: the ratio was %s and is %s. Mend it, or record what it costs with bench/run --gate --record"
                            .formatted(result.row(), result.measure(), Report.number(was), Report.number(is)));
                }
            }
        }
        return slower;
    }

    static void record(List<Result> results) throws IOException {
        ObjectMapper json = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
        ObjectNode recorded = json.createObjectNode();
        results.stream().filter(result -> ROWS.contains(result.row()))
                .forEach(result -> recorded.put(result.row(), Math.round(1000 * result.ratio().median()) / 1000.0));
        json.writeValue(RECORDED.toFile(), recorded);
    }
}
