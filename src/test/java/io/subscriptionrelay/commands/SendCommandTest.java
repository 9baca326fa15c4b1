package io.subscriptionrelay.commands;

import static org.assertj.core.api.Assertions.assertThat;

import io.subscriptionrelay.commands.Call.Ended;
import io.subscriptionrelay.commands.StandIn.Asked;
import io.subscriptionrelay.testing.Webhook;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SendCommandTest {

    private static final String SECRET = "a secret that nobody may see";
    private static final String BODY = "{\"event\": {\"id\": \"ü\"}}";

    @TempDir
    Path folder;
    private StandIn relay;
    private String webhook;

    @BeforeEach
    void start() throws IOException {
        relay = new StandIn();
        webhook = Files.writeString(folder.resolve("webhook.json"), BODY).toString();
    }

    @AfterEach
    void stop() {
        relay.close();
    }

    @Test
    void aTokenIsSentAsItsProviderSendsItAndNeverPrinted() {
        relay.answers(200, "");
        Ended ended = send("qonversion", "QONVERSION_TOKEN", SECRET);
        assertThat(ended.status()).as(ended.toString()).isZero();
        assertThat(ended.out()).startsWith("200: the relay has kept it");
        assertThat(ended.toString()).doesNotContain(SECRET);
        Asked asked = relay.asked().get(0);
        assertThat(asked.what()).isEqualTo("POST /webhooks/qonversion");
        assertThat(asked.header("Authorization")).isEqualTo(SECRET);
        assertThat(asked.body()).isEqualTo(BODY);
    }

    @Test
    void aSignatureIsOverTimeAndBodyInTheFormOfTheProvider() {
        relay.answers(200, "");
        byte[] body = BODY.getBytes(StandardCharsets.UTF_8);
        send("purchasely", "PURCHASELY_SHARED_SECRET", SECRET);
        Asked purchasely = relay.asked().get(0);
        byte[] timestamp = purchasely.header("X-purchasely-timestamp").getBytes(StandardCharsets.UTF_8);
        assertThat(purchasely.header("X-purchasely-request-signature")).isEqualTo(Webhook.hmac(SECRET, timestamp, body));
        send("revenuecat", "REVENUECAT_SIGNING_SECRET", SECRET);
        String[] parts = relay.asked().get(1).header("X-revenuecat-webhook-signature").split(",v1=");
        assertThat(parts[1]).isEqualTo(Webhook.hmac(SECRET, (parts[0].substring(2) + ".").getBytes(StandardCharsets.UTF_8), body));
    }

    @Test
    void aRefusalIsExplainedAndEndsWithOne() {
        relay.answers(401, "");
        Ended ended = send("qonversion", "QONVERSION_TOKEN", SECRET);
        assertThat(ended.status()).isEqualTo(1);
        assertThat(ended.out()).startsWith("401: the secret or the signature is not the one");
        assertThat(Call.run(environment("QONVERSION_TOKEN", SECRET), "send", "qonversion", webhook, "-o", "json").json().path("status").asInt())
                .isEqualTo(401);
    }

    @Test
    void withoutSecretProviderFileOrRelayNothingIsSent() {
        assertThat(send("qonversion", "PURCHASELY_SHARED_SECRET", SECRET).err()).contains("set QONVERSION_TOKEN");
        assertThat(send("nobody", "QONVERSION_TOKEN", SECRET).status()).isEqualTo(2);
        assertThat(Call.run(environment("QONVERSION_TOKEN", SECRET), "send", "qonversion", folder.resolve("none").toString()).status()).isEqualTo(2);
        relay.close();
        assertThat(Call.run(environment("QONVERSION_TOKEN", SECRET), "send", "qonversion", webhook, "--url", "http://127.0.0.1:1")).satisfies(ended -> {
            assertThat(ended.status()).isEqualTo(2);
            assertThat(ended.err()).contains("No relay answers at http://127.0.0.1:1");
        });
        assertThat(relay.asked()).isEmpty();
    }

    private Ended send(String provider, String variable, String secret) {
        return Call.run(environment(variable, secret), "send", provider, webhook);
    }

    private Map<String, String> environment(String variable, String secret) {
        return new HashMap<>(Map.of("RELAY_HOME", folder.toString(), "SERVER_PORT", relay.port(), variable, secret));
    }
}
