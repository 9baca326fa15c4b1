package io.subscriptionrelay.operations;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Slows down whoever guesses passwords. Some failures are free; then an address waits after each further one, twice as long every
 * time, and nothing that it sends meanwhile is looked at. What is right starts anew. Thread-safe.
 */
final class LoginThrottle {

    private static final int FREE = 10;
    private static final Duration LONGEST = Duration.ofSeconds(30);
    private static final int FORGOTTEN_AFTER_MINUTES = 15;
    private static final int MOST_ADDRESSES = 10_000;
    /** Whoever has one IPv6 address has all of its network. */
    private static final int NETWORK_BYTES = 8;

    private final Clock clock;
    private final Map<String, Failures> failures = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Failures> eldest) {
            return size() > MOST_ADDRESSES;
        }
    };

    LoginThrottle(Clock clock) {
        this.clock = clock;
    }

    private record Failures(int count, long lastAt, long lockedUntil) {
    }

    /** For how many seconds nothing is accepted from this address; 0 when it may try. */
    synchronized long lockedSeconds(String address) {
        Failures found = failures.get(network(address));
        long left = found == null ? 0 : found.lockedUntil() - clock.millis();
        return left <= 0 ? 0 : (left + 999) / 1000;
    }

    synchronized void failed(String address) {
        long now = clock.millis();
        Failures before = failures.get(network(address));
        int count = before == null || now - before.lastAt() > Duration.ofMinutes(FORGOTTEN_AFTER_MINUTES).toMillis() ? 1 : before.count() + 1;
        long wait = count <= FREE ? 0 : Math.min(LONGEST.toMillis(), 1000L << Math.min(count - FREE - 1, 10));
        failures.put(network(address), new Failures(count, now, now + wait));
    }

    synchronized void succeeded(String address) {
        failures.remove(network(address));
    }

    private static String network(String address) {
        try {
            // an address in digits is not looked up
            InetAddress parsed = InetAddress.getByName(address);
            return parsed instanceof Inet6Address ? Arrays.toString(Arrays.copyOf(parsed.getAddress(), NETWORK_BYTES)) : address;
        } catch (UnknownHostException e) {
            return address;
        }
    }
}
