package io.subscriptionrelay.history;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.subscriptionrelay.config.RelayProperties;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.stereotype.Component;

/**
 * Keeps what became of each event for some days. One writer stores it in batches behind a bounded queue; a trace that finds the
 * queue full is left out and counted, because knowing less is better than delivering slower. A crash loses what was not yet
 * written, which is the last half second, or some seconds under load.
 */
@Component
public class Traces implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Traces.class);
    private static final int BATCH = 2000;
    private static final long LINGER = 200;
    /** Under load, because each batch writes all pages of the indexes that it touches. */
    private static final long LONGEST_LINGER = 1000;
    private static final int FEW = 20;
    private static final int PORTION = 2000;
    private static final long CLEAN_EVERY = TimeUnit.SECONDS.toMillis(30);
    private static final long RETRY = 1000;
    private static final long LONGEST_STOP = 5000;

    private final TraceStore store;
    private final Clock clock;
    private final long keep;
    private final BlockingQueue<Trace> queue;
    private final Counter dropped;
    private final Thread writer;
    private volatile boolean running = true;
    private boolean failing;
    private long cleanAt;

    Traces(TraceStore store, RelayProperties properties, MeterRegistry metrics, Clock clock) {
        this.store = store;
        this.clock = clock;
        keep = properties.trace().keep().toMillis();
        queue = new ArrayBlockingQueue<>(Math.max(1, properties.trace().queue()));
        dropped = Counter.builder("relay.trace.dropped").description("Traces of events that were left out, because too many waited")
                .register(metrics);
        Gauge.builder("relay.trace.waiting", queue, BlockingQueue::size).description("Traces of events that wait to be written")
                .register(metrics);
        if (keep > 0) {
            writer = new Thread(this::run, "traces");
            writer.setDaemon(true);
            writer.start();
        } else {
            writer = null;
            store.clear();
        }
    }

    /** Whether anything is traced. */
    public boolean on() {
        return writer != null;
    }

    /** Takes note of it. Returns at once and never fails. */
    public void add(Trace trace) {
        if (writer != null && !queue.offer(trace)) {
            dropped.increment();
        }
    }

    /** Takes note of something that happens now. */
    public void add(EventOutcome what, String provider, String eventId, String step, String destination, String account, Integer part,
            Integer attempts, String reason, String parkedId) {
        if (writer != null) {
            add(new Trace(clock.millis(), what, provider, eventId, null, step, destination, account, part, attempts, reason, parkedId));
        }
    }

    private void run() {
        List<Trace> batch = new ArrayList<>(BATCH);
        try {
            while (running || !queue.isEmpty()) {
                Trace first = queue.poll(LINGER, TimeUnit.MILLISECONDS);
                if (first != null) {
                    batch.add(first);
                    linger();
                    queue.drainTo(batch, BATCH - 1);
                    write(batch);
                    batch.clear();
                }
                clean();
            }
        } catch (InterruptedException givenUp) {
            dropped.increment(batch.size() + queue.size());
            Thread.currentThread().interrupt();
        }
    }

    /** As long as more than a few come, until there are enough for a batch. */
    private void linger() throws InterruptedException {
        int before;
        int waiting = 0;
        long waited = 0;
        do {
            before = waiting;
            if (running && queue.size() < BATCH) {
                Thread.sleep(LINGER);
                waited += LINGER;
            }
            waiting = queue.size();
        } while (running && waiting < BATCH && waiting - before > FEW && waited < LONGEST_LINGER);
    }

    private void write(List<Trace> batch) throws InterruptedException {
        while (true) {
            try {
                store.append(batch);
                recovered();
                return;
            } catch (DataIntegrityViolationException e) {
                LOG.error("{} traces of events cannot be stored and are left out: {}", batch.size(), e.getMessage());
                dropped.increment(batch.size());
                return;
            } catch (DataAccessException e) {
                failed(e);
                if (!running) {
                    dropped.increment(batch.size());
                    return;
                }
                Thread.sleep(RETRY);
            }
        }
    }

    /** A portion at a time, between two batches, so that neither the writer nor the state database stands still. */
    private void clean() {
        long now = clock.millis();
        if (now < cleanAt || !running) {
            return;
        }
        try {
            if (store.deleteBefore(now - keep, PORTION) < PORTION) {
                cleanAt = now + CLEAN_EVERY;
            }
        } catch (DataAccessException e) {
            failed(e);
            cleanAt = now + CLEAN_EVERY;
        }
    }

    private void failed(DataAccessException e) {
        if (!failing) {
            LOG.warn("What becomes of events cannot be written to the state database and waits in memory, {} at the most: {}",
                    queue.size() + queue.remainingCapacity(), e.getMessage());
        }
        failing = true;
    }

    private void recovered() {
        if (failing) {
            LOG.info("What becomes of events is written to the state database again");
        }
        failing = false;
    }

    /** Writes what waits. The routes have stopped by then. */
    @Override
    public void close() throws InterruptedException {
        running = false;
        if (writer != null) {
            writer.join(LONGEST_STOP);
            writer.interrupt();
        }
    }
}
