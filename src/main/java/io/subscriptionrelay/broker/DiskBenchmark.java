package io.subscriptionrelay.broker;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;

/**
 * Finds out how long the disk takes to force a small write. The journal gathers writes for that long and forces them
 * with one call; waiting longer than the disk needs only delays acknowledgements (with the broker's default of 3.3 ms
 * one sender gets 260 of them a second, on a disk that could do ten times as many), and waiting less gathers nothing.
 */
final class DiskBenchmark {

    private static final int WRITES = 64;
    private static final int BLOCK = 4096;
    private static final Duration LEAST = Duration.ofNanos(50_000);
    /** The broker's own default for NIO. */
    private static final Duration MOST = Duration.ofNanos(3_333_333);
    private static final String FILE = "journal-sync-nanos";

    private DiskBenchmark() {
    }

    /**
     * The median time of a forced write, measured once and remembered in the folder.
     *
     * @throws IOException when the folder cannot be written
     */
    static Duration forcedWrite(Path folder) throws IOException {
        Path remembered = folder.resolve(FILE);
        try {
            if (Files.exists(remembered)) {
                return bounded(Long.parseLong(Files.readString(remembered).trim()));
            }
        } catch (NumberFormatException e) {
            return MOST;
        }
        Duration measured = bounded(measure(folder));
        Files.writeString(Files.createFile(remembered, OwnFiles.attributes(folder)), Long.toString(measured.toNanos()));
        return measured;
    }

    private static long measure(Path folder) throws IOException {
        Path file = Files.createTempFile(folder, "probe", ".tmp");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            ByteBuffer block = ByteBuffer.allocateDirect(BLOCK);
            channel.write(ByteBuffer.allocate(WRITES * BLOCK), 0);
            channel.force(true);
            long[] nanos = new long[WRITES];
            for (int i = 0; i < WRITES; i++) {
                long start = System.nanoTime();
                channel.write(block.rewind(), (long) i * BLOCK);
                channel.force(false);
                nanos[i] = System.nanoTime() - start;
            }
            Arrays.sort(nanos);
            return nanos[WRITES / 2];
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private static Duration bounded(long nanos) {
        return Duration.ofNanos(Math.max(LEAST.toNanos(), Math.min(MOST.toNanos(), nanos)));
    }
}
