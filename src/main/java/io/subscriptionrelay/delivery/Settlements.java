package io.subscriptionrelay.delivery;

import io.subscriptionrelay.parked.Parking;
import java.time.Clock;
import org.apache.camel.Exchange;
import org.springframework.stereotype.Component;

/** Begins the settlement of a batch. */
@Component
public class Settlements {

    private final Outcomes outcomes;
    private final Parking parking;
    private final Clock clock;

    Settlements(Outcomes outcomes, Parking parking, Clock clock) {
        this.outcomes = outcomes;
        this.parking = parking;
        this.clock = clock;
    }

    public Settlement begin(Exchange batch) {
        return new Settlement(batch, outcomes, parking, clock);
    }
}
