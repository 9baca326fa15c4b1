package io.subscriptionrelay.mapping;

import java.time.Duration;

/**
 * Mappings that are tried by one thread, between {@link #begin} and the end of what that gives, while all other threads go on with those in use. It can
 * be kept from taking too long, and can count every destination as set up.
 */
public final class Attempt {

    private static final ThreadLocal<Attempt> OF_THREAD = new ThreadLocal<>();

    private final Mappings mappings;
    private final Allowance allowance;
    private final boolean everyAccount;

    private Attempt(Mappings mappings, Allowance allowance, boolean everyAccount) {
        this.mappings = mappings;
        this.allowance = allowance;
        this.everyAccount = everyAccount;
    }

    /** Of these mappings; within another attempt of this thread for the rest as that one. */
    static Attempt of(Mappings mappings) {
        Attempt outer = ofThread();
        return outer == null ? new Attempt(mappings, null, false) : new Attempt(mappings, outer.allowance, outer.everyAccount);
    }

    /** The attempt of this thread; null when it uses the mappings in use. */
    public static Attempt ofThread() {
        return OF_THREAD.get();
    }

    /** Whether every destination counts as set up on this thread, with the accounts that routes choose between. */
    public static boolean toEveryAccount() {
        Attempt attempt = ofThread();
        return attempt != null && attempt.everyAccount;
    }

    /**
     * The same attempt, which may take no more than this from now on; what is over it fails as a mapping does that fails on an event.
     *
     * @param memory that its mappings may take in bytes, given back or not
     */
    public Attempt within(Duration time, long memory) {
        return new Attempt(mappings, new Allowance(time, memory), everyAccount);
    }

    /** The same attempt, in which every destination counts as set up, with a production and a sandbox account, whatever accounts this relay has. */
    public Attempt atEveryAccount() {
        return new Attempt(mappings, allowance, true);
    }

    /** Why its mappings were stopped; null when they were not. */
    public String stopped() {
        return allowance == null ? null : allowance.exceeded();
    }

    Mappings mappings() {
        return mappings;
    }

    Allowance allowance() {
        return allowance;
    }

    /** Has this thread use these mappings until the result is closed, and then what it used before. */
    public Running begin() {
        Attempt before = OF_THREAD.get();
        OF_THREAD.set(this);
        return () -> {
            if (before == null) {
                OF_THREAD.remove();
            } else {
                OF_THREAD.set(before);
            }
        };
    }

    /** An attempt under way. */
    public interface Running extends AutoCloseable {

        @Override
        void close();
    }
}
