package io.subscriptionrelay.translate;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.subscriptionrelay.event.NotAJsonObjectException;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.history.DryRun;
import io.subscriptionrelay.history.DryRun.Replay;
import io.subscriptionrelay.mapping.Facts;
import io.subscriptionrelay.mapping.Mapper;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import org.springframework.stereotype.Component;

/** Shows what today's routes and mappings make of a webhook that nobody has sent. */
@Component
public class WebhookPreview {

    private final Mapper mapper;
    private final DryRun dryRun;
    private final Clock clock;

    WebhookPreview(Mapper mapper, DryRun dryRun, Clock clock) {
        this.mapper = mapper;
        this.dryRun = dryRun;
        this.clock = clock;
    }

    /**
     * What would become of a webhook of this provider.
     *
     * @param body the bytes as the provider sends them
     * @throws NotAJsonObjectException when they are no event at all; a provider that calls without an event when it is set up may send that
     */
    public Preview of(String provider, byte[] body) throws NotAJsonObjectException {
        Optional<ObjectNode> webhook = StrictJson.object(body);
        Facts facts = webhook.isPresent() ? mapper.facts(provider, webhook.get(), body) : Facts.unreadable(body);
        return new Preview(facts, facts.notAnEvent() ? List.of()
                : dryRun.of(new Replay(provider, facts.id(), clock.millis(), null, null, null, body)));
    }
}
