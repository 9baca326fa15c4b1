package io.subscriptionrelay.simulator;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What the simulators share: an HTTP server on the loopback address that can be stopped and started again on the same
 * port without forgetting anything, a script of {@link Faults}, a latency, and a limit on what is remembered. All
 * methods may be called from any thread, and every setting also while calls are being served.
 *
 * @param <S> the simulator itself, so that settings can be chained
 */
public abstract sealed class Simulator<S extends Simulator<S>> implements AutoCloseable
        permits BrazeSimulator, CleverTapSimulator, OneSignalSimulator {

    static {
        // The JDK's server writes head and body separately; without this the second write waits for a delayed ACK.
        if (System.getProperty("sun.net.httpserver.nodelay") == null) {
            System.setProperty("sun.net.httpserver.nodelay", "true");
        }
    }

    private static final System.Logger LOG = System.getLogger(Simulator.class.getName());
    private static final int MAX_THREADS = 512;
    private static final Duration BIND_PATIENCE = Duration.ofSeconds(10);

    private final Faults faults = new Faults();
    private volatile int keep = Integer.MAX_VALUE;
    private volatile Duration minLatency = Duration.ZERO;
    private volatile Duration maxLatency = Duration.ZERO;
    private volatile int port;
    private volatile Run run;

    Simulator(int port) {
        this.port = port;
    }

    /** Binds the port and serves from now on; does nothing when already running. */
    public final synchronized S start() {
        if (run == null) {
            HttpServer server = bind();
            port = server.getAddress().getPort();
            run = new Run(server);
        }
        return self();
    }

    /**
     * Is gone, like a server whose process was killed: the port refuses connections, open connections break, calls that
     * were held by a latency or a stall are dropped unprocessed. What was stored and every setting stay, and
     * {@link #start()} comes back on the same port. A call that was being processed at this moment may have been stored
     * although its client got no answer. When this method returns, nothing more gets stored.
     */
    public final synchronized void stop() {
        if (run != null) {
            run.end();
            run = null;
        }
    }

    /** The same as {@link #stop()}. */
    @Override
    public final void close() {
        stop();
    }

    public final boolean isRunning() {
        return run != null;
    }

    /**
     * The port, which stays the same over {@link #stop()} and {@link #start()}; 0 before the first start if any port
     * will do.
     */
    public final int port() {
        return port;
    }

    /** Scheme, host and port, without a path and without a slash at the end. */
    public final String url() {
        if (port == 0) {
            throw new IllegalStateException("The simulator has no port yet: call start() first");
        }
        return "http://127.0.0.1:" + port;
    }

    /** The script of what goes wrong. */
    public final Faults faults() {
        return faults;
    }

    /** Every call takes this long before it is processed; nothing by default. */
    public final S latency(Duration latency) {
        return latency(latency, latency);
    }

    /** Every call takes a time between these two before it is processed. */
    public final S latency(Duration min, Duration max) {
        if (min.compareTo(max) > 0) {
            throw new IllegalArgumentException("latency from " + min + " to " + max + ": put the shorter one first");
        }
        minLatency = min;
        maxLatency = max;
        return self();
    }

    /**
     * Remembers the newest {@code n} entries of each log and forgets older ones, so that memory stays flat however much
     * is sent; 0 leaves only the counters. Everything is remembered by default. Counters count everything in any case.
     */
    public final S keep(int n) {
        if (n < 0) {
            throw new IllegalArgumentException("keep(" + n + "): give 0 for counters only, or how many entries "
                    + "to remember");
        }
        keep = n;
        return self();
    }

    /** Forgets all that was received, all counters and the script of faults; accounts, settings and the port stay. */
    public final void reset() {
        faults.clear();
        forget();
    }

    abstract S self();

    abstract void forget();

    abstract Visit visit(HttpExchange exchange, long startNanos);

    /** What the service usually answers with this status. */
    abstract Reply usual(int status);

    final int keep() {
        return keep;
    }

    final boolean keepsEverything() {
        return keep == Integer.MAX_VALUE;
    }

    private HttpServer bind() {
        long patientUntil = System.nanoTime() + BIND_PATIENCE.toNanos();
        for (int attempt = 0; ; attempt++) {
            int wanted = port != 0 ? port : attempt < 50 ? likelyFreePort() : 0;
            try {
                return HttpServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), wanted), 256);
            } catch (BindException inUse) {
                if (port != 0 && System.nanoTime() - patientUntil > 0) {
                    throw new UncheckedIOException("Port " + port + " of 127.0.0.1 is in use; end what listens there, "
                            + "or give another port", inUse);
                }
                if (port != 0) {
                    sleep(20);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /**
     * A port below the ranges from which operating systems serve port 0 and outgoing connections. While a simulator is
     * stopped, nobody else is then given its port, and no client can by chance connect to itself.
     */
    private static int likelyFreePort() {
        return ThreadLocalRandom.current().nextInt(20_000, 32_000);
    }

    private static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while waiting for the port", e);
        }
    }

    /** The server was stopped while a call was held. */
    private static final class Stopped extends Exception {

        private static final long serialVersionUID = 1L;

        Stopped() {
            super(null, null, false, false);
        }
    }

    /** From one start to the next stop. */
    private final class Run {

        private final HttpServer server;
        private final ThreadPoolExecutor threads;
        private final CountDownLatch ended = new CountDownLatch(1);

        Run(HttpServer server) {
            this.server = server;
            AtomicInteger number = new AtomicInteger();
            threads = new ThreadPoolExecutor(0, MAX_THREADS, 10, TimeUnit.SECONDS, new SynchronousQueue<>(),
                    task -> daemon(task, "simulator-" + port + "-" + number.incrementAndGet()), Run::waitForThread);
            server.setExecutor(threads);
            server.createContext("/", this::serve);
            startAsDaemon();
        }

        /** The dispatcher thread inherits its kind from the thread that starts the server. */
        private void startAsDaemon() {
            Thread starter = daemon(server::start, "simulator-start");
            starter.start();
            try {
                starter.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        private static Thread daemon(Runnable task, String name) {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        }

        /** With all threads busy the dispatcher waits for one instead of dropping the call. */
        private static void waitForThread(Runnable task, ThreadPoolExecutor threads) {
            try {
                if (!threads.isShutdown()) {
                    threads.getQueue().put(task);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        void end() {
            ended.countDown();
            server.stop(0);
            threads.shutdown();
            try {
                if (!threads.awaitTermination(10, TimeUnit.SECONDS)) {
                    throw new IllegalStateException("A call of the simulator on port " + port + " does not end");
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        private void serve(HttpExchange exchange) {
            Visit visit = visit(exchange, System.nanoTime());
            Departure departure = new Departure(visit);
            visit.arrived();
            try {
                visit.body(exchange.getRequestBody().readAllBytes());
                visit.received();
                Fault fault = faults.take(visit.account());
                pause(latency());
                pause(fault.before());
                Reply reply = fault.processesCall() ? visit.process(fault.storesRecords()) : null;
                pause(fault.after());
                if (fault.closesWithoutAnswer()) {
                    return;
                }
                send(exchange, fault.replacesAnswer() ? fault.reply(usual(fault.status())) : reply, fault, departure);
            } catch (Stopped | IOException nobodyIsThere) {
                // Stopped, or the client has gone: there is nobody to tell.
            } catch (RuntimeException bug) {
                LOG.log(System.Logger.Level.ERROR, "The simulator itself failed; the call gets no answer", bug);
            } finally {
                departure.with(0);
                exchange.close();
            }
        }

        private void send(HttpExchange exchange, Reply reply, Fault fault, Departure departure)
                throws IOException, Stopped {
            if (reply.contentType() != null) {
                exchange.getResponseHeaders().set("Content-Type", reply.contentType());
            }
            if (reply.retryAfter() != null) {
                exchange.getResponseHeaders().set("Retry-After", reply.retryAfter());
            }
            reply.headers().forEach(exchange.getResponseHeaders()::set);
            byte[] body = reply.body();
            if (body.length == 0) {
                departure.with(reply.status());
                exchange.sendResponseHeaders(reply.status(), -1);
                return;
            }
            if (fault.trickle().isZero()) {
                departure.with(reply.status());
            }
            exchange.sendResponseHeaders(reply.status(), body.length);
            OutputStream out = exchange.getResponseBody();
            if (fault.cutsBody()) {
                out.write(body, 0, body.length / 2);
                out.flush();
            } else if (fault.trickle().isZero()) {
                out.write(body);
                out.close();
            } else {
                trickle(body, out, fault.trickle());
                departure.with(reply.status());
                out.write(body, body.length - 1, 1);
                out.close();
            }
        }

        /** All but the last byte, in at most 20 pieces. */
        private void trickle(byte[] body, OutputStream out, Duration time) throws IOException, Stopped {
            int rest = body.length - 1;
            int pieces = Math.max(1, Math.min(20, rest));
            for (int piece = 0; piece < pieces; piece++) {
                int from = (int) ((long) rest * piece / pieces);
                int to = (int) ((long) rest * (piece + 1) / pieces);
                out.write(body, from, to - from);
                out.flush();
                pause(time.dividedBy(pieces));
            }
        }

        private Duration latency() {
            long min = minLatency.toNanos();
            long max = maxLatency.toNanos();
            return Duration.ofNanos(max > min ? ThreadLocalRandom.current().nextLong(min, max + 1) : min);
        }

        private void pause(Duration time) throws Stopped {
            if (time.isZero()) {
                return;
            }
            try {
                if (ended.await(time.toNanos(), TimeUnit.NANOSECONDS)) {
                    throw new Stopped();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new Stopped();
            }
        }
    }

    /** Tells the visit once that it ends. */
    private static final class Departure {

        private final Visit visit;
        private boolean gone;

        Departure(Visit visit) {
            this.visit = visit;
        }

        void with(int status) {
            if (!gone) {
                gone = true;
                visit.leaving(status);
            }
        }
    }
}
