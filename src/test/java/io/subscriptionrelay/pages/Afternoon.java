package io.subscriptionrelay.pages;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.mapping.Mapper;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Webhook;
import io.subscriptionrelay.translate.ProviderExamples;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;

/** What a relay gets in an ordinary minute: the examples of the providers, each of another user. */
final class Afternoon {

    private static final List<String> USERS = List.of("lena.42", "mia", "jonas_w", "pp-118", "noor.k", "tomasz", "aiko", "runner-51", "carla.r", "member-4812", "oskar", "ines");
    private static final List<String> REVENUECAT = List.of("trial_started", "renewal", "cancellation", "initial_purchase", "renewal", "expiration", "trial_converted", "uncancellation",
            "renewal", "product_change");
    private static final List<String> PURCHASELY = List.of("trial_started", "subscription_renewed", "transaction_processed", "renewal_disabled");

    private final RelayApp relay;
    private int next;

    Afternoon(RelayApp relay) {
        this.relay = relay;
    }

    /** Has so many webhooks come, three of four from RevenueCat. */
    void pass(int webhooks) throws IOException {
        for (int i = 0; i < webhooks; i++) {
            boolean other = i % 4 == 3;
            post(other ? "purchasely" : "revenuecat", other ? PURCHASELY.get(i / 4 % PURCHASELY.size()) : REVENUECAT.get(i % REVENUECAT.size()), USERS.get(next++ % USERS.size()));
        }
    }

    /** Posts the example of a step, as if it happened now to this user. */
    void post(String provider, String step, String user) throws IOException {
        Path example = relay.bean(ProviderExamples.class).steps(provider).get(step);
        byte[] webhook = Files.readAllBytes(example);
        ObjectNode json = (ObjectNode) StrictJson.mapper().readTree(webhook);
        String fresh = new FreshExample(relay.bean(Mapper.class).facts(provider, json, webhook), user, Instant.now()).of(json).toString()
                .replace("5b0d9c1e-42f7-4a86-9d33-8e6f0a1c7b24", Events.oneSignalId(user)).replace("lena@example.com", user + "@example.com");
        assertThat(relay.post(provider, fresh, Webhook.proof(provider, fresh.getBytes(StandardCharsets.UTF_8))).statusCode()).isEqualTo(200);
    }
}
