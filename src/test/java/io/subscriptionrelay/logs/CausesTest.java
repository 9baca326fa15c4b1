package io.subscriptionrelay.logs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class CausesTest {

    @Test
    void theInnermostCauseIsNamedOnOneLineWithoutAddresses() {
        Exception failure = new IllegalStateException("Uncategorized exception occurred during JMS processing",
                new RuntimeException("wrapped", new IOException("AMQ219016: connection\nfailure for jane.doe+x@mail.example")));
        assertThat(Causes.of(failure)).isEqualTo("IOException: AMQ219016: connection failure for …@…");
        assertThat(Causes.of(new IOException())).isEqualTo("IOException");
    }

    @Test
    void aLongTextIsCut() {
        assertThat(Causes.line("x".repeat(10_000)).length()).isLessThan(400);
    }
}
