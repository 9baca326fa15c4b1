package io.subscriptionrelay.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.simulator.Fault;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.HeldJournal;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.management.ObjectName;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The dashboard and the alerts ask for what the running application really exports. */
class MonitoringTest {

    private static final Pattern SELECTOR = Pattern.compile("([a-zA-Z_:][a-zA-Z0-9_:]*)\\s*(?:\\{([^}]*)})?");
    private static final Pattern MATCHER = Pattern.compile("([a-z_]+)\\s*(=~|!~|!=|=)\\s*\"([^\"]*)\"");
    private static final Pattern GROUPED = Pattern.compile("\\bby\\s*\\(([^)]*)\\)");
    /** It adds them itself. */
    private static final Set<String> OF_PROMETHEUS = Set.of("instance", "job");
    private static final Set<String> WORDS = Set.of("and", "or", "unless", "bool", "offset");

    @TempDir
    static Path folder;
    private static Simulators simulators;
    private static RelayApp relay;
    private static String exported;

    /** Meets everything once that is counted. */
    @BeforeAll
    static void start() {
        simulators = new Simulators();
        simulators.cleverTap.faults().next(Fault.status(503));
        simulators.cleverTap.faults().failRecords(1, record -> record.path("evtData").path("event_id").asText().equals("sent-back"));
        relay = RelayApp.with(folder).cleverTap(simulators.cleverTap.url()).oneSignal(simulators.oneSignal.url())
                .set("relay.broker.store-timeout", "1s").start();
        relay.revenueCat(Events.renewal("sent-back", "someone@mail.example", Events.BASE));
        relay.revenueCat(Events.renewal("sent-back", "someone@mail.example", Events.BASE));
        relay.revenueCat(Events.event("unknown", "NEWLY_INVENTED", "someone@mail.example", Events.BASE, "\"period_type\":\"NORMAL\""));
        relay.revenueCat("{\"api_version\":\"1.0\",\"event\":{\"id\":\"typeless\"}}");
        relay.revenueCat("not an object");
        relay.post("revenuecat", "{}", "Authorization", "not the token");
        relay.awaitParked(1);
        try (HeldJournal held = new HeldJournal(relay)) {
            assertThat(relay.revenueCat(Events.renewal("in-between", "someone@mail.example", Events.BASE))).isEqualTo(503);
        }
        await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
            exported = relay.prometheus();
            assertThat(exported).contains("relay_records_delivered_total{account=\"production\",destination=\"clevertap\"",
                    "relay_records_retried_total{",
                    "relay_queue_messages{queue=\"parked.events.revenuecat\"} 1");
        });
    }

    @AfterAll
    static void stop() {
        relay.close();
        simulators.close();
    }

    @Test
    void everyAlertAsksForExportedMetricsAndSaysWhatToDo() throws IOException {
        JsonNode rules = new ObjectMapper(new YAMLFactory()).readTree(Path.of("deploy/prometheus/alerts.yaml").toFile())
                .path("groups").path(0).path("rules");
        assertThat(rules.size()).isGreaterThanOrEqualTo(6);
        for (JsonNode rule : rules) {
            isExported(rule.path("alert").asText(), rule.path("expr").asText());
            assertThat(rule.path("annotations").path("summary").asText()).as(rule.path("alert").asText()).endsWith(".");
            assertThat(rule.path("annotations").path("action").asText()).as(rule.path("alert").asText()).endsWith(".");
        }
    }

    @Test
    void everyPanelAsksForExportedMetrics() throws IOException {
        JsonNode panels = StrictJson.mapper().readTree(Path.of("deploy/grafana/dashboard.json").toFile()).path("panels");
        assertThat(panels.size()).isGreaterThanOrEqualTo(10);
        for (JsonNode panel : panels) {
            assertThat(panel.path("targets")).isNotEmpty();
            panel.path("targets").forEach(target -> isExported(panel.path("title").asText(), target.path("expr").asText()));
        }
    }

    @Test
    void noMetricNamesAPersonAndAllOfTheRelaysAreMBeansToo() throws Exception {
        assertThat(exported).doesNotContain("mail.example", "sent-back", "typeless", "in-between");
        Set<ObjectName> beans = ManagementFactory.getPlatformMBeanServer().queryNames(new ObjectName("subscription-relay.metrics:*"), null);
        assertThat(beans).extracting(ObjectName::toString).anyMatch(name -> name.contains("relayRecordsDelivered"))
                .anyMatch(name -> name.contains("relayQueueMessages"));
    }

    /** Each series of the expression is there, with a sample that its matchers let through and with the labels that it is grouped by. */
    private static void isExported(String where, String expression) {
        String plain = GROUPED.matcher(expression.replaceAll("\\[[^]]*]", "")).replaceAll(" ");
        List<String> asked = new ArrayList<>();
        Matcher selector = SELECTOR.matcher(plain);
        while (selector.find()) {
            boolean function = plain.substring(selector.end()).stripLeading().startsWith("(");
            if (!function && !WORDS.contains(selector.group(1))) {
                asked.addAll(samples(where + ": " + selector.group(), selector.group(1), selector.group(2)));
            }
        }
        assertThat(asked).as(where + ": " + expression).isNotEmpty();
        GROUPED.matcher(expression).results().flatMap(group -> Stream.of(group.group(1).split(","))).map(String::strip)
                .filter(label -> !OF_PROMETHEUS.contains(label)).forEach(label ->
                assertThat(asked).as(where + ": by " + label).anyMatch(sample -> value(sample, label) != null));
    }

    private static List<String> samples(String where, String name, String matchers) {
        List<String> samples = exported.lines().filter(line -> line.startsWith(name + "{") || line.startsWith(name + " ")).toList();
        Matcher matcher = MATCHER.matcher(matchers == null ? "" : matchers);
        while (matcher.find()) {
            String label = matcher.group(1);
            Predicate<String> fits = switch (matcher.group(2)) {
                case "=" -> matcher.group(3)::equals;
                case "!=" -> value -> !value.equals(matcher.group(3));
                case "=~" -> value -> value.matches(matcher.group(3));
                default -> value -> !value.matches(matcher.group(3));
            };
            samples = samples.stream().filter(sample -> value(sample, label) != null && fits.test(value(sample, label))).toList();
        }
        assertThat(samples).as(where).isNotEmpty();
        return samples;
    }

    private static String value(String sample, String label) {
        Matcher value = Pattern.compile("[{,]" + label + "=\"((?:[^\"\\\\]|\\\\.)*)\"").matcher(sample);
        return value.find() ? value.group(1) : null;
    }
}
