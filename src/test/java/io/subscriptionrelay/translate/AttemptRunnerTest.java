package io.subscriptionrelay.translate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** What is tried and does not end. */
class AttemptRunnerTest {

    private static final Duration SHORT = Duration.ofMillis(50);

    @Test
    void whatCannotBeStoppedKeepsTwoThreadsAndNoMoreUntilItEnds() throws AttemptFailedException {
        CountDownLatch ends = new CountDownLatch(1);
        AtomicInteger begun = new AtomicInteger();
        try (AttemptRunner runner = new AttemptRunner()) {
            for (int i = 0; i < 6; i++) {
                new Thread(() -> {
                    try {
                        runner.run(() -> {
                            begun.incrementAndGet();
                            ends.await();
                            return null;
                        }, SHORT);
                    } catch (AttemptFailedException givenUp) {
                        // as it should
                    }
                }).start();
            }
            Awaitility.await().untilAsserted(() -> assertThatThrownBy(() -> runner.run(() -> "more", SHORT)).isInstanceOf(AttemptFailedException.class)
                    .hasMessageContaining("too much is being tried"));
            assertThat(begun).hasValue(2);
            Awaitility.await().until(() -> Thread.getAllStackTraces().keySet().stream().filter(thread -> thread.getName().startsWith("attempts-")).count() == 2);
            ends.countDown();
            Awaitility.await().ignoreExceptions().until(() -> runner.run(() -> "more", SHORT).equals("more"));
        }
    }

    @Test
    void whoeverWaitsIsToldThatItTakesTooLong() {
        CountDownLatch ends = new CountDownLatch(1);
        try (AttemptRunner runner = new AttemptRunner()) {
            assertThatThrownBy(() -> runner.run(() -> {
                ends.await();
                return null;
            }, SHORT)).isInstanceOf(AttemptFailedException.class).hasMessageContaining("took longer than 2 s");
            ends.countDown();
        }
    }

    @Test
    void anErrorIsASentenceThatQuotesNothing() throws AttemptFailedException {
        try (AttemptRunner runner = new AttemptRunner()) {
            assertThatThrownBy(() -> runner.run(() -> {
                throw new StackOverflowError("lena@example.com");
            }, SHORT)).hasMessage("goes too deep: a function calls itself without end, or brackets stand within brackets too often");
            assertThatThrownBy(() -> runner.run(() -> {
                throw new IllegalStateException("lena@example.com");
            }, SHORT)).hasMessage("failed (IllegalStateException)");
            assertThat(runner.run(() -> "goes on", SHORT)).isEqualTo("goes on");
        }
    }
}
