package io.subscriptionrelay.testing;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;

/**
 * A disk with ext4 of its own, whose power a test can cut: from then on nothing reaches it, and what was not forced to it is gone. It
 * needs the right to mount, {@code mkfs.ext4} and perl, which makes the system call.
 */
public final class PoweredDisk implements AutoCloseable {

    /** {@code EXT4_IOC_SHUTDOWN} with {@code EXT4_GOING_FLAGS_NOLOGFLUSH}: as the kernel's own tests cut the power. */
    private static final String CUT = "open(my $disk, '<', $ARGV[0]) or die $!; my $flags = pack('L', 2);"
            + " ioctl($disk, 0x8004587d, $flags) or die $!;";

    private final Path image;
    private final Path folder;

    private PoweredDisk(Path image, Path folder) {
        this.image = image;
        this.folder = folder;
    }

    /**
     * Makes a disk and mounts it.
     *
     * @param below where its image is, and where it is mounted
     * @throws Missing when it cannot be made here, saying what is missing
     */
    public static PoweredDisk mount(Path below, int megabytes) throws Missing {
        PoweredDisk disk = new PoweredDisk(below.resolve("image"), below.resolve("disk"));
        try {
            Files.createDirectories(disk.folder);
            try (RandomAccessFile file = new RandomAccessFile(disk.image.toFile(), "rw")) {
                file.setLength((long) megabytes << 20);
            }
            need("perl", "perl", "-e", "1");
            need("mkfs.ext4", "mkfs.ext4", "-q", "-F", disk.image.toString());
            need("the right to mount a file system", "mount", "-o", "loop", disk.image.toString(), disk.folder.toString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return disk;
    }

    private static void need(String what, String... command) throws Missing {
        try {
            run(command);
        } catch (UncheckedIOException e) {
            throw new Missing(what + " is missing here (" + e.getCause().getMessage() + ")");
        }
    }

    /** Where it is mounted. */
    public Path folder() {
        return folder;
    }

    /** Nothing reaches the disk from now on; reading and writing fail. */
    public void cut() {
        run("perl", "-e", CUT, folder.toString());
    }

    /** Mounts it as it was when its power was cut, once nobody has a file of it open any more. */
    public void powerUp() {
        unmount();
        run("mount", "-o", "loop", image.toString(), folder.toString());
    }

    private void unmount() {
        Awaitility.await("nobody uses the disk").atMost(Duration.ofSeconds(20)).ignoreException(UncheckedIOException.class)
                .until(() -> run("umount", folder.toString()));
    }

    private static boolean run(String... command) {
        try {
            Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            if (process.waitFor() != 0) {
                throw new UncheckedIOException(new IOException(List.of(command).get(0) + ": " + said));
            }
            return true;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        try {
            unmount();
        } catch (RuntimeException stillInUse) {
            run("umount", "-l", folder.toString());
        }
    }

    /** Says what a disk needs and is not here. */
    public static final class Missing extends Exception {

        private static final long serialVersionUID = 1;

        private Missing(String message) {
            super(message);
        }
    }
}
