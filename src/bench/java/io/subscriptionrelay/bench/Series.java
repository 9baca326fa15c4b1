package io.subscriptionrelay.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** The figures of the rounds of one measure. */
final class Series {

    private final List<Double> rounds = new ArrayList<>();

    static Series of(double... values) {
        Series series = new Series();
        for (double value : values) {
            series.add(value);
        }
        return series;
    }

    void add(double value) {
        rounds.add(value);
    }

    List<Double> rounds() {
        return List.copyOf(rounds);
    }

    double median() {
        List<Double> sorted = rounds.stream().sorted().toList();
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }

    double least() {
        return Collections.min(rounds);
    }

    double most() {
        return Collections.max(rounds);
    }

    /** This by the other, round by round: what disturbs the machine for a while disturbs both of a round. */
    Series by(Series other) {
        Series ratios = new Series();
        for (int i = 0; i < rounds.size(); i++) {
            ratios.add(rounds.get(i) / other.rounds.get(i));
        }
        return ratios;
    }
}
