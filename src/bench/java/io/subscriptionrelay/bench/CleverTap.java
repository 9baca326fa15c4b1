package io.subscriptionrelay.bench;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A destination so light that it is never the limit: takes as long as it is told for each call, notes which users' records came, and
 * that is all. The strict simulator of the tests parses and checks every record, which would cost the measured program its cores.
 */
final class CleverTap implements AutoCloseable {

    static final String ACCOUNT = "WWW-111-222Z";
    static final String PASSCODE = "passcode-of-the-benchmark";
    private static final byte[] MARK = ("\"identity\":\"" + Samples.USER).getBytes(StandardCharsets.US_ASCII);

    static {
        // otherwise the JDK's server waits for a delayed ACK between head and body
        System.setProperty("sun.net.httpserver.nodelay", "true");
    }

    /** How many records had been answered at a time of {@link System#nanoTime()}. */
    record Moment(long nanos, long records) {
    }

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "clevertap");
        thread.setDaemon(true);
        return thread;
    });
    private final long latency;
    private final BitSet users = new BitSet();
    private final List<Moment> moments = new ArrayList<>();
    private long records;
    private long repeated;
    private long calls;
    private int inFlight;
    private int mostInFlight;
    private long lastArrival;

    CleverTap(Duration latency) throws IOException {
        this.latency = latency.toMillis();
        server = HttpServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0), 256);
        server.setExecutor(threads);
        server.createContext("/", this::serve);
        server.start();
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    private void serve(HttpExchange exchange) throws IOException {
        try {
            arrived();
            byte[] body = exchange.getRequestBody().readAllBytes();
            if (latency > 0) {
                Thread.sleep(latency);
            }
            byte[] answer = ("{\"status\":\"success\",\"processed\":" + count(body) + ",\"unprocessed\":[]}")
                    .getBytes(StandardCharsets.US_ASCII);
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            left();
            exchange.close();
        }
    }

    private synchronized void arrived() {
        inFlight++;
        mostInFlight = Math.max(mostInFlight, inFlight);
        lastArrival = System.nanoTime();
        notifyAll();
    }

    private synchronized void left() {
        inFlight--;
    }

    private synchronized int count(byte[] body) {
        int found = 0;
        for (int i = 0; i + MARK.length < body.length; i++) {
            if (body[i] == MARK[0] && matches(body, i)) {
                i += MARK.length;
                int user = 0;
                while (body[i] >= '0' && body[i] <= '9') {
                    user = 10 * user + body[i] - '0';
                    i++;
                }
                found++;
                if (users.get(user)) {
                    repeated++;
                }
                users.set(user);
            }
        }
        calls++;
        records += found;
        moments.add(new Moment(System.nanoTime(), records));
        notifyAll();
        return found;
    }

    private static boolean matches(byte[] body, int at) {
        for (int i = 1; i < MARK.length; i++) {
            if (body[at + i] != MARK[i]) {
                return false;
            }
        }
        return true;
    }

    /** Waits until so many records came, or until the time is over; gives when the last of them was answered, or now. */
    synchronized long await(long wanted, Duration longest) throws InterruptedException {
        long deadline = System.nanoTime() + longest.toNanos();
        while (records < wanted && System.nanoTime() < deadline) {
            wait(100);
        }
        return moments.stream().filter(moment -> moment.records() >= wanted).findFirst().map(Moment::nanos).orElse(System.nanoTime());
    }

    /** Waits for the next call to come in after this time; gives when it did. */
    synchronized long awaitArrivalAfter(long nanos, Duration longest) throws InterruptedException {
        long deadline = System.nanoTime() + longest.toNanos();
        while (lastArrival - nanos < 0 || lastArrival == 0) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("no call came within " + longest);
            }
            wait(100);
        }
        return lastArrival;
    }

    /** Fails when a user's record came more than once. */
    synchronized void checkEachOnce() {
        if (users.cardinality() != records || repeated > 0) {
            throw new IllegalStateException(records + " records came of " + users.cardinality() + " users, " + repeated + " of them again");
        }
    }

    synchronized List<Moment> moments() {
        return List.copyOf(moments);
    }

    synchronized long records() {
        return records;
    }

    synchronized int mostInFlight() {
        return mostInFlight;
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
