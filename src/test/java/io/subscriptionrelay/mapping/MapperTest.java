package io.subscriptionrelay.mapping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.config.StartRefusedException;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.testing.Home;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.actuate.health.Health;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** Files that are edited while they are in use, well and badly. */
@ExtendWith(OutputCaptureExtension.class)
class MapperTest {

    private Path mappings;
    private Mapper mapper;

    @BeforeEach
    void load(@TempDir Path folder) {
        mappings = Home.copyTo(folder).resolve("mappings");
        mapper = mapper();
    }

    private Mapper mapper() {
        Binder binder = new Binder(new MapConfigurationPropertySource(Map.of("relay.home", mappings.getParent().toString(), "relay.data-dir", "data",
                "relay.mappings-reload", "1h")));
        return new Mapper(binder.bind("relay", RelayProperties.class).get(), new SimpleMeterRegistry());
    }

    @Test
    void aStepIsKnownWhenSettingsOrASchemaOfItsProviderHaveItWhetherItIsOnOrOff() throws IOException {
        Files.writeString(mappings.resolve("purchasely/braze.jslt"), "[]");
        Files.delete(mappings.resolve("purchasely/braze.schema.json"));
        Files.writeString(mappings.resolve("purchasely/braze.yaml"), "events:\n  coins_spent: off\nplatforms:\n  iOS:\n    events:\n      on_ios: x\n");
        try (Mapper reread = mapper()) {
            assertThat(List.of("renewal", "transfer", "paywall_close")).as("on, off, without a switch")
                    .allMatch(step -> reread.knows("revenuecat", step));
            assertThat(List.of("coins_spent", "on_ios", "trial_started")).allMatch(step -> reread.knows("purchasely", step));
            assertThat(reread.knows("revenuecat", "coins_spent")).isFalse();
            assertThat(reread.knows("qonversion", "events")).isFalse();
            assertThat(reread.knows("nobody", "renewal")).isFalse();
        }
    }

    @Test
    void aReferenceThatLeadsNowhereIsItsFilesProblemAndTheOthersReload(CapturedOutput output) throws IOException {
        edit("revenuecat/onesignal.schema.json", "\"properties\": {", "\"properties\": {\n    \"country\": {\"$ref\": \"#/$defs/name\"},");
        edit("revenuecat/clevertap.yaml", "renewal: rc_renewal_event", "renewal: Renewed");
        mapper.reload();
        assertThat(output).contains("onesignal.schema.json, line ", "`$ref` #/$defs/name leads nowhere",
                "The edited mappings are in use: revenuecat/clevertap.yaml");
        Health health = mapper.health();
        assertThat(health.getStatus().getCode()).isEqualTo("DEGRADED");
        assertThat(health.getDetails().get("revenuecat/onesignal").toString()).contains("leads nowhere");
        assertThat(name("revenuecat", "RENEWAL")).isEqualTo("Renewed");
        assertThatThrownBy(this::mapper).isInstanceOf(StartRefusedException.class).hasMessageContaining("onesignal.schema.json, line ");
    }

    @Test
    void aFileThatMakesAParserStumbleIsNamedAndTheOthersReload(CapturedOutput output) throws IOException {
        Files.writeString(mappings.resolve("purchasely/clevertap.yaml"), "a: ".repeat(3) + "[".repeat(50_000));
        Files.writeString(mappings.resolve("purchasely/onesignal.jslt"), "(".repeat(100_000));
        Files.write(mappings.resolve("qonversion/onesignal.jslt"), new byte[] {(byte) 0xff, (byte) 0xfe, 0});
        Files.writeString(mappings.resolve("qonversion/clevertap.schema.json"), "{\"properties\":{\"x\":{\"pattern\":\"(\"}}}");
        edit("revenuecat/clevertap.yaml", "renewal: rc_renewal_event", "renewal: Renewed");
        mapper.reload();
        assertThat(mapper.health().getDetails()).containsKeys("purchasely/clevertap", "purchasely/onesignal", "qonversion/onesignal",
                "qonversion/clevertap");
        assertThat(output).contains("purchasely/clevertap.yaml", "purchasely/onesignal.jslt", "qonversion/onesignal.jslt", "qonversion/clevertap");
        assertThat(name("revenuecat", "RENEWAL")).isEqualTo("Renewed");
        assertThatThrownBy(this::mapper).isInstanceOf(StartRefusedException.class);
    }

    /** As Kubernetes replaces the files of a ConfigMap: the file is a link, and what it leads to may be as large and as old as before. */
    @Test
    void aLinkThatLeadsToAnotherFileIsAnEdit() throws IOException {
        Path file = mappings.resolve("revenuecat/clevertap.yaml");
        Path before = file.resolveSibling("..before");
        Path after = file.resolveSibling("..after");
        Files.move(file, before);
        Files.writeString(after, Files.readString(before).replace("renewal: rc_renewal_event", "renewal: rc_renewal_again"));
        Files.setLastModifiedTime(after, Files.getLastModifiedTime(before));
        Files.createSymbolicLink(file, before.getFileName());
        Files.createSymbolicLink(file.resolveSibling("nowhere.yaml"), Path.of("nothing"));
        mapper.reload();
        assertThat(name("revenuecat", "RENEWAL")).isEqualTo("rc_renewal_event");
        Files.delete(file);
        Files.createSymbolicLink(file, after.getFileName());
        mapper.reload();
        assertThat(name("revenuecat", "RENEWAL")).isEqualTo("rc_renewal_again");
    }

    @Test
    void anotherTextHoldsForTheThreadThatTriesItAndForNobodyElse() throws Exception {
        String edited = Files.readString(mappings.resolve("revenuecat/clevertap.yaml")).replace("renewal: rc_renewal_event", "renewal: Renewed");
        try (Attempt.Running running = mapper.withText("revenuecat", "revenuecat/clevertap.yaml", edited).begin()) {
            assertThat(name("revenuecat", "RENEWAL")).isEqualTo("Renewed");
            ObjectNode overrides = StrictJson.mapper().createObjectNode();
            overrides.putObject("clevertap").putObject("events").put("renewal", "Of an example");
            try (Attempt.Running example = mapper.withSettings("revenuecat", overrides).begin()) {
                assertThat(name("revenuecat", "RENEWAL")).isEqualTo("Of an example");
            }
            assertThat(name("revenuecat", "RENEWAL")).isEqualTo("Renewed");
            assertThat(CompletableFuture.supplyAsync(() -> name("revenuecat", "RENEWAL")).get()).isEqualTo("rc_renewal_event");
            edit("revenuecat/clevertap.yaml", "renewal: rc_renewal_event", "renewal: Edited");
            mapper.reload();
            assertThat(name("revenuecat", "RENEWAL")).isEqualTo("Renewed");
        }
        assertThat(name("revenuecat", "RENEWAL")).isEqualTo("Edited");
    }

    @Test
    void aTextIsTriedBesideAFileThatIsBroken() throws Exception {
        edit("revenuecat/onesignal.jslt", "let ", "lett ");
        mapper.reload();
        assertThat(mapper.problems()).isNotEmpty();
        String edited = Files.readString(mappings.resolve("common.jslt")) + "\n";
        try (Attempt.Running running = mapper.withText("revenuecat", "common.jslt", edited).begin()) {
            assertThat(name("revenuecat", "RENEWAL")).isEqualTo("rc_renewal_event");
            assertThat(mapper.has("revenuecat", "onesignal")).isTrue();
        }
        assertThatThrownBy(() -> mapper.withText("revenuecat", "revenuecat/onesignal.jslt", Files.readString(mappings.resolve("revenuecat/onesignal.jslt"))))
                .isInstanceOf(BrokenMappingException.class);
    }

    @Test
    void whatTakesTooLongIsStopped() throws Exception {
        String endless = "def f(n) if ($n < 1) 1 else f($n - 1) + f($n - 1)\n{ \"skip\": f(60) }";
        Attempt attempt = mapper.withText("revenuecat", "revenuecat/clevertap.jslt", endless).within(Duration.ofSeconds(1), Long.MAX_VALUE);
        try (Attempt.Running running = attempt.begin()) {
            ObjectNode webhook = StrictJson.mapper().createObjectNode();
            assertThatThrownBy(() -> mapper.apply("revenuecat", "clevertap", "renewal", Facts.unreadable(new byte[0]), webhook))
                    .isInstanceOf(MappingFailedException.class).hasMessageContaining("took longer than 1 s and was stopped");
            assertThat(attempt.stopped()).contains("took longer than 1 s");
        }
    }

    @Test
    void theFirstRecordsOfAStepThatDoNotFitAreNamedOnceUntilLaterOnesFit(CapturedOutput output) {
        look("renewal", "{'type':'event','evtName':'n','evtData':{},'identity':'u','ts':1718000012999}");
        look("renewal", "{'type':'event','evtName':'n','evtData':{},'identity':'u','ts':'soon'}");
        look("expiration", "{'type':'event','evtName':'n','evtData':{},'identity':'u'}");
        assertThat(output).containsOnlyOnce("mappings/revenuecat/clevertap.jslt makes a record of renewal that does not fit"
                + " mappings/destinations/clevertap/record.schema.json: `ts` is a number of 13 digits; write seconds since 1970. It is delivered all the"
                + " same").doesNotContain("of expiration", "of 4 characters");
        assertThat(mapper.health().getStatus().getCode()).isEqualTo("DEGRADED");
        assertThat(mapper.health().getDetails()).containsOnly(Map.entry("revenuecat/clevertap",
                List.of("renewal: `ts` is a number of 13 digits; write seconds since 1970")));

        look("renewal", "{'type':'event','evtName':'n','evtData':{},'identity':'u','ts':1718000012}");
        assertThat(mapper.health().getStatus().getCode()).isEqualTo("UP");
        assertThat(output).containsOnlyOnce("What mappings/revenuecat/clevertap.jslt makes of renewal fits by now");
        mapper.lookAtFirst("revenuecat", "clevertap", "renewal", () -> {
            throw new AssertionError("records are looked at until they fit");
        });
    }

    @Test
    void anEditHasTheFirstRecordsLookedAtAgain() throws IOException {
        look("renewal", "{'type':'event'}");
        assertThat(mapper.health().getDetails().get("revenuecat/clevertap").toString()).startsWith("[renewal: ").contains("(and 2 more)");
        edit("revenuecat/clevertap.yaml", "renewal: rc_renewal_event", "renewal: Renewed");
        mapper.reload();
        assertThat(mapper.health().getStatus().getCode()).isEqualTo("UP");
        look("renewal", "{'type':'event'}");
        assertThat(mapper.health().getStatus().getCode()).isEqualTo("DEGRADED");
    }

    @Test
    void aSchemaOfRecordsThatIsEditedBadlyIsNamedAndTheLastGoodOneStaysInUse() throws IOException {
        edit("destinations/clevertap/record.schema.json", "\"ts\": { \"type\": \"integer\"", "\"ts\": { \"type\": \"whole\"");
        mapper.reload();
        assertThat(mapper.health().getDetails().get("destinations/clevertap").toString()).contains("record.schema.json, line ", "$defs.ts.type");
        look("renewal", "{'type':'event','evtName':'n','evtData':{},'identity':'u','ts':'soon'}");
        assertThat(mapper.health().getDetails().get("revenuecat/clevertap").toString()).contains("`ts` is a text of 4 characters");
        assertThatThrownBy(this::mapper).isInstanceOf(StartRefusedException.class).hasMessageContaining("record.schema.json, line ");
    }

    private void look(String step, String record) {
        mapper.lookAtFirst("revenuecat", "clevertap", step, () -> {
            try {
                return List.of(StrictJson.mapper().readTree(record.replace('\'', '"')));
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
    }

    private String name(String provider, String type) {
        String body = "{\"event\":{\"id\":\"1\",\"type\":\"" + type + "\",\"app_user_id\":\"u\",\"event_timestamp_ms\":1790812800000}}";
        try {
            JsonNode webhook = StrictJson.mapper().readTree(body);
            Facts facts = mapper.facts(provider, (ObjectNode) webhook, body.getBytes(StandardCharsets.UTF_8));
            return mapper.apply(provider, "clevertap", type.toLowerCase(), facts, webhook).path(0).path("evtName").asText();
        } catch (IOException | MappingFailedException e) {
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest
    @CsvSource({"BILLING_ISSUE, '\"grace_period_expiration_at_ms\":null', false", "BILLING_ISSUE, '\"grace_period_expiration_at_ms\":1791812800000', true",
            "CANCELLATION, '\"cancel_reason\":\"BILLING_ERROR\"', false", "RENEWAL, '\"store\":\"APP_STORE\"', true"})
    void whatComesBesideAnotherEventOfRevenueCatSupersedesNothing(String type, String more, boolean supersedes) throws Exception {
        String body = "{\"event\":{\"id\":\"1\",\"type\":\"" + type + "\",\"app_user_id\":\"u\",\"event_timestamp_ms\":1790812800000,\"expiration_at_ms\":1790812800000,"
                + more + "}}";
        Facts facts = mapper.facts("revenuecat", (ObjectNode) StrictJson.mapper().readTree(body), body.getBytes(StandardCharsets.UTF_8));
        assertThat(facts.json().path("supersedes").asBoolean()).isEqualTo(supersedes);
    }

    private void edit(String file, String what, String with) throws IOException {
        Path path = mappings.resolve(file);
        String before = Files.readString(path);
        assertThat(before).contains(what);
        Files.writeString(path, before.replace(what, with));
    }
}
