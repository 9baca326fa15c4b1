package io.subscriptionrelay.config;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.EnvironmentAware;
import org.springframework.core.env.Environment;
import org.springframework.stereotype.Component;

/**
 * Keeps other users of the machine out of the data directory, whatever the umask. Java cannot set the umask, and the broker and the database make
 * their files by themselves: so the directories are made before them, {@code rwx------}, which is what nobody gets past, and files become
 * {@code rw-------} within a moment. What is there already stays as it is, because somebody may want it so, and is warned of.
 *
 * <p>It is a post-processor so that it comes before whatever writes into the directory, and goes after it.
 */
@Component
class DataFolder implements BeanFactoryPostProcessor, EnvironmentAware, DisposableBean {

    private static final Logger LOG = LoggerFactory.getLogger(DataFolder.class);
    private static final Set<PosixFilePermission> OWNERS = PosixFilePermissions.fromString("rwx------");
    private static final long SHORTEST_PAUSE = TimeUnit.SECONDS.toNanos(1);
    /** Thousands of files wait for a destination that is away: this much of the time at the most is for looking at them. */
    private static final int PAUSES_PER_LOOK = 100;

    private Environment environment;
    private Path folder;
    /** What was there before this start and can be read by others; nobody but the operator changes it. */
    private Set<Path> left = Set.of();
    private ScheduledExecutorService looks;

    @Override
    public void setEnvironment(Environment environment) {
        this.environment = environment;
    }

    @Override
    public void postProcessBeanFactory(ConfigurableListableBeanFactory beans) {
        RelayProperties properties = Binder.get(environment).bind("relay", RelayProperties.class).get();
        Path data = properties.dataFolder().toAbsolutePath().normalize();
        if (!data.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            return;
        }
        folder = data;
        left = wide();
        if (!left.isEmpty()) {
            LOG.warn("Other users of this machine may look into {}{}. To close it: chmod -R go-rwx '{}'", folder,
                    left.contains(folder) ? "" : " (" + left.size() + " of its files and directories)", folder);
        }
        make(folder);
        if (!properties.broker().external()) {
            make(folder.resolve("broker"));
        }
        if (environment.getProperty("spring.datasource.url", "").startsWith("jdbc:sqlite:")) {
            make(folder.resolve("state"));
        }
        looks = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "data-folder");
            thread.setDaemon(true);
            return thread;
        });
        looks.schedule(this::lookAgain, SHORTEST_PAUSE, TimeUnit.NANOSECONDS);
    }

    private static void make(Path folder) {
        try {
            Files.createDirectories(folder, PosixFilePermissions.asFileAttribute(OWNERS));
        } catch (IOException e) {
            // told by the broker, which needs it and says what to do
            LOG.debug("{} cannot be made", folder, e);
        }
    }

    private void lookAgain() {
        long begun = System.nanoTime();
        close();
        looks.schedule(this::lookAgain, Math.max(SHORTEST_PAUSE, PAUSES_PER_LOOK * (System.nanoTime() - begun)), TimeUnit.NANOSECONDS);
    }

    private Set<Path> wide() {
        Set<Path> wide = new HashSet<>();
        walk((path, permissions) -> wide.add(path));
        return wide;
    }

    private synchronized void close() {
        List<Path> still = new ArrayList<>();
        walk((path, permissions) -> {
            if (left.contains(path)) {
                still.add(path);
                return;
            }
            Set<PosixFilePermission> closed = EnumSet.copyOf(OWNERS);
            closed.retainAll(permissions);
            try {
                Files.setPosixFilePermissions(path, closed);
            } catch (IOException goneOrAnothers) {
                LOG.debug("{} stays as it is", path, goneOrAnothers);
            }
        });
        // a file that takes the name of one that has gone is a new one
        left = Set.copyOf(still);
    }

    private interface Look {
        void at(Path path, Set<PosixFilePermission> permissions);
    }

    /** What others than the owner may use. Links lead elsewhere, and are left alone. */
    private void walk(Look look) {
        try {
            Files.walkFileTree(folder, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
                    return visitFile(directory, attributes);
                }

                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                    try {
                        Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file, LinkOption.NOFOLLOW_LINKS);
                        if (!attributes.isSymbolicLink() && !OWNERS.containsAll(permissions)) {
                            look.at(file, permissions);
                        }
                    } catch (IOException gone) {
                        LOG.debug("{} has gone", file);
                    }
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFileFailed(Path file, IOException goneOrAnothers) {
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path directory, IOException goneMeanwhile) {
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            LOG.debug("{} cannot be looked through", folder, e);
        }
    }

    @Override
    public void destroy() {
        if (looks != null) {
            looks.shutdownNow();
            close();
        }
    }
}
