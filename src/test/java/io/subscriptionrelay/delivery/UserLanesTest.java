package io.subscriptionrelay.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.subscriptionrelay.delivery.UserLanes.Pass;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
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

    @Test
    void whatWasAppliedIsKnownUntilItIsInTheStateDatabase() {
        AtomicLong now = new AtomicLong();
        UserLanes many = new UserLanes(Duration.ofSeconds(1), now::get);
        Pass pass = many.enter("a");
        pass.applied(5);
        pass.leave();
        for (int user = 0; user < 20_000; user++) {
            many.enter("other" + user).close();
        }

        now.addAndGet(Duration.ofMinutes(1).toNanos());
        many.enter("sweeps").close();
        try (Pass next = many.enter("a")) {
            assertThat(next.turn()).isDone();
            assertThat(next.applied()).isEqualTo(5);
        }

        pass.close();
        pass.close();
        for (int user = 0; user < 20_000; user++) {
            many.enter("another" + user).close();
        }
        now.addAndGet(Duration.ofMinutes(1).toNanos());
        many.enter("sweeps").close();
        assertThat(many.enter("a").applied()).isEqualTo(Long.MIN_VALUE);
    }
}
