package io.subscriptionrelay.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/** Three providers that send renewals at a steady rate, and each again until it is answered with 200, as providers do. */
public final class Load implements AutoCloseable {

    private static final List<String> PROVIDERS = List.of("revenuecat", "purchasely", "qonversion");
    private static final String ID = "L-";
    private static final int SENDERS = 12;
    private static final long AGAIN_AFTER_MILLIS = 200;

    private final RelayProcess relay;
    private final int users;
    private final long pauseNanos;
    private final ExecutorService senders = Executors.newFixedThreadPool(SENDERS);
    private final AtomicInteger next = new AtomicInteger();
    private final Map<String, String> accepted = new ConcurrentHashMap<>();
    private final Queue<Long> times = new ConcurrentLinkedQueue<>();
    private String padding = "";
    private volatile boolean running = true;

    /**
     * A load that has not begun.
     *
     * @param users so many different users, in turns
     * @param rate events a second from all three together
     */
    public Load(RelayProcess relay, int users, int rate) {
        this.relay = relay;
        this.users = users;
        this.pauseNanos = TimeUnit.SECONDS.toNanos(1) * SENDERS / rate;
    }

    /** Makes each body larger by so many bytes, which mean nothing. */
    public Load padded(int bytes) {
        padding = " ".repeat(bytes);
        return this;
    }

    /** Begins to send. */
    public void start() {
        for (int i = 0; i < SENDERS; i++) {
            senders.execute(this::send);
        }
    }

    private void send() {
        while (running) {
            int n = next.getAndIncrement();
            String provider = provider(n);
            byte[] body = webhook(n).getBytes(StandardCharsets.UTF_8);
            long begun = System.nanoTime();
            while (relay.post(provider, body) != 200) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(AGAIN_AFTER_MILLIS));
            }
            accepted.put(id(n), user(n));
            times.add(System.nanoTime() - begun);
            LockSupport.parkNanos(Math.max(0, pauseNanos - (System.nanoTime() - begun)));
        }
    }

    private static String provider(int n) {
        return PROVIDERS.get(n % PROVIDERS.size());
    }

    private String webhook(int n) {
        return Events.renewal(provider(n), id(n), user(n), time(n)) + padding;
    }

    private static String id(int n) {
        return ID + n;
    }

    private String user(int n) {
        return "load-user-" + n % users;
    }

    /** A second each, because that is what a tag shows. */
    private static long time(int n) {
        return Events.BASE + n * 1000L;
    }

    /** Ends it, once all that was begun has been accepted. */
    public void stop() throws InterruptedException {
        running = false;
        senders.shutdown();
        assertThat(senders.awaitTermination(2, TimeUnit.MINUTES)).isTrue();
    }

    /** The 99th percentile of the times until a webhook was accepted, in nanoseconds, since this was asked before. */
    public long slowest() {
        List<Long> sorted = new ArrayList<>();
        for (Long time = times.poll(); time != null; time = times.poll()) {
            sorted.add(time);
        }
        Collections.sort(sorted);
        return sorted.isEmpty() ? 0 : sorted.get(sorted.size() * 99 / 100);
    }

    /** Ids of the events that were answered with 200, with their users. */
    public Map<String, String> accepted() {
        return accepted;
    }

    /** The webhooks that were answered with 200, by their ids. */
    public Map<String, String> webhooks() {
        return accepted.keySet().stream().collect(Collectors.toMap(id -> id, id -> webhook(number(id))));
    }

    /** Who has sent the event with this id. */
    public String provider(String id) {
        return provider(number(id));
    }

    private static int number(String id) {
        return Integer.parseInt(id.substring(ID.length()));
    }

    /** The time of each user's newest RevenueCat event in seconds; the other providers' events know no OneSignal ID. */
    public Map<String, Long> newest() {
        Map<String, Long> newest = new HashMap<>();
        for (int n = 0; n < next.get(); n += PROVIDERS.size()) {
            newest.merge(user(n), time(n) / 1000, Math::max);
        }
        return newest;
    }

    @Override
    public void close() {
        running = false;
        senders.shutdownNow();
    }
}
