package io.subscriptionrelay.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The results as a table to read and as JSON to compare. */
final class Report {

    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private Report() {
    }

    /** In Markdown, so that it can stand in the documentation as it is printed. */
    static String table(List<Result> results) {
        List<List<String>> lines = new ArrayList<>();
        lines.add(List.of("row", "measure", "floor", "value", "ratio", "wanted", "met", "note"));
        for (Result result : results) {
            lines.add(List.of(result.row(), result.measure() + (result.unit().isEmpty() ? "" : ", " + result.unit()), cell(result.floor()),
                    cell(result.value()), cell(result.ratio()), result.bound() == null ? "" : result.bound().toString(),
                    result.met() == null ? "" : result.met() ? "yes" : "NO", result.note()));
        }
        int[] widths = new int[lines.get(0).size()];
        for (List<String> line : lines) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], line.get(i).length());
            }
        }
        StringBuilder table = new StringBuilder();
        for (int row = 0; row < lines.size(); row++) {
            for (int i = 0; i < widths.length; i++) {
                String cell = lines.get(row).get(i);
                table.append("| ").append(cell).append(" ".repeat(widths[i] - cell.length() + 1));
            }
            table.append("|\n");
            if (row == 0) {
                for (int width : widths) {
                    table.append("|").append("-".repeat(width + 2));
                }
                table.append("|\n");
            }
        }
        return table.toString();
    }

    private static String cell(Series series) {
        if (series == null) {
            return "";
        }
        return series.rounds().size() == 1 ? number(series.median())
                : number(series.median()) + " (" + number(series.least()) + "–" + number(series.most()) + ")";
    }

    /** With three digits that count, at least. */
    static String number(double value) {
        double size = Math.abs(value);
        String text = String.format(Locale.ROOT, size >= 100 ? "%,.0f" : size >= 10 ? "%.1f" : size >= 1 ? "%.2f" : "%.3f", value);
        return text.contains(".") ? text.replaceAll("0+$", "").replaceAll("\\.$", "") : text;
    }

    static void write(Path file, Machine machine, List<Result> results) throws IOException {
        ObjectNode json = JSON.createObjectNode();
        json.set("machine", JSON.valueToTree(machine));
        ArrayNode rows = json.putArray("results");
        for (Result result : results) {
            ObjectNode row = rows.addObject().put("row", result.row()).put("measure", result.measure()).put("unit", result.unit());
            series(row, "floor", result.floor());
            series(row, "value", result.value());
            series(row, "ratio", result.ratio());
            if (result.bound() != null) {
                row.put("wanted", result.bound().toString()).put("met", result.met());
            }
            row.put("note", result.note());
        }
        Files.createDirectories(file.getParent());
        JSON.writeValue(file.toFile(), json);
    }

    private static void series(ObjectNode row, String name, Series series) {
        if (series != null) {
            ObjectNode node = row.putObject(name).put("median", series.median()).put("least", series.least()).put("most", series.most());
            ArrayNode rounds = node.putArray("rounds");
            series.rounds().forEach(rounds::add);
        }
    }
}
