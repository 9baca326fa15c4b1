package io.subscriptionrelay.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongFunction;

/**
 * Webhooks over keep-alive connections, each a thread with a plain socket: cheap enough to share the machine with what it measures.
 * The floor gets the same requests as the relay, so making them costs both the same.
 */
final class Load {

    /** How many were answered with 200 in a second, and how long they took, in milliseconds. */
    record Measured(double perSecond, double p50, double p99, long requests) {
    }

    private final List<Integer> ports;
    private final int connections;
    private final double rate;
    private final LongFunction<byte[]> requests;
    private final AtomicLong next = new AtomicLong();
    private final ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();

    /**
     * @param rate how many a second, from all connections together; 0: as many as are answered. A late request counts from when it
     *         was due
     * @param requests the request of a number
     */
    Load(int port, int connections, double rate, LongFunction<byte[]> requests) {
        this(List.of(port), connections, rate, requests);
    }

    /** To several relays, each connection to one of them, as a load balancer does it. */
    Load(List<Integer> ports, int connections, double rate, LongFunction<byte[]> requests) {
        this.ports = List.copyOf(ports);
        this.connections = connections;
        this.rate = rate;
        this.requests = requests;
    }

    /** Runs for the sum of both times, in milliseconds, and measures during the second. */
    Measured run(long warmUp, long measured) throws InterruptedException {
        long[] latencies = latencies(warmUp, measured);
        if (latencies.length == 0) {
            throw new IllegalStateException("nothing was answered");
        }
        return new Measured(latencies.length / (measured / 1e3), percentile(latencies, 50), percentile(latencies, 99), latencies.length);
    }

    /** Runs for so many milliseconds, for nothing but to have run. */
    void warmUp(long time) throws InterruptedException {
        latencies(0, time);
    }

    private long[] latencies(long warmUp, long measured) throws InterruptedException {
        long start = System.nanoTime();
        long from = start + warmUp * 1_000_000;
        long to = from + measured * 1_000_000;
        next.set(0);
        Worker[] workers = new Worker[connections];
        for (int i = 0; i < connections; i++) {
            workers[i] = new Worker(ports.get(i % ports.size()), start, from, to);
            workers[i].start();
        }
        for (Worker worker : workers) {
            worker.join();
        }
        if (!failures.isEmpty()) {
            throw new IllegalStateException("the load met a failure", failures.peek());
        }
        return Arrays.stream(workers).flatMapToLong(worker -> Arrays.stream(worker.latencies, 0, worker.count)).sorted().toArray();
    }

    /** One request over a connection of its own. */
    static void post(int port, byte[] request) throws IOException {
        Worker worker = new Load(port, 1, 0, n -> request).new Worker(port, 0, 0, 0);
        try {
            worker.post(request);
        } finally {
            worker.disconnect();
        }
    }

    private static double percentile(long[] sorted, int percent) {
        return sorted[Math.min(sorted.length - 1, sorted.length * percent / 100)] / 1e6;
    }

    private final class Worker extends Thread {

        private final byte[] buffer = new byte[8192];
        private final int port;
        private final long start;
        private final long from;
        private final long to;
        private long[] latencies = new long[1024];
        private int count;
        private Socket socket;

        Worker(int port, long start, long from, long to) {
            super("load");
            this.port = port;
            this.start = start;
            this.from = from;
            this.to = to;
            setDaemon(true);
        }

        @Override
        public void run() {
            try {
                while (System.nanoTime() < to) {
                    long number = next.getAndIncrement();
                    byte[] request = requests.apply(number);
                    long began = rate > 0 ? due(number) : System.nanoTime();
                    if (began > to) {
                        break;
                    }
                    post(request);
                    long ended = System.nanoTime();
                    if (ended >= from && ended < to) {
                        if (count == latencies.length) {
                            latencies = Arrays.copyOf(latencies, 2 * count);
                        }
                        latencies[count++] = ended - began;
                    }
                }
            } catch (IOException | RuntimeException e) {
                failures.add(e);
            } finally {
                disconnect();
            }
        }

        private long due(long number) {
            long due = start + (long) (number * TimeUnit.SECONDS.toNanos(1) / rate);
            long left = due - System.nanoTime();
            while (left > 0) {
                LockSupport.parkNanos(left);
                left = due - System.nanoTime();
            }
            return due;
        }

        private void post(byte[] request) throws IOException {
            if (socket == null) {
                socket = new Socket("127.0.0.1", port);
                socket.setTcpNoDelay(true);
                socket.setSoTimeout(20_000);
            }
            OutputStream out = socket.getOutputStream();
            out.write(request);
            out.flush();
            String head = readHead(socket.getInputStream());
            if (!head.startsWith("http/1.1 200")) {
                throw new IOException("instead of 200: " + head.lines().findFirst().orElse(""));
            }
            if (head.contains("\r\nconnection: close")) {
                disconnect();
            }
        }

        /** The answers have no body: all of them is read when the head is. */
        private String readHead(InputStream in) throws IOException {
            int length = 0;
            while (length < 4 || buffer[length - 1] != '\n' || buffer[length - 2] != '\r' || buffer[length - 3] != '\n') {
                int read = in.read(buffer, length, buffer.length - length);
                if (read <= 0) {
                    throw new IOException("the connection ended without an answer");
                }
                length += read;
            }
            String head = new String(buffer, 0, length, StandardCharsets.ISO_8859_1).toLowerCase(Locale.ROOT);
            if (!head.contains("\r\ncontent-length: 0\r\n")) {
                throw new IOException("an answer with a body: " + head);
            }
            return head;
        }

        private void disconnect() {
            if (socket != null) {
                try {
                    socket.close();
                } catch (IOException e) {
                    // it is gone in any case
                }
                socket = null;
            }
        }
    }
}
