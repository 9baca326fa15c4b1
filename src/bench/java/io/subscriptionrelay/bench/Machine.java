package io.subscriptionrelay.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Arrays;

/**
 * Where the figures come from.
 *
 * @param forcedWriteMicros the median time in which the disk takes a forced write of 4 kB
 */
public record Machine(String time, String jvm, String system, int cores, long memoryMegabytes, double forcedWriteMicros) {

    private static final int WRITES = 200;
    private static final int BLOCK = 4096;

    static Machine look(Path folder) throws IOException {
        com.sun.management.OperatingSystemMXBean system = (com.sun.management.OperatingSystemMXBean)
                java.lang.management.ManagementFactory.getOperatingSystemMXBean();
        return new Machine(Instant.now().toString(), System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version"),
                system.getName() + " " + system.getVersion() + " " + system.getArch(), Runtime.getRuntime().availableProcessors(),
                system.getTotalMemorySize() >> 20, forcedWrite(folder));
    }

    private static double forcedWrite(Path folder) throws IOException {
        Path file = Files.createTempFile(Files.createDirectories(folder), "probe", ".tmp");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            ByteBuffer block = ByteBuffer.allocateDirect(BLOCK);
            long[] nanos = new long[WRITES];
            for (int i = 0; i < WRITES; i++) {
                long start = System.nanoTime();
                channel.write(block.rewind(), 0);
                channel.force(false);
                nanos[i] = System.nanoTime() - start;
            }
            Arrays.sort(nanos);
            return nanos[WRITES / 2] / 1e3;
        } finally {
            Files.deleteIfExists(file);
        }
    }
}
