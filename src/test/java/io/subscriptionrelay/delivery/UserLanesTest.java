package io.subscriptionrelay.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.subscriptionrelay.delivery.UserLanes.Pass;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class UserLanesTest {

    private final UserLanes lanes = new UserLanes(Duration.ofSeconds(1));

    @Test
    void oneUserIsServedInTheOrderOfEntering() {
        Pass first = lanes.enter("a");
        Pass second = lanes.enter("a");
        Pass third = lanes.enter("a");
        assertThat(first.turn()).isDone();
        assertThat(second.turn()).isNotDone();
        first.leave();
        assertThat(second.turn()).isDone();
        assertThat(third.turn()).isNotDone();
        second.leave();
        assertThat(third.turn()).isDone();
    }

    @Test
    void otherUsersDoNotWait() {
        lanes.enter("a");
        assertThat(lanes.enter("b").turn()).isDone();
    }

    @Test
    void theSpacingBeginsWhenSomethingWasDone() {
        Pass pass = lanes.enter("a");
        assertThat(pass.spacing(System.nanoTime())).isZero();
        pass.done();
        assertThat(Duration.ofNanos(pass.spacing(System.nanoTime()))).isBetween(Duration.ofMillis(500), Duration.ofSeconds(1));
    }

    @Test
    void whatWasAppliedIsKnownToThoseWhoWaitedMeanwhileAndNeverGoesBack() {
        Pass first = lanes.enter("a");
        Pass second = lanes.enter("a");
        first.applied(5);
        first.applied(3);
        first.leave();
        assertThat(second.applied()).isEqualTo(5);
        assertThat(lanes.enter("b").applied()).isEqualTo(Long.MIN_VALUE);
    }
}
