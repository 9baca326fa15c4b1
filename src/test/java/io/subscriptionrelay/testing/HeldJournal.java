package io.subscriptionrelay.testing;

import io.subscriptionrelay.broker.EmbeddedBroker;
import java.lang.reflect.Field;
import java.util.concurrent.CountDownLatch;
import org.apache.activemq.artemis.core.io.AbstractSequentialFileFactory;

/** The embedded broker's journal while its disk stands still: whatever is to be written waits until this is closed. */
public final class HeldJournal implements AutoCloseable {

    private final CountDownLatch held = new CountDownLatch(1);
    private final CountDownLatch released = new CountDownLatch(1);

    /** Holds it from now on. */
    public HeldJournal(RelayApp relay) {
        Object buffer = buffer(relay);
        new Thread(() -> {
            synchronized (buffer) {
                held.countDown();
                await(released);
            }
        }, "held-journal").start();
        await(held);
    }

    /** What the journal collects its writes in before it forces them to disk, under its own monitor. */
    private static Object buffer(RelayApp relay) {
        try {
            Field buffer = AbstractSequentialFileFactory.class.getDeclaredField("timedBuffer");
            buffer.setAccessible(true);
            return buffer.get(relay.bean(EmbeddedBroker.class).server().orElseThrow().getStorageManager().getMessageJournal().getFileFactory());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        released.countDown();
    }
}
