package io.subscriptionrelay.pages;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.event.QueueNames;
import io.subscriptionrelay.history.Events;
import io.subscriptionrelay.history.HistoryFilter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.springframework.boot.actuate.health.CompositeHealth;
import org.springframework.boot.actuate.health.Health;
import org.springframework.boot.actuate.health.HealthComponent;
import org.springframework.boot.actuate.health.HealthEndpoint;
import org.springframework.boot.actuate.health.Status;
import org.springframework.core.env.Environment;
import org.springframework.stereotype.Component;

/** What flows where just now, and what needs attention, in sentences. */
@Component
class Overview {

    private static final int MINUTE = 60;
    private static final int HOUR = 3600;
    /** What waits for longer is told as slow. */
    private static final double SLOW_SECONDS = 30;
    private static final Map<String, String> REFUSED = Map.of("401", "its secret or signature is not right", "400", "its body is no JSON object",
            "413", "it is larger than 1 MiB", "503", "it could not be stored", "405", "it was no POST");
    private static final Set<String> TOLD_ELSEWHERE = Set.of("livenessState", "readinessState", "ping", "ssl");

    private final RelayProperties properties;
    private final FlowSamples samples;
    private final MeterRegistry metrics;
    private final HealthEndpoint health;
    private final Events events;
    private final Waiting waiting;
    private final Environment environment;

    Overview(RelayProperties properties, FlowSamples samples, MeterRegistry metrics, HealthEndpoint health, Events events, Waiting waiting,
            Environment environment) {
        this.properties = properties;
        this.samples = samples;
        this.metrics = metrics;
        this.health = health;
        this.events = events;
        this.waiting = waiting;
        this.environment = environment;
    }

    /**
     * A provider in the picture.
     *
     * @param width of its line
     */
    public record Source(String name, double perMinute, boolean any, double width, int y) {
    }

    /**
     * An account in the picture.
     *
     * @param sign and word of its state
     */
    public record Target(String destination, String account, double perMinute, double waiting, double oldest, String sign, String word, boolean attention,
            double width, int y) {
    }

    /** Something that somebody should know, with where to go. */
    public record Attention(String sentence, String address, String link) {
    }

    /** What to do for the first webhook of a provider, and what has come instead. */
    public record FirstSteps(String provider, String address, String port, String variables, List<String> refused) {
    }

    /** The picture. */
    public record Flow(List<Source> sources, List<Target> targets, double translating, double parked, int height) {
    }

    private static final int ROW = 44;

    Flow flow() {
        FlowSamples.Sample now = samples.now();
        FlowSamples.Sample before = samples.before(MINUTE);
        double minutes = Math.max(1000, now.at() - before.at()) / 60_000.0;
        List<Source> sources = new ArrayList<>();
        double translating = 0;
        for (Map.Entry<String, RelayProperties.Provider> provider : new TreeMap<>(properties.providers()).entrySet()) {
            if (provider.getValue().open()) {
                String name = "relay.events.received/" + provider.getKey();
                double rate = FlowSamples.delta(before, now, name) / minutes;
                sources.add(new Source(provider.getKey(), rate, now.sum(name) > 0 || came(provider.getKey()), width(rate), ROW * sources.size() + ROW / 2));
                translating += waiting.messages(QueueNames.events(provider.getKey()));
            }
        }
        List<Target> targets = new ArrayList<>();
        Map<String, HealthComponent> components = components();
        new TreeMap<>(properties.destinations()).forEach((destination, settings) -> new TreeMap<>(settings.accounts()).forEach((account, configured) -> {
            if (configured.configured()) {
                double rate = FlowSamples.delta(before, now, "relay.records.delivered/" + destination + "/" + account) / minutes;
                String queue = QueueNames.deliver(destination, account);
                double oldest = waiting.oldestSeconds(queue);
                String problem = problem(components.get(destination + "-" + account));
                boolean paused = problem != null && problem.contains("credentials");
                targets.add(new Target(destination, account, rate, waiting.messages(queue), oldest,
                        paused ? "■" : problem != null ? "○" : oldest > SLOW_SECONDS ? "◐" : "●",
                        paused ? "paused" : problem != null ? "does not answer" : oldest > SLOW_SECONDS ? "slow" : "up", problem != null, width(rate),
                        ROW * targets.size() + ROW / 2));
            }
        }));
        double parked = metrics.find("relay.queue.messages").gauges().stream()
                .filter(gauge -> String.valueOf(gauge.getId().getTag("queue")).startsWith(QueueNames.PARKED)).mapToDouble(Gauge::value).sum();
        return new Flow(sources, targets, translating, parked, ROW * Math.max(sources.size(), targets.size() + 1));
    }

    private static double width(double perMinute) {
        return 1 + 2 * Math.log10(1 + perMinute);
    }

    private boolean came(String provider) {
        return !events.page(HistoryFilter.of(Map.of("provider", provider)), null, 1, false).found().isEmpty();
    }

    private Map<String, HealthComponent> components() {
        return health.health() instanceof CompositeHealth all ? all.getComponents() : Map.of();
    }

    private static String problem(HealthComponent component) {
        Object problem = component instanceof Health one ? one.getDetails().get("problem") : null;
        return problem == null ? null : problem.toString();
    }

    /** What needs attention, the gravest first. */
    List<Attention> attention(Flow flow) {
        List<Attention> found = new ArrayList<>();
        Map<String, HealthComponent> components = components();
        for (Target target : flow.targets()) {
            Health state = components.get(target.destination() + "-" + target.account()) instanceof Health one ? one : null;
            if (state != null && state.getDetails().get("problem") != null) {
                boolean credentials = target.word().equals("paused");
                found.add(new Attention(target.destination() + " " + target.account() + (credentials ? " refuses the credentials" : " does not answer as it should")
                        + " since " + new Words().time(String.valueOf(state.getDetails().get("since"))) + " (" + state.getDetails().get("answer") + "). "
                        + new Words().count(target.waiting(), "record") + (target.waiting() == 1 ? " waits" : " wait") + "; nothing is lost."
                        + (credentials ? " Set the right ones, or have them allowed at the destination; it goes on by itself." : " It is asked until it answers."),
                        "/events?search=destination:" + target.destination(), "its events"));
            }
        }
        components.forEach((name, component) -> {
            if (component instanceof Health one && !one.getStatus().equals(Status.UP) && one.getDetails().get("problem") == null && !TOLD_ELSEWHERE.contains(name)) {
                boolean mappings = name.equals("mapper");
                one.getDetails().forEach((what, detail) -> details(detail).forEach(text -> found.add(new Attention(mappings ? mapping(what, text)
                        : name + ": " + text, mappings ? "/mappings" : "/events", mappings ? "mappings" : "events"))));
            }
        });
        refused().forEach((place, count) -> {
            int end = place.indexOf('/');
            String status = place.substring(end + 1);
            found.add(new Attention(new Words().count(count, "webhook") + " of " + place.substring(0, end).replace("webhooks-", "") + " in the last hour "
                    + (count.longValue() == 1 ? "was" : "were") + " answered with " + status + ": " + REFUSED.getOrDefault(status, "refused") + ".", null, null));
        });
        if (flow.parked() > 0) {
            found.add(new Attention(new Words().count(flow.parked(), "event") + (flow.parked() == 1 ? " is" : " are") + " parked and " + (flow.parked() == 1 ? "waits" : "wait")
                    + " for a person.", "/parked", "by reason"));
        }
        return found;
    }

    private static String mapping(String what, String text) {
        return what.equals("inUse") ? "An edit of a mapping cannot be used, so what was right before stays in use." : "The mapping " + what + ": " + text;
    }

    private static List<String> details(Object detail) {
        return detail instanceof Collection<?> several ? several.stream().map(String::valueOf).toList() : List.of(String.valueOf(detail));
    }

    /** By route and status how many were refused in the last hour. */
    private Map<String, Double> refused() {
        String name = "relay.webhooks.refused/";
        FlowSamples.Sample now = samples.now();
        FlowSamples.Sample before = samples.before(HOUR);
        Map<String, Double> refused = new TreeMap<>();
        now.counts().forEach((place, count) -> {
            double more = count - before.counts().getOrDefault(place, 0.0);
            if (place.startsWith(name) && more > 0) {
                refused.put(place.substring(name.length()), more);
            }
        });
        return refused;
    }

    /** For each open provider that has not sent an event yet. */
    List<FirstSteps> firstSteps(Flow flow) {
        String port = environment.getProperty("local.server.port", environment.getProperty("server.port", "8080"));
        Map<String, Double> refused = refused();
        return flow.sources().stream().filter(source -> !source.any()).map(source -> new FirstSteps(source.name(),
                "/webhooks/" + source.name(), port, String.join(" or ", properties.providers().get(source.name()).variables()),
                refused.entrySet().stream().filter(entry -> entry.getKey().startsWith("webhooks-" + source.name() + "/"))
                        .map(entry -> new Words().count(entry.getValue(), "webhook") + " came in the last hour and " + (entry.getValue() == 1 ? "was" : "were")
                                + " refused: " + REFUSED.getOrDefault(entry.getKey().substring(entry.getKey().indexOf('/') + 1), "refused")).toList())).toList();
    }

    /** What came and went in the last hour. */
    Map<String, Double> lastHour() {
        FlowSamples.Sample now = samples.now();
        FlowSamples.Sample before = samples.before(HOUR);
        Map<String, Double> counts = new TreeMap<>();
        counts.put("received", FlowSamples.delta(before, now, "relay.events.received"));
        counts.put("repeated", FlowSamples.delta(before, now, "relay.webhooks.repeated"));
        counts.put("delivered", FlowSamples.delta(before, now, "relay.records.delivered"));
        counts.put("skipped", FlowSamples.delta(before, now, "relay.events.skipped"));
        counts.put("parked", FlowSamples.delta(before, now, "relay.events.parked"));
        return counts;
    }

    FlowSamples.Series series(boolean wholeDay) {
        return samples.series(wholeDay);
    }
}
