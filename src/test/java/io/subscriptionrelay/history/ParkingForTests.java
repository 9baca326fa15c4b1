package io.subscriptionrelay.history;

import java.time.Clock;

/** Parking without an application. */
public final class ParkingForTests {

    private ParkingForTests() {
    }

    public static Parking with(Outcomes outcomes, Clock clock) {
        return new Parking(outcomes, clock);
    }
}
