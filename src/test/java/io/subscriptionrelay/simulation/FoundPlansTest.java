package io.subscriptionrelay.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.subscriptionrelay.simulation.Plan.Event;
import io.subscriptionrelay.simulation.Plan.Fault;
import io.subscriptionrelay.simulation.Plan.Kind;
import io.subscriptionrelay.simulation.Plan.Nature;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Plans that have found something, as short as they could be made. */
class FoundPlansTest {

    private static Event state(int number, long at) {
        return new Event(number, Duration.ofMillis(at), "user", at, true, Nature.GOOD, null);
    }

    private static Event event(int number, long at) {
        return new Event(number, Duration.ofMillis(at), "user", at, false, Nature.GOOD, null);
    }

    private static Fault fault(Kind kind, long from, long length, int number) {
        return new Fault(kind, 0, Duration.ofMillis(from), Duration.ofMillis(length), number);
    }

    @Test
    void aNewerStateIsSentAgainWhenAnotherRelayTookOverItsUserBeforeItWasNoted() {
        // noted late, because the database is away for the relay that has sent it
        assertThat(Simulation.run(new Plan(625, "clevertap", 2, 100,
                List.of(new Event(0, Duration.ofMillis(503), "other", 503, true, Nature.GOOD, null), state(21, 767),
                        new Event(36, Duration.ofMillis(1316), "other", 1316, false, Nature.GOOD, null), state(62, 1529), state(48, 1694),
                        event(100, 1825), state(3, 1971)),
                List.of(fault(Kind.DATABASE_AWAY, 14_000, 124_000, 0), fault(Kind.OUTAGE_429, 1722, 8757, 4))))).isEmpty();
    }

    @Test
    void anAccountThatSaysWhenToComeBackIsBelievedThoughItIsBackWhenItsAnswerArrives() {
        // its outage ends between a call and the answer, which asks for 20 s
        assertThat(Simulation.run(Plan.of(51687))).isEmpty();
    }

    @Test
    void whoIsAnsweredInAnOutageMayTakeTheAccountForBackAndAskWithAllThatWaits() {
        // it was asked just before the outage, and answers 17 s later
        assertThat(Simulation.run(Plan.of(11954))).isEmpty();
    }
}
