package io.subscriptionrelay.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.stream.LongStream;

/** What a process and those that it has started have used so far, by {@code /proc}. */
final class Usage {

    /** Linux counts processor time in these on every architecture that the JDK has. */
    private static final double TICKS_A_SECOND = 100;
    private static final String WRITTEN = "write_bytes: ";

    private Usage() {
    }

    /** Processor time, the user's and the system's, in seconds. What has ended is counted by who has started it. */
    static double processor(long pid) throws IOException {
        long ticks = 0;
        for (long each : family(pid)) {
            String stat = read(each, "stat");
            // the name in brackets may have blanks
            String[] fields = stat.substring(stat.lastIndexOf(')') + 1).trim().split(" ");
            for (int i = 11; stat.length() > 0 && i <= 14; i++) {
                ticks += Long.parseLong(fields[i]);
            }
        }
        return ticks / TICKS_A_SECOND;
    }

    /** Bytes that those who run now have had written to disks. */
    static long written(long pid) throws IOException {
        long bytes = 0;
        for (long each : family(pid)) {
            bytes += read(each, "io").lines().filter(line -> line.startsWith(WRITTEN)).mapToLong(line -> Long.parseLong(line.substring(WRITTEN.length())))
                    .sum();
        }
        return bytes;
    }

    private static long[] family(long pid) {
        return LongStream.concat(LongStream.of(pid), ProcessHandle.of(pid).stream().flatMap(ProcessHandle::children).mapToLong(ProcessHandle::pid)).toArray();
    }

    private static String read(long pid, String file) throws IOException {
        try {
            return Files.readString(Path.of("/proc", Long.toString(pid), file));
        } catch (NoSuchFileException ended) {
            return "";
        }
    }
}
