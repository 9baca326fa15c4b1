package io.subscriptionrelay.demo;

import io.subscriptionrelay.config.RelayProperties;
import java.nio.file.Path;
import org.springframework.context.annotation.Profile;
import org.springframework.stereotype.Component;

/** What the person who looks at the demo can do now, as commands to copy. */
@Component
@Profile("demo")
class NextSteps {

    private final RelayProperties properties;
    private final Providers providers;
    private final Progress progress;

    NextSteps(RelayProperties properties, Providers providers, Progress progress) {
        this.properties = properties;
        this.providers = providers;
        this.progress = progress;
    }

    String text(int port, int operations) {
        Path settings = properties.homeFolder().resolve("mappings/revenuecat/clevertap.yaml").normalize();
        String parked = progress.mark().parked().values().stream().filter(entry -> "clevertap".equals(entry.destination()))
                .map(Progress.Parked::id).findFirst().orElse("<id>");
        return """
                It goes on running; Ctrl-C stops it. Whatever arrives at CleverTap or OneSignal from now on is told line by line. Try:

                1. Look at all of it: what was sent for each webhook, what was answered, what is parked and why. Mend, replay, send a test event.
                   The user is %7$s, the password is in %8$s

                   http://localhost:%5$d

                2. Post a renewal, signed as RevenueCat signs it. Each time you paste this, it is a new event:

                   t=$(date +%%s)
                   body='{"event":{"id":"try-'$t'","type":"RENEWAL","app_user_id":"mia","event_timestamp_ms":'$t'000,"currency":"CHF","price_in_purchased_currency":12.5,"subscriber_attributes":{"$onesignalUserId":{"value":"11111111-2222-4333-8444-0000000000a1"}}}}'
                   curl -i http://localhost:%1$d/webhooks/revenuecat -d "$body" -H 'Authorization: %2$s' \\
                     -H "X-RevenueCat-Webhook-Signature: t=$t,v1=$(printf %%s "$t.$body" | openssl dgst -sha256 -hmac '%3$s' | sed 's/.* //')"

                3. Rename the event: in %4$s write

                     renewal: Subscription renewed

                   save, and post another renewal. No restart; a mistake in the file is told here, and the old name stays in use.

                4. Mend what is parked. CleverTap refused the billing issue, because that event was discarded in its dashboard;
                   give it another name in the same file (billing_issue: Billing issue), then replay it, on the page Parked or so:

                   curl http://localhost:%5$d/actuator/parked
                   curl -X POST http://localhost:%5$d/actuator/parked/%6$s

                5. Ask as a program does, by an event's id or a user's:

                   curl http://localhost:%5$d/actuator/events/0d1f3a52-0005-4000-8000-000000000005
                   curl 'http://localhost:%5$d/actuator/events?user=mia'
                   curl http://localhost:%5$d/actuator/health
                   curl -s http://localhost:%5$d/actuator/prometheus | grep ^relay_
                """.formatted(port, providers.token("revenuecat"), providers.signingSecret("revenuecat"), settings, operations, parked,
                properties.console().user(), properties.dataFolder().resolve("console.password"));
    }
}
