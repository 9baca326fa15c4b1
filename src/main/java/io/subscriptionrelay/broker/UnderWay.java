package io.subscriptionrelay.broker;

import io.subscriptionrelay.config.RelayProperties;

/**
 * How much of what waits for an account may be in memory to be delivered. Whatever else waits is on disk, so a backlog of any size needs no larger heap.
 */
public final class UnderWay {

    /**
     * What a record under way takes, in bytes. Measured with records that are stored in 1 kB: about 5 kB for the broker's message, and the rest for the exchange,
     * the record and its webhook, and for what the broker reads ahead. The broker's own {@code max-read-page-bytes} counts a record as it is stored.
     */
    private static final int RECORD_BYTES = 12 * 1024;
    /** A call of CleverTap's. */
    private static final int LEAST = 1_000;
    /** More than are under way at CleverTap at most. */
    private static final int MOST = 20_000;
    /** What a consumer has fetched and not yet taken, 1 MB, is under way for the broker. */
    private static final int FETCHED = 1_500;

    private UnderWay() {
    }

    /** So many records of each account that is configured. */
    public static int records(RelayProperties properties) {
        return records(accounts(properties), Runtime.getRuntime().maxMemory());
    }

    /** All accounts together may have a third of the heap: a relay takes 120 to 150 MB besides, and the collector needs room. */
    static int records(long accounts, long heap) {
        return (int) Math.max(LEAST, Math.min(MOST, heap / 3 / Math.max(1, accounts) / RECORD_BYTES));
    }

    /** How many of a queue's records the embedded broker has in memory, those under way included, once the queue is on disk. */
    static int ofQueueOnDisk(RelayProperties properties) {
        return records(properties) + FETCHED;
    }

    /**
     * How many records the next batch may have; 0: it waits until another one has ended. It is no larger than there is room, because one that finds less than
     * it looks for lingers for the rest, and has at least half of what it could have, because small ones cost as many calls.
     *
     * @param most how many records may be under way
     * @param wanted how many a batch has at most
     * @param records how many are under way
     */
    public static int room(int most, int wanted, int records) {
        int left = most - records;
        return left >= Math.min(wanted, most) / 2 ? Math.min(wanted, left) : 0;
    }

    static long accounts(RelayProperties properties) {
        return properties.destinations().values().stream().flatMap(destination -> destination.accounts().values().stream())
                .filter(RelayProperties.Account::configured).count();
    }
}
