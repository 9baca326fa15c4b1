package io.subscriptionrelay.pages;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Statistic;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.distribution.CountAtBucket;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * What the meters have counted, looked at every ten seconds, so that pages can say how much it was in the last minute, hour and day. Kept in memory, from
 * the start on.
 */
@Component
class FlowSamples implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(FlowSamples.class);
    private static final int SECONDS = 10;
    private static final int AN_HOUR = 3600 / SECONDS;
    /** One of so many is kept for a day. */
    private static final int FINE_PER_COARSE = 30;
    private static final int A_DAY = 24 * AN_HOUR / FINE_PER_COARSE;
    /** By name what the labels of its places are. */
    private static final Map<String, List<String>> COUNTED = Map.of("relay.events.received", List.of("provider"), "relay.webhooks.repeated", List.of(),
            "relay.records.delivered", List.of("destination", "account"), "relay.events.skipped", List.of(), "relay.events.parked", List.of(),
            "relay.webhooks.refused", List.of("route", "status"));
    private static final double MEDIAN = 0.5;
    private static final double MOST = 0.95;

    private final MeterRegistry metrics;
    private final Clock clock;
    private final Deque<Sample> hour = new ArrayDeque<>();
    private final Deque<Sample> day = new ArrayDeque<>();
    private final ScheduledExecutorService looks;
    private int taken;

    /**
     * What was counted until a moment.
     *
     * @param at in milliseconds since 1970
     * @param counts by name and place, as {@code relay.records.delivered/clevertap/production}
     * @param buckets of the time to delivery, by their upper end in seconds: how many deliveries took no longer
     */
    record Sample(long at, Map<String, Double> counts, Map<Double, Double> buckets) {

        double sum(String name) {
            return counts.entrySet().stream().filter(count -> count.getKey().equals(name) || count.getKey().startsWith(name + "/"))
                    .mapToDouble(Map.Entry::getValue).sum();
        }
    }

    /** A line of a chart, from the oldest on: per minute, and the time to delivery of the half and of 95 of 100, in seconds; null where there was none. */
    public record Series(List<Long> at, List<Double> received, List<Double> delivered, List<Double> skipped, List<Double> parked, List<Double> median,
            List<Double> most) {
    }

    FlowSamples(MeterRegistry metrics, Clock clock) {
        this.metrics = metrics;
        this.clock = clock;
        looks = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "flow-samples");
            thread.setDaemon(true);
            return thread;
        });
        looks.scheduleWithFixedDelay(this::look, 0, SECONDS, TimeUnit.SECONDS);
    }

    private void look() {
        try {
            Sample sample = now();
            synchronized (this) {
                keep(hour, sample, AN_HOUR);
                if (taken++ % FINE_PER_COARSE == 0) {
                    keep(day, sample, A_DAY);
                }
            }
        } catch (RuntimeException e) {
            LOG.debug("The meters cannot be looked at now", e);
        }
    }

    private static void keep(Deque<Sample> samples, Sample sample, int most) {
        samples.addLast(sample);
        if (samples.size() > most + 1) {
            samples.removeFirst();
        }
    }

    /** What is counted until now. */
    Sample now() {
        Map<String, Double> counts = new HashMap<>();
        Map<Double, Double> buckets = new TreeMap<>();
        for (Meter meter : metrics.getMeters()) {
            List<String> labels = COUNTED.get(meter.getId().getName());
            if (labels != null) {
                StringBuilder name = new StringBuilder(meter.getId().getName());
                labels.forEach(label -> name.append('/').append(meter.getId().getTag(label)));
                meter.measure().forEach(value -> {
                    if (value.getStatistic() == Statistic.COUNT) {
                        counts.merge(name.toString(), value.getValue(), Double::sum);
                    }
                });
            } else if (meter instanceof Timer timer && meter.getId().getName().equals("relay.delivery")) {
                for (CountAtBucket bucket : timer.takeSnapshot().histogramCounts()) {
                    buckets.merge(bucket.bucket(TimeUnit.SECONDS), bucket.count(), Double::sum);
                }
                buckets.merge(Double.POSITIVE_INFINITY, (double) timer.count(), Double::sum);
            }
        }
        return new Sample(clock.millis(), counts, buckets);
    }

    /** The sample that was taken so many seconds ago, or the oldest of the last hour. */
    synchronized Sample before(int seconds) {
        long wanted = clock.millis() - TimeUnit.SECONDS.toMillis(seconds);
        Sample found = null;
        for (Sample sample : hour) {
            if (found == null || sample.at() <= wanted) {
                found = sample;
            }
        }
        return found == null ? now() : found;
    }

    /** What a chart of the last hour shows, or of the last day. */
    synchronized Series series(boolean wholeDay) {
        List<Sample> samples = new ArrayList<>(wholeDay ? day : hour);
        Series series = new Series(new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>(),
                new ArrayList<>());
        int step = wholeDay ? 1 : 6;
        for (int i = step; i < samples.size(); i += step) {
            Sample from = samples.get(i - step);
            Sample to = samples.get(i);
            double minutes = Math.max(1, to.at() - from.at()) / 60_000.0;
            series.at().add(to.at() / 1000);
            series.received().add(delta(from, to, "relay.events.received") / minutes);
            series.delivered().add(delta(from, to, "relay.records.delivered") / minutes);
            series.skipped().add(delta(from, to, "relay.events.skipped") / minutes);
            series.parked().add(delta(from, to, "relay.events.parked") / minutes);
            series.median().add(quantile(from, to, MEDIAN));
            series.most().add(quantile(from, to, MOST));
        }
        return series;
    }

    static double delta(Sample from, Sample to, String name) {
        return Math.max(0, to.sum(name) - from.sum(name));
    }

    /** Within how many seconds this part of what was delivered between the two was delivered, by the ends of the histogram's buckets. */
    static Double quantile(Sample from, Sample to, double part) {
        double all = to.buckets().getOrDefault(Double.POSITIVE_INFINITY, 0.0) - from.buckets().getOrDefault(Double.POSITIVE_INFINITY, 0.0);
        if (all <= 0) {
            return null;
        }
        for (Map.Entry<Double, Double> bucket : to.buckets().entrySet()) {
            if (bucket.getValue() - from.buckets().getOrDefault(bucket.getKey(), 0.0) >= part * all) {
                return Double.isInfinite(bucket.getKey()) ? null : bucket.getKey();
            }
        }
        return null;
    }

    @Override
    public void close() {
        looks.shutdownNow();
    }
}
