package io.subscriptionrelay.simulator;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.IntSupplier;

/** The newest entries of a log, at most as many as the limit says at the time of writing. */
final class Kept<T> {

    private final IntSupplier limit;
    private final ArrayDeque<T> entries = new ArrayDeque<>();

    Kept(IntSupplier limit) {
        this.limit = limit;
    }

    synchronized void add(T entry) {
        entries.addLast(entry);
        trim();
    }

    synchronized void addAll(Collection<T> added) {
        entries.addAll(added);
        trim();
    }

    synchronized List<T> list() {
        return new ArrayList<>(entries);
    }

    synchronized void clear() {
        entries.clear();
    }

    private void trim() {
        int most = limit.getAsInt();
        while (entries.size() > most) {
            entries.removeFirst();
        }
    }
}
