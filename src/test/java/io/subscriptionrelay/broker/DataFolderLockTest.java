package io.subscriptionrelay.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.subscriptionrelay.config.StartRefusedException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataFolderLockTest {

    @Test
    void refusesAFolderThatStaysInUse(@TempDir Path folder) throws Exception {
        try (DataFolderLock first = DataFolderLock.take(folder, Duration.ZERO)) {
            assertThat(first).isNotNull();
            assertThatThrownBy(() -> DataFolderLock.take(folder, Duration.ofMillis(300)))
                    .isInstanceOf(StartRefusedException.class).hasMessageContaining("in use by another relay");
        }
    }

    @Test
    void waitsForTheOneBeforeToLeave(@TempDir Path folder) throws Exception {
        DataFolderLock first = DataFolderLock.take(folder, Duration.ZERO);
        CompletableFuture<DataFolderLock> second = CompletableFuture.supplyAsync(() -> {
            try {
                return DataFolderLock.take(folder, Duration.ofSeconds(30));
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        first.close();
        second.get(30, TimeUnit.SECONDS).close();
    }
}
