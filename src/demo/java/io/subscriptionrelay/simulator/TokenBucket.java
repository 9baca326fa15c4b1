package io.subscriptionrelay.simulator;

/**
 * Allows {@code rate} calls a second on average. The tolerance lets a call through that comes a little early, as calls
 * do that were spaced correctly by the sender, but it is borrowed from the next call, so the average stays the same.
 */
final class TokenBucket {

    private double tokens;
    private long refilledAt;
    private boolean used;

    /**
     * @param now    {@link System#nanoTime()} of the arrival
     * @param rate   calls per second; 0 or less means no limit
     * @param burst  calls that an idle bucket allows at once
     * @param early  seconds that a call may come too early
     */
    synchronized boolean take(long now, double rate, double burst, double early) {
        if (rate <= 0) {
            return true;
        }
        if (used) {
            tokens = Math.min(burst, tokens + Math.max(0, now - refilledAt) / 1e9 * rate);
            refilledAt = Math.max(refilledAt, now);
        } else {
            tokens = burst;
            refilledAt = now;
            used = true;
        }
        if (tokens < 1 - early * rate - 1e-9) {
            return false;
        }
        tokens -= 1;
        return true;
    }
}
