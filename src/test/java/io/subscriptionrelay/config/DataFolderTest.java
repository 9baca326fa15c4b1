package io.subscriptionrelay.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.subscriptionrelay.broker.EmbeddedBroker;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

@EnabledOnOs({OS.LINUX, OS.MAC})
@ExtendWith(OutputCaptureExtension.class)
class DataFolderTest {

    private static final Set<PosixFilePermission> OWNERS = PosixFilePermissions.fromString("rwx------");

    @TempDir
    Path folder;

    @Test
    void nobodyElseCanReadWhatTheRelayMakesAndWhatIsOpenAlreadyIsToldOnce(CapturedOutput log) throws Exception {
        Path data = folder.resolve("home/data");
        try (Simulators simulators = new Simulators()) {
            try (RelayApp relay = RelayApp.with(data).cleverTap(simulators.cleverTap.url()).start()) {
                assertThat(List.of(data, data.resolve("broker"), data.resolve("state"))).allSatisfy(made ->
                        assertThat(Files.getPosixFilePermissions(made)).isEqualTo(OWNERS));
                work(relay);
                await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThat(wide(data)).isEmpty());
                assertThat(names(data)).contains("relay.lock", "broker.files", "state.db", "history", "console.password")
                        .anyMatch(name -> name.endsWith(".amq")).anyMatch(name -> name.endsWith(".page")).anyMatch(name -> name.endsWith(".msg"));
            }
            assertThat(wide(data)).isEmpty();
            assertThat(log.getOut()).doesNotContain("chmod");

            Path kept = Files.createDirectory(data.resolve("broker-damaged-before")).resolve("kept");
            Files.writeString(kept, "x");
            Files.setPosixFilePermissions(kept, PosixFilePermissions.fromString("rw-r--r--"));
            Files.setPosixFilePermissions(data, PosixFilePermissions.fromString("rwxr-x---"));
            try (RelayApp relay = RelayApp.with(data).cleverTap(simulators.cleverTap.url()).start()) {
                work(relay);
            }
            assertThat(log.getOut().lines().filter(line -> line.contains("chmod"))).singleElement().asString()
                    .contains("Other users of this machine may look into " + data + ". To close it: chmod -R go-rwx '" + data + "'");
            assertThat(wide(data)).as("what somebody may want so stays as it is").containsExactlyInAnyOrder(data, kept.getParent(), kept);
        }
    }

    /** A large message, a page, a parked event, a delivered one. */
    private static void work(RelayApp relay) throws Exception {
        relay.revenueCat("{\"event\":{\"id\":\"" + System.nanoTime() + "\",\"padding\":\"" + "x".repeat(400_000) + "\"}}");
        await().atMost(Duration.ofSeconds(20)).until(() -> relay.parked().path("total").asInt() > 0);
        relay.bean(EmbeddedBroker.class).server().orElseThrow().locateQueue("parked.events.revenuecat").getPagingStore().startPaging();
        int before = relay.parked().path("total").asInt();
        relay.revenueCat("{\"event\":{\"id\":\"" + System.nanoTime() + "\"}}");
        relay.awaitParked(before + 1);
        relay.revenueCat(Events.renewal("event-" + System.nanoTime(), "user", Events.BASE));
    }

    private static List<Path> wide(Path data) throws IOException {
        List<Path> wide = new ArrayList<>();
        for (Path path : paths(data)) {
            try {
                if (!OWNERS.containsAll(Files.getPosixFilePermissions(path))) {
                    wide.add(path);
                }
            } catch (NoSuchFileException consumedMeanwhile) {
                // a page or a large message that was delivered
            }
        }
        return wide;
    }

    private static List<String> names(Path data) throws IOException {
        return paths(data).stream().map(path -> path.getFileName().toString()).toList();
    }

    /** The relay deletes files while one looks. */
    private static List<Path> paths(Path data) throws IOException {
        List<Path> paths = new ArrayList<>();
        Files.walkFileTree(data, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
                return visitFile(directory, attributes);
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                paths.add(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException gone) {
                return FileVisitResult.CONTINUE;
            }
        });
        return paths;
    }
}
