package io.subscriptionrelay.event;

/** How queues are named. */
public final class QueueNames {

    /** Before the name of the queue that a parked event comes from. */
    public static final String PARKED = "parked.";

    /** Where records wait for a minute, and for ten: all of a queue equally long, so that its first is due first. */
    public static final String MINUTE = "deliver.later.1m";
    public static final String TEN_MINUTES = "deliver.later.10m";

    private QueueNames() {
    }

    /** The queue of an account: one each, so that one dead account slows nobody. */
    public static String deliver(String destination, String account) {
        return "deliver." + destination + "." + account;
    }

    /** The queue of a provider's stored webhooks. */
    public static String events(String provider) {
        return "events." + provider;
    }
}
