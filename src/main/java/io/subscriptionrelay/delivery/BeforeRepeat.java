package io.subscriptionrelay.delivery;

import org.apache.camel.Exchange;
import org.apache.camel.Processor;
import org.springframework.stereotype.Component;

/** What happens before a call is repeated, called by the redelivery policy of the HTTP steps. */
@Component("beforeRepeat")
class BeforeRepeat implements Processor {

    private final ClaimGuard guard;
    private final Probe probe;

    BeforeRepeat(ClaimGuard guard, Probe probe) {
        this.guard = guard;
        this.probe = probe;
    }

    @Override
    public void process(Exchange exchange) throws Exception {
        guard.process(exchange);
        if (!exchange.isRouteStop()) {
            probe.process(exchange);
            Outage.repeat(exchange);
        }
    }
}
