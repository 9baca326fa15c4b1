package io.subscriptionrelay.jmsbatch;

import io.subscriptionrelay.logs.Causes;
import io.subscriptionrelay.logs.Incident;
import jakarta.jms.BytesMessage;
import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSException;
import jakarta.jms.MessageConsumer;
import jakarta.jms.Queue;
import jakarta.jms.QueueBrowser;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.camel.Exchange;
import org.apache.camel.InvalidPayloadException;
import org.apache.camel.Message;
import org.apache.camel.Processor;
import org.apache.camel.ShutdownRunningTask;
import org.apache.camel.Suspendable;
import org.apache.camel.api.management.ManagedAttribute;
import org.apache.camel.api.management.ManagedResource;
import org.apache.camel.spi.ShutdownAware;
import org.apache.camel.support.DefaultConsumer;
import org.apache.camel.support.DefaultMessage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jms.connection.JmsResourceHolder;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/**
 * Workers with one transacted session each. They take turns at filling a batch and process it side by side, so that batches
 * are as large as the linger allows and leave in the order of the queue, whatever the number of workers. With several
 * workers, the one at turn opens a consumer and closes it afterwards; otherwise the messages that the client fetches ahead
 * would wait in a worker that is busy.
 */
@ManagedResource(description = "Managed jms-batch consumer")
public class JmsBatchConsumer extends DefaultConsumer implements Suspendable, ShutdownAware {

    private static final Logger LOG = LoggerFactory.getLogger(JmsBatchConsumer.class);
    /** How often a waiting worker looks whether it should stop, in milliseconds. */
    private static final long POLL = 250;
    private static final int BUSY_PART = 10;
    /** How often a queue whose messages are not due is looked at, in milliseconds. */
    private static final long LONGEST_WAIT_FOR_DUE = 1_000;
    private static final long FIRST_BACK_OFF = 100;
    private static final long LONGEST_BACK_OFF = 10_000;
    /** A broker that is gone refuses at once, and the pool may hold many connections to it that are tried before a new one. */
    private static final long LONGEST_WAIT_FOR_BROKER = 1_000;

    private final JmsBatchEndpoint endpoint;
    private final Clock clock;
    private final Semaphore turn = new Semaphore(1, true);
    private final AtomicInteger underWay = new AtomicInteger();
    private final AtomicInteger messagesUnderWay = new AtomicInteger();
    private final Incident lost = new Incident(Clock.systemUTC());
    private final Incident rollBacks = new Incident(Clock.systemUTC());
    private final Incident afterCommit = new Incident(Clock.systemUTC());
    private final AtomicLong batches = new AtomicLong();
    private final AtomicLong messages = new AtomicLong();
    private final AtomicLong rolledBack = new AtomicLong();
    private final ReentrantLock pause = new ReentrantLock();
    private final Condition resumed = pause.newCondition();
    private ExecutorService executor;
    private volatile boolean running;

    JmsBatchConsumer(JmsBatchEndpoint endpoint, Processor processor) {
        super(endpoint, processor);
        this.endpoint = endpoint;
        Clock known = endpoint.getCamelContext().getRegistry().findSingleByType(Clock.class);
        clock = known == null ? Clock.systemUTC() : known;
    }

    @Override
    protected void doStart() throws Exception {
        super.doStart();
        if (endpoint.getComponent().getConnectionFactory() == null) {
            throw new IllegalStateException("jms-batch: needs a connection factory; set it on the component");
        }
        running = true;
        executor = endpoint.getCamelContext().getExecutorServiceManager()
                .newFixedThreadPool(this, "jms-batch:" + endpoint.getQueueName(), endpoint.getWorkers());
        for (int i = 0; i < endpoint.getWorkers(); i++) {
            executor.execute(new Worker());
        }
    }

    @Override
    protected void doResume() throws Exception {
        super.doResume();
        wake();
    }

    @Override
    protected void doStop() throws Exception {
        running = false;
        wake();
        if (executor != null) {
            endpoint.getCamelContext().getExecutorServiceManager().shutdownGraceful(executor, TimeUnit.SECONDS.toMillis(10));
            executor = null;
        }
        super.doStop();
    }

    @Override
    public boolean deferShutdown(ShutdownRunningTask shutdownRunningTask) {
        return false;
    }

    /** A stop waits for them, also for one that is no exchange yet. */
    @Override
    public int getPendingExchangesSize() {
        return underWay.get();
    }

    @Override
    public void prepareShutdown(boolean suspendOnly, boolean forced) {
        // nothing more than a stop
    }

    private void wake() {
        pause.lock();
        try {
            resumed.signalAll();
        } finally {
            pause.unlock();
        }
    }

    private boolean mayConsume() {
        return running && isRunAllowed() && !isSuspendingOrSuspended();
    }

    @ManagedAttribute(description = "Batches committed since the start")
    public long getBatches() {
        return batches.get();
    }

    @ManagedAttribute(description = "Messages committed since the start")
    public long getMessages() {
        return messages.get();
    }

    @ManagedAttribute(description = "Batches rolled back since the start")
    public long getRolledBack() {
        return rolledBack.get();
    }

    @ManagedAttribute(description = "Batches that are being processed")
    public int getUnderWay() {
        return underWay.get();
    }

    private final class Worker implements Runnable {

        private Connection connection;
        private BatchSession session;
        private Queue queue;
        private MessageConsumer kept;

        @Override
        public void run() {
            long backOff = FIRST_BACK_OFF;
            try {
                while (running) {
                    if (!mayConsume()) {
                        await(POLL);
                        continue;
                    }
                    try {
                        if (work()) {
                            backOff = FIRST_BACK_OFF;
                        } else {
                            await(backOff);
                            backOff = Math.min(LONGEST_BACK_OFF, 2 * backOff);
                        }
                    } catch (JMSException | RuntimeException e) {
                        disconnect();
                        if (running) {
                            if (lost.failed()) {
                                LOG.warn("{} has lost the broker and tries again until it is back: {}", endpoint.getQueueName(),
                                        Causes.of(e));
                            }
                            await(Math.min(LONGEST_WAIT_FOR_BROKER, backOff));
                            backOff = Math.min(LONGEST_BACK_OFF, 2 * backOff);
                        }
                    }
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } finally {
                disconnect();
            }
        }

        private void await(long milliseconds) throws InterruptedException {
            pause.lock();
            try {
                if (running) {
                    resumed.await(milliseconds, TimeUnit.MILLISECONDS);
                }
            } finally {
                pause.unlock();
            }
        }

        /** Takes and processes one batch; false when it was rolled back. */
        private boolean work() throws JMSException, InterruptedException {
            connect();
            BatchPermit mine = BatchPermit.take(turn);
            try {
                List<Message> batch = fill();
                if (batch.isEmpty()) {
                    return true;
                }
                underWay.incrementAndGet();
                messagesUnderWay.addAndGet(batch.size());
                try {
                    if (!mayConsume()) {
                        // the routes that it would be sent to may have stopped: Camel waits for what was under way before
                        session.rollback();
                        return true;
                    }
                    if (!endpoint.isInOrder()) {
                        mine.release();
                    }
                    return process(batch, mine);
                } finally {
                    messagesUnderWay.addAndGet(-batch.size());
                    underWay.decrementAndGet();
                }
            } finally {
                mine.release();
            }
        }

        private void connect() throws JMSException {
            if (session == null) {
                ConnectionFactory factory = endpoint.getComponent().getConnectionFactory();
                connection = factory.createConnection();
                connection.start();
                session = new BatchSession(connection.createSession(true, Session.SESSION_TRANSACTED));
                queue = session.session().createQueue(endpoint.getQueueName());
                if (lost.over()) {
                    LOG.info("{} has the broker back", endpoint.getQueueName());
                }
            }
        }

        private void disconnect() {
            close(kept);
            close(session == null ? null : session::close);
            close(connection);
            kept = null;
            session = null;
            connection = null;
        }

        private void close(AutoCloseable resource) {
            if (resource != null) {
                try {
                    resource.close();
                } catch (Exception e) {
                    LOG.debug("Closing after a failure failed too", e);
                }
            }
        }

        private List<Message> fill() throws JMSException, InterruptedException {
            int admitted = awaitAdmission();
            List<Message> batch = new ArrayList<>();
            int most = endpoint.getDueHeader() == null || admitted == 0 ? admitted : Math.min(admitted, awaitDue());
            if (most == 0 || !mayConsume()) {
                return batch;
            }
            MessageConsumer consumer = kept == null ? session.session().createConsumer(queue) : kept;
            if (endpoint.getWorkers() == 1 && endpoint.getDueHeader() == null) {
                kept = consumer;
            }
            try {
                jakarta.jms.Message next = null;
                while (next == null && mayConsume()) {
                    next = consumer.receive(POLL);
                }
                long bytes = 0;
                long start = System.nanoTime();
                while (next != null) {
                    // read at once: the client drops the body of a large message when the next one is received
                    batch.add(camelMessage(next));
                    bytes += length(next);
                    if (batch.size() >= most || bytes >= endpoint.getMaxBytes() || !mayConsume()) {
                        break;
                    }
                    next = consumer.receiveNoWait();
                    long left = left(start, batch.size());
                    while (next == null && left > 0 && mayConsume()) {
                        next = consumer.receive(Math.min(left, POLL));
                        left = left(start, batch.size());
                    }
                }
                return batch;
            } finally {
                if (kept == null) {
                    consumer.close();
                }
            }
        }

        /** How many messages the next batch may have; 0 when the consumer is stopped before there may be one. */
        private int awaitAdmission() throws InterruptedException {
            BatchAdmission admission = endpoint.getAdmission();
            int wanted = endpoint.getMaxMessages();
            if (admission == null) {
                return wanted;
            }
            int admitted = 0;
            while (admitted == 0 && mayConsume()) {
                admitted = Math.min(wanted, admission.admits(endpoint.getQueueName(), wanted, underWay.get(), messagesUnderWay.get()));
                if (admitted == 0) {
                    await(POLL);
                }
            }
            return admitted;
        }

        /**
         * How many messages at the head of the queue are due, at most a batch. They are looked at without being taken, and what is behind the
         * first that is not due is not looked at: it stays on the broker's disk.
         */
        private int awaitDue() throws JMSException, InterruptedException {
            int due = 0;
            long wait = LONGEST_WAIT_FOR_DUE;
            try (QueueBrowser browser = session.session().createBrowser(queue)) {
                Enumeration<?> waiting = browser.getEnumeration();
                while (due < endpoint.getMaxMessages() && waiting.hasMoreElements()) {
                    jakarta.jms.Message next = (jakarta.jms.Message) waiting.nextElement();
                    long left = next.propertyExists(endpoint.getDueHeader()) ? next.getLongProperty(endpoint.getDueHeader()) - clock.millis() : 0;
                    if (left > 0) {
                        wait = Math.min(wait, left);
                        break;
                    }
                    due++;
                }
            }
            if (due == 0) {
                await(wait);
            }
            return due;
        }

        /** How long to wait for the next message, in milliseconds. */
        private long left(long start, int size) {
            long waited = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
            boolean busy = size >= endpoint.getMaxMessages() / BUSY_PART;
            return (busy ? Math.max(endpoint.getMaxWait(), endpoint.getBusyWait()) : endpoint.getMaxWait()) - waited;
        }

        private boolean process(List<Message> batch, BatchPermit mine) throws JMSException {
            BatchTransaction transaction = new BatchTransaction(session, () -> !mayConsume());
            Exchange exchange = createExchange(false);
            try {
                exchange.getExchangeExtension().setTransacted(!endpoint.isParallel());
                exchange.setProperty(JmsBatchConstants.TRANSACTION, transaction);
                exchange.setProperty(JmsBatchConstants.PERMIT, mine);
                exchange.getMessage().setBody(batch);
                exchange.getMessage().setHeader(JmsBatchConstants.SIZE, batch.size());
                route(exchange);
                if (exchange.getException() == null && !exchange.isRollbackOnly()) {
                    commit(exchange, transaction);
                }
                if (exchange.getException() != null || exchange.isRollbackOnly()) {
                    rollBack(batch.size(), exchange.getException());
                    return false;
                }
                if (transaction.committed(this::failedAfterCommit)) {
                    afterCommit.over();
                }
                batches.incrementAndGet();
                messages.addAndGet(batch.size());
                if (rollBacks.over()) {
                    LOG.info("Batches from {} are committed again", endpoint.getQueueName());
                }
                return true;
            } finally {
                releaseExchange(exchange, false);
            }
        }

        private void failedAfterCommit(Throwable failure) {
            LOG.debug("An action after a commit has failed", failure);
            endpoint.getComponent().countFailureAfterCommit();
            if (afterCommit.failed()) {
                LOG.error("What was to be counted or traced once a batch from {} was committed has failed, and further failures are only counted:"
                        + " {}", endpoint.getQueueName(), Causes.of(failure));
            }
        }

        private void commit(Exchange exchange, BatchTransaction transaction) {
            try {
                transaction.sendCompanions();
                session.commit();
            } catch (JMSException | InvalidPayloadException | RuntimeException refused) {
                exchange.setException(refused);
            }
        }

        /** The session is bound to the thread, where Spring's JmsTemplate finds it and so Camel's producers. */
        private void route(Exchange exchange) {
            ConnectionFactory factory = endpoint.getComponent().getJoining();
            TransactionSynchronizationManager.bindResource(factory, new JmsResourceHolder(factory, connection, session.session()));
            try {
                createUoW(exchange);
                getProcessor().process(exchange);
            } catch (Exception e) {
                exchange.setException(e);
            } finally {
                TransactionSynchronizationManager.unbindResource(factory);
                doneUoW(exchange);
            }
        }

        private void rollBack(int size, Exception cause) throws JMSException {
            session.rollback();
            rolledBack.incrementAndGet();
            if (cause != null) {
                LOG.debug("A batch of {} from {} was rolled back", size, endpoint.getQueueName(), cause);
            }
            if (running && isRunAllowed() && cause != null && !isSuspendingOrSuspended() && rollBacks.failed()) {
                LOG.warn("A batch of {} from {} was rolled back and is tried again until it can be committed: {}", size,
                        endpoint.getQueueName(), Causes.of(cause));
            }
        }

        private long length(jakarta.jms.Message message) throws JMSException {
            return message instanceof BytesMessage bytes ? bytes.getBodyLength() : 0;
        }

        /** Bodies are bytes or text; nothing is deserialised, whatever a queue holds. */
        private Message camelMessage(jakarta.jms.Message message) throws JMSException {
            DefaultMessage camel = new DefaultMessage(endpoint.getCamelContext());
            if (message instanceof BytesMessage bytes) {
                byte[] body = new byte[(int) bytes.getBodyLength()];
                bytes.readBytes(body);
                camel.setBody(body);
            } else if (message instanceof TextMessage text) {
                camel.setBody(text.getText());
            } else {
                camel.setBody(new byte[0]);
            }
            Enumeration<?> names = message.getPropertyNames();
            while (names.hasMoreElements()) {
                String name = (String) names.nextElement();
                if (!name.startsWith("_") && !name.startsWith("JMS") && !JmsBatchConstants.isControl(name)) {
                    camel.setHeader(name, message.getObjectProperty(name));
                }
            }
            camel.setHeader("JMSMessageID", message.getJMSMessageID());
            return camel;
        }
    }
}
