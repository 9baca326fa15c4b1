package io.subscriptionrelay.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.RelayProcess;
import io.subscriptionrelay.testing.Simulators;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A data directory on a small file system of its own, which fills up or becomes
 * read-only under the relay. Needs the right to mount.
 */
@Tag("chaos")
class DiskTroubleTest {

    private static final int MEGABYTES = 160;

    @TempDir
    Path folder;

    private Path disk;
    private final Set<String> accepted = new LinkedHashSet<>();
    private int next;

    @BeforeEach
    void mount() throws Exception {
        disk = Files.createDirectories(folder.resolve("disk"));
        assumeTrue(run("mount", "-t", "tmpfs", "-o", "size=" + MEGABYTES + "m", "relay-test", disk.toString()) == 0,
                "a file system of its own can be mounted here");
    }

    @AfterEach
    void unmount() throws Exception {
        run("umount", "-l", disk.toString());
    }

    @Test
    void aFullDiskIsAnsweredWith503AndCostsNothingThatWasAcceptedAndHealsItself() throws Exception {
        try (Simulators simulators = new Simulators(); RelayProcess relay = relay(simulators).start()) {
            simulators.cleverTap.stop();
            acceptSome(relay, 200);
            Path filler = disk.resolve("filler");
            fill(filler);
            sendUntilRefused(relay);
            refusedFor(relay);
            assertThat(relay.actuator("/health/readiness").statusCode()).isEqualTo(503);
            assertThat(relay.actuator("/health/liveness").statusCode()).isEqualTo(200);

            Files.delete(filler);
            acceptedAgain(relay);
            simulators.cleverTap.start();
            everythingArrives(simulators);
            System.out.printf("disk full: %d accepted, none lost, %d delivered again%n", accepted.size(), repeated(simulators));
            assertThat(relay.log()).contains("The broker stops, because").contains("The broker runs again");
        }
    }

    @Test
    void aDiskThatTheKernelMakesReadOnlyIsAnsweredWith503AndNothingThatWasAcceptedIsLost() throws Exception {
        run("umount", disk.toString());
        Path image = folder.resolve("image");
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength((long) MEGABYTES << 20);
        }
        assumeTrue(run("mkfs.ext4", "-q", "-F", image.toString()) == 0
                && run("mount", "-o", "loop,errors=remount-ro", image.toString(), disk.toString()) == 0, "an image can be mounted here");
        try (Simulators simulators = new Simulators(); RelayProcess relay = relay(simulators).start()) {
            simulators.cleverTap.stop();
            acceptSome(relay, 200);
            reportAnErrorToTheKernel();
            sendUntilRefused(relay);
            refusedFor(relay);
            assertThat(relay.actuator("/health/readiness").statusCode()).isEqualTo(503);

            // what an operator does then
            relay.kill();
            assertThat(run("umount", disk.toString())).isZero();
            run("fsck.ext4", "-p", "-f", image.toString());
            assertThat(run("mount", "-o", "loop", image.toString(), disk.toString())).isZero();
            relay.start();
            acceptedAgain(relay);
            simulators.cleverTap.start();
            everythingArrives(simulators);
            System.out.printf("disk read-only: %d accepted, none lost, %d delivered again%n", accepted.size(), repeated(simulators));
        }
    }

    private void reportAnErrorToTheKernel() throws IOException {
        String device = Files.readAllLines(Path.of("/proc/mounts")).stream().filter(line -> line.contains(" " + disk + " "))
                .findFirst().orElseThrow().split(" ")[0];
        Files.writeString(Path.of("/sys/fs/ext4", Path.of(device).getFileName().toString(), "trigger_fs_error"), "1");
    }

    @Test
    void aStartOnADiskThatCannotBeWrittenSaysSo() throws Exception {
        try (Simulators simulators = new Simulators(); RelayProcess relay = relay(simulators).start()) {
            acceptSome(relay, 10);
            relay.kill();
            assertThat(run("mount", "-o", "remount,ro", disk.toString())).isZero();
            assertThatThrownBy(relay::start).hasMessageContaining("cannot be written").hasMessageContaining("RELAY_DATA_DIR")
                    .hasMessageNotContaining("\tat ");
            assertThat(run("mount", "-o", "remount,rw", disk.toString())).isZero();
            relay.start();
            everythingArrives(simulators);
        }
    }

    private RelayProcess relay(Simulators simulators) {
        // the broker itself is to meet the end of the disk
        return new RelayProcess(folder, simulators).set("relay.data-dir", disk.resolve("data").toString())
                .set("relay.broker.min-disk-free", "0B");
    }

    private void acceptSome(RelayProcess relay, int count) {
        for (int n = 0; n < count; n++) {
            assertThat(send(relay)).isEqualTo(200);
        }
    }

    private int send(RelayProcess relay) {
        String id = "D-" + next++;
        int status = relay.revenueCat(Events.renewal(id, "disk-user-" + id, Events.BASE + next));
        if (status == 200) {
            accepted.add(id);
        }
        return status;
    }

    private void sendUntilRefused(RelayProcess relay) {
        await().atMost(Duration.ofMinutes(2)).pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(1)).until(() -> {
            int status = send(relay);
            assertThat(status).isIn(200, 503);
            return status == 503;
        });
    }

    private void refusedFor(RelayProcess relay) {
        for (int n = 0; n < 20; n++) {
            assertThat(send(relay)).isEqualTo(503);
        }
    }

    private void acceptedAgain(RelayProcess relay) {
        await().atMost(Duration.ofMinutes(1)).pollInterval(Duration.ofMillis(200)).until(() -> send(relay) == 200);
        acceptSome(relay, 50);
    }

    private void everythingArrives(Simulators simulators) {
        await().atMost(Duration.ofMinutes(2)).untilAsserted(() -> assertThat(counts(simulators).keySet()).containsAll(accepted));
    }

    private static Map<String, Integer> counts(Simulators simulators) {
        Map<String, Integer> counts = new HashMap<>();
        simulators.cleverTap.stored().forEach(record -> counts.merge(record.data().path("event_id").asText(), 1, Integer::sum));
        return counts;
    }

    private static long repeated(Simulators simulators) {
        return counts(simulators).values().stream().mapToLong(count -> count - 1).sum();
    }

    private static void fill(Path filler) {
        byte[] block = new byte[4096];
        try (OutputStream out = Files.newOutputStream(filler)) {
            while (true) {
                out.write(block);
            }
        } catch (IOException full) {
            assertThat(full.getMessage()).contains("No space left");
        }
    }

    private static int run(String... command) throws IOException, InterruptedException {
        return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor();
    }
}
