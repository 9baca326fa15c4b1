package io.subscriptionrelay.demo;

import io.subscriptionrelay.simulator.CleverTapSimulator;
import io.subscriptionrelay.simulator.CleverTapSimulator.StoredRecord;
import io.subscriptionrelay.simulator.OneSignalSimulator;
import io.subscriptionrelay.simulator.OneSignalSimulator.Update;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.springframework.context.annotation.Profile;
import org.springframework.stereotype.Component;

/** What arrives at the simulators: collected until {@link #tell}, told line by line from then on. */
@Component
@Profile("demo")
class Arrivals {

    private static final int SHOWN_TAGS = 3;

    private final DemoTable table;
    private final List<StoredRecord> records = new ArrayList<>();
    private final List<Update> updates = new ArrayList<>();
    private Consumer<String> listener;

    Arrivals(CleverTapSimulator cleverTap, OneSignalSimulator oneSignal, DemoTable table) {
        this.table = table;
        cleverTap.onStored(this::stored);
        oneSignal.onUpdate(this::updated);
    }

    private synchronized void stored(StoredRecord record) {
        if (listener == null) {
            records.add(record);
        } else {
            listener.accept("CleverTap stored " + table.text(record) + " of " + record.id());
        }
    }

    private synchronized void updated(Update update) {
        if (!update.applied()) {
            return;
        }
        if (listener == null) {
            updates.add(update);
        } else {
            listener.accept("OneSignal updated " + update.id() + ": " + table.tags(update, SHOWN_TAGS));
        }
    }

    /** What has arrived since the last call. */
    synchronized List<StoredRecord> takeRecords() {
        List<StoredRecord> taken = List.copyOf(records);
        records.clear();
        return taken;
    }

    /** The updates that were taken since the last call. */
    synchronized List<Update> takeUpdates() {
        List<Update> taken = List.copyOf(updates);
        updates.clear();
        return taken;
    }

    /** From now on each arrival is a line for the listener. */
    synchronized void tell(Consumer<String> lines) {
        listener = lines;
    }
}
