package io.subscriptionrelay.broker;

import io.subscriptionrelay.config.StartRefusedException;
import io.subscriptionrelay.logs.Causes;
import io.subscriptionrelay.logs.Incident;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.activemq.artemis.core.config.Configuration;
import org.apache.activemq.artemis.core.journal.impl.JournalImpl;
import org.apache.activemq.artemis.core.server.ActiveMQServer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The broker in this process, if there is one. A broker that cannot write stops, because it could promise nothing; it is started
 * again as soon as its disk can be written, and a start that fails is tried again for as long as it takes. It is not started on files that
 * are not whole.
 */
public final class EmbeddedBroker implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedBroker.class);
    private static final long LOOK_SECONDS = 1;
    private static final int LOOKS_PER_INVENTORY = 5;
    private static final String PROBE = "probe";
    private static final int PROBE_BYTES = 1 << 20;
    /** A start that fails half-way writes a page to the log, and zeros to the disk. */
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(15);
    private static final int PROBLEMS_SHOWN = 5;

    private final Configuration configuration;
    private final String url;
    private final DataFolderLock lock;
    private final Path folder;
    private final JournalCheck files;
    private final SpareFiles spare = new SpareFiles(System::nanoTime);
    private final ScheduledExecutorService watch;
    private volatile ActiveMQServer broker;
    private volatile String problem;
    private boolean closed;
    private int looks;
    private final Incident failures = new Incident(Clock.systemUTC());
    private long delay;
    private long nextStart = System.nanoTime();

    private EmbeddedBroker(Configuration configuration, String url, DataFolderLock lock, Path folder) {
        this.configuration = configuration;
        this.url = url;
        this.lock = lock;
        this.folder = folder;
        this.files = configuration == null ? null : new JournalCheck(folder, configuration.getJournalFileSize());
        this.watch = configuration == null ? null : Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "broker-watch");
            thread.setDaemon(true);
            return thread;
        });
    }

    static EmbeddedBroker none() {
        return new EmbeddedBroker(null, null, null, null);
    }

    /**
     * Starts a broker.
     *
     * @param folder where it keeps everything
     * @param acceptDamage whether to go on with what can be read of a journal that is not whole
     * @throws StartRefusedException when files are missing or damaged, or the broker fails in the middle of its start
     */
    static EmbeddedBroker start(Configuration configuration, String url, DataFolderLock lock, Path folder, boolean acceptDamage)
            throws IOException {
        EmbeddedBroker embedded = new EmbeddedBroker(configuration, url, lock, folder);
        try {
            embedded.checkFiles(acceptDamage);
            embedded.startServer();
        } catch (IOException e) {
            embedded.letGo();
            throw new StartRefusedException("the embedded broker cannot be started on " + folder + ": " + said(e),
                    "See to it that RELAY_DATA_DIR is on a local disk that has room, and that this user may read and write everything in it; move"
                            + " away what does not belong there.", e);
        } catch (StartRefusedException e) {
            embedded.letGo();
            throw e;
        }
        embedded.remember();
        embedded.watch.scheduleWithFixedDelay(embedded::look, LOOK_SECONDS, LOOK_SECONDS, TimeUnit.SECONDS);
        return embedded;
    }

    private void checkFiles(boolean acceptDamage) throws IOException {
        if (!files.startedBefore()) {
            LOG.info("Nothing is stored in {} yet: this is its first start", folder.getParent());
        }
        List<String> problems = files.problems();
        if (problems.isEmpty()) {
            return;
        }
        String found = String.join("; ", problems.subList(0, Math.min(PROBLEMS_SHOWN, problems.size())))
                + (problems.size() > PROBLEMS_SHOWN ? "; and %d more".formatted(problems.size() - PROBLEMS_SHOWN) : "");
        if (!acceptDamage) {
            throw new StartRefusedException("the stored events in " + folder + " are damaged: " + found,
                    "Events that were answered with 200 may be in there. Put " + folder.getParent() + " back from a backup or a snapshot; see to"
                            + " it that the volume is the right one and is mounted. To go on with what can still be read, start once with"
                            + " --relay.broker.accept-damage=true: copies of the files as they are now are kept beside them.");
        }
        Path aside = files.accept(problems, "broker-damaged-" + Instant.now().toString().replace(':', '-'));
        LOG.warn("Going on with what can be read of the stored events, as relay.broker.accept-damage says. {}. Copies: {}", found, aside);
    }

    private void letGo() throws IOException {
        watch.shutdown();
        lock.close();
    }

    /**
     * Starts a server. Artemis writes what makes its start fail to the log and leaves a server behind that is neither started nor stopped.
     *
     * @throws IOException when it does not run, with the reason; nothing of it is left
     */
    private void startServer() throws IOException {
        createFolders();
        files.forgetCompacted();
        ActiveMQServer next = new DurableServer(configuration);
        AtomicReference<Throwable> failure = new AtomicReference<>();
        next.registerActivationFailureListener(failure::set);
        try {
            next.start();
        } catch (Exception e) {
            failure.set(e);
        }
        if (failure.get() != null || next.getState() != ActiveMQServer.SERVER_STATE.STARTED) {
            stop(next);
            throw failure.get() == null ? new IOException("its own line AMQ224097 in the log has the reason")
                    : new IOException(said(failure.get()), failure.get());
        }
        if (BrokerLog.foundUnfinished()) {
            LOG.info("The broker was ended in the midst of its work last time, as by a kill or a power cut. What was not finished waits in its queues and is done"
                    + " again");
        }
        forceFolders();
        next.registerIOCriticalErrorListener((cause, message, file) -> failed(cause));
        broker = next;
        problem = null;
    }

    private static void stop(ActiveMQServer halfStarted) {
        try {
            halfStarted.stop();
        } catch (Exception e) {
            LOG.debug("A broker that did not start does not stop either", e);
        }
    }

    private static String said(Throwable failure) {
        return failure instanceof FileAlreadyExistsException file ? file.getFile() + " is no folder"
                : failure instanceof FileSystemException file && file.getReason() != null ? file.getFile() + ": " + file.getReason()
                : failure.getMessage() == null ? failure.getClass().getSimpleName() : Causes.line(failure.getMessage());
    }

    private void failed(Throwable cause) {
        problem = "the broker's files cannot be written (" + cause.getMessage() + ")";
        LOG.error("The broker stops, because {}. What was answered with 200 is on disk. It starts again by itself once {} can be written.",
                problem, folder);
    }

    /** Why the broker does not run, as far as it is known; null when it runs. */
    String problem() {
        return server().filter(server -> !server.isStarted()).map(stopped -> problem == null ? "the embedded broker has stopped" : problem)
                .orElse(null);
    }

    private synchronized void look() {
        if (closed) {
            return;
        }
        try {
            ActiveMQServer.SERVER_STATE state = broker.getState();
            if (state == ActiveMQServer.SERVER_STATE.STOPPED) {
                startAgain();
            } else if (state == ActiveMQServer.SERVER_STATE.STARTED && looks++ % LOOKS_PER_INVENTORY == 0) {
                remember();
                tidy();
            }
        } catch (RuntimeException e) {
            // a task that throws is not run again
            LOG.warn("The broker cannot be looked after and is looked at again: {}", Causes.of(e));
        }
    }

    private void startAgain() {
        if (nextStart - System.nanoTime() > 0) {
            return;
        }
        try {
            writeProbe();
            startServer();
            delay = 0;
            failures.over();
            LOG.info("The broker runs again");
        } catch (IOException notYet) {
            delay = Math.min(LONGEST_WAIT.toNanos(), Math.max(TimeUnit.SECONDS.toNanos(LOOK_SECONDS), 2 * delay));
            nextStart = System.nanoTime() + delay;
            problem = "the embedded broker cannot be started on " + folder + " and is tried again: " + said(notYet);
            if (failures.failed()) {
                LOG.error("The broker has stopped and cannot be started again yet; it is tried at least every {} s: {}",
                        LONGEST_WAIT.toSeconds(), said(notYet));
            }
        }
    }

    private void remember() {
        try {
            files.remember();
        } catch (IOException e) {
            LOG.debug("The inventory of the broker's files cannot be written; the one before stays", e);
        }
    }

    private void tidy() {
        try {
            if (broker.getStorageManager().getMessageJournal() instanceof JournalImpl journal) {
                spare.tidy(journal.getFilesRepository(), files::forget);
            }
        } catch (Exception e) {
            LOG.debug("A spare file of the journal cannot be overwritten or deleted now", e);
        }
    }

    /** The broker does not say which of them it cannot make. */
    private void createFolders() throws IOException {
        for (String part : List.of(configuration.getBindingsDirectory(), configuration.getJournalDirectory(), configuration.getPagingDirectory(),
                configuration.getLargeMessagesDirectory())) {
            Files.createDirectories(Path.of(part));
        }
    }

    /** The names of the first files are to survive a power cut. */
    private void forceFolders() throws IOException {
        for (Path part : List.of(Path.of(configuration.getBindingsDirectory()), Path.of(configuration.getJournalDirectory()), folder,
                folder.getParent())) {
            DurableFiles.force(part);
        }
    }

    /** Starting without room would fail half-way. */
    private void writeProbe() throws IOException {
        Path probe = folder.resolve(PROBE);
        try (FileChannel file = FileChannel.open(probe, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            ByteBuffer zeros = ByteBuffer.allocate(PROBE_BYTES);
            for (long written = 0; written < 2L * configuration.getJournalFileSize(); written += PROBE_BYTES) {
                file.write(zeros.rewind());
            }
            file.force(true);
        } finally {
            Files.deleteIfExists(probe);
        }
    }

    String url() {
        return url;
    }

    /** The server, or empty when an external cluster is used. */
    public Optional<ActiveMQServer> server() {
        return Optional.ofNullable(broker);
    }

    @Override
    public void close() throws Exception {
        if (broker != null) {
            watch.shutdown();
            synchronized (this) {
                closed = true;
                broker.stop();
                remember();
                lock.close();
            }
        }
    }
}
