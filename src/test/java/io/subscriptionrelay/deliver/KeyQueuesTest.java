package io.subscriptionrelay.deliver;

import static org.assertj.core.api.Assertions.assertThat;

import io.subscriptionrelay.deliver.KeyQueues.Ticket;
import io.subscriptionrelay.order.StateTimes;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class KeyQueuesTest {

    private final KeyQueues queues = new KeyQueues(System::nanoTime);

    @Test
    void oneKeyIsServedInTheOrderOfItsTickets() {
        Ticket first = queues.take("a");
        Ticket second = queues.take("a");
        Ticket third = queues.take("a");
        assertThat(first.turn()).isDone();
        assertThat(second.turn()).isNotDone();
        first.leave();
        assertThat(second.turn()).isDone();
        assertThat(third.turn()).isNotDone();
        second.leave();
        assertThat(third.turn()).isDone();
    }

    @Test
    void whoLeavesBeforeItsTurnLetsNobodyGoAheadOfThoseBeforeIt() {
        Ticket first = queues.take("a");
        Ticket rolledBack = queues.take("a");
        rolledBack.close();
        Ticket third = queues.take("a");
        assertThat(third.turn()).isNotDone();
        first.leave();
        assertThat(third.turn()).isDone();
    }

    @Test
    void otherKeysDoNotWait() {
        queues.take("a");
        assertThat(queues.take("b").turn()).isDone();
    }

    @Test
    void theGapBeginsWhenACallHasEnded() {
        Ticket ticket = queues.take("a");
        assertThat(ticket.left(Duration.ofSeconds(1).toNanos())).isZero();
        ticket.called();
        assertThat(Duration.ofNanos(ticket.left(Duration.ofSeconds(1).toNanos()))).isBetween(Duration.ofMillis(500), Duration.ofSeconds(1));
    }

    @Test
    void whatWasAppliedIsKnownToThoseWhoWaitedMeanwhile() {
        Ticket first = queues.take("a");
        Ticket second = queues.take("a");
        first.applied(StateTimes.NONE.applied(3));
        first.applied(first.applied().applied(5));
        first.leave();
        assertThat(second.applied().newest()).isEqualTo(5);
        assertThat(queues.take("b").applied()).isEqualTo(StateTimes.NONE);
    }

    @Test
    void whatWasAppliedIsKnownUntilItIsInTheStateDatabase() {
        AtomicLong now = new AtomicLong();
        KeyQueues many = new KeyQueues(now::get);
        Ticket ticket = many.take("a");
        ticket.applied(StateTimes.NONE.applied(5));
        ticket.leave();
        for (int user = 0; user < 20_000; user++) {
            many.take("other" + user).close();
        }

        now.addAndGet(Duration.ofMinutes(1).toNanos());
        many.take("sweeps").close();
        try (Ticket next = many.take("a")) {
            assertThat(next.turn()).isDone();
            assertThat(next.applied().newest()).isEqualTo(5);
        }

        ticket.close();
        ticket.close();
        for (int user = 0; user < 20_000; user++) {
            many.take("another" + user).close();
        }
        now.addAndGet(Duration.ofMinutes(1).toNanos());
        many.take("sweeps").close();
        assertThat(many.take("a").applied()).isEqualTo(StateTimes.NONE);
    }
}
