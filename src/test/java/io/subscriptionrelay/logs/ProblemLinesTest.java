package io.subscriptionrelay.logs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import java.nio.file.Path;
import java.time.Duration;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.jdbc.core.JdbcTemplate;

/** A problem has a beginning and an end in the log, whatever the number of attempts between them. */
@ExtendWith(OutputCaptureExtension.class)
class ProblemLinesTest {

    @TempDir
    Path folder;

    @Test
    void aStateDatabaseThatFailsIsToldOnceAndItsReturnToo(CapturedOutput log) {
        try (Simulators simulators = new Simulators();
                RelayApp relay = RelayApp.with(folder).oneSignal(simulators.oneSignal.url()).start()) {
            JdbcTemplate state = new JdbcTemplate(relay.bean(DataSource.class));
            state.execute("ALTER TABLE applied_state RENAME TO mislaid");
            relay.revenueCat(Events.renewal("lines-1", "user", Events.BASE));
            // the third attempt comes after 0.3 s
            await().atMost(Duration.ofSeconds(30)).until(() -> rolledBack() >= 3);
            state.execute("ALTER TABLE mislaid RENAME TO applied_state");
            await().atMost(Duration.ofSeconds(30)).until(() -> log.getOut().contains("are committed again"));
        }
        assertThat(log.getOut().lines().filter(line -> line.contains("deliver.onesignal.production"))).hasSize(2)
                .first().asString().contains("was rolled back").contains("applied_state");
        assertThat(log.getOut().lines().filter(line -> line.contains(" ERROR ") || line.startsWith("\tat "))).isEmpty();
    }

    private static long rolledBack() throws Exception {
        javax.management.MBeanServer beans = java.lang.management.ManagementFactory.getPlatformMBeanServer();
        long total = 0;
        for (javax.management.ObjectName name : beans.queryNames(new javax.management.ObjectName(
                "org.apache.camel:context=*,type=consumers,name=JmsBatchConsumer*"), null)) {
            total += ((Number) beans.getAttribute(name, "RolledBack")).longValue();
        }
        return total;
    }
}
