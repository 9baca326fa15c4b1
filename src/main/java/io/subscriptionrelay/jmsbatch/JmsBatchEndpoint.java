package io.subscriptionrelay.jmsbatch;

import org.apache.camel.Category;
import org.apache.camel.Consumer;
import org.apache.camel.Processor;
import org.apache.camel.Producer;
import org.apache.camel.api.management.ManagedAttribute;
import org.apache.camel.api.management.ManagedResource;
import org.apache.camel.spi.Metadata;
import org.apache.camel.spi.UriEndpoint;
import org.apache.camel.spi.UriParam;
import org.apache.camel.spi.UriPath;
import org.apache.camel.support.DefaultEndpoint;

/**
 * Consume a JMS queue in batches, each in one transaction, and send lists of messages.
 *
 * The body is a list of Camel messages, which the split EIP takes apart. A batch is committed when the route ends well, and
 * rolled back when it ends with an exception. Lists that the route sends to jms-batch: are part of the transaction, as is what it
 * sends in the same thread with jms:.
 */
@ManagedResource(description = "Managed jms-batch endpoint")
@UriEndpoint(firstVersion = "1.0.0", scheme = "jms-batch", title = "JMS Batch", syntax = "jms-batch:queueName",
        category = {Category.MESSAGING}, headersClass = JmsBatchConstants.class)
public class JmsBatchEndpoint extends DefaultEndpoint {

    static final String QUEUE_HEADER = "queue";

    @UriPath(description = "Name of the queue to consume, or to send a list of messages to; as a target, * stands for the queue that"
            + " each message names in a header")
    @Metadata(required = true)
    private String queueName;

    @UriParam(defaultValue = "1000", description = "The most messages in a batch.")
    private int maxMessages = 1000;

    @UriParam(defaultValue = "8388608", description = "A batch is complete once its bodies have this many bytes together.")
    private long maxBytes = 8L * 1024 * 1024;

    @UriParam(defaultValue = "0", javaType = "java.time.Duration",
            description = "How long to wait for further messages once the first is there. 0 takes only what is waiting.")
    private long maxWait;

    @UriParam(defaultValue = "0", javaType = "java.time.Duration", description = "How long to wait for further messages while many come,"
            + " that is a tenth of maxMessages or more within maxWait. Not more than maxWait means that it makes no difference.")
    private long busyWait;

    @UriParam(defaultValue = "1", description = "How many batches may be under way at once. They are filled one after the"
            + " other in the order of the queue, so each is as large as it can be; a further one is only filled while the"
            + " others are being processed.")
    private int workers = 1;

    @UriParam(label = "advanced", defaultValue = "false", description = "Whether the next batch is filled only once the route has"
            + " called BatchPermit.release(exchange) or has ended, for routes that do something in the order of the queue.")
    private boolean inOrder;

    @UriParam(defaultValue = "false", description = "Whether the route may go on in other threads, as a parallel split does. What it sends with"
            + " jms-batch: is in the transaction all the same; what it sends with jms: is not.")
    private boolean parallel;

    @UriParam(description = "The header with the time, in milliseconds since 1970, before which a message is not taken. The messages of the"
            + " queue have to be due in their order.")
    private String dueHeader;

    @UriParam(label = "advanced", description = "Asked before each batch is filled; holds the consumer back while it makes no sense"
            + " to take another batch.")
    private BatchAdmission admission;

    @UriParam(label = "producer", defaultValue = "queue", description = "The header of each message that names its queue, when the"
            + " queue is *. It is not sent.")
    private String queueHeader = QUEUE_HEADER;

    public JmsBatchEndpoint() {
    }

    JmsBatchEndpoint(String uri, JmsBatchComponent component, String queueName) {
        super(uri, component);
        this.queueName = queueName;
    }

    @Override
    public JmsBatchComponent getComponent() {
        return (JmsBatchComponent) super.getComponent();
    }

    @Override
    public Producer createProducer() {
        return new JmsBatchProducer(this);
    }

    @Override
    public Consumer createConsumer(Processor processor) throws Exception {
        if (maxMessages < 1 || maxBytes < 1 || maxWait < 0 || busyWait < 0 || workers < 1) {
            throw new IllegalArgumentException("jms-batch:" + queueName
                    + ": maxMessages, maxBytes and workers must be at least 1, maxWait and busyWait at least 0");
        }
        JmsBatchConsumer consumer = new JmsBatchConsumer(this, processor);
        configureConsumer(consumer);
        return consumer;
    }

    @ManagedAttribute(description = "Name of the queue")
    public String getQueueName() {
        return queueName;
    }

    public void setQueueName(String queueName) {
        this.queueName = queueName;
    }

    @ManagedAttribute(description = "The most messages in a batch")
    public int getMaxMessages() {
        return maxMessages;
    }

    public void setMaxMessages(int maxMessages) {
        this.maxMessages = maxMessages;
    }

    @ManagedAttribute(description = "The bytes of bodies that complete a batch")
    public long getMaxBytes() {
        return maxBytes;
    }

    public void setMaxBytes(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    @ManagedAttribute(description = "How long a batch waits for further messages, in milliseconds")
    public long getMaxWait() {
        return maxWait;
    }

    public void setMaxWait(long maxWait) {
        this.maxWait = maxWait;
    }

    @ManagedAttribute(description = "How long a batch waits for further messages while many come, in milliseconds")
    public long getBusyWait() {
        return busyWait;
    }

    public void setBusyWait(long busyWait) {
        this.busyWait = busyWait;
    }

    @ManagedAttribute(description = "How many batches may be under way at once")
    public int getWorkers() {
        return workers;
    }

    public void setWorkers(int workers) {
        this.workers = workers;
    }

    public boolean isInOrder() {
        return inOrder;
    }

    public void setInOrder(boolean inOrder) {
        this.inOrder = inOrder;
    }

    public boolean isParallel() {
        return parallel;
    }

    public void setParallel(boolean parallel) {
        this.parallel = parallel;
    }

    public String getDueHeader() {
        return dueHeader;
    }

    public void setDueHeader(String dueHeader) {
        this.dueHeader = dueHeader;
    }

    public BatchAdmission getAdmission() {
        return admission;
    }

    public void setAdmission(BatchAdmission admission) {
        this.admission = admission;
    }

    public String getQueueHeader() {
        return queueHeader;
    }

    public void setQueueHeader(String queueHeader) {
        this.queueHeader = queueHeader;
    }
}
