package io.subscriptionrelay.broker;

import io.subscriptionrelay.config.StartRefusedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.activemq.artemis.core.config.Configuration;
import org.apache.activemq.artemis.core.journal.impl.JournalImpl;
import org.apache.activemq.artemis.core.server.ActiveMQServer;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The broker in this process, if there is one. A broker that cannot write stops, because it could promise nothing; it is started
 * again as soon as its disk can be written. It is not started on files that are not whole.
 */
public final class EmbeddedBroker implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedBroker.class);
    private static final long LOOK_SECONDS = 1;
    private static final int LOOKS_PER_INVENTORY = 5;
    private static final String PROBE = "probe";
    private static final int PROBE_BYTES = 1 << 20;
    private static final int PROBLEMS_SHOWN = 5;

    private final Configuration configuration;
    private final String url;
    private final DataFolderLock lock;
    private final Path folder;
    private final JournalCheck files;
    private final SpareFiles spare = new SpareFiles(System::nanoTime);
    private final ScheduledExecutorService watch;
    private volatile EmbeddedActiveMQ broker;
    private volatile String problem;
    private boolean closed;
    private int looks;

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
     * @throws StartRefusedException when files are missing or damaged
     */
    static EmbeddedBroker start(Configuration configuration, String url, DataFolderLock lock, Path folder, boolean acceptDamage)
            throws Exception {
        EmbeddedBroker embedded = new EmbeddedBroker(configuration, url, lock, folder);
        embedded.checkFiles(acceptDamage);
        embedded.startServer();
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

    private void startServer() throws Exception {
        EmbeddedActiveMQ next = new EmbeddedActiveMQ().setConfiguration(configuration);
        next.start();
        ActiveMQServer server = next.getActiveMQServer();
        server.registerIOCriticalErrorListener((cause, message, file) -> failed(cause));
        broker = next;
        problem = null;
    }

    private void failed(Throwable cause) {
        problem = "the journal cannot be written (" + cause.getMessage() + ")";
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
            ActiveMQServer.SERVER_STATE state = broker.getActiveMQServer().getState();
            if (state == ActiveMQServer.SERVER_STATE.STOPPED) {
                writeProbe();
                startServer();
                LOG.info("The broker runs again");
            } else if (state == ActiveMQServer.SERVER_STATE.STARTED && looks++ % LOOKS_PER_INVENTORY == 0) {
                remember();
                tidy();
            }
        } catch (Exception notYet) {
            LOG.debug("The broker cannot be started yet", notYet);
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
            if (broker.getActiveMQServer().getStorageManager().getMessageJournal() instanceof JournalImpl journal) {
                spare.tidy(journal.getFilesRepository(), files::forget);
            }
        } catch (Exception e) {
            LOG.debug("A spare file of the journal cannot be overwritten or deleted now", e);
        }
    }

    /** Starting without room would fail half-way, again and again. */
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
        return Optional.ofNullable(broker).map(EmbeddedActiveMQ::getActiveMQServer);
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
