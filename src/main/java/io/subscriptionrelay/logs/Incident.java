package io.subscriptionrelay.logs;

import java.time.Clock;
import java.time.Duration;

/**
 * The life of a problem that comes and goes, for the log: one line when it begins and one when it is over, however many attempts
 * lie between. One that flickers is told of at most once a minute. Thread-safe.
 */
public final class Incident {

    private static final Duration QUIET = Duration.ofMinutes(1);

    private final Clock clock;
    private boolean failing;
    private boolean told;
    private Long toldAt;
    private long since;

    public Incident(Clock clock) {
        this.clock = clock;
    }

    /** An attempt has failed. Gives whether the beginning is to be told now. */
    public synchronized boolean failed() {
        long now = clock.millis();
        if (!failing) {
            failing = true;
            since = now;
        }
        if (told || (toldAt != null && now - toldAt < QUIET.toMillis())) {
            return false;
        }
        told = true;
        toldAt = now;
        return true;
    }

    /** An attempt has succeeded. Gives whether that is to be told, because the beginning was. */
    public synchronized boolean over() {
        boolean tell = told;
        failing = false;
        told = false;
        return tell;
    }

    /** For how long it has been failing; 0 when it is not. */
    public synchronized long seconds() {
        return failing ? (clock.millis() - since) / 1000 : 0;
    }
}
