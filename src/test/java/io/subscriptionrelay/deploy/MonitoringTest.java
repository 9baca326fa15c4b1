package io.subscriptionrelay.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.subscriptionrelay.simulator.Fault;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import io.subscriptionrelay.webhook.StrictJson;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.management.ObjectName;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The dashboard and the alerts ask for what the running application really exports. */
class MonitoringTest {

    private static final Pattern SELECTOR = Pattern.compile("([a-zA-Z_:][a-zA-Z0-9_:]*)\\s*(?:\\{([^}]*)})?");
    private static final Pattern LABEL = Pattern.compile("([a-z_]+)\\s*(?:=~|!~|!=|=)");
    private static final Pattern GROUPED = Pattern.compile("\\b(?:by|without|on|ignoring)\\s*\\([^)]*\\)");

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
        relay = RelayApp.with(folder).cleverTap(simulators.cleverTap.url()).oneSignal(simulators.oneSignal.url()).start();
        relay.revenueCat(Events.renewal("sent-back", "someone@mail.example", Events.BASE));
        relay.revenueCat(Events.renewal("sent-back", "someone@mail.example", Events.BASE));
        relay.revenueCat(Events.event("unknown", "NEWLY_INVENTED", "someone@mail.example", Events.BASE, "\"period_type\":\"NORMAL\""));
        relay.revenueCat("{\"api_version\":\"1.0\",\"event\":{\"id\":\"typeless\"}}");
        relay.revenueCat("not an object");
        relay.awaitParked(1);
        await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
            exported = relay.prometheus();
            assertThat(exported).contains("relay_records_delivered_total{account=\"production\",destination=\"clevertap\"",
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
    void aMetricThatIsNotExportedIsNoticed() {
        assertThat(unknown("sum by (queue) (rate(relay_queue_messages{queue=~\"a.*\"}[5m])) > 0")).isEmpty();
        assertThat(unknown("sum(relay_queue_mesages) > 0")).containsExactly("relay_queue_mesages");
        assertThat(unknown("relay_queue_messages{que=\"a\"}")).containsExactly("relay_queue_messages{que}");
    }

    @Test
    void noMetricNamesAPersonAndAllOfTheRelaysAreMBeansToo() throws Exception {
        assertThat(exported).doesNotContain("mail.example", "sent-back", "typeless");
        Set<ObjectName> beans = ManagementFactory.getPlatformMBeanServer().queryNames(new ObjectName("subscription-relay.metrics:*"), null);
        assertThat(beans).extracting(ObjectName::toString).anyMatch(name -> name.contains("relayRecordsDelivered"))
                .anyMatch(name -> name.contains("relayQueueMessages"));
    }

    private static void isExported(String where, String expression) {
        assertThat(expression).as(where).isNotBlank();
        assertThat(unknown(expression)).as(where + ": " + expression).isEmpty();
    }

    private static Set<String> unknown(String expression) {
        Set<String> unknown = new TreeSet<>();
        String plain = GROUPED.matcher(expression.replaceAll("\\[[^]]*]", "")).replaceAll(" ");
        Matcher selector = SELECTOR.matcher(plain);
        while (selector.find()) {
            String name = selector.group(1);
            boolean function = plain.substring(selector.end()).stripLeading().startsWith("(");
            if (function || Set.of("and", "or", "unless", "bool", "offset").contains(name)) {
                continue;
            }
            if (exported.lines().noneMatch(line -> line.startsWith(name + "{") || line.startsWith(name + " "))) {
                unknown.add(name);
            } else if (selector.group(2) != null) {
                Matcher label = LABEL.matcher(selector.group(2).replaceAll("\"[^\"]*\"", "\"\""));
                while (label.find()) {
                    if (exported.lines().noneMatch(line -> line.startsWith(name + "{") && line.contains(label.group(1) + "=\""))) {
                        unknown.add(name + "{" + label.group(1) + "}");
                    }
                }
            }
        }
        return unknown;
    }
}
