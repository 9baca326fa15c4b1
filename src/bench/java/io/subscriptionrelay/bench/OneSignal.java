package io.subscriptionrelay.bench;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * A OneSignal app so light that it is never the limit: it takes as long as it is told for each call, and answers 429 to what comes too often,
 * for the app in a second or for a user in a second. It asks for the key and the path and reads no tags: the strict simulator of the tests, which
 * does, takes a third of two cores at this rate.
 */
final class OneSignal implements AutoCloseable {

    static final String APP = "5fd1b6f0-3c4e-4c1a-9a55-0f0b6a9f1c11";
    static final String KEY = "os_v2_app_key-of-the-benchmark";
    private static final byte[] TAKEN = answer("202 Accepted", "{\"properties\":{}}");
    private static final byte[] TOO_MANY = answer("429 Too Many Requests", "{\"errors\":[\"API rate limit exceeded\"]}");
    private static final byte[] REFUSED = answer("400 Bad Request", "{\"errors\":[\"not the call that was expected\"]}");
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    private final ServerSocket server = new ServerSocket(0, 256, InetAddress.getByName("127.0.0.1"));
    private final String path;
    private final String authorization;
    private final long latency;
    private final int perSecond;
    private final Map<String, Long> users = new ConcurrentHashMap<>();
    /** How many calls may come now: as many as in a second at most. */
    private double left;
    private long last = System.nanoTime();
    private long calls;
    private long violations;
    private long refused;

    OneSignal(int perSecond, Duration latency) throws IOException {
        path = "PATCH /apps/" + APP + "/users/by/";
        authorization = "\r\nauthorization: key " + KEY.toLowerCase(Locale.ROOT) + "\r\n";
        this.perSecond = perSecond;
        left = perSecond;
        this.latency = latency.toNanos();
        start(this::accept);
    }

    private static byte[] answer(String status, String body) {
        return ("HTTP/1.1 " + status + "\r\nContent-Type: application/json\r\nContent-Length: " + body.length() + "\r\n\r\n" + body)
                .getBytes(StandardCharsets.US_ASCII);
    }

    private static void start(Runnable task) {
        Thread thread = new Thread(task, "onesignal");
        thread.setDaemon(true);
        thread.start();
    }

    String url() {
        return "http://127.0.0.1:" + server.getLocalPort();
    }

    private void accept() {
        try {
            while (true) {
                Socket socket = server.accept();
                socket.setTcpNoDelay(true);
                start(() -> serve(socket));
            }
        } catch (IOException closed) {
            // the end
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            InputStream in = new BufferedInputStream(socket.getInputStream());
            OutputStream out = socket.getOutputStream();
            for (String head = head(in); head != null; head = head(in)) {
                long arrived = System.nanoTime();
                in.skipNBytes(length(head));
                byte[] answer = count(head, arrived);
                TimeUnit.NANOSECONDS.sleep(latency - (System.nanoTime() - arrived));
                out.write(answer);
            }
        } catch (IOException gone) {
            // the client has closed the connection
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Up to the empty line; null when there is no further request. */
    private static String head(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder(512);
        int next = in.read();
        while (next >= 0) {
            head.append((char) next);
            int size = head.length();
            if (next == '\n' && size > 3 && head.charAt(size - 2) == '\r' && head.charAt(size - 3) == '\n') {
                return head.toString();
            }
            next = in.read();
        }
        return null;
    }

    private static int length(String head) throws IOException {
        String name = "content-length: ";
        int at = head.toLowerCase(Locale.ROOT).indexOf(name);
        if (at < 0) {
            throw new IOException("a call without Content-Length");
        }
        return Integer.parseInt(head.substring(at + name.length(), head.indexOf('\r', at)));
    }

    private byte[] count(String head, long arrived) {
        boolean expected = head.startsWith(path) && head.toLowerCase(Locale.ROOT).contains(authorization);
        String user = head.substring(0, head.indexOf('\r'));
        Long before = users.put(user, arrived);
        synchronized (this) {
            left = Math.min(perSecond, left + (double) (arrived - last) * perSecond / SECOND) - 1;
            last = arrived;
            boolean tooMany = left < 0 || (before != null && arrived - before < SECOND);
            calls++;
            if (tooMany) {
                violations++;
            }
            if (!expected) {
                refused++;
            }
            return expected ? tooMany ? TOO_MANY : TAKEN : REFUSED;
        }
    }

    /** How many calls were made, those included that were too many. */
    synchronized long calls() {
        return calls;
    }

    /** How many came too often. */
    synchronized long violations() {
        return violations;
    }

    /** Fails when a call was none of those that a relay should make. */
    synchronized void checkExpected() {
        if (refused > 0) {
            throw new IllegalStateException(refused + " of " + calls + " calls were not an update of a user of the app");
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
