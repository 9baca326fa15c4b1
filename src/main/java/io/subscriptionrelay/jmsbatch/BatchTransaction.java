package io.subscriptionrelay.jmsbatch;

import jakarta.jms.JMSException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.camel.Exchange;
import org.apache.camel.InvalidPayloadException;
import org.apache.camel.Message;

/**
 * The transaction of a batch: for what must happen only if it is committed, as counting and tracing, and for what must not happen
 * if it cannot be committed any more, as a call to a destination.
 */
public final class BatchTransaction {

    private final List<Runnable> afterCommit = new ArrayList<>();
    private final Map<Class<?>, BatchCompanion> companions = new LinkedHashMap<>();
    private final BatchSession session;
    private final BooleanSupplier ending;

    BatchTransaction(BatchSession session, BooleanSupplier ending) {
        this.session = session;
        this.ending = ending;
    }

    /** The transaction of the batch that this exchange comes from, or null. */
    static BatchTransaction of(Exchange exchange) {
        return exchange.getProperty(JmsBatchConstants.TRANSACTION, BatchTransaction.class);
    }

    /** Where sends join the transaction; null in a trial. */
    BatchSession session() {
        return session;
    }

    /** Makes this a trial: no action of {@link #afterCommit} ever runs. */
    public static void withoutCommit(Exchange exchange) {
        exchange.setProperty(JmsBatchConstants.TRANSACTION, new BatchTransaction(null, () -> false));
    }

    /**
     * Runs the action once the batch is committed, and never if it is rolled back. Outside of a batch it runs at once. What an action throws
     * after the commit changes nothing for the batch and for the other actions: it is logged and counted.
     *
     * @param exchange the batch's exchange, or one made from it
     */
    public static void afterCommit(Exchange exchange, Runnable action) {
        BatchTransaction transaction = of(exchange);
        if (transaction == null) {
            action.run();
        } else {
            synchronized (transaction.afterCommit) {
                transaction.afterCommit.add(action);
            }
        }
    }

    /**
     * The one companion of this kind that the batch has; what it has collected is sent before the commit, and forgotten if the batch is rolled
     * back or only tried.
     *
     * @param exchange the batch's exchange, or one made from it
     * @return empty outside of a batch
     */
    public static <T extends BatchCompanion> Optional<T> companion(Exchange exchange, Class<T> kind, Supplier<T> maker) {
        BatchTransaction transaction = of(exchange);
        if (transaction == null) {
            return Optional.empty();
        }
        synchronized (transaction.companions) {
            return Optional.of(kind.cast(transaction.companions.computeIfAbsent(kind, key -> maker.get())));
        }
    }

    /** Hands what the companions have collected to the broker. */
    void sendCompanions() throws JMSException, InvalidPayloadException {
        List<BatchCompanion> all;
        synchronized (companions) {
            all = List.copyOf(companions.values());
        }
        for (BatchCompanion companion : all) {
            for (Message message : companion.messages()) {
                session.send(message.getHeader(JmsBatchEndpoint.QUEUE_HEADER, String.class), message, JmsBatchEndpoint.QUEUE_HEADER);
            }
        }
    }

    /** Whether the batch's consumer is being stopped or suspended: what would take long is better left to the next start. */
    public static boolean ending(Exchange exchange) {
        BatchTransaction transaction = of(exchange);
        return transaction != null && transaction.ending.getAsBoolean();
    }

    /**
     * Returns when the batch can still be committed, or the exchange belongs to none. Asks nobody: a session ends when its client
     * notices that the broker or the connection is gone. May be called in any thread.
     *
     * @throws BatchLostException when the broker gives the batch to somebody again
     */
    public static void check(Exchange exchange) {
        BatchTransaction transaction = of(exchange);
        if (transaction != null && transaction.session != null) {
            try {
                transaction.session.session().getTransacted();
            } catch (JMSException closed) {
                throw new BatchLostException(closed);
            }
        }
    }

    /** Runs the actions, each alone; the batch is on disk, whatever they throw. Gives whether all of them ended well. */
    boolean committed(Consumer<Throwable> failed) {
        boolean well = true;
        synchronized (afterCommit) {
            for (Runnable action : afterCommit) {
                try {
                    action.run();
                } catch (OutOfMemoryError e) {
                    throw e;
                } catch (RuntimeException | Error e) {
                    failed.accept(e);
                    well = false;
                }
            }
        }
        return well;
    }
}
