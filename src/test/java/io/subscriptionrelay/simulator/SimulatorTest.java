package io.subscriptionrelay.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class SimulatorTest {

    private static final String EVENT = "{\"identity\":\"u\",\"type\":\"event\",\"evtName\":\"e\",\"evtData\":{}}";

    @Test
    void afterAnOutageItIsBackOnTheSamePortWithAllItKnew() throws IOException {
        try (CleverTapSimulator cleverTap = simulator().start()) {
            int port = cleverTap.port();
            upload(cleverTap);
            for (int outage = 0; outage < 3; outage++) {
                cleverTap.stop();
                assertThat(cleverTap.isRunning()).isFalse();
                assertThatThrownBy(() -> upload(cleverTap)).isInstanceOf(IOException.class);
                assertThatThrownBy(() -> upload(cleverTap)).isInstanceOf(ConnectException.class);
                cleverTap.start();
                assertThat(cleverTap.port()).isEqualTo(port);
                assertThat(upload(cleverTap).statusCode()).isEqualTo(200);
            }
            assertThat(cleverTap.eventsOf("u")).hasSize(4);
        }
    }

    @Test
    void anotherSimulatorCanTakeOverAPort() throws IOException {
        CleverTapSimulator first = simulator().start();
        upload(first);
        first.close();
        try (CleverTapSimulator second = new CleverTapSimulator(first.port()).account("AAA-BBB-CCCC", "p").start()) {
            assertThat(second.url()).isEqualTo(first.url());
            assertThat(upload(second).statusCode()).isEqualTo(200);
            assertThat(second.storedCount()).isEqualTo(1);
            assertThat(first.storedCount()).isEqualTo(1);
        }
    }

    @Test
    void startingAndStoppingTwiceDoesNothing() throws IOException {
        CleverTapSimulator cleverTap = simulator().start().start();
        assertThat(upload(cleverTap).statusCode()).isEqualTo(200);
        cleverTap.stop();
        cleverTap.close();
        assertThat(cleverTap.isRunning()).isFalse();
    }

    @Test
    void withoutAPortThereIsNoUrlYet() {
        CleverTapSimulator cleverTap = simulator();
        assertThat(cleverTap.port()).isZero();
        assertThatThrownBy(cleverTap::url).hasMessageContaining("start()");
    }

    @Test
    void itListensOnTheLoopbackAddressOnly() {
        try (CleverTapSimulator cleverTap = simulator().start()) {
            assertThat(cleverTap.url()).isEqualTo("http://127.0.0.1:" + cleverTap.port());
            assertThat(cleverTap.port()).isPositive();
            assertThatThrownBy(() -> Http.send("GET", "http://127.0.0.2:" + cleverTap.port(), null))
                    .isInstanceOf(ConnectException.class);
        }
    }

    @Test
    void everyCallTakesAtLeastTheLatency() throws IOException {
        try (CleverTapSimulator cleverTap = simulator().latency(Duration.ofMillis(30), Duration.ofMillis(40)).start()) {
            for (int i = 0; i < 3; i++) {
                upload(cleverTap);
            }
            assertThat(cleverTap.calls()).hasSize(3).allSatisfy(call -> assertThat(call.endNanos() - call.startNanos())
                    .isGreaterThanOrEqualTo(Duration.ofMillis(30).toNanos()));
        }
        assertThatThrownBy(() -> simulator().latency(Duration.ofMillis(2), Duration.ofMillis(1)))
                .hasMessageContaining("shorter one first");
    }

    @Test
    void aNegativeNumberOfEntriesToKeepIsRefused() {
        assertThatThrownBy(() -> simulator().keep(-1)).hasMessageContaining("keep(-1)");
    }

    @Test
    void itDoesNotKeepTheProcessAlive() {
        try (CleverTapSimulator cleverTap = simulator().start()) {
            upload(cleverTap);
            assertThat(Thread.getAllStackTraces().keySet())
                    .filteredOn(thread -> thread.getName().startsWith("HTTP-Dispatcher")
                            || thread.getName().startsWith("simulator-" + cleverTap.port()))
                    .isNotEmpty().allMatch(Thread::isDaemon);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static CleverTapSimulator simulator() {
        return new CleverTapSimulator().account("AAA-BBB-CCCC", "p");
    }

    private static HttpResponse<String> upload(CleverTapSimulator cleverTap) throws IOException {
        return Http.send("POST", cleverTap.url() + "/1/upload", "{\"d\":[" + EVENT + "]}",
                "X-CleverTap-Account-Id", "AAA-BBB-CCCC", "X-CleverTap-Passcode", "p");
    }
}
